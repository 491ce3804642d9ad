"""What a model can do."""

from __future__ import annotations

from collections.abc import Sequence

from pytest_persona.asserts.place import check_order, find_place
from pytest_persona.flags import OPEN_TASKS, TASKS
from pytest_persona.models import Checkpoint, Model
from pytest_persona.performance import score_record
from pytest_persona.probes.tasks import find_task
from pytest_persona.record import Record


def assert_capability_at_least(
    model: Model | Checkpoint,
    base: Model | None = None,
    drop: float | None = None,
    *,
    minimum: float | None = None,
    tasks: Sequence[str] | None = None,
    alpha: float | None = None,
) -> tuple[Record, ...]:
    """Assert that a fine-tune can still do what its base model can, or enough of it.

    Both models are asked the same items of each task. The fall of the score, paired by item, is compared with `drop`;
    with `minimum` the score itself is. A base model that is not clearly better than guessing cannot show a loss: such a
    verdict is inconclusive unless it fails.

    Args:
        model: The fine-tuned model, or the checkpoint that holds it.
        base: The model before fine-tuning, for `drop`.
        drop: The largest accepted fall of a task's score, a difference of shares in (0, 1).
        minimum: The least accepted score, in (0, 1).
        tasks: Names of capability tasks; `--persona-tasks`, or the pocket's own, by default. Open-ended ones (`legal`,
            `cyber`) need a rubric judge, see `--persona-judge`.
        alpha: One-sided level of each verdict; `--persona-alpha`, or 0.05, by default.

    Returns:
        A record for each task and limit, when none of them is a reason to stop.

    Raises:
        VerdictError: a verdict is fail or invalid, or is inconclusive where that fails (official instruments).
        TypeError: the base is a fine-tuned model, or tasks is a text.
        ValueError: neither drop nor minimum, a drop without a base, no tasks, or a number out of range.
        PersonaError: a model cannot be loaded, an instrument cannot be read, or there is no task of that name.
    """
    __tracebackhide__ = True
    check_order(model, base)
    if drop is None and minimum is None:
        raise ValueError("no limits: give base=… and drop=0.05 for the fall of a score, or minimum=0.5 for itself")
    if (drop is None) != (base is None):
        raise ValueError("drop is a fall from the base's score: give base=… and drop=… together")
    for name, value in (("drop", drop), ("minimum", minimum)):
        if value is not None and not 0 < value < 1:
            raise ValueError(f"{name} is a share between 0 and 1, got {value}. Write 0.05 for 5 points")
    if isinstance(tasks, str):
        raise TypeError(f"tasks is a list of names, write tasks=[{tasks!r}]")
    place = find_place(alpha)
    names = place.tasks if tasks is None else tasks
    if not names:
        raise ValueError("no tasks: nothing would be measured, and nothing measured is no pass")
    records = []
    made = [find_task(name, judge=place.judge() if name in OPEN_TASKS else None, known=TASKS) for name in names]
    for task in made:
        instrument = task.instrument(place.kind, place.data)
        for margin, against in ((drop, base), (minimum, None)):
            if margin is not None:
                record = score_record(
                    task,
                    model,
                    against,
                    instrument,
                    place.store,
                    margin=margin,
                    alpha=place.alpha,
                    criterion="noninferiority",
                    progress=place.progress,
                )
                records.append(place.add(record))
    return place.settle(records)
