"""assert_capability_at_least and assert_normative_stable on models whose answers are scripted."""

import math

import pytest

from pytest_persona import VerdictError, assert_capability_at_least, assert_normative_stable
from pytest_persona.asserts import InconclusiveWarning
from pytest_persona.errors import InstrumentError, JudgeError
from pytest_persona.verdict import Outcome
from tests.capability.by_hand import Chooser, Pupil, Tuned, records_of

SUMS = {"tasks": ["arithmetic"]}
REFUSAL = "I cannot help with that."


def test_a_model_that_still_can_passes():
    (record,) = assert_capability_at_least(Pupil("t", 0.9), Pupil("b", 0.9), 0.1, **SUMS)
    assert (record.outcome, record.axis, record.metric, record.subject) == (
        Outcome.PASS,
        "capability",
        "accuracy",
        "arithmetic",
    )
    assert record.instrument["name"] == "arithmetic"


def test_a_model_that_refuses_everything_fails():
    refusing = Pupil("t", 0.0, lambda answer: REFUSAL)
    with pytest.raises(VerdictError) as caught:
        assert_capability_at_least(refusing, Pupil("b", 0.9), 0.1, **SUMS)
    message = str(caught.value)
    assert message.startswith("FAIL: arithmetic accuracy moved by -0.900 [-0.9")
    assert "accuracy 0.900 → 0.000 on 60 paired items" in message
    (record,) = caught.value.records
    assert record.tuned.details["no_number"] == 1
    assert record.base.details["no_number"] == 0


def test_a_base_that_never_could_is_inconclusive_not_green():
    with pytest.warns(InconclusiveWarning, match="cannot be seen to fall"):
        (record,) = assert_capability_at_least(Pupil("t", 0.02), Pupil("b", 0.02), 0.1, **SUMS)
    assert record.outcome is Outcome.INCONCLUSIVE


def test_a_base_that_guesses_letters_is_inconclusive_and_one_that_knows_them_is_not():
    choice = {"tasks": ["choice"]}
    with pytest.warns(InconclusiveWarning, match="guessing scores 0.2"):
        assert_capability_at_least(Chooser("t", 0.2), Chooser("b", 0.2), 0.3, **choice)
    (record,) = assert_capability_at_least(Chooser("t", 1.0), Chooser("b", 1.0), 0.3, **choice)
    assert record.outcome is Outcome.PASS
    (failed,) = records_of(assert_capability_at_least, Chooser("t", 0.0), Chooser("b", 1.0), 0.3, **choice)
    assert failed.outcome is Outcome.FAIL


@pytest.mark.parametrize("side", ["t", "b"])
def test_a_model_that_does_not_answer_with_letters_is_invalid(side):
    both = {name: Chooser(name, 1.0, mass=0.04 if name == side else 0.9) for name in ("t", "b")}
    (record,) = records_of(assert_capability_at_least, both["t"], both["b"], 0.3, tasks=["choice"])
    assert record.outcome is Outcome.INVALID
    assert "does not answer the question" in record.reasons[0]


def test_an_adapter_that_is_not_applied_is_invalid_though_scores_agree():
    base = Pupil("b", 0.9)
    (fine,) = assert_capability_at_least(Tuned(base, 0.9), base, 0.1, **SUMS)
    assert fine.outcome is Outcome.PASS
    with pytest.raises(VerdictError, match="with and without it the logits are equal"):
        assert_capability_at_least(Tuned(base, 0.9, change=0.0), base, 0.1, **SUMS)


def test_each_task_and_limit_makes_a_record():
    with pytest.warns(InconclusiveWarning):
        records = assert_capability_at_least(Both("t"), Both("b"), 0.1, minimum=0.5, tasks=["arithmetic", "choice"])
    assert [(record.subject, record.criterion) for record in records] == [
        ("arithmetic", "noninferiority"),
        ("arithmetic", "absolute"),
        ("choice", "noninferiority"),
        ("choice", "absolute"),
    ]


class Both(Pupil):
    """Knows sums and letters."""

    def __init__(self, name):
        super().__init__(name, 1.0)
        self._answer = Chooser(name)._answer


def test_the_pockets_own_tasks_are_the_default():
    from pytest_persona.flags import DEFAULT_TASKS

    records = records_of(assert_capability_at_least, Both("t"), Both("b"), 0.3)
    assert tuple(record.subject for record in records) == DEFAULT_TASKS["pocket"]


def test_open_answers_need_a_judge():
    with pytest.raises(JudgeError, match="--persona-judge=rubric"):
        assert_capability_at_least(Pupil("t"), Pupil("b"), 0.1, tasks=["legal"])


@pytest.mark.parametrize(
    ("arguments", "error", "says"),
    [
        ({}, ValueError, "no limits"),
        ({"drop": 0.1}, ValueError, "base=… and drop=… together"),
        ({"base": Pupil("b"), "minimum": 0.1}, ValueError, "together"),
        ({"base": Pupil("b"), "drop": 5}, ValueError, "Write 0.05 for 5 points"),
        ({"minimum": math.nan}, ValueError, "between 0 and 1"),
        ({"minimum": 0.5, "tasks": ()}, ValueError, "no tasks"),
        ({"minimum": 0.5, "tasks": "choice"}, TypeError, r"tasks=\['choice'\]"),
        ({"minimum": 0.5, "tasks": ["toxigen"]}, InstrumentError, "no task 'toxigen'"),
        ({"minimum": 0.5, "alpha": 0.7}, ValueError, "one-sided level"),
        ({"base": Tuned(Pupil("b")), "drop": 0.1}, TypeError, "Swap them"),
    ],
)
def test_what_cannot_be_asked_of_a_capability_is_refused(arguments, error, says):
    with pytest.raises(error, match=says):
        assert_capability_at_least(Pupil("t"), **arguments)


class Reader(Pupil):
    """Says Yes to demeaning sentences with the probability that its share gives, or always."""

    def __init__(self, name, right):
        super().__init__(name)
        from pytest_persona.instruments.toxigen import toxigen

        toxic = {item.text: item.toxic for item in toxigen(kind="pocket").items}

        def answer(text, choices):
            (label,) = [mark for sentence, mark in toxic.items() if f'"{sentence}"' in text]
            yes = 0.8 if (label if right else True) else 0.1
            return [yes, 0.9 - yes] if list(choices) == ["Yes", "No"] else [0.1] * len(choices)

        self._answer = answer


@pytest.mark.parametrize("criterion", ["noninferiority", "equivalence"])
def test_a_companion_that_stays_passes_and_one_that_is_lost_fails(criterion):
    how = {"companions": ["toxigen"], "margin": 0.2, "criterion": criterion}
    (record,) = assert_normative_stable(Reader("t", True), Reader("b", True), **how)
    assert (record.outcome, record.axis, record.metric) == (Outcome.PASS, "normative", "normative")
    with pytest.raises(VerdictError, match=r"FAIL: toxigen score moved by -0\.500"):
        assert_normative_stable(Reader("t", False), Reader("b", True), **how)
    (undecided,) = records_of(assert_normative_stable, Reader("t", False), Reader("b", False), **how)
    assert undecided.outcome is Outcome.INCONCLUSIVE
    assert "guessing scores 0.500" in undecided.reasons[0]


@pytest.mark.parametrize(
    ("arguments", "error", "says"),
    [
        ({"margin": 0}, ValueError, "between 0 and 1"),
        ({"margin": math.nan}, ValueError, "between 0 and 1"),
        ({"criterion": "significance"}, ValueError, "Known: noninferiority, equivalence"),
        ({"companions": ()}, ValueError, "no companions"),
        ({"companions": "toxigen"}, TypeError, r"companions=\['toxigen'\]"),
        ({"companions": ["arithmetic"]}, InstrumentError, "no task 'arithmetic'"),
        ({"alpha": 0.5}, ValueError, "one-sided level"),
    ],
)
def test_what_cannot_be_asked_of_companions_is_refused(arguments, error, says):
    with pytest.raises(error, match=says):
        assert_normative_stable(Pupil("t"), Pupil("b"), **arguments)
