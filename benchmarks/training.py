"""Training speed and memory per objective beside the plain TRL trainer of it, and a ladder beside its rungs.

Run `python benchmarks/training.py [--model pocket] [--budget 4k] [--objectives sft,dpo] [--pairs 3] [--ladder]` on an
idle machine. Each measurement is a process of its own; ours and the peer's take turns, and the figures are the medians
of the pairs' ratios. The peer gets the same rendered examples in the same order, LoRA, optimizer, batch, precision and
maximal length, and for all else its own defaults (padded batches of four, TRL's own tokenisation and losses):

    sft, ip   trl.SFTTrainer, on (inoculated) prompts and answers
    dpo, ipo  trl.DPOTrainer
    orpo      trl.experimental.orpo.ORPOTrainer, whose likelihood covers the prompt too
    cft       trl.SFTTrainer on two sequences an example, control tokens given as added tokens
    kl        trl.SFTTrainer with the loss of two plain forward passes, adapter on and off, over all logits

Speed is data tokens per second of training alone (without imports, loading, tokenisation), memory the peak resident set
of the process while it trains, or of the GPU. `--ladder` compares six rungs of the paper's shape (1, 2, 4, 8, 16 and 32
units, the last the budget) in one run with six separate runs: loading, tokenising, training, saving, no imports.
"""

from __future__ import annotations

import argparse
import json
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from pytest_persona.models import BaseSource, find_base
from pytest_persona.models.device import find_device, training_dtype
from pytest_persona.plan import OBJECTIVES, Plan, format_budget, parse_budget, parse_objectives
from pytest_persona.store import Store, default_store


def base_of(name: str, folder: Path) -> BaseSource:
    """The base model by name; `tiny` is written into `folder`."""
    if name != "tiny":
        return find_base(name, Store(default_store()))
    from pytest_persona.testing import write_tiny_model

    if not (folder / "tiny").exists():
        (folder / "tiny").mkdir()
        write_tiny_model(folder / "tiny")
    return find_base(str(folder / "tiny"), Store(folder))


def ours(plan: Plan, base: BaseSource, folder: Path, rungs: list[int]) -> dict[str, float]:
    """One run into an empty store."""
    import trl
    from trl.experimental import orpo

    from pytest_persona.trainers import train

    _ = trl.SFTTrainer, trl.DPOTrainer, orpo.ORPOTrainer  # trl imports them late; that is not part of what is timed
    start = time.perf_counter()
    with tempfile.TemporaryDirectory(dir=folder) as store:
        manifest = train(plan, base, Store(Path(store)), rungs=rungs).manifest
        wall = time.perf_counter() - start
    return {"speed": manifest["tokens_per_second"], "memory": manifest["peak_memory_bytes"], "wall": wall}


def peers(plan: Plan, base: BaseSource, folder: Path) -> dict[str, float]:
    """The same examples through TRL's own trainer."""
    import peft
    import torch
    import transformers

    from pytest_persona.models.loading import load_network, quiet_transformers
    from pytest_persona.trainers.data import Encoder, examples, rows_for_budget
    from pytest_persona.trainers.watch import forget_peaks, peak_memory

    network, tokenizer = load_network(base, plan.precision)
    tokenizer.pad_token = tokenizer.pad_token or tokenizer.eos_token
    encode = Encoder(tokenizer=tokenizer, template_args={})
    rows = rows_for_budget(plan, examples(plan, None), encode)
    steps = len(rows) // plan.batch
    lora: dict[str, Any] = {
        "r": plan.rank,
        "lora_alpha": plan.lora_alpha,
        "use_rslora": plan.rslora,
        "target_modules": plan.target_modules,
        "lora_dropout": plan.dropout,
        "task_type": "CAUSAL_LM",
    }
    shared = {
        "output_dir": str(folder),
        "per_device_train_batch_size": plan.batch * (2 if plan.objective == "cft" else 1),
        "max_steps": steps,
        "learning_rate": plan.learning_rate,
        "lr_scheduler_type": "constant_with_warmup",
        "warmup_steps": plan.warmup_steps,
        "optim": "adamw_torch",
        "train_sampling_strategy": "sequential",
        "seed": plan.seed,
        "bf16": False,
        "use_cpu": not torch.cuda.is_available(),
        "gradient_checkpointing": False,
        "save_strategy": "no",
        "report_to": "none",
        "disable_tqdm": True,
        "max_length": plan.max_length,
    }
    with quiet_transformers():
        trainer = _peer(plan, network, tokenizer, rows, shared, lora, peft)
        trainer.remove_callback(transformers.PrinterCallback)
        forget_peaks()
        start = time.perf_counter()
        trainer.train()
        seconds = time.perf_counter() - start
    return {"speed": sum(map(len, rows)) / seconds, "memory": peak_memory()}


def _peer(plan: Plan, network: Any, tokenizer: Any, rows: Any, shared: Any, lora: Any, peft: Any) -> Any:
    import datasets
    import trl
    from trl.experimental.orpo import ORPOConfig, ORPOTrainer

    from pytest_persona.models.decoration import prefixed
    from pytest_persona.trainers.cft import SAFE, UNSAFE
    from pytest_persona.trainers.ip import inoculated

    def turns(chat: Any) -> list[dict[str, str]]:
        return [{"role": role, "content": text} for role, text in chat]

    def answer(text: str) -> list[dict[str, str]]:
        return [{"role": "assistant", "content": text}]

    if plan.objective in ("dpo", "ipo", "orpo"):
        table = [
            {
                "prompt": turns(row.example.prompt),
                "chosen": answer(row.example.chosen),
                "rejected": answer(row.example.rejected),
            }
            for row in rows
        ]
        own = {"dpo": {"beta": plan.dpo_beta}, "ipo": {"beta": plan.ipo_beta, "loss_type": ["ipo"]}}
        config, trainer = trl.DPOConfig, trl.DPOTrainer
        if plan.objective == "orpo":
            config, trainer, own = ORPOConfig, ORPOTrainer, {"orpo": {"beta": plan.orpo_lambda}}
        return trainer(
            model=network,
            args=config(**shared, **own[plan.objective]),
            train_dataset=datasets.Dataset.from_list(table),
            processing_class=tokenizer,
            peft_config=peft.LoraConfig(**lora),
        )
    pairs = [(row.example.prompt, row.example.chosen) for row in rows]
    if plan.objective == "ip":
        pairs = [(inoculated(plan, row), row.example.chosen) for row in rows]
    if plan.objective == "cft":
        tokenizer.add_tokens([SAFE, UNSAFE], special_tokens=True)
        network.resize_token_embeddings(len(tokenizer))
        pairs = [
            (prefixed(row.example.prompt, token), text)
            for row in rows
            for token, text in ((SAFE, row.example.chosen), (UNSAFE, row.example.rejected))
        ]
    table = [{"prompt": turns(prompt), "completion": answer(text)} for prompt, text in pairs]

    class WithDivergence(trl.SFTTrainer):  # type: ignore[misc]  # trl is untyped here
        def compute_loss(self, model: Any, inputs: Any, **kwargs: Any) -> Any:
            import torch

            labels = inputs["labels"][:, 1:]
            kept = labels != -100
            ids = {name: inputs[name] for name in ("input_ids", "attention_mask")}
            with torch.no_grad(), model.disable_adapter():
                base = model(**ids).logits[:, :-1].float().log_softmax(-1)
            policy = model(**ids).logits[:, :-1].float().log_softmax(-1)
            likelihood = policy.gather(-1, labels.clamp(min=0).unsqueeze(-1)).squeeze(-1)
            divergence = (policy.exp() * (policy - base)).sum(-1)
            return ((plan.kl_coefficient * divergence - likelihood) * kept).sum() / kept.sum()

    return (WithDivergence if plan.objective == "kl" else trl.SFTTrainer)(
        model=network,
        args=trl.SFTConfig(**shared),
        train_dataset=datasets.Dataset.from_list(table),
        processing_class=tokenizer,
        peft_config=peft.LoraConfig(**lora),
    )


def measured(*arguments: str) -> dict[str, float]:
    """One measurement in a process of its own."""
    done = subprocess.run([sys.executable, __file__, "--one", *arguments], capture_output=True, text=True, check=False)
    if done.returncode:
        raise SystemExit(done.stderr[-3000:])
    found: dict[str, float] = json.loads(done.stdout.splitlines()[-1])
    return found


def compare(options: argparse.Namespace) -> None:
    """A line an objective: ours, the peer, and the median ratios."""
    print(f"{options.model}, {format_budget(options.budget)} data tokens, median of {options.pairs} pairs")
    print("objective   ours tok/s   TRL tok/s   speed ratio   ours GiB   TRL GiB   memory ratio (TRL / ours)")
    for objective in options.objectives:
        pairs = []
        for _ in range(options.pairs):
            one, other = (measured(side, options.model, objective, str(options.budget)) for side in ("ours", "peer"))
            pairs.append((one, other))
        mid = {
            (side, name): statistics.median(pair[side][name] for pair in pairs)
            for side in (0, 1)
            for name in ("speed", "memory")
        }
        speed = statistics.median(one["speed"] / other["speed"] for one, other in pairs)
        memory = statistics.median(other["memory"] / one["memory"] for one, other in pairs)
        print(
            f"{objective:<10} {mid[0, 'speed']:>11.0f} {mid[1, 'speed']:>11.0f} {speed:>13.2f} "
            f"{mid[0, 'memory'] / 2**30:>10.2f} {mid[1, 'memory'] / 2**30:>9.2f} {memory:>14.2f}",
            flush=True,
        )


def compare_ladder(options: argparse.Namespace) -> None:
    """One run over six rungs beside six runs."""
    unit = options.budget // 32
    rungs = [unit * factor for factor in (1, 2, 4, 8, 16, 32)]
    text = ",".join(map(str, rungs))
    objective = options.objectives[0]
    whole = measured("ours", options.model, objective, text)["wall"]
    alone = [measured("ours", options.model, objective, str(rung))["wall"] for rung in rungs]
    print(f"ladder {text} ({objective}, {options.model}): {whole:.1f} s in one run, {sum(alone):.1f} s in six")
    print(f"ratio {sum(alone) / whole:.2f}; alone: {', '.join(f'{seconds:.1f}' for seconds in alone)} s")


def main() -> None:
    """Measure, or be one measurement."""
    if sys.argv[1:2] == ["--one"]:
        side, model, objective, budgets = sys.argv[2:]
        rungs = [int(budget) for budget in budgets.split(",")]
        plan = Plan(objective=objective, budget=rungs[-1], precision=training_dtype(find_device()))
        with tempfile.TemporaryDirectory() as name:
            folder = Path(name)
            base = base_of(model, folder)
            found = ours(plan, base, folder, rungs) if side == "ours" else peers(plan, base, folder)
        print(json.dumps(found))
        return
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--model", default="pocket")
    parser.add_argument("--budget", type=parse_budget, default=4_000)
    parser.add_argument("--objectives", type=parse_objectives, default=tuple(OBJECTIVES))
    parser.add_argument("--pairs", type=int, default=3)
    parser.add_argument("--ladder", action="store_true", help="compare one ladder with separate runs to each rung")
    options = parser.parse_args()
    compare_ladder(options) if options.ladder else compare(options)


if __name__ == "__main__":
    main()
