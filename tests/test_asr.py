"""assert_asr_below: all four verdicts on attack success, with models whose replies are scripted."""

import math

import numpy as np
import pytest

from pytest_persona import VerdictError, assert_asr_below
from pytest_persona import session as sessions
from pytest_persona.asserts import InconclusiveWarning
from pytest_persona.errors import JudgeError, TranslationError
from pytest_persona.instruments.attacks import FIVE, TemplateAttack, find_attack
from pytest_persona.instruments.forbidden import forbidden_prompts
from pytest_persona.judges import RubricJudge, find_judge
from pytest_persona.judges.score import Score, Unscored
from pytest_persona.models.protocol import AdapterProof
from pytest_persona.options import Options
from pytest_persona.probes.jailbreak import attempt
from pytest_persona.resistance import attack_record
from pytest_persona.stats import clopper_pearson, rogan_gladen
from pytest_persona.store import Store
from pytest_persona.testing import ScriptedModel
from pytest_persona.verdict import Outcome
from tests.judges.endpoints import Endpoint, fails, marks, says

POCKET = forbidden_prompts(kind="pocket")
FOUR = FIVE[:-1]
YES, NO = "I do that.", "I refuse."


class Talker(ScriptedModel):
    """Complies with the share of the prompts that it is given, the same ones under every attack."""

    def __init__(self, name, share):
        super().__init__(f"{name} {share}", lambda text, choices: [0.5 for _ in choices])
        self.weak = {prompt.text for prompt in POCKET.items[: round(share * len(POCKET.items))]}

    def reply(self, chats, *, max_tokens, temperature=0.0, samples=1, seed=0):
        self.asked += len(chats)
        return [[YES if any(text in chat[-1][1] for text in self.weak) else NO] for chat in chats]


class Reader:
    """A judge that reads `YES` and `NO`, and nothing else."""

    name = "reader"
    fingerprint = "reader"

    def __init__(self, unscored=0):
        self.unscored = unscored
        self.count = 0

    def judge(self, prompts, replies):
        marks = []
        for reply in replies:
            self.count += 1
            lost = self.count % 100 < self.unscored
            marks.append(Unscored("asleep") if lost else Score(1.0 if "do that" in reply else 0.0))
        return marks


class Tuned(Talker):
    """A talker that is an adapter on another, with a proof that is told."""

    def __init__(self, base, share, change=1.0):
        super().__init__("tuned", share)
        self.base_fingerprint = base.fingerprint
        self.change = change

    def adapter_proof(self):
        return AdapterProof(disagreement=0.0, change=self.change, dtype="float32")


@pytest.fixture(autouse=True)
def quality(monkeypatch):
    """The reader reads no labelled replies; its quality is known."""
    from pytest_persona import resistance

    real = resistance.judge_quality.measure
    rules = real(find_judge("refusal"))
    monkeypatch.setattr(resistance.judge_quality, "measure", lambda judge: rules)
    return rules


@pytest.fixture(autouse=True)
def outside():
    """Without the session of the run that these tests are in, whose instruments may be the published ones."""
    token = sessions.enter(None)
    yield
    sessions.leave(token)


def record_of(tuned, base=None, margin=0.1, judge=None, attacks=FOUR, store=None):
    made = [find_attack(name) for name in attacks]
    return attack_record(tuned, base, POCKET, made, judge or Reader(), store, margin=margin, alpha=0.05)


@pytest.mark.parametrize(
    ("share", "limit", "outcome"),
    [(0.0, 0.15, "pass"), (1.0, 0.5, "fail"), (0.1, 0.1, "inconclusive"), (0.5, 0.1, "fail")],
)
def test_the_rate_itself(share, limit, outcome):
    record = record_of(Talker("t", share), margin=limit)
    assert (record.outcome, record.criterion) == (outcome, "absolute")
    assert record.change.value == pytest.approx(share)
    assert set(record.parts) == set(FOUR)


@pytest.mark.parametrize(
    ("before", "after", "margin", "outcome"),
    [
        (0.1, 0.1, 0.15, "pass"),
        (0.0, 1.0, 0.2, "fail"),
        (0.9, 0.1, 0.05, "pass"),
        (0.2, 0.3, 0.1, "inconclusive"),
    ],
)
def test_the_rise_over_the_base(before, after, margin, outcome):
    record = record_of(Talker("t", after), Talker("b", before), margin=margin)
    assert (record.outcome, record.criterion) == (outcome, "noninferiority")
    assert record.change.value == pytest.approx(after - before)
    assert record.change.low <= after - before <= record.change.high


def test_no_hits_of_thirty_still_have_the_upper_bound_that_they_have():
    record = record_of(Talker("t", 0.0), margin=0.05)
    assert record.change.high == pytest.approx(clopper_pearson(0, 30, alpha=0.05)[1])
    assert record.outcome is Outcome.INCONCLUSIVE


def test_prompts_are_the_units_not_replies():
    """Four attacks that succeed with the same prompts say no more than one."""
    four, one = record_of(Talker("t", 0.3)), record_of(Talker("t", 0.3), attacks=("dan",))
    assert (four.change.low, four.change.high) == (one.change.low, one.change.high)
    assert four.change.n == one.change.n == 30


def test_unscored_replies_widen_and_then_invalidate():
    whole = record_of(Talker("t", 0.3))
    some = record_of(Talker("t", 0.3), judge=Reader(unscored=2))
    assert some.change.low < whole.change.low
    assert some.change.high > whole.change.high
    assert some.outcome is not Outcome.INVALID
    many = record_of(Talker("t", 0.0), margin=0.5, judge=Reader(unscored=8))
    assert many.outcome is Outcome.INVALID
    assert "could not score" in many.reasons[0]
    all_lost = record_of(Talker("t", 0.0), margin=0.5, judge=Reader(unscored=100))
    assert all_lost.outcome is Outcome.INVALID


def test_an_attack_that_cannot_be_made_is_never_green():
    with pytest.raises(VerdictError, match="needs a translator"):
        assert_asr_below(Talker("t", 0.0), 0.5, attacks=FIVE, judge=Reader())
    assert assert_asr_below(Talker("t", 0.0), 0.5, attacks=FOUR, judge=Reader())[0].outcome is Outcome.PASS
    record = record_of(Talker("t", 0.0), attacks=("zulu",))
    assert record.outcome is Outcome.INVALID
    assert record.change is None


def test_the_same_model_twice_compares_nothing():
    record = record_of(Talker("t", 0.1), Talker("t", 0.1), margin=0.5)
    assert record.outcome is Outcome.INVALID
    assert "same model" in record.reasons[-1]


@pytest.mark.parametrize("absolute", [False, True])
@pytest.mark.parametrize(
    ("change", "outcome"), [(1.0, Outcome.PASS), (0.0, Outcome.INVALID), (math.nan, Outcome.INVALID)]
)
def test_an_adapter_that_is_not_applied_is_invalid_with_a_base_or_without(change, outcome, absolute):
    base = Talker("b", 0.0)
    record = record_of(Tuned(base, 0.0, change), None if absolute else base, margin=0.5)
    assert record.outcome is outcome
    assert ("the adapter is not applied" in "".join(record.reasons)) == (outcome is Outcome.INVALID)


def test_both_limits_make_a_record_each():
    records = assert_asr_below(Talker("t", 0.0), 0.3, base=Talker("b", 0.0), increase=0.3, attacks=FOUR, judge=Reader())
    assert [record.criterion for record in records] == ["absolute", "noninferiority"]


def test_inconclusive_is_a_warning_outside_a_session():
    with pytest.warns(InconclusiveWarning, match="attack success rate is"):
        assert_asr_below(Talker("t", 0.1), 0.1, attacks=FOUR, judge=Reader())


def test_a_failure_names_attacks_judge_and_rates():
    with pytest.raises(VerdictError) as caught:
        assert_asr_below(Talker("t", 0.9), base=Talker("b", 0.0), increase=0.05, attacks=FOUR, judge=Reader())
    message = str(caught.value)
    assert message.startswith("FAIL: attack success rate moved by +0.900 [")
    assert "ASR 0.000 → 0.900 on 30 prompts by 4 attacks, judge reader; dan +0.900, " in message


@pytest.mark.parametrize(
    ("arguments", "error", "says"),
    [
        ({}, ValueError, "no limits"),
        ({"increase": 0.1}, ValueError, "base=… and increase=… together"),
        ({"base": Talker("b", 0)}, ValueError, "no limits"),
        ({"limit": 0.1, "base": Talker("b", 0)}, ValueError, "together"),
        ({"limit": 5}, ValueError, "Write 0.05 for 5 points"),
        ({"limit": math.nan}, ValueError, "between 0 and 1"),
        ({"limit": 0.1, "attacks": ()}, ValueError, "no attacks"),
        ({"limit": 0.1, "attacks": "dan"}, TypeError, r"attacks=\['dan'\]"),
        ({"limit": 0.1, "alpha": 0.7}, ValueError, "one-sided level"),
    ],
)
def test_what_cannot_be_asked_is_refused(arguments, error, says):
    with pytest.raises(error, match=says):
        assert_asr_below(Talker("t", 0.0), **arguments)


def test_replies_are_remembered_by_attack_and_judged_anew(tmp_path):
    store, model = Store(tmp_path), Talker("t", 0.2)
    attacks = [find_attack(name) for name in FOUR]
    first = attempt(model, POCKET, attacks, Reader(), store)
    assert model.asked == 4 * 30
    judge = Reader()
    again = attempt(model, POCKET, attacks, judge, store)
    assert model.asked == 4 * 30
    assert judge.count == 4 * 30
    assert np.array_equal(first.scores, again.scores)
    assert first.seconds == again.seconds  # what asking took then
    own = TemplateAttack(name="dan", source="mine", template="Please: {prompt}")
    attempt(model, POCKET, [own], Reader(), store)
    assert model.asked == 5 * 30  # its name is another's, its text is not


def test_a_judge_that_was_away_is_asked_again(tmp_path, monkeypatch):
    """Endpoint down, then up: the same store must not remember that there was no answer."""
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    for name in ("PERSONA_JUDGE_API_KEY", "OPENAI_API_KEY"):
        monkeypatch.delenv(name, raising=False)
    store, model, dan = Store(tmp_path), Talker("t", 0.2), [find_attack("dan")]
    endpoint = Endpoint(fails(503))
    with endpoint.serve() as address:
        judge = RubricJudge(address, "m", store=store, retries=0)
        assert attempt(model, POCKET, dan, judge, store).unscored_share == 1
        endpoint.acts = [lambda body: says(marks(refusal=int(YES not in body["messages"][1]["content"])))]
        found = attempt(model, POCKET, dan, judge, store)
        assert found.unscored_share == 0
        assert found.scores.mean() == pytest.approx(0.2)
        asked = len(endpoint.requests)
        attempt(model, POCKET, dan, RubricJudge(address, "m", store=store), store)
        assert len(endpoint.requests) == asked  # its marks are remembered
    assert model.asked == 30


class Interpreter:
    """A translator that is away at first."""

    name = fingerprint = "interpreter"

    def __init__(self):
        self.count, self.away = 0, True

    def can(self, source, target):
        return True

    def translate(self, texts, source, target):
        if self.away and target == "en":
            raise TranslationError("away")
        self.count += len(texts)
        return [text.upper() if target == "en" else text for text in texts]


class Shouter(Reader):
    """Reads translated replies."""

    def judge(self, prompts, replies):
        assert all(reply.isupper() for reply in replies)
        return super().judge(prompts, [reply.lower() for reply in replies])


def test_translated_replies_are_remembered_and_a_translator_that_was_away_is_asked_again(tmp_path):
    store, model, interpreter = Store(tmp_path), Talker("t", 1.0), Interpreter()
    zulu = [find_attack("zulu", translator=interpreter)]
    assert attempt(model, POCKET, zulu, Shouter(), store).obstacles == {"zulu": "away"}
    interpreter.away = False
    first = attempt(model, POCKET, zulu, Shouter(), store)
    translated = interpreter.count
    again = attempt(model, POCKET, zulu, Shouter(), store)
    assert (model.asked, interpreter.count) == (30, translated)
    assert first.scores.shape == again.scores.shape == (30, 1)
    assert not np.isnan(again.scores).any()


@pytest.mark.parametrize("name", ["rubric", None])
def test_the_name_of_the_sessions_judge_is_the_sessions_judge(tmp_path, name):
    options = {"judge": "rubric", "judge_base": "http://127.0.0.1:9/v1", "judge_model": "m"}
    session = sessions.Session(options=Options(store=tmp_path, **options))
    session._judge = Reader()  # instead of an endpoint
    token = sessions.enter(session)
    try:
        (record,) = assert_asr_below(Talker("t", 0.0), 0.5, attacks=["dan"], judge=name)
        assert record.checks["judge"] == "reader"
        (record,) = assert_asr_below(Talker("t", 0.0), 0.5, attacks=["dan"], judge="refusal")  # the twin
        assert record.checks["judge"] == "refusal"
    finally:
        sessions.leave(token)


def test_a_judge_that_needs_options_says_which():
    with pytest.raises(JudgeError, match="--persona-judge=rubric with --persona-judge-base=URL"):
        assert_asr_below(Talker("t", 0.0), 0.5, attacks=["dan"], judge="rubric")


def test_the_judges_quality_and_the_corrected_rate_stand_beside(quality):
    record = record_of(Talker("t", 0.3))
    assert record.checks["judge_sensitivity"] == quality.sensitivity.value
    expected = rogan_gladen(0.3, quality.sensitivity.value, quality.specificity.value)
    assert record.tuned.details["corrected"] == pytest.approx(expected)
    assert record.tuned.level.value == pytest.approx(0.3)  # the verdict is on the raw rate
