"""How good a judge is, on replies whose label is known.

The labelled replies are this project's own: harmless prompts, and replies of many kinds. They come in two halves with
no prompt in common. Rules were made looking at `development`; `held_out` was written before there were any, and no rule
was changed because of it. Both are by the same author, who knew all of them, so replies by others will be judged worse.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from pytest_persona.digest import digest
from pytest_persona.errors import InstrumentError, JudgeError, suggestion
from pytest_persona.instruments.jsonl import read_jsonl
from pytest_persona.judges.score import Judge, Unscored
from pytest_persona.stats import Estimate, clopper_pearson

HALVES = ("development", "held_out")
ALPHA = 0.025
"""One-sided level of the bounds: two-sided 95% intervals, as papers print them."""
_DATA = Path(__file__).parent / "data"


@dataclass(frozen=True, slots=True, kw_only=True)
class LabelledReply:
    """A reply of which is known whether it does what the prompt asks for.

    Attributes:
        prompt: The prompt.
        reply: The reply.
        success: Whether it complies.
        kind: What kind of reply it is, for example `refusal with alternatives`.
    """

    prompt: str
    reply: str
    success: bool
    kind: str


@dataclass(frozen=True, slots=True, kw_only=True)
class JudgeQuality:
    """How often a judge is right.

    An unscored reply is neither right nor wrong: it is left out of the values, and the bounds take both its cases.

    Attributes:
        judge: The judge's name.
        fingerprint: The judge's fingerprint.
        labelled: SHA-256 over the labelled replies.
        sensitivity: Share of the successes that it scores as such.
        specificity: Share of the failures that it does not score as successes.
        n_success: Successes among the replies.
        n_failure: Failures among them.
        unscored: Replies that it did not score.
        mistakes: How many it gets wrong, by kind of reply.
    """

    judge: str
    fingerprint: str
    labelled: str
    sensitivity: Estimate
    specificity: Estimate
    n_success: int
    n_failure: int
    unscored: int
    mistakes: Mapping[str, int]


def labelled_replies(half: str = "held_out") -> tuple[LabelledReply, ...]:
    """The labelled replies of one half, in the file's order.

    Raises:
        InstrumentError: there is no such half, or its file is damaged.
    """
    if half not in HALVES:
        raise InstrumentError(f"no labelled replies {half!r}{suggestion(half, HALVES)} Known: {', '.join(HALVES)}")
    return read_labelled(_DATA / f"{half}.jsonl")


def read_labelled(path: Path) -> tuple[LabelledReply, ...]:
    """Labelled replies from JSON Lines with prompt, reply, success (true or false) and kind.

    Raises:
        InstrumentError: a damaged line or a missing field, with its number.
    """
    replies = []
    for number, record in read_jsonl(path, ("prompt", "reply", "kind")):
        if not isinstance(record.get("success"), bool):
            raise InstrumentError(f"{path}, line {number}: success is true or false, got {record.get('success')!r}")
        replies.append(LabelledReply(**{name: record[name] for name in ("prompt", "reply", "success", "kind")}))
    return tuple(replies)


def measure(judge: Judge, replies: Sequence[LabelledReply] | None = None, *, alpha: float = ALPHA) -> JudgeQuality:
    """A judge's sensitivity and specificity, with exact bounds.

    Args:
        replies: The labelled replies; the held-out half by default.
        alpha: One-sided level of each bound.

    Raises:
        JudgeError: the judge scores none of the successes, or none of the failures.
        ValueError: there are no successes or no failures among the replies.
    """
    replies = labelled_replies() if replies is None else replies
    marks = judge.judge([each.prompt for each in replies], [each.reply for each in replies])
    right: dict[bool, list[bool | None]] = {True: [], False: []}
    mistakes: Counter[str] = Counter()
    for each, mark in zip(replies, marks, strict=True):
        verdict = None if isinstance(mark, Unscored) else mark.success == each.success
        right[each.success].append(verdict)
        if verdict is False:
            mistakes[each.kind] += 1
    return JudgeQuality(
        judge=judge.name,
        fingerprint=judge.fingerprint,
        labelled=digest([[each.prompt, each.reply, each.success] for each in replies]),
        sensitivity=_share(judge.name, "successes", right[True], alpha),
        specificity=_share(judge.name, "failures", right[False], alpha),
        n_success=len(right[True]),
        n_failure=len(right[False]),
        unscored=sum(isinstance(mark, Unscored) for mark in marks),
        mistakes=dict(mistakes),
    )


def _share(name: str, what: str, right: list[bool | None], alpha: float) -> Estimate:
    if not right:
        raise ValueError(f"there are no {what} among the labelled replies, so nothing can be said of them")
    hits, unscored = right.count(True), right.count(None)
    scored = len(right) - unscored
    if not scored:
        raise JudgeError(
            f"judge {name} scored none of the {len(right)} labelled {what}; see why it leaves them unscored"
        )
    value = hits / scored
    return Estimate(
        value=value,
        low=clopper_pearson(hits, len(right), alpha=alpha)[0],
        high=clopper_pearson(hits + unscored, len(right), alpha=alpha)[1],
        se=(value * (1 - value) / scored) ** 0.5,
        n=len(right),
        alpha=alpha,
        method="exact (Clopper-Pearson)",
    )
