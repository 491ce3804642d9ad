"""Tasks by name: what a model can do (capability), and the companions whose change tells of more (normative)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from pytest_persona.errors import InstrumentError, JudgeError, suggestion
from pytest_persona.flags import COMPANIONS, OPEN_TASKS, TASKS

if TYPE_CHECKING:
    from pytest_persona.judges import Judge
    from pytest_persona.probes.scores import Task


def find_task(name: str, *, judge: Judge | None = None, known: Sequence[str] = (*TASKS, *COMPANIONS)) -> Task:
    """A task by name.

    Args:
        judge: Who marks open answers, a `RubricJudge`; no other task takes one.
        known: The names that may be asked for.

    Raises:
        InstrumentError: there is no task of that name among them.
        JudgeError: its answers are open, and the judge is none that marks answers.
    """
    if name not in known or name not in (*TASKS, *COMPANIONS):
        raise InstrumentError(f"no task {name!r}{suggestion(name, known)} Known: {', '.join(known)}")
    if name in COMPANIONS:
        from pytest_persona.probes.normative import find_companion

        return find_companion(name)
    from pytest_persona.probes.capability import CLOSED, OpenTask

    if name not in OPEN_TASKS:
        return CLOSED[name]
    from pytest_persona.judges import RubricJudge
    from pytest_persona.judges.rubric import ANSWERS

    if not isinstance(judge, RubricJudge):
        raise JudgeError(
            f"the answers to {name!r} are open, and {'no judge was given' if judge is None else f'judge {judge.name}'}"
            f"{'' if judge is None else ' marks none'}. Pass --persona-judge=rubric with --persona-judge-base=URL and "
            "--persona-judge-model=NAME, or leave the task out"
        )
    return OpenTask(name=name, judge=judge.by(ANSWERS))
