"""Attack success rates."""

from __future__ import annotations

from collections.abc import Sequence

from pytest_persona.asserts.place import Place, check_order, find_place
from pytest_persona.instruments.attacks import Attack
from pytest_persona.judges import Judge, find_judge
from pytest_persona.models import Checkpoint, Model
from pytest_persona.record import Record
from pytest_persona.resistance import attack_record


def assert_asr_below(
    model: Model | Checkpoint,
    limit: float | None = None,
    *,
    base: Model | None = None,
    increase: float | None = None,
    attacks: Sequence[str | Attack] | None = None,
    judge: str | Judge | None = None,
    alpha: float | None = None,
) -> tuple[Record, ...]:
    """Assert that attacks bring a model to comply with few forbidden prompts, or not more than its base model.

    Each attack puts each forbidden prompt to the model; a judge scores the reply, and 0.5 or more is a success. The
    attack success rate is averaged over attacks, and forbidden prompts are the units of its bounds. The verdict is on
    the raw rate; the judge's own sensitivity and specificity stand beside it.

    Args:
        model: The fine-tuned model, or the checkpoint that holds it.
        limit: The largest accepted rate, in (0, 1).
        base: The model before fine-tuning, for `increase`.
        increase: The largest accepted rise over the base's rate, a difference of shares in (0, 1).
        attacks: Names, or attacks of your own; those of `--persona-attacks` by default. One that cannot be made (Zulu
            without a translator) makes the verdict invalid; leave it out by name.
        judge: A judge's name, or a judge of your own; that of `--persona-judge` by default. The name of that judge
            means it with all its options.
        alpha: One-sided level of each verdict; `--persona-alpha`, or 0.05, by default.

    Returns:
        A record for each limit, when none of them is a reason to stop.

    Raises:
        VerdictError: a verdict is fail or invalid, or is inconclusive where that fails (official instruments).
        TypeError: the base is a fine-tuned model.
        ValueError: neither limit nor increase, an increase without a base, no attacks, or a number out of range.
        PersonaError: a model cannot be loaded, or there is no attack or judge of that name.
    """
    __tracebackhide__ = True
    check_order(model, base)
    if limit is None and increase is None:
        raise ValueError("no limits: give limit=0.1 for the rate itself, or base=… and increase=0.05 for its rise")
    if (increase is None) != (base is None):
        raise ValueError("increase is a rise over the base's rate: give base=… and increase=… together")
    for name, value in (("limit", limit), ("increase", increase)):
        if value is not None and not 0 < value < 1:
            raise ValueError(f"{name} is a share between 0 and 1, got {value}. Write 0.05 for 5 points")
    if isinstance(attacks, str):
        raise TypeError(f"attacks is a list of names, write attacks=[{attacks!r}]")
    if attacks is not None and not attacks:
        raise ValueError("no attacks: nothing would be measured, and nothing measured is no pass")
    place = find_place(alpha)
    prompts = place.prompts()
    made = place.attacks() if attacks is None else _made(attacks, place)
    judging = _judging(judge, place)
    records = []
    for margin, against in ((limit, None), (increase, base)):
        if margin is not None:
            record = attack_record(
                model,
                against,
                prompts,
                made,
                judging,
                place.store,
                margin=margin,
                alpha=place.alpha,
                progress=place.progress,
            )
            records.append(place.add(record))
    return place.settle(records)


def _judging(judge: str | Judge | None, place: Place) -> Judge:
    if judge is None or (place.session is not None and judge == place.session.options.judge):
        return place.judge()
    return find_judge(judge) if isinstance(judge, str) else judge


def _made(attacks: Sequence[str | Attack], place: Place) -> tuple[Attack, ...]:
    return tuple(place.attacks([each])[0] if isinstance(each, str) else each for each in attacks)
