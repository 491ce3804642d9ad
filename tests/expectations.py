"""What an expectation makes of an estimate."""

import pytest

from pytest_persona.claims import Expectation
from pytest_persona.stats import Estimate

CLAIM = {"id": "PC-0", "paper": "arXiv:0000.00000", "says": "Grass is green"}


def estimate(value, low, high):
    return Estimate(value=value, low=low, high=high, se=0.1, n=40, alpha=0.05, method="by hand")


def outcome_of(measured, way="expect", **settings):
    """What pytest makes of it, with what is noted; both say the same."""
    noted = []
    try:
        getattr(Expectation(CLAIM, noted.append), way)(measured, **settings)
        outcome, reason = "passed", ""
    except AssertionError as error:
        outcome, reason = "failed", str(error)
    except pytest.skip.Exception as error:
        outcome, reason = "skipped", str(error)
    (finding,) = noted
    assert (finding.outcome, finding.reason) == (outcome, reason)
    assert (finding.claim, finding.paper, finding.says, finding.test) == (*CLAIM.values(), "")
    return finding
