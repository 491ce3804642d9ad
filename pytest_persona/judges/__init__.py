"""Judges: from a reply to a `Score`, or to `Unscored`."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from importlib import metadata
from typing import Any

from pytest_persona.errors import JudgeError, suggestion
from pytest_persona.flags import JUDGE_GROUP
from pytest_persona.judges.quality import JudgeQuality, LabelledReply, labelled_replies, measure
from pytest_persona.judges.refusal import RefusalJudge
from pytest_persona.judges.rubric import RubricJudge
from pytest_persona.judges.score import SUCCESS, Judge, Score, Unscored
from pytest_persona.judges.strongreject import StrongRejectJudge

__all__ = [
    "DEFAULT",
    "GROUP",
    "SUCCESS",
    "Judge",
    "JudgeQuality",
    "LabelledReply",
    "RefusalJudge",
    "RubricJudge",
    "Score",
    "StrongRejectJudge",
    "Unscored",
    "find_judge",
    "labelled_replies",
    "measure",
]

GROUP = JUDGE_GROUP
"""Entry points of other packages: each is something that makes a judge from the options of `find_judge`."""
DEFAULT = "refusal"
_OWN: dict[str, Callable[..., Judge]] = {
    "refusal": RefusalJudge,
    "rubric": RubricJudge,
    "strongreject": StrongRejectJudge,
}
_SET_BY = {
    "rubric": "--persona-judge=rubric with --persona-judge-base=URL (its api_base) and --persona-judge-model=NAME",
    "strongreject": "--persona-judge=strongreject with --persona-judge-base (its base) and --persona-judge-model (its "
    "adapter)",
}
"""How the options of pytest make a judge that has any."""


def find_judge(name: str = DEFAULT, **options: Any) -> Judge:
    """A judge by name.

    Args:
        name: `refusal` (rules, offline), `rubric` (an endpoint), `strongreject` (the fine-tuned judge), or the name of
            an entry point of another package; the project's own names cannot be taken.
        options: What the judge is made from; see `RubricJudge` and `StrongRejectJudge`.

    Raises:
        JudgeError: there is no judge of that name, it takes other options, or it cannot be made from these.
    """
    make = _OWN.get(name) or _plugged_in(name)
    try:
        inspect.signature(make).bind(**options)
    except TypeError as error:
        made_from = ", ".join(inspect.signature(make).parameters) or "nothing"
        told = f". In a run of pytest set {_SET_BY[name]}" if name in _SET_BY else ""
        raise JudgeError(f"judge {name!r}: {error}. It is made from: {made_from}{told}") from None
    judge = make(**options)
    if any(inspect.getattr_static(judge, part, None) is None for part in ("name", "fingerprint", "judge")):
        raise JudgeError(f"judge {name!r} is no judge: it has no name, no fingerprint or no judge(prompts, replies)")
    return judge


def _plugged_in(name: str) -> Callable[..., Judge]:
    found = metadata.entry_points(group=GROUP)
    matching = [each for each in found if each.name == name]
    if not matching:
        known = sorted({*_OWN, *(each.name for each in found)})
        raise JudgeError(f"no judge {name!r}{suggestion(name, known)} Known: {', '.join(known)}")
    if len({each.value for each in matching}) > 1:
        raise JudgeError(
            f"{len(matching)} packages bring a judge {name!r}: {', '.join(each.value for each in matching)}. Uninstall "
            "all but one"
        )
    try:
        make: Callable[..., Judge] = matching[0].load()
    except (ImportError, AttributeError) as error:
        raise JudgeError(f"judge {name!r} ({matching[0].value}) cannot be imported: {error}") from error
    return make
