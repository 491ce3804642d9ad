"""Declared gates, and records that must keep to them."""

from contextvars import copy_context
from dataclasses import replace

import pytest

from pytest_persona.errors import GateError
from pytest_persona.options import Options
from pytest_persona.record import Finding, Record, unmeasured
from pytest_persona.session import Gate, Session, current, declare, enter, find, leave
from pytest_persona.wording import limit_text

TEST = "test_a.py::test_gate"
GOOD = {"metric": "pmatch", "margin": 0.05, "instrument": "darktriad/narcissism"}
LEAST = {"metric": "accuracy", "floor": 0.5, "instrument": "gsm8k"}


@pytest.fixture
def session(tmp_path):
    return Session(options=Options(store=tmp_path))


def record(**changes) -> Record:
    return unmeasured({"test": "", **GOOD, **changes}, "only the names matter here")


@pytest.mark.parametrize("margin", [0.05, 0.999, 1e-9])
def test_a_gate_is_declared(margin):
    arguments = GOOD | {"margin": margin}
    assert declare(TEST, (), arguments) == Gate(test=TEST, **arguments)
    assert declare(TEST, (), arguments).checkpoint == "checkpoint"
    assert declare(TEST, (), arguments | {"checkpoint": "mine"}).checkpoint == "mine"


def without(name: str) -> dict:
    return {key: value for key, value in GOOD.items() if key != name}


@pytest.mark.parametrize(
    ("positional", "arguments", "says"),
    [
        (("pmatch",), without("metric"), "got 'pmatch', margin, instrument"),
        (("pmatch",), GOOD, "got 'pmatch', metric, margin, instrument"),
        ((), {}, "got none"),
        (
            (),
            without("metric"),
            "takes the keywords metric, instrument, margin or floor or both, and, optionally, checkpoint; got margin",
        ),
        (
            (),
            without("margin"),
            "needs a margin between 0 and 1, or a floor alone: the least accepted level. Got neither",
        ),
        ((), without("instrument"), "got metric, margin"),
        ((), GOOD | {"limit": 0.1}, "got metric, margin, instrument, limit"),
        ((), GOOD | {"test": "mine"}, "got metric, margin, instrument, test"),
        ((), GOOD | {"metric": "pmtach"}, "no metric 'pmtach'; did you mean 'pmatch'? Known: pmatch"),
        ((), GOOD | {"metric": "zzz"}, "no metric 'zzz'. Known: pmatch"),
        ((), GOOD | {"metric": None}, "takes a text as metric, got None"),
        ((), GOOD | {"metric": ["pmatch"]}, "takes a text as metric, got ['pmatch']"),
        ((), GOOD | {"instrument": 5}, "takes a text as instrument, got 5"),
        ((), GOOD | {"checkpoint": None}, "takes a text as checkpoint, got None"),
        *(
            (
                (),
                GOOD | {"floor": floor},
                f"takes a floor from -1 to below 0 beside a margin, got {floor!r}. Without a margin, floor is the "
                "least accepted level",
            )
            for floor in (0, 0.0, 0.05, -1.5, float("nan"), float("-inf"), "-0.3", True)
        ),
        *(
            ((), LEAST | {"floor": floor}, f"takes a floor between 0 and 1 where there is no margin, got {floor!r}")
            for floor in (0, 0.0, 1, 1.0, -0.3, 5, float("nan"), float("inf"), "0.5", True)
        ),
        *(
            (
                (),
                LEAST | {"metric": "R", "floor": floor},
                f"takes a floor above 0 where there is no margin, got {floor!r}",
            )
            for floor in (0, -1.5, float("nan"), float("inf"), "2", True)
        ),
        *(
            ((), GOOD | {"margin": margin}, f"needs a margin between 0 and 1, got {margin!r}")
            for margin in (0, 0.0, 1, 1.0, -0.05, 5, float("nan"), float("inf"), "0.05", True)
        ),
    ],
)
def test_a_bad_declaration_is_refused_by_name(positional, arguments, says):
    with pytest.raises(GateError) as caught:
        declare(TEST, positional, arguments)
    assert str(caught.value).startswith(f"{TEST}: persona_gate ")
    assert says in str(caught.value)


def test_a_gate_may_name_parameters_of_its_test():
    arguments = {"metric": "{what}", "margin": 0.05, "instrument": "darktriad/{trait}"}
    gate = declare(TEST, (), arguments, {"trait": "narcissism", "what": "pmatch", "checkpoint": object()})
    assert gate == declare(TEST, (), GOOD)


@pytest.mark.parametrize(
    ("instrument", "parameters", "says"),
    [
        ("{task}", {}, "instrument='{task}', but the test has no parameter 'task'. It has: none"),
        ("{tsak}", {"task": "gsm8k", "seed": 0}, "no parameter 'tsak'; did you mean 'task'? It has: task, seed"),
        ("{}", {"task": "gsm8k"}, "no parameter ''. It has: task"),
        ("{task.x}", {"task": "gsm8k"}, "no parameter 'task.x'; did you mean 'task'?"),
    ],
)
def test_a_place_that_names_no_parameter_is_refused(instrument, parameters, says):
    with pytest.raises(GateError) as caught:
        declare(TEST, (), GOOD | {"instrument": instrument}, parameters)
    assert str(caught.value).startswith(f"{TEST}: persona_gate has ")
    assert says in str(caught.value)


def test_a_record_gets_the_name_of_the_running_test(session):
    session.running = TEST
    added = session.add(record())
    assert added.test == TEST
    assert session.take() == [added]
    assert session.take() == []


def test_a_record_that_keeps_to_its_gate_is_taken(session):
    session.gates[TEST], session.running = declare(TEST, (), GOOD), TEST
    assert session.add(record()).metric == "pmatch"


@pytest.mark.parametrize(
    ("asserted", "says"),
    [
        ({"metric": "S"}, "asserts S of darktriad/narcissism with margin 0.05"),
        ({"floor": -0.1}, "asserts pmatch of darktriad/narcissism with margin 0.05 and floor -0.1"),
        ({"instrument": "darktriad/psychopathy"}, "asserts pmatch of darktriad/psychopathy with margin 0.05"),
        ({"margin": 0.5}, "asserts pmatch of darktriad/narcissism with margin 0.5"),
    ],
)
def test_a_record_that_differs_from_its_gate_is_refused(session, asserted, says):
    session.gates[TEST], session.running = declare(TEST, (), GOOD), TEST
    with pytest.raises(GateError) as caught:
        session.add(record(**asserted))
    message = str(caught.value)
    assert f"{TEST} declares a gate on pmatch of darktriad/narcissism with margin 0.05" in message
    assert says in message


@pytest.mark.parametrize("floor", [-0.3, -1, -1e-9, None])
def test_a_band_is_declared_with_its_floor(session, floor):
    gate = declare(TEST, (), GOOD | {"metric": "S", "instrument": "moral", "floor": floor})
    assert gate.floor == floor
    session.gates[TEST], session.running = gate, TEST
    kept = session.add(record(metric="S", instrument="moral", floor=floor))
    assert kept.floor == floor
    with pytest.raises(GateError, match=r"declares a gate on S of moral with margin 0\.05"):
        session.add(record(metric="S", instrument="moral", floor=-0.2))


@pytest.mark.parametrize(("metric", "floor"), [("accuracy", 0.5), ("accuracy", 1e-9), ("R", 4.5), ("S", 0.7)])
def test_a_least_level_is_declared_without_a_margin(session, metric, floor):
    gate = declare(TEST, (), LEAST | {"metric": metric, "floor": floor})
    assert (gate.margin, gate.floor) == (None, floor)
    assert declare(TEST, (), LEAST | {"metric": metric, "floor": floor, "margin": None}) == gate
    session.gates[TEST], session.running = gate, TEST
    asserted = {"metric": metric, "instrument": "gsm8k", "margin": None}
    assert session.add(record(**asserted, floor=floor)).floor == floor
    with pytest.raises(GateError) as caught:
        session.add(record(**asserted, floor=floor / 2))
    assert str(caught.value) == (
        f"{TEST} declares a gate on {metric} of gsm8k with floor {floor}, but asserts {metric} of gsm8k with floor "
        f"{floor / 2}. Make both the same"
    )


def test_a_fall_and_a_least_level_are_not_the_same_gate(session):
    session.gates[TEST], session.running = declare(TEST, (), LEAST), TEST
    with pytest.raises(GateError, match=r"with floor 0\.5, but asserts accuracy of gsm8k with margin 0\.5"):
        session.add(record(metric="accuracy", instrument="gsm8k", margin=0.5))


def test_a_least_level_that_was_not_measured_is_said_as_one():
    lost = unmeasured({"test": TEST, **LEAST, "margin": None}, "skipped")
    assert (lost.margin, lost.floor, limit_text(lost)) == (None, 0.5, "0.5 or more")
    assert limit_text(unmeasured({"test": TEST, **GOOD}, "skipped")) == "+0.050"


def test_a_finding_gets_the_name_of_the_running_test(session):
    some = Finding(
        test="",
        claim="PC-0",
        paper="arXiv:0000.00000",
        says="Grass is green",
        measured="1.0",
        published="",
        replayed=False,
        outcome="passed",
        reason="",
    )
    session.running = TEST
    session.note(some)
    assert session.take_findings() == [replace(some, test=TEST)]
    assert session.take_findings() == session.take() == []


def test_a_gate_binds_its_own_test_only(session):
    session.gates[TEST], session.running = declare(TEST, (), GOOD), "test_a.py::test_other"
    assert session.add(record(margin=0.5)).margin == 0.5


def test_the_store_is_the_one_of_the_options(session, tmp_path):
    assert session.store.root == tmp_path


def test_sessions_nest(session):
    outer = find()
    token = enter(session)
    try:
        assert find() is current() is session
    finally:
        leave(token)
    assert find() is outer


def test_outside_a_session_there_is_none():
    def outside():
        enter(None)
        assert find() is None
        with pytest.raises(GateError, match=r"no pytest session with the persona plugin.*without -p no:persona"):
            current()

    copy_context().run(outside)
