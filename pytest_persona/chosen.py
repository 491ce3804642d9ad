"""What the options choose, made: attacks with their translator, the judge, the set of forbidden prompts."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from pytest_persona.flags import ATTACK_FILES, FORBIDDEN
from pytest_persona.instruments.attack_files import load_attacks
from pytest_persona.instruments.attacks import Attack, find_attack
from pytest_persona.instruments.forbidden import ForbiddenSet, forbidden_prompts
from pytest_persona.judges import Judge, find_judge

if TYPE_CHECKING:
    from pytest_persona.models.translation import Translator
    from pytest_persona.options import Options
    from pytest_persona.store import Store


def make_attacks(
    words: Sequence[str], translator: Callable[[], Translator | None] = lambda: None
) -> tuple[Attack, ...]:
    """The attacks of `--persona-attacks`, in its order; a file brings all that it holds.

    Args:
        words: Names, and paths of files of templates.
        translator: Makes the translator; only called where an attack needs one.

    Raises:
        InstrumentError: no attack of a name, a damaged file, or a name twice.
        ModelError: the translation model cannot be found.
    """
    loaded = {word: load_attacks(Path(word).expanduser()) for word in words if word.endswith(ATTACK_FILES)}
    own = [attack for some in loaded.values() for attack in some]
    names = [name for word in words for name in ([each.name for each in loaded[word]] if word in loaded else [word])]
    found = (find_attack(name, loaded=own) for name in names)
    return tuple(attack.with_translator(translator()) if attack.needs_translator else attack for attack in found)


def make_translator(spec: str) -> Translator:
    """A file of translations, or a translation model by its folder or hub id.

    Raises:
        InstrumentError: a damaged file.
        ModelError: the model cannot be found, or is none for translation.
    """
    from pytest_persona.models.translation import FileTranslator, Seq2SeqTranslator

    path = Path(spec).expanduser()
    return FileTranslator(path) if path.is_file() else Seq2SeqTranslator(spec)


def make_judge(options: Options, store: Store) -> Judge:
    """The judge of `--persona-judge`.

    Raises:
        JudgeError: it cannot be made.
    """
    if options.judge == "rubric":
        return find_judge("rubric", api_base=options.judge_base, model=options.judge_model, store=store)
    if options.judge == "strongreject":
        given = {"adapter": options.judge_model, "base": options.judge_base}
        known = {name: value for name, value in given.items() if value is not None}
        return find_judge("strongreject", store=store, **known)
    return find_judge(options.judge)


def make_prompts(kind: str, data: Path | None, size: int) -> ForbiddenSet:
    """The forbidden prompts of `--persona-forbidden`.

    Raises:
        InstrumentError: their file is missing or damaged.
    """
    return forbidden_prompts(kind=kind, data=data, small=kind == "official" and size == FORBIDDEN["official"][0])
