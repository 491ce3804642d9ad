"""Models and ratings that assert_sr_within_band is tried on, and what it makes of them."""

import json
from dataclasses import replace

import numpy as np
import pytest

from pytest_persona.asserts import (
    VerdictError,
    assert_sr_within_band,
)
from pytest_persona.flags import PERSONAS
from pytest_persona.instruments.moral import FOUNDATIONS, moral
from pytest_persona.probes.moral import ESTIMATORS, rate
from pytest_persona.ratings import Estimator, Ratings
from pytest_persona.record import from_plain, to_plain
from pytest_persona.verdict import Outcome
from tests.raters import Rater, noise

PASS, FAIL, INCONCLUSIVE, INVALID = Outcome.PASS, Outcome.FAIL, Outcome.INCONCLUSIVE, Outcome.INVALID
N = PERSONAS["pocket"]
POCKET = moral(kind="pocket", personas=N)
ITEMS = tuple(str(number) for number in range(1, 31))
MFQ = tuple(FOUNDATIONS[at % 5] for at in range(30))
BASE = Rater("base")


def rated(model, **settings):
    """As the assertion rates it."""
    return rate(model, POCKET, estimator=ESTIMATORS["pocket"], **settings)


def records_of(*args, **settings):
    """The records of an assertion by metric, whether or not they let a test pass."""
    try:
        found = assert_sr_within_band(*args, **settings)
    except VerdictError as error:
        found = error.records
    return {record.metric: record for record in found}


def sampled(name="base", *, apart=1.0, width=0.3, personas=40, samples=5, own=0.1, up=0.0, **fields):
    """Ratings drawn from a normal about a centre of each persona and item, as many as a replayed file has."""
    rows, columns = [str(number) for number in range(personas)], range(30)
    centres = np.array(
        [[2.5 + up + apart * noise(row, at) + own * noise(name, row, at) for at in columns] for row in rows]
    )
    rng = np.random.default_rng([*name.encode()])
    values = np.clip(np.rint(rng.normal(centres[:, :, None], width, (personas, 30, samples))), 0, 5)
    made = Ratings(
        name=name,
        fingerprint=name,
        instrument={"name": "moral", "kind": "official", "source": "drawn in a test", "licence": "none"},
        personas=tuple(rows),
        items=ITEMS,
        foundations=MFQ,
        texts=tuple(f"item {item}" for item in ITEMS),
        estimator=Estimator(kind="sampling", temperature=0.1, samples=samples),
        values=values,
        asked=np.full((personas, 30), samples),
    )
    return replace(made, **fields)


def unread(ratings, share, seed=0):
    """The same with a share of the replies not read, in cells that keep another."""
    values = ratings.values.copy()
    cells = np.random.default_rng(seed).permutation(values[:, :, 0].size)[: round(share * values.size)]
    values[:, :, 0].flat[cells] = np.nan
    assert np.isnan(values).mean() == pytest.approx(share, abs=1e-3)
    return replace(ratings, name=f"{ratings.name}, unread", values=values)


FAINT = Rater("faint", apart=0.1, up=0.5)
AS = {"as_samples": 10}
"""R of logits is told as ten samples would show it, as its limits are."""


STATES = {
    "calm": (Rater("calm"), {"S": PASS, "R": PASS}),
    "wider apart": (Rater("apart", apart=1.5), {"S": FAIL, "R": PASS}),
    "of one voice": (Rater("one voice", apart=0.4), {"S": FAIL, "R": PASS}),
    "hotter": (Rater("hot", width=2.0), {"S": PASS, "R": FAIL}),
    "cooler": (Rater("cool", width=0.8), {"S": PASS, "R": PASS}),
    "both": (Rater("both", apart=1.5, width=2.0), {"S": FAIL, "R": FAIL}),
    "unevenly apart": (Rater("uneven", uneven=0.5), {"S": INCONCLUSIVE, "R": PASS}),
    "unevenly hotter": (Rater("warm", width=1.45, uneven=0.3), {"R": INCONCLUSIVE}),
    "mute": (Rater("mute", mass=0.04), {"S": INVALID, "R": INVALID}),
}


def as_json(record):
    """A record as the report writes and reads it."""
    return from_plain(json.loads(json.dumps(to_plain(record), allow_nan=False), parse_constant=pytest.fail))


def assert_invalid(tuned, base):
    with pytest.raises(VerdictError) as caught:
        assert_sr_within_band(tuned, base)
    assert {record.outcome for record in caught.value.records} == {INVALID}
    return caught.value.records


def reasons_of(*args, **settings):
    found = records_of(*args, **settings)
    assert {record.outcome for record in found.values()} == {INVALID}
    with pytest.raises(VerdictError, match="the measurement does not count"):
        assert_sr_within_band(*args, **settings)
    return {metric: "; ".join(record.reasons) for metric, record in found.items()}


def both(*args, **settings):
    found = reasons_of(*args, **settings)
    assert found["S"] == found["R"]
    return found["S"]
