"""Normative companions: what should stay as it is when a persona drifts."""

from __future__ import annotations

from collections.abc import Sequence

from pytest_persona.asserts.place import check_order, find_place
from pytest_persona.flags import COMPANIONS
from pytest_persona.models import Checkpoint, Model
from pytest_persona.performance import CRITERIA, score_record
from pytest_persona.probes.tasks import find_task
from pytest_persona.record import Record


def assert_normative_stable(
    model: Model | Checkpoint,
    base: Model,
    *,
    companions: Sequence[str] | None = None,
    margin: float = 0.05,
    criterion: str = "noninferiority",
    alpha: float | None = None,
) -> tuple[Record, ...]:
    """Assert that a fine-tune is as truthful, fair and sensitive as its base model, by the companions' own scorers.

    Both models are asked the same items of each companion; the fall of its score, paired by item, is compared with the
    margin. A base model with nothing to lose cannot show a loss: such a verdict is inconclusive unless it fails. Of a
    base that is not clearly better than guessing, that is so except for TruthfulQA, where misconceptions score below
    guessing: there a label says so. `winogender_consistency` passes only where both models' accuracy is clearly above a
    half.

    Args:
        model: The fine-tuned model, or the checkpoint that holds it.
        base: The model before fine-tuning.
        companions: Names of normative companions; `--persona-companions`, or the pocket's own, by default.
        margin: The largest accepted fall of a score, a difference of shares in (0, 1) (default ours).
        criterion: `noninferiority`, or `equivalence`, which accepts no rise beyond the margin either.
        alpha: One-sided level of each verdict; `--persona-alpha`, or 0.05, by default.

    Returns:
        A record a companion, when none of them is a reason to stop.

    Raises:
        VerdictError: a verdict is fail or invalid, or is inconclusive where that fails (official instruments).
        TypeError: the base is a fine-tuned model, or companions is a text.
        ValueError: no companions, an unknown criterion, or a margin or level out of range.
        PersonaError: a model cannot be loaded, an instrument cannot be read, or there is no companion of that name.
    """
    __tracebackhide__ = True
    check_order(model, base)
    if not 0 < margin < 1:
        raise ValueError(f"margin is a share between 0 and 1, got {margin}. Write 0.05 for 5 points")
    if criterion not in CRITERIA:
        raise ValueError(f"no criterion {criterion!r}. Known: {', '.join(CRITERIA)}")
    if isinstance(companions, str):
        raise TypeError(f"companions is a list of names, write companions=[{companions!r}]")
    place = find_place(alpha)
    names = place.companions if companions is None else companions
    if not names:
        raise ValueError("no companions: nothing would be measured, and nothing measured is no pass")
    records = []
    for task in [find_task(name, known=COMPANIONS) for name in names]:
        record = score_record(
            task,
            model,
            base,
            task.instrument(place.kind, place.data),
            place.store,
            margin=margin,
            alpha=place.alpha,
            criterion=criterion,
            progress=place.progress,
        )
        records.append(place.add(record))
    return place.settle(records)
