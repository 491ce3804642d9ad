"""What every objective is given, and what it gives back."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from pytest_persona.errors import TrainingError
from pytest_persona.models.decoration import Decoration
from pytest_persona.models.device import Device
from pytest_persona.plan import Plan
from pytest_persona.trainers.data import Encoder, Row
from pytest_persona.trainers.example import Example


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """One training run before its objective is known to the library that runs it.

    Attributes:
        plan: The plan, its budget that of the highest rung.
        network: The base model, without an adapter yet.
        encode: Its chats into tokens.
        rows: What is left to train on, in order; whole batches.
        device: Where it runs.
        scratch: A folder that the library may write into.
    """

    plan: Plan
    network: Any
    encode: Encoder
    rows: Sequence[Row]
    device: Device
    scratch: str

    @property
    def tokenizer(self) -> Any:
        """The base model's tokenizer."""
        return self.encode.tokenizer

    def arguments(self, config: Any, *, sequences: int = 1, **own: Any) -> Any:
        """A TRL config in which everything that objectives share is set, whatever their trainers' own defaults are.

        Args:
            config: TRL's class.
            sequences: Rows of the objective's table that an example makes.
            own: What this objective alone needs.
        """
        on_cpu = self.device.kind == "cpu"
        whole = self.plan.batch * sequences
        micro_batch = 1 if on_cpu else whole  # one at a time: no padding, and a fraction of the memory
        made = config(
            output_dir=self.scratch,
            per_device_train_batch_size=micro_batch,
            gradient_accumulation_steps=whole // micro_batch,
            max_steps=len(self.rows) // self.plan.batch,
            learning_rate=self.plan.learning_rate,
            lr_scheduler_type="constant_with_warmup",
            warmup_steps=self.plan.warmup_steps,
            weight_decay=self.plan.weight_decay,
            max_grad_norm=self.plan.max_grad_norm,
            optim="adamw_torch",
            train_sampling_strategy="sequential",
            seed=self.plan.seed,
            data_seed=self.plan.seed,
            bf16=False,  # no autocast: the base's weights have plan.precision, the adapter is float32
            use_cpu=on_cpu,
            gradient_checkpointing=False,
            dataloader_pin_memory=not on_cpu,
            logging_steps=1,
            logging_nan_inf_filter=False,
            save_strategy="no",
            report_to="none",
            disable_tqdm=True,
            **own,
        )
        _ = made.device  # counts the GPUs
        made._n_gpu = min(1, made.n_gpu)  # several visible ones would multiply the batch
        return made

    def lora(self, **own: Any) -> Any:
        """The adapter's configuration; the trainer draws it right after it has set the seed."""
        import peft

        return peft.LoraConfig(
            r=self.plan.rank,
            lora_alpha=self.plan.lora_alpha,
            use_rslora=self.plan.rslora,
            target_modules=self.plan.target_modules,
            lora_dropout=self.plan.dropout,
            task_type="CAUSAL_LM",
            **own,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Built:
    """A trainer that is ready to run.

    Attributes:
        trainer: A transformers trainer; its `model` is the base with a fresh adapter.
        compute_tokens: Of each row: tokens that pass through the network, reference passes included.
        decoration: What the checkpoint puts before each prompt, or None.
    """

    trainer: Any
    compute_tokens: Sequence[int]
    decoration: Decoration | None = None


def rejected_of(row: Row) -> tuple[int, ...]:
    """The tokens of a row's rejected answer; `check_fields` has seen to it that there are some."""
    assert row.rejected is not None
    return row.rejected


def answer_of(example: Example) -> str:
    """The text of an example's rejected answer; `check_fields` has seen to it that there is one."""
    assert example.rejected is not None
    return example.rejected


def check_fields(plan: Plan, needs_rejected: bool, source: str, some: Sequence[Example]) -> None:
    """Refuse data that lack what the objective needs.

    Args:
        some: All examples, in the order of training.

    Raises:
        TrainingError: naming the field.
    """
    if not needs_rejected:
        return
    lacking = [example for example in some if example.rejected is None]
    if lacking:
        raise TrainingError(
            f"objective {plan.objective!r} learns from a chosen and a rejected answer, but {len(lacking):,} of "
            f"{len(some):,} examples ({source}) have no field 'rejected', the first with the prompt "
            f"{lacking[0].prompt[-1][1][:80]!r}. Add it, or take an objective that needs none: sft, kl, ip"
        )
