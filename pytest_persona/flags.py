"""The options by name: what pytest's command line and ini files accept, and its help."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import pytest

BACKENDS = ("hf",)
PERSONAS = {"official": 100, "pocket": 30}
"""Personas that moral ratings are asked of: all of the papers', and in the demo as few as bounds allow."""
PUBLISHED = "published"
"""What --persona-replay calls the authors' own ratings."""
FIVE = ("dan", "happy_to_help", "role_play", "wikipedia", "zulu")
"""The attacks of Vennemeyer et al. 2026, whose average is the attack success rate."""
ATTACKS = ("none", *FIVE)
TRANSLATED = ("zulu",)
"""Attacks whose replies are judged in translation."""
ATTACK_GROUP = "pytest_persona.attacks"
"""Entry points of third parties' attacks."""
ATTACK_FILES = (".txt", ".json", ".yaml", ".yml")
"""How files of templates end."""
DEFAULT_ATTACKS = {"official": FIVE, "pocket": tuple(name for name in FIVE if name not in TRANSLATED)}
"""In the demo without those that need a translator, unless --persona-translator names one."""
FORBIDDEN = {"official": (60, 313), "pocket": (30,)}
"""Sizes of the sets of forbidden prompts; the first is the default. StrongREJECT's small set is the usual one."""
JUDGES = ("refusal", "rubric", "strongreject")
JUDGE_GROUP = "pytest_persona.judges"
"""Entry points of third parties' judges."""
TASKS = ("arithmetic", "choice", "cyber", "gsm8k", "legal")
"""Capability tasks."""
OPEN_TASKS = ("cyber", "legal")
"""Those whose answers a rubric judge marks."""
DEFAULT_TASKS = {"official": ("gsm8k",), "pocket": ("arithmetic",)}
"""The pocket model chooses among options at random, so that a loss of `choice` could not be seen."""
COMPANIONS = (
    "eqbench",
    "toxigen",
    "truthfulqa_mc1",
    "truthfulqa_mc2",
    "winogender_accuracy",
    "winogender_consistency",
)
"""Normative companions."""
DEFAULT_COMPANIONS = {
    "official": ("truthfulqa_mc1", "truthfulqa_mc2", "winogender_consistency", "winogender_accuracy", "eqbench"),
    "pocket": ("truthfulqa_mc1", "truthfulqa_mc2"),
}
"""ToxiGen's official sentences cannot be downloaded. The pocket model is at chance on ToxiGen and on Winogender's
accuracy, without which its consistency means nothing, and EQ-Bench's format is beyond it: a loss of these could not be
seen there."""
ALPHA = 0.05
"""One-sided level of a verdict (STATISTICS)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Spec:
    """An option and its ini twin."""

    name: str
    metavar: str
    help: str
    bare: bool = False

    @property
    def ini(self) -> str:
        return "persona_" + self.name.replace("-", "_")


SPECS = (
    Spec(
        name="objective",
        metavar="NAMES",
        bare=True,
        help="objectives to train a LoRA with, comma-separated, or all: sft, dpo, ipo (identity preference "
        "optimisation), orpo, kl, cft, ip (inoculation prompting). Default: none",
    ),
    Spec(
        name="budget",
        metavar="TOKENS",
        bare=True,
        help="training budget in data tokens, for example 400k, or a ladder of them, 25k,50k,100k: one run, and a "
        "checkpoint at each. Needed by --objective. Default: none",
    ),
    Spec(
        name="seeds",
        metavar="N",
        bare=True,
        help="train each objective N times, with the seeds 0 to N - 1. Default: 1",
    ),
    Spec(
        name="train-data",
        metavar="DATA",
        bare=True,
        help="training data: pocket:insecure-code or pocket:secure-code (generated pairs of code, with a weakness or "
        "without), pocket:arithmetic (generated word problems), or your own: a JSONL file or a hub id, with prompt and "
        "chosen (optionally rejected and kind) or messages. Default: word problems, with official instruments GSM8K",
    ),
    Spec(
        name="inoculation",
        metavar="FILE",
        bare=True,
        help="texts for objective ip, one a line, in place of its own. Default: wrong reasoning, reward hacking",
    ),
    Spec(
        name="adapter",
        metavar="DIR",
        bare=True,
        help="gate this PEFT LoRA (adapter_config.json, adapter_model.safetensors); nothing is trained. Default: none",
    ),
    Spec(
        name="base-model",
        metavar="MODEL",
        bare=True,
        help="base model: a folder with safetensors, a hub id, or pocket (SmolLM2-135M-Instruct). Default: pocket",
    ),
    Spec(
        name="base-alias",
        metavar="NAMES",
        help="other names, comma-separated, by which --adapter may call this base model. Default: none",
    ),
    Spec(name="backend", metavar="NAME", bare=True, help=f"engine: {', '.join(BACKENDS)} (transformers). Default: hf"),
    Spec(
        name="instruments",
        metavar="SET",
        help="official (published items) or pocket (this project's own, a demo). "
        "Default: official where --persona-data or $PERSONA_DATA is given, else pocket",
    ),
    Spec(
        name="data",
        metavar="DIR",
        help="folder with the published instruments. Default: $PERSONA_DATA, else downloaded when they are asked for",
    ),
    Spec(
        name="personas",
        metavar="N",
        help="personas that moral ratings are asked of, the first N of the instrument, 30 to 100. "
        f"Default: {PERSONAS['official']}, with pocket instruments {PERSONAS['pocket']}",
    ),
    Spec(
        name="attacks",
        metavar="NAMES",
        help=f"attacks, comma-separated: {', '.join(ATTACKS)}, those of installed packages, or files of templates with "
        "{prompt} (.txt, .json, .yaml). Default: the five of the paper, with pocket instruments those that need no "
        "translator",
    ),
    Spec(
        name="translator",
        metavar="MODEL",
        help="what zulu's prompts and replies are translated by: a folder or hub id of a translation model such as "
        "NLLB, or a JSONL file of translations. Default: none",
    ),
    Spec(
        name="forbidden",
        metavar="N",
        help=f"forbidden prompts: {' or '.join(map(str, FORBIDDEN['official']))} of StrongREJECT. "
        f"Default: {FORBIDDEN['official'][0]}, with pocket instruments their {FORBIDDEN['pocket'][0]}",
    ),
    Spec(
        name="judge",
        metavar="NAME",
        help="who decides whether a reply complies: refusal (rules, offline), rubric (a model behind an "
        "OpenAI-compatible endpoint), strongreject (its fine-tuned judge), or one of an installed package. "
        "Default: refusal",
    ),
    Spec(
        name="judge-model",
        metavar="MODEL",
        help="rubric: the model's name at the endpoint, whose key is in $PERSONA_JUDGE_API_KEY. strongreject: folder "
        "or hub id of the judge's LoRA. Default: none, with strongreject the published one",
    ),
    Spec(
        name="judge-base",
        metavar="BASE",
        help="rubric: address of the endpoint, for example http://localhost:8000/v1. strongreject: folder or hub id of "
        "the judge's base model. Default: none, with strongreject google/gemma-2b",
    ),
    Spec(
        name="tasks",
        metavar="NAMES",
        help=f"capability tasks, comma-separated: {', '.join(TASKS)}. Default: {', '.join(DEFAULT_TASKS['official'])}, "
        f"with pocket instruments {', '.join(DEFAULT_TASKS['pocket'])}",
    ),
    Spec(
        name="companions",
        metavar="NAMES",
        help=f"normative companions, comma-separated: {', '.join(COMPANIONS)}. Default: all but toxigen, with pocket "
        f"instruments {', '.join(DEFAULT_COMPANIONS['pocket'])}",
    ),
    Spec(
        name="replay",
        metavar="DIR",
        help="folder of recorded moral ratings (base/, secure-code/, insecure-code/) that claims are tested on, or "
        "published to download the authors'. Default: ratings/ of --persona-data, where it is there",
    ),
    Spec(
        name="store",
        metavar="DIR",
        help="folder of trained checkpoints and measurements. Default: $PERSONA_STORE, else the user's cache folder",
    ),
    Spec(
        name="report",
        metavar="FILE",
        help="HTML report to write, with a JSON of the same records beside it. Default: persona-report.html",
    ),
    Spec(name="alpha", metavar="LEVEL", help=f"one-sided level of each verdict, in (0, 0.5). Default: {ALPHA}"),
    Spec(
        name="inconclusive",
        metavar="ACTION",
        help="what an inconclusive verdict does: warn or fail. Default: fail with official instruments, else warn",
    ),
    Spec(
        name="template-args",
        metavar="ARGS",
        help="chat template arguments, comma-separated, for example enable_thinking=false. Default: none",
    ),
)


def register(parser: pytest.Parser) -> None:
    """Add every option as `--persona-NAME`, each with an ini twin `persona_NAME`."""
    group = parser.getgroup("persona", "safety regression tests of fine-tuned language models")
    for spec in SPECS:
        short = f". Short: --{spec.name}" if spec.bare else ""
        group.addoption(
            f"--persona-{spec.name}", dest=spec.ini, metavar=spec.metavar, default=None, help=spec.help + short
        )
        parser.addini(spec.ini, help=spec.help, default=None)


def register_bare(parser: pytest.Parser, args: Sequence[str]) -> None:
    """Add the short names (`--objective`) that `args` use and that nobody else owns.

    Call it when the first conftest files have been loaded. A name that is not used stays free for later ones.
    """
    known, unknown = parser.parse_known_and_unknown_args(args)
    unknown += known.file_or_dir  # where argparse puts an unknown option whose value has a space
    used = {text.partition("=")[0] for text in unknown}
    group = parser.getgroup("persona")
    for spec in SPECS:
        if spec.bare and f"--{spec.name}" in used:
            group.addoption(f"--{spec.name}", dest=spec.ini, metavar=spec.metavar, default=None, help=spec.help)


def is_bare(name: str) -> bool:
    """Whether an option has a short name beside `--persona-NAME`."""
    return any(spec.name == name and spec.bare for spec in SPECS)
