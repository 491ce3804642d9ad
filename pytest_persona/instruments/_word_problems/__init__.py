"""The word problems that `arithmetic` draws from, one function per kind of problem, one file per theme.

Written for this project; no sentence comes from GSM8K or another set. The order of the table is part of what a seed
gives: a change of it changes every problem that follows.
"""

from pytest_persona.instruments._word_problems import (
    fractions_and_averages,
    home_and_garden,
    metric_units,
    money,
    rates,
    sharing_and_ages,
    shopping,
    time_and_work,
    travel,
)
from pytest_persona.instruments._word_problems.drafts import Template

__all__ = ["TEMPLATES"]

TEMPLATES: tuple[Template, ...] = (
    *shopping.TEMPLATES,
    *travel.TEMPLATES,
    *rates.TEMPLATES,
    *home_and_garden.TEMPLATES,
    *time_and_work.TEMPLATES,
    *money.TEMPLATES,
    *sharing_and_ages.TEMPLATES,
    *fractions_and_averages.TEMPLATES,
    *metric_units.TEMPLATES,
)
