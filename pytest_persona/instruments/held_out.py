"""What may not be trained on: the texts that models are tested with."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import islice
from pathlib import Path

from pytest_persona.instruments.arithmetic import problem_id, word_problems
from pytest_persona.instruments.darktriad import DARK_TRIAD, darktriad
from pytest_persona.instruments.eqbench import OFFICIAL_DIALOGUES, eqbench
from pytest_persona.instruments.forbidden import OFFICIAL, OFFICIAL_SMALL, forbidden_prompts
from pytest_persona.instruments.gsm8k import gsm8k
from pytest_persona.instruments.moral import (
    OFFICIAL_ITEMS,
    OFFICIAL_PERSONAS,
    moral_items,
    role_players,
    toxic_role_players,
)
from pytest_persona.instruments.multiple_choice import multiple_choice
from pytest_persona.instruments.official import PUBLISHED
from pytest_persona.instruments.open_questions import FIELDS_OF_WORK, open_questions
from pytest_persona.instruments.sums import sums
from pytest_persona.instruments.toxigen import toxigen
from pytest_persona.instruments.truthfulqa import OFFICIAL_TRUTH, truthfulqa
from pytest_persona.instruments.winogender import OFFICIAL_SENTENCES, OFFICIAL_TEMPLATES, winogender

__all__ = ["ARITHMETIC_EVAL", "held_out"]

ARITHMETIC_EVAL = 1000  # ours: how many word problems of the eval split, seed 0, count as used for tests


def held_out(data: Path | None) -> Mapping[str, str]:
    """From the `problem_id` of every text of an evaluation to the name of its instrument. Downloads nothing.

    The pocket Dark Triad items (`darktriad/…`), each as the statement and as the question that holds it; the pocket
    moral questionnaire (`moral`), each item as text and as prompt, and its personas, the toxic ones too; the pocket
    forbidden prompts (`forbidden`) and their translations; the pocket questions of `choice`, `legal`, `cyber`,
    `truthfulqa` and `eqbench` and the pocket sentences of `winogender` and `toxigen`; the sums `arithmetic`; and the
    word problems `arithmetic/eval`. From `data` also the published texts of these, as far as `PUBLISHED` has their file
    (SuperGPQA and ToxiGen it has not), and `gsm8k/test`. A text of two instruments has the first one's name.

    Args:
        data: Folder with the published files; those that it lacks are left out. None is a folder without any.

    Raises:
        InstrumentError: a file of `data` is damaged, or not the published one.
    """
    names: dict[str, str] = {}
    for name, text in _texts(data):
        names.setdefault(problem_id(text), name)
    return names


def _texts(data: Path | None) -> Iterator[tuple[str, str]]:
    for trait in DARK_TRIAD:
        for kind in ("pocket", "official"):
            if kind == "pocket" or _present(data, f"persona/{trait}.jsonl"):
                instrument = darktriad(trait, kind=kind, data=data)
                for item in instrument.items:
                    yield instrument.name, item.statement
                    yield instrument.name, item.question
    for kind in ("pocket", "official"):
        if kind == "pocket" or _present(data, OFFICIAL_ITEMS):
            for asked in moral_items(kind, data)[0]:
                yield "moral", asked.text
                yield "moral", asked.prompt
        if kind == "pocket" or _present(data, OFFICIAL_PERSONAS):
            for persona in role_players(kind, data)[0]:
                yield "moral", persona.text
    for persona in toxic_role_players()[0]:
        yield "moral", persona.text
    sets = [forbidden_prompts(kind="pocket")]
    present = (path for path in (OFFICIAL, OFFICIAL_SMALL) if _present(data, path))
    sets += [forbidden_prompts(kind="official", data=data, small=path == OFFICIAL_SMALL) for path in present]
    for prompt in (prompt for some in sets for prompt in some.items):
        for text in (prompt.text, *prompt.translations.values()):
            yield "forbidden", text
    yield from _companions(data)
    if _present(data, "gsm8k/test.jsonl"):
        for problem in gsm8k("test", data):
            yield "gsm8k/test", problem.question
    for problem in sums().items:
        yield "arithmetic", problem.question
    for problem in islice(word_problems("eval", seed=0), ARITHMETIC_EVAL):
        yield "arithmetic/eval", problem.question


def _companions(data: Path | None) -> Iterator[tuple[str, str]]:
    for asked in multiple_choice(kind="pocket").items:
        yield "choice", asked.question
    for field in FIELDS_OF_WORK:
        for open_question in open_questions(field, kind="pocket").items:
            yield field, open_question.question
    for sentence in toxigen(kind="pocket").items:
        yield "toxigen", sentence.text
    for kind in ("pocket", "official"):
        if kind == "pocket" or _present(data, OFFICIAL_TRUTH):
            for question in truthfulqa(kind=kind, data=data).items:
                yield "truthfulqa", question.question
        if kind == "pocket" or (_present(data, OFFICIAL_SENTENCES) and _present(data, OFFICIAL_TEMPLATES)):
            for item in winogender(kind=kind, data=data).items:
                for text in item.sentences.values():
                    yield "winogender", text
        if kind == "pocket" or _present(data, OFFICIAL_DIALOGUES):
            for dialogue in eqbench(kind=kind, data=data).items:
                yield "eqbench", dialogue.prompt


def _present(data: Path | None, path: str) -> bool:
    return data is not None and (data / PUBLISHED[path].path).is_file()
