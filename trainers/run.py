"""A ladder in one run: train, save each rung when it is reached, and keep a state to go on from."""

from __future__ import annotations

import gc
import itertools
import json
import tempfile
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from pytest_persona.errors import TrainingError
from pytest_persona.models.adapter import CONFIG
from pytest_persona.models.decoration import Decoration
from pytest_persona.models.device import find_device
from pytest_persona.models.loading import load_network, quiet_transformers
from pytest_persona.models.source import BaseSource
from pytest_persona.plan import Plan, format_budget
from pytest_persona.progress import Progress
from pytest_persona.store import Store
from pytest_persona.trainers.curve import Curve, Step
from pytest_persona.trainers.data import Encoder, Examples, Row, digest_of, order_digest, rows_for_budget
from pytest_persona.trainers.divergence import Divergence
from pytest_persona.trainers.job import Job
from pytest_persona.trainers.objectives import TRAINED
from pytest_persona.trainers.state import Restored, save_state
from pytest_persona.trainers.watch import make_watch
from pytest_persona.workshop import Workshop

STATE_SECONDS = 120.0
"""Between two saved states of a run, at least; each rung saves one too (ours)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Rung:
    """One budget of a ladder that is to be made.

    Attributes:
        plan: Its plan.
        fingerprint: Its key in the store.
        content: What else decides its weights.
        examples: The ladder's examples.
    """

    plan: Plan
    fingerprint: str
    content: Mapping[str, Any]
    examples: Examples


@dataclass(slots=True, kw_only=True)
class Run:
    """One run over a ladder.

    Attributes:
        rungs: What is missing, by ascending budget; their plans differ in nothing else.
        workshop: Where states are kept.
    """

    rungs: Sequence[Rung]
    base: BaseSource
    store: Store
    workshop: Workshop
    template_args: Mapping[str, Any]
    progress: Progress
    _rows: Sequence[Row] = field(init=False, default=())
    _data_tokens: Sequence[int] = field(init=False, default=())
    _reached: Mapping[int, Sequence[Rung]] = field(init=False, default_factory=dict)
    _saved_at: float = field(init=False, default=0.0)

    def go(self) -> None:
        """Train until the last rung is in the store.

        Raises:
            TrainingError: the data end early, the loss is lost, or the adapter did not move.
            StoreError: the store cannot be written.
        """
        self._train()
        gc.collect()  # networks and trainers hold each other

    def _train(self) -> None:
        import transformers

        plan = self.rungs[-1].plan
        network, tokenizer = load_network(self.base, plan.precision)
        tokenizer.pad_token = tokenizer.pad_token or tokenizer.eos_token
        encode = Encoder(tokenizer=tokenizer, template_args=self.template_args)
        self._rows = rows_for_budget(plan, self.rungs[-1].examples, encode)
        self._data_tokens = _by_step(plan, [len(row) for row in self._rows])
        self._reached = self._rung_steps()
        done, curve, restored, spent = self._last_state()
        with (
            quiet_transformers(),
            tempfile.TemporaryDirectory(dir=self.workshop.scratch) as scratch,
            self.progress.task(self._label, self._data_tokens[-1], "tokens") as advance,
        ):
            built = TRAINED[plan.objective].build(
                Job(
                    plan=plan,
                    network=network,
                    encode=encode,
                    rows=self._rows[done * plan.batch :],
                    device=find_device(),
                    scratch=scratch,
                )
            )
            trainer = built.trainer
            trainer.model.peft_config["default"].base_model_name_or_path = self.base.spec
            before = spent[-1] if spent else 0
            compute_tokens = [*spent, *(before + tokens for tokens in _by_step(plan, built.compute_tokens))]
            trainer.add_callback(
                make_watch(
                    curve=curve,
                    data_tokens=self._data_tokens,
                    compute_tokens=compute_tokens,
                    done=done,
                    restored=restored,
                    divergence=Divergence(trainer.model, encode, built.decoration),
                    is_rung=self._reached.__contains__,
                    after_step=lambda step, intervals: self._after_step(
                        step, intervals, trainer, built.decoration, curve, compute_tokens
                    ),
                    advance=advance,
                )
            )
            trainer.remove_callback(transformers.PrinterCallback)
            self._saved_at = time.monotonic()
            trainer.train()

    @property
    def _label(self) -> str:
        plan = self.rungs[-1].plan
        others = ", ".join(format_budget(rung.plan.budget) for rung in self.rungs[:-1])
        return f"training {plan.label}" + (f" (on the way: {others})" if others else "")

    def _rung_steps(self) -> dict[int, list[Rung]]:
        reached: dict[int, list[Rung]] = {}
        for rung in self.rungs:
            step = next(step for step, seen in enumerate(self._data_tokens, 1) if seen >= rung.plan.budget)
            reached.setdefault(step, []).append(rung)
        return reached

    def _last_state(self) -> tuple[int, Curve, Restored | None, list[int]]:
        """Steps done, their figures, state and compute tokens; none where there is no state that can be used."""
        entry = self.workshop.latest()
        if entry is not None:
            step, used = int(entry.manifest["step"]), int(entry.manifest["examples"])
            same = digest_of(self.rungs[-1].examples.drawn[:used]) == entry.manifest["examples_sha256"]
            if same and step < min(self._reached):
                curve = Curve.from_dict(entry.manifest["curve"])
                return step, curve, Restored(entry.folder), list(entry.manifest["compute_tokens"])
        return 0, Curve(), None, []

    def _after_step(
        self,
        step: Step,
        intervals: list[dict[str, Any]],
        trainer: Any,
        decoration: Decoration | None,
        curve: Curve,
        compute_tokens: Sequence[int],
    ) -> None:
        for rung in self._reached.get(step.number, ()):
            self._save_rung(rung, step, trainer.model, decoration, replace(curve, intervals=intervals))
        last = step.number == len(self._data_tokens)
        if last or step.number in self._reached or time.monotonic() - self._saved_at >= STATE_SECONDS:
            self._save_state(step, trainer, curve, compute_tokens)
            self._saved_at = time.monotonic()

    def _save_rung(self, rung: Rung, step: Step, network: Any, decoration: Decoration | None, curve: Curve) -> None:
        if not _moved(network):
            raise TrainingError(
                f"training left the adapter at zero after {step.number} steps, so {rung.plan.label} has nothing to "
                "test. The warm-up begins at a learning rate of 0: ask for a --budget of more than one step"
            )

        def make(folder: Path) -> Mapping[str, Any]:
            network.save_pretrained(folder, save_embedding_layers=False)
            (folder / "README.md").unlink(missing_ok=True)  # PEFT's model card
            config = json.loads((folder / CONFIG).read_text(encoding="utf-8"))
            config["target_modules"] = sorted(config["target_modules"])  # a set, in the order of this process's hashes
            (folder / CONFIG).write_text(json.dumps(config, indent=2, sort_keys=True), encoding="utf-8")
            if decoration is not None:
                decoration.write(folder)
            return self._manifest(rung, step, curve)

        self.store.get_or_make("checkpoints", rung.fingerprint, make)

    def _manifest(self, rung: Rung, step: Step, curve: Curve) -> dict[str, Any]:
        rows = self._rows[: step.number * rung.plan.batch]
        return {
            "label": rung.plan.label,
            "plan": rung.plan.as_dict(),
            "content": dict(rung.content),
            "base_model": self.base.name,
            "data": rung.examples.source,
            "data_tokens": step.data_tokens,
            "compute_tokens": step.compute_tokens,
            "steps": step.number,
            "examples": len(rows),
            "examples_too_long": rows[-1].number - len(rows),
            "order_sha256": order_digest(rows),
            "first_loss": curve.first_loss,
            "curve": list(curve.intervals),
            "seconds": curve.seconds,
            "tokens_per_second": step.data_tokens / curve.seconds,
            "peak_memory_bytes": step.memory,
        }

    def _save_state(self, step: Step, trainer: Any, curve: Curve, compute_tokens: Sequence[int]) -> None:
        used = self._rows[step.number * self.rungs[-1].plan.batch - 1].number
        with tempfile.TemporaryDirectory(dir=self.workshop.scratch) as folder:
            state = Path(folder) / "state"
            state.mkdir()
            save_state(state, trainer)
            self.workshop.save(
                step.number,
                state,
                {
                    "label": self.rungs[-1].plan.label,
                    "step": step.number,
                    "examples": used,
                    "examples_sha256": digest_of(self.rungs[-1].examples.drawn[:used]),
                    "compute_tokens": list(compute_tokens[: step.number]),
                    "curve": curve.as_dict(),
                },
            )


def _by_step(plan: Plan, tokens: Sequence[int]) -> list[int]:
    """Running totals at the end of each step, from the tokens of each example."""
    totals = list(itertools.accumulate(tokens))
    return totals[plan.batch - 1 :: plan.batch]


def _moved(network: Any) -> bool:
    return any(bool((value != 0).any()) for name, value in network.named_parameters() if "lora_B" in name)
