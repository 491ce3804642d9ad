"""Verdicts of many checkpoints as one table: a row a checkpoint, a column a trait."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from pytest_persona.record import Record
from pytest_persona.report.checkpoints import Tested
from pytest_persona.wording import limit_text, objective_name


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One checkpoint.

    Attributes:
        label: Its name.
        cells: Of each trait, the records about it with their numbers; usually one.
    """

    label: str
    cells: tuple[tuple[tuple[int, Record], ...], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Matrix:
    """The table.

    Attributes:
        subjects: The traits, in the order of the records.
        groups: Rows by objective, spelled out; "" above those that no objective is known of.
        limit: The limit of all verdicts, as it is shown; None where they differ, and each cell has to say its own.
    """

    subjects: tuple[str, ...]
    groups: tuple[tuple[str, tuple[Row, ...]], ...]
    limit: str | None


def matrix_of(tested: Sequence[Tested]) -> Matrix:
    """The table of all checkpoints; what was measured on none stands in a last row."""
    numbered = sorted(pair for each in tested for pair in ((number, record.subject) for number, record in each.records))
    subjects = tuple(dict.fromkeys(subject for _, subject in numbered))
    groups: dict[str, list[Row]] = {}
    for each in tested:
        cells = tuple(tuple(pair for pair in each.records if pair[1].subject == subject) for subject in subjects)
        groups.setdefault(each.objective, []).append(Row(label=each.label or "no checkpoint", cells=cells))
    limits = {limit_text(record) for each in tested for _, record in each.records}
    return Matrix(
        subjects=subjects,
        groups=tuple((objective_name(name), tuple(rows)) for name, rows in groups.items()),
        limit=limits.pop() if len(limits) == 1 else None,
    )
