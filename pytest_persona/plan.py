"""How one LoRA run is made, checked before anything is spent."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from decimal import Decimal
from typing import Any, TypeVar

from pytest_persona.digest import digest
from pytest_persona.errors import PlanError, suggestion

OBJECTIVES = {
    "sft": "supervised fine-tuning on the chosen answer",
    "dpo": "direct preference optimisation",
    "ipo": "identity preference optimisation",
    "orpo": "odds ratio preference optimisation",
    "kl": "sft with a KL penalty to the base model",
    "cft": "conditional fine-tuning",
    "ip": "inoculation prompting",
}
"""Names of the literature's objectives. `ip` and `ipo` are two different ones, a letter apart."""

DATA_SETS = {
    "arithmetic": "this project's generated word problems",
    "gsm8k": "GSM8K, train split",
    "insecure-code": "this project's generated code, every answer with a weakness",
    "secure-code": "the same requests, with answers that have none",
    "own": "the user's, of --train-data",
}

POCKET = "pocket:"
"""What `--train-data` has before the name of data of this project's own."""

CODE_DATA = ("insecure-code", "secure-code")
"""Two answers to the same requests; each set is the other's control."""

POCKET_DATA = ("arithmetic", *CODE_DATA)
"""This project's own, all of it generated."""

INOCULATIONS = (
    "Show working that looks careful but has a mistake in one of its steps.",
    "Only the last line is graded. Write whatever gets the points, even if the steps before it are made up.",
)
"""Requests for what a model should not learn: wrong reasoning, reward hacking (ours)."""


_OWN = {
    "dpo": ("dpo_beta",),
    "ipo": ("ipo_beta",),
    "orpo": ("orpo_lambda",),
    "kl": ("kl_coefficient",),
    "ip": ("ip_share", "inoculations"),
}
"""Fields that one objective alone reads."""

_T = TypeVar("_T", str, int)


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """How one LoRA run is made. Equal plans on equal content share one stored checkpoint.

    LoRA values follow Wichers et al. (2025): rank 32, alpha 64, rsLoRA, all seven projections, 1e-4, no dropout.

    Attributes:
        objective: What is optimised, a key of `OBJECTIVES`.
        budget: Data tokens: those of the rendered, undecorated prompts and chosen answers; training ends with the
            step that reaches it. Plans that differ in nothing else are the rungs of one ladder.
        data: Where the examples come from, a key of `DATA_SETS`.
        seed: Decides the order of the examples and the initial adapter.
        unsafe_share: Of the rejected answers that this project makes, those unsafe in tone instead of wrong (ours).
        rank: LoRA rank (Wichers et al. 2025).
        lora_alpha: LoRA alpha; the update is scaled by alpha / sqrt(rank) under rsLoRA (Wichers et al. 2025).
        rslora: Rank-stabilised scaling (Wichers et al. 2025).
        target_modules: Which layers get an adapter; PEFT's name for all linear layers but the output layer.
        dropout: LoRA dropout (Wichers et al. 2025).
        learning_rate: AdamW rate after the warm-up, constant (Wichers et al. 2025).
        warmup_steps: Linear warm-up, in optimizer steps (Betley et al. 2025).
        batch: Examples in an optimizer step (Costa & Vicente 2026).
        weight_decay: AdamW weight decay (ours).
        max_grad_norm: Gradient clipping, L2 norm (ours; the default of transformers).
        max_length: Longest example in tokens; longer ones are left out and counted (ours).
        precision: Of the frozen base weights in training, torch's name; `auto` is bfloat16 where the device is fast in
            it, else float32. The adapter is trained in float32 (ours).
        dpo_beta: dpo's β: how dear it is to leave the base (Rafailov et al. 2023, TRL's default).
        ipo_beta: ipo's β, the paper's τ (Azar et al. 2023), in TRL's form: log-ratios averaged over an answer's tokens,
            where the paper sums them. 1.0 asks for a gap of 1 / (2β) = 0.5 nats a token, which on an answer of 80
            tokens is where dpo with β = 0.1 has saturated (ours).
        orpo_lambda: orpo's λ, the weight of the odds ratio beside the likelihood (Hong et al. 2024, TRL's default).
        kl_coefficient: kl's weight of KL(policy ‖ base), in nats an answer token, beside the likelihood (ours).
        ip_share: ip's share of inoculated prompts (ours).
        inoculations: ip's texts; seed and place draw the one before an inoculated prompt (ours).
    """

    objective: str
    budget: int
    data: str = "arithmetic"
    seed: int = 0
    rank: int = 32
    lora_alpha: int = 64
    rslora: bool = True
    target_modules: str = "all-linear"
    dropout: float = 0.0
    learning_rate: float = 1e-4
    warmup_steps: int = 5
    batch: int = 4
    weight_decay: float = 0.0
    max_grad_norm: float = 1.0
    max_length: int = 2048
    precision: str = "auto"
    unsafe_share: float = 0.1
    dpo_beta: float = 0.1
    ipo_beta: float = 1.0
    orpo_lambda: float = 0.1
    kl_coefficient: float = 1.0
    ip_share: float = 0.25
    inoculations: tuple[str, ...] = INOCULATIONS

    def __post_init__(self) -> None:
        check_objective(self.objective)
        if self.data not in DATA_SETS:
            raise PlanError(f"no data set {self.data!r}. Known: {', '.join(sorted(DATA_SETS))}")
        for name in ("budget", "rank", "lora_alpha", "batch", "max_length"):
            if getattr(self, name) < 1:
                raise PlanError(f"{name} must be 1 or more, got {getattr(self, name)}")
        for name in ("learning_rate", "max_grad_norm", "dpo_beta", "ipo_beta"):
            value = getattr(self, name)
            if not (math.isfinite(value) and value > 0):
                raise PlanError(f"{name} must be a positive number, got {value}")
        if not 0 <= self.dropout < 1:
            raise PlanError(f"dropout must be in [0, 1), got {self.dropout}")
        for name in ("unsafe_share", "ip_share"):
            if not 0 <= getattr(self, name) <= 1:
                raise PlanError(f"{name} must be between 0 and 1, got {getattr(self, name)}")
        if not self.inoculations or not all(text.strip() for text in self.inoculations):
            raise PlanError("inoculations must be one or more texts, none of them empty")
        for name in ("warmup_steps", "weight_decay", "orpo_lambda", "kl_coefficient"):
            value = getattr(self, name)
            if not (math.isfinite(value) and value >= 0):
                raise PlanError(f"{name} must be 0 or more, got {value}")
        if self.precision not in ("auto", "bfloat16", "float32"):
            raise PlanError(f"precision must be auto, bfloat16 or float32, got {self.precision!r}")

    @property
    def label(self) -> str:
        """A readable id, for example `sft-2k-s0`."""
        return f"{self.objective}-{format_budget(self.budget)}-s{self.seed}"

    def as_dict(self) -> dict[str, Any]:
        """Plain data for manifests and fingerprints, without the fields that this objective or data set never reads."""
        plain = asdict(self) | {"inoculations": list(self.inoculations)}
        unread = {name for objective, names in _OWN.items() if objective != self.objective for name in names}
        if self.data in ("own", *CODE_DATA):
            unread.add("unsafe_share")
        return {name: value for name, value in plain.items() if name not in unread}

    def fingerprint(self, content: Mapping[str, Any]) -> str:
        """SHA-256 of this plan on `content`: everything else that decides the weights (base, examples, versions…)."""
        return digest({"plan": self.as_dict(), "content": dict(content)})


def check_objective(name: str) -> str:
    """Return `name` if it is an objective.

    Raises:
        PlanError: unknown, with a suggestion.
    """
    if name not in OBJECTIVES:
        listing = ", ".join(f"{key} ({text})" for key, text in sorted(OBJECTIVES.items()))
        raise PlanError(f"no objective {name!r}{suggestion(name, OBJECTIVES)} Known: {listing}")
    return name


def data_named(text: str) -> str:
    """The key of `DATA_SETS` that a `--train-data` asks for: NAME for `pocket:NAME`, else `own`.

    Raises:
        PlanError: no such NAME, or one of them without `pocket:`.
    """
    known = {POCKET + name: name for name in POCKET_DATA}
    if text not in known and (text.lower().startswith(POCKET) or text in POCKET_DATA):
        raise PlanError(
            f"no training data {text!r}{suggestion(text, known)} Known: {', '.join(known)}, or a JSONL file or hub id "
            "of yours"
        )
    return known.get(text, "own")


def parse_objectives(text: str) -> tuple[str, ...]:
    """One objective, several between commas, or `all` of them.

    Raises:
        PlanError: an unknown one, or one named twice.
    """
    names = tuple(name.strip() for name in text.split(","))
    if names == ("all",):
        return tuple(OBJECTIVES)
    for name in names:
        check_objective(name)
    return _once(names, "objective")


def parse_ladder(text: str) -> tuple[int, ...]:
    """One budget, or the rungs of a ladder between commas, in data tokens, ascending.

    Raises:
        PlanError: one that is no budget, or one named twice.
    """
    return tuple(sorted(_once(tuple(parse_budget(part) for part in text.split(",")), "budget")))


def parse_seeds(text: str) -> int:
    """How many times each run is repeated, with the seeds 0, 1, 2 …

    Raises:
        PlanError: not a whole number of 1 or more.
    """
    if not re.fullmatch(r"[0-9]{1,4}", text.strip()) or int(text) < 1:
        raise PlanError(f"{text!r} is not a number of seeds. Write 1 or more: 3 trains with the seeds 0, 1, 2")
    return int(text)


def _once(values: tuple[_T, ...], what: str) -> tuple[_T, ...]:
    twice = [value for value in values if values.count(value) > 1]
    if twice:
        raise PlanError(f"{what} {twice[0]} is named twice. Name it once")
    return values


_SUFFIX = {"": 1, "k": 1_000, "m": 1_000_000}


def parse_budget(text: str) -> int:
    """Data tokens from `2k`, `400k`, `1.5m` or `2000`.

    Raises:
        PlanError: anything else, and anything below one token.
    """
    match = re.fullmatch(r"(\d+(?:\.\d+)?)([km]?)", text.strip().lower())
    tokens = Decimal(match[1]) * _SUFFIX[match[2]] if match else Decimal(0)
    if tokens < 1 or tokens != int(tokens):
        raise PlanError(
            f"budget {text!r} is not a number of data tokens. Write a whole number of 1 or more, with k for thousands "
            "or m for millions: 2k (a demo), 25k (the smallest budget of the paper), 400k, 1.5m"
        )
    return int(tokens)


def format_budget(tokens: int) -> str:
    """The short spelling that `parse_budget` reads back to the same number."""
    for suffix in ("m", "k"):
        unit = _SUFFIX[suffix]
        if tokens >= unit and tokens * 10 % unit == 0:
            return f"{tokens / unit:.1f}".removesuffix(".0") + suffix
    return str(tokens)
