"""Moral ratings, persona by item: what was rated, by which estimator, and where ratings can be read from."""

from pytest_persona.ratings.change import Change, change_between
from pytest_persona.ratings.estimator import Estimator
from pytest_persona.ratings.replay import load_ratings
from pytest_persona.ratings.table import Ratings

__all__ = ["Change", "Estimator", "Ratings", "change_between", "load_ratings"]
