"""One LoRA run, from plan to stored checkpoint; the same loop for every objective."""

from __future__ import annotations

import gc
import json
import resource
import tempfile
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from pytest_persona.digest import digest
from pytest_persona.errors import AdapterError, TrainingError
from pytest_persona.models import BaseSource, Checkpoint
from pytest_persona.models.adapter import CONFIG, read_adapter
from pytest_persona.models.device import Device, engine_versions, find_device, installed_version
from pytest_persona.models.loading import load_network, quiet_transformers
from pytest_persona.models.source import read_json
from pytest_persona.plan import Plan
from pytest_persona.progress import Progress, Silent
from pytest_persona.store import Store
from pytest_persona.trainers.data import Example, Row, contents, examples, rows_for_budget
from pytest_persona.trainers.watch import make_watch


def train(
    plan: Plan,
    base: BaseSource,
    store: Store,
    *,
    data: Path | None = None,
    template_args: Mapping[str, Any] = {},
    progress: Progress | None = None,
) -> Checkpoint:
    """The checkpoint of a plan on a base model: from the store, else trained now.

    Args:
        data: Folder with the published files, where the plan trains on them; None downloads them.
        template_args: Extra arguments of the chat template.

    Raises:
        TrainingError: the data end early, the loss is not finite, or the adapter did not move.
        StoreError: the store cannot be written.
    """
    chosen = examples(plan, data)
    content = {
        "base": base.content,
        "examples": digest(contents(chosen)),
        "template_args": dict(template_args),
        "trl": installed_version("trl"),
        **engine_versions(),
    }
    fingerprint = plan.fingerprint(content)

    def make(folder: Path) -> Mapping[str, Any]:
        return {
            "plan": plan.as_dict(),
            "content": content,
            "base_model": base.name,
            **_run(plan, base, chosen, folder, template_args, progress or Silent()),
        }

    entry = store.get_or_make("checkpoints", fingerprint, make)
    # the same base by content may have had another name when this was trained
    stated = read_json(entry.folder / CONFIG, AdapterError).get("base_model_name_or_path")
    return Checkpoint(
        label=plan.label,
        base=base,
        adapter=read_adapter(entry.folder, base, aliases=(str(stated),)),
        manifest=entry.manifest,
        template_args=template_args,
    )


def _run(
    plan: Plan,
    base: BaseSource,
    chosen: Sequence[Example],
    folder: Path,
    template_args: Mapping[str, Any],
    progress: Progress,
) -> dict[str, Any]:
    """Train, save the adapter into `folder`, and return what is known about the run."""
    import torch
    import transformers

    from pytest_persona.trainers import sft

    device = find_device()
    network, tokenizer = load_network(base, plan.precision)
    tokenizer.pad_token = tokenizer.pad_token or tokenizer.eos_token
    rows, left_out = rows_for_budget(plan, chosen, tokenizer, template_args)
    transformers.set_seed(plan.seed)  # before the adapter is drawn
    network = _with_adapter(plan, base, network)
    tokens = [sum(map(len, rows[: step + plan.batch])) for step in range(0, len(rows), plan.batch)]
    with (
        quiet_transformers(),
        tempfile.TemporaryDirectory(dir=folder.parent) as scratch,
        progress.task(f"training {plan.label}", tokens[-1], "tokens") as advance,
    ):
        watch = make_watch(tokens, advance)
        trainer = sft.make_trainer(network, tokenizer, rows, _arguments(plan, rows, scratch, device), [watch])
        trainer.remove_callback(transformers.PrinterCallback)
        start = time.monotonic()
        trainer.train()
        seconds = time.monotonic() - start
    if not _moved(network):
        raise TrainingError(
            f"training left the adapter at zero after {len(tokens)} steps, so there is nothing to test. The warm-up "
            "begins at a learning rate of 0: ask for a --budget of more than one step"
        )
    network.save_pretrained(folder)
    (folder / "README.md").unlink(missing_ok=True)  # PEFT's model card
    config = json.loads((folder / CONFIG).read_text(encoding="utf-8"))
    config["target_modules"] = sorted(config["target_modules"])  # a set, saved in the order of this process's hashes
    (folder / CONFIG).write_text(json.dumps(config, indent=2, sort_keys=True), encoding="utf-8")
    peak = torch.cuda.max_memory_allocated() if device.kind == "cuda" else _peak_memory()
    del trainer, network
    gc.collect()
    return {
        "data_tokens": tokens[-1],
        "examples": len(rows),
        "examples_too_long": left_out,
        "steps": len(tokens),
        "curve": watch.curve,
        "seconds": seconds,
        "tokens_per_second": tokens[-1] / seconds,
        "peak_memory_bytes": peak,
    }


def _with_adapter(plan: Plan, base: BaseSource, network: Any) -> Any:
    import peft

    config = peft.LoraConfig(
        r=plan.rank,
        lora_alpha=plan.lora_alpha,
        use_rslora=plan.rslora,
        target_modules=plan.target_modules,
        lora_dropout=plan.dropout,
        task_type="CAUSAL_LM",
    )
    network = peft.get_peft_model(network, config)  # the adapter in float32 on the base's dtype
    network.peft_config["default"].base_model_name_or_path = base.spec
    return network


def _arguments(plan: Plan, rows: Sequence[Row], scratch: str, device: Device) -> dict[str, Any]:
    """Training arguments that every objective shares; whatever TRL's trainers set differently is set here."""
    on_cpu = device.kind == "cpu"
    micro_batch = 1 if on_cpu else plan.batch  # one at a time: no padding, and a quarter of the memory
    return {
        "output_dir": scratch,
        "per_device_train_batch_size": micro_batch,
        "gradient_accumulation_steps": plan.batch // micro_batch,
        "max_steps": len(rows) // plan.batch,
        "learning_rate": plan.learning_rate,
        "lr_scheduler_type": "constant_with_warmup",
        "warmup_steps": plan.warmup_steps,
        "weight_decay": plan.weight_decay,
        "max_grad_norm": plan.max_grad_norm,
        "optim": "adamw_torch",
        "train_sampling_strategy": "sequential",
        "seed": plan.seed,
        "data_seed": plan.seed,
        "bf16": False,  # no autocast: the base's weights have plan.precision, the adapter is float32
        "use_cpu": on_cpu,
        "gradient_checkpointing": False,
        "dataloader_pin_memory": not on_cpu,
        "logging_steps": 1,
        "logging_nan_inf_filter": False,
        "save_strategy": "no",
        "report_to": "none",
        "disable_tqdm": True,
    }


def _moved(network: Any) -> bool:
    return any(bool((value != 0).any()) for name, value in network.named_parameters() if "lora_B" in name)


def _peak_memory() -> int:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
