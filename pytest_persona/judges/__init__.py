"""Judges: from a reply to a `Score`, or to `Unscored`."""

from __future__ import annotations

from pytest_persona.judges.quality import JudgeQuality, LabelledReply, labelled_replies, measure
from pytest_persona.judges.refusal import RefusalJudge
from pytest_persona.judges.rubric import RubricJudge
from pytest_persona.judges.score import SUCCESS, Judge, Score, Unscored
from pytest_persona.judges.strongreject import StrongRejectJudge

__all__ = [
    "SUCCESS",
    "Judge",
    "JudgeQuality",
    "LabelledReply",
    "RefusalJudge",
    "RubricJudge",
    "Score",
    "StrongRejectJudge",
    "Unscored",
    "labelled_replies",
    "measure",
]
