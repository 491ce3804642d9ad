"""Single records by hand, of every outcome."""

from dataclasses import replace

from pytest_persona.plan import Plan
from pytest_persona.record import Side, unmeasured
from pytest_persona.stats import Estimate
from pytest_persona.verdict import Outcome
from pytest_persona.wording import DEMO, UNVERIFIED
from tests.report.fleet import manifest_of
from tests.report.reading import HOSTILE

MANIFEST = manifest_of(Plan(objective="sft", budget=2000), 2000)


def estimate(value, reach=0.02):
    return Estimate(value=value, low=value - reach, high=value + reach, se=reach, n=60, alpha=0.05, method="by hand")


def side(name, value):
    level = None if value is None else estimate(value)
    return Side(name=name, fingerprint=name * 64, level=level, details={"mass": 0.7, "hard_match": 0.5})


GATE = {"test": "t.py::test_it", "metric": "pmatch", "instrument": "darktriad/narcissism", "margin": 0.05}
LOST = unmeasured(GATE, "it was skipped")


def record(outcome=Outcome.PASS, subject="narcissism", change=0.01, base=0.5, **changes):
    measured = {} if change is None else {"change": estimate(change), "mde": 0.03}
    made = replace(
        LOST,
        test="tests/test_it.py::test_no_drift[narcissism]",
        subject=subject,
        outcome=outcome,
        reasons=("the model is asleep",) if outcome is Outcome.INVALID else (),
        labels=(UNVERIFIED,),
        criterion="noninferiority",
        items_needed=130 if outcome is Outcome.INCONCLUSIVE else None,
        parts={"Yes": estimate(0.03), "No": estimate(-0.01), "acquiescence": estimate(0.02)} if measured else {},
        base=side("b", base),
        tuned=side("t", base + change if measured else None),
        instrument=dict.fromkeys(("source", "licence", "sha256"), "5" * 64)
        | {"name": f"darktriad/{subject}", "kind": "official", "items": 1000},
        checkpoint={"label": "run 1", "adapter": "3f9c" * 16, "manifest": {}},
        checks={"batch_noise": 0.0001, "probe_dtype": "float32", "adapter_base_logits": None},
        movers=({"id": "1", "text": "I am me", "stratum": "Yes", "base": 0.2, "tuned": 0.9, "change": 0.7},),
        **measured,
    )
    return replace(made, **changes)


def hostile():
    made = record(Outcome.INVALID, HOSTILE, test=f"t.py::test[{HOSTILE}]", reasons=(HOSTILE,), labels=(HOSTILE, DEMO))
    return replace(
        made,
        base=side(HOSTILE, 0.5),
        tuned=side(HOSTILE, 0.6),
        parts={HOSTILE: estimate(0.0)},
        instrument=dict.fromkeys(made.instrument, HOSTILE) | {"items": 1000},
        checkpoint={"label": HOSTILE, "adapter": HOSTILE, "manifest": MANIFEST | {"by": HOSTILE}},
        checks={HOSTILE: HOSTILE},
        movers=(dict(made.movers[0], id=HOSTILE, text=HOSTILE, stratum=HOSTILE),),
    )


EVERY = [record(outcome, base=0.4 + 0.1 * index) for index, outcome in enumerate(Outcome)]
ASLEEP = record(Outcome.INVALID, change=None, base=None)
