"""Pure functions of arrays: intervals and what they need."""

from pytest_persona.stats.binomial import clopper_pearson
from pytest_persona.stats.estimate import Estimate
from pytest_persona.stats.misclassified import rogan_gladen
from pytest_persona.stats.power import effective_se, items_needed, minimum_detectable_effect
from pytest_persona.stats.stratified import stratified_mean

__all__ = [
    "Estimate",
    "clopper_pearson",
    "effective_se",
    "items_needed",
    "minimum_detectable_effect",
    "rogan_gladen",
    "stratified_mean",
]
