"""TruthfulQA's multiple choice: the published questions, and 64 on common misconceptions that this project wrote."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pytest_persona.errors import InstrumentError
from pytest_persona.instruments.item_set import read_official_set, read_pocket_set
from pytest_persona.instruments.items import ItemSet, is_pocket, text_id
from pytest_persona.instruments.json_file import read_json, text_under

__all__ = ["OFFICIAL_TRUTH", "TruthItem", "read_truth_items", "truthfulqa"]

OFFICIAL_TRUTH = "truthfulqa/mc_task.json"
_POCKET = Path(__file__).parent / "data" / "truthfulqa" / "pocket.json"


@dataclass(frozen=True, slots=True, kw_only=True)
class TruthItem:
    """A question that many people answer wrongly, with answers to choose from.

    Attributes:
        id: First 16 hex digits of the question's sha256.
        question: The question.
        mc1: Answers, each with whether it is true; exactly one is.
        mc2: Answers, each with whether it is true; at least one is and one is not. Some published questions list an
            answer without text, here or in mc1; it is left out (ours), because saying nothing has probability 1.
    """

    id: str
    question: str
    mc1: tuple[tuple[str, bool], ...]
    mc2: tuple[tuple[str, bool], ...]


def truthfulqa(*, kind: str, data: Path | None = None) -> ItemSet[TruthItem]:
    """The 790 published questions, or the pocket's 64, whose true and false answers are alike in length (ours).

    Args:
        kind: `official` or `pocket`.
        data: Folder with the published files; they are not downloaded, so that `official` needs it.

    Raises:
        InstrumentError: unknown kind, missing or damaged file, or not the published one.
    """
    if is_pocket(kind):
        return read_pocket_set("truthfulqa", _POCKET, read_truth_items)
    return read_official_set("truthfulqa", OFFICIAL_TRUTH, data, read_truth_items)


def read_truth_items(path: Path) -> tuple[TruthItem, ...]:
    """Questions of a file with TruthfulQA's layout: a list of records with question, mc1_targets and mc2_targets, the
    last two from each answer to 1 (true) or 0.

    Raises:
        InstrumentError: a damaged file, a missing field, an answer marked otherwise or twice, other than one true
            answer under mc1_targets, answers under mc2_targets that are all true or all false, or a question twice.
    """
    records = read_json(path)
    if not isinstance(records, list):
        raise InstrumentError(f"{path}: not a list of records. Copy it again")
    items: dict[str, TruthItem] = {}
    for number, record in enumerate(records, start=1):
        where = f"{path}, record {number}"
        question = text_under(record, "question", where)
        mc1, mc2 = (_targets(record.get(name), f"{where}, {name}") for name in ("mc1_targets", "mc2_targets"))
        true, false = (sum(mark is wanted for _, mark in mc2) for wanted in (True, False))
        if sum(mark for _, mark in mc1) != 1 or len(mc1) < 2:
            raise InstrumentError(f"{where}, mc1_targets: exactly one answer of several must be true")
        if not true or not false:
            raise InstrumentError(f"{where}, mc2_targets: {true} true and {false} false answers, expected some of each")
        item = TruthItem(id=text_id(question), question=question, mc1=mc1, mc2=mc2)
        if item.id in items:
            raise InstrumentError(f"{where}: the question stands there a second time")
        items[item.id] = item
    return tuple(items.values())


def _targets(targets: Any, where: str) -> tuple[tuple[str, bool], ...]:
    if not isinstance(targets, dict):
        raise InstrumentError(f"{where}: no answers there")
    for text, mark in targets.items():
        if type(mark) is not int or mark not in (0, 1):  # true and 1.0 are equal to 1 too
            raise InstrumentError(f"{where}: {text!r} is marked {mark!r}, expected 1 or 0")
    return tuple((text, mark == 1) for text, mark in targets.items() if text.strip())
