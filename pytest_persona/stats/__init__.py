"""Pure functions of arrays: intervals and what they need."""

from pytest_persona.stats.binomial import clopper_pearson
from pytest_persona.stats.estimate import Estimate
from pytest_persona.stats.misclassified import rogan_gladen
from pytest_persona.stats.paired import paired_binary
from pytest_persona.stats.power import effective_se, items_needed, minimum_detectable_effect
from pytest_persona.stats.stratified import by_stratum, stratified_mean
from pytest_persona.stats.trend import Coupling, Spread, Trend, coupling_test, mean_over_runs, page_trend, spread_test
from pytest_persona.stats.worst_case import worst_case_change, worst_case_mean

__all__ = [
    "Coupling",
    "Estimate",
    "Spread",
    "Trend",
    "by_stratum",
    "clopper_pearson",
    "coupling_test",
    "effective_se",
    "items_needed",
    "mean_over_runs",
    "minimum_detectable_effect",
    "page_trend",
    "paired_binary",
    "rogan_gladen",
    "spread_test",
    "stratified_mean",
    "worst_case_change",
    "worst_case_mean",
]
