"""MC1 and MC2 of a model beside lm-evaluation-harness's, on the same questions and prompts.

Run `python benchmarks/truthfulqa.py --lm-eval-python PYTHON --data DIR [--model pocket] [--questions 100]`. PYTHON is
an interpreter that has lm-eval (0.4.13 was tried), torch and transformers; DIR holds truthfulqa/mc_task.json. lm-eval
reads the same questions from a file that this script writes, with a task made of its own multiple choice and its own
`process_results_mc2`; it applies the same chat template to the same text, and downloads nothing. Both compute on the
processor, in float32 unless `--dtype` says otherwise.

lm-eval moves the white space at the end of a prompt into the answer, so that it scores the template's last line break
too. That is the same number for all answers of a question and cancels in MC1 and MC2: answers are compared up to it.

Seconds are of asking alone, without imports and loading: lm-eval asks MC1's and MC2's answers apart, with the threads
that the harness uses.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import tempfile
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from pytest_persona.instruments.items import ItemSet
from pytest_persona.instruments.truthfulqa import TruthItem, truthfulqa
from pytest_persona.models import find_base
from pytest_persona.models.hf import HFModel, hf_model
from pytest_persona.probes.compared_replies import TRUTH_PROMPT, reply_logprobs, truth_questions
from pytest_persona.probes.normative import COMPANIONS
from pytest_persona.store import Store, default_store

KINDS = ("mc1", "mc2")
TASK = """\
task: persona_{kind}
dataset_path: json
dataset_kwargs:
  data_files:
    validation: {data}
validation_split: validation
output_type: multiple_choice
num_fewshot: 0
doc_to_text: "{prompt}"
doc_to_target: "{{{{{kind}_targets.labels.index(1)}}}}"
doc_to_choice: "{{{{{kind}_targets.choices}}}}"
target_delimiter: ""
metric_list:
  - metric: acc
    aggregation: mean
    higher_is_better: true
"""
MC2 = "process_results: !function own.process_results_mc2\n"
CHILD = """\
import json, os, sys, time
folder, model, dtype, threads, out = sys.argv[1:]
os.environ |= {"HF_HUB_OFFLINE": "1", "HF_DATASETS_OFFLINE": "1", "HF_HOME": folder}
import lm_eval, torch
from lm_eval.models.huggingface import HFLM
from lm_eval.tasks import TaskManager
torch.set_num_threads(int(threads))
model = HFLM(pretrained=model, dtype=dtype, device="cpu", batch_size=16)
tasks = TaskManager(include_path=folder, include_defaults=False)
start = time.perf_counter()
found = lm_eval.simple_evaluate(
    model=model, tasks=["persona_mc1", "persona_mc2"], task_manager=tasks, apply_chat_template=True, bootstrap_iters=0
)
seconds = time.perf_counter() - start
samples = {
    name: [
        {
            "question": one["doc"]["question"],
            "acc": float(one["acc"]),
            "logprobs": [float(value) for value, _ in one["filtered_resps"]],
            "prompt": one["arguments"][0][0],
        }
        for one in sorted(some, key=lambda one: one["doc_id"])
    ]
    for name, some in found["samples"].items()
}
means = {name: result["acc,none"] for name, result in found["results"].items()}
with open(out, "w") as file:
    json.dump({"samples": samples, "means": means, "seconds": seconds, "version": lm_eval.__version__}, file)
"""


def in_dtype(name: str, dtype: str) -> tuple[HFModel, Path]:
    """A base model whose weights are computed in `dtype` on the processor, and the folder with its files."""
    source = find_base(name, Store(default_store()))
    model = hf_model(source)
    loaded = model.loaded
    import torch

    network = loaded.network.to("cpu", getattr(torch, dtype))
    return HFModel(
        name=name, fingerprint=f"{model.fingerprint} {dtype}", load=lambda: replace(loaded, network=network)
    ), (source.folder)


def write_tasks(folder: Path, items: Sequence[TruthItem]) -> None:
    """The questions, and lm-eval's two tasks on them."""
    records = [
        {
            "question": item.question,
            **{
                f"{kind}_targets": {
                    "choices": [text for text, _ in marked],
                    "labels": [int(mark) for _, mark in marked],
                }
                for kind, marked in zip(KINDS, (item.mc1, item.mc2), strict=True)
            },
        }
        for item in items
    ]
    data = folder / "questions.jsonl"
    data.write_text("".join(f"{json.dumps(record)}\n" for record in records), encoding="utf-8")
    (folder / "own.py").write_text("from lm_eval.tasks.truthfulqa.utils import process_results_mc2\n", encoding="utf-8")
    prompt = TRUTH_PROMPT.format(question="{{question}}")
    for kind in KINDS:
        text = TASK.format(kind=kind, data=data, prompt=prompt) + (MC2 if kind == "mc2" else "")
        (folder / f"persona_{kind}.yaml").write_text(text, encoding="utf-8")


def by_lm_eval(python: Path, items: Sequence[TruthItem], model: Path, dtype: str) -> dict[str, Any]:
    """What lm-eval finds: samples and mean of each task, and seconds."""
    import torch

    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        write_tasks(folder, items)
        out = folder / "found.json"
        command = [python, "-c", CHILD, folder, model, dtype, str(torch.get_num_threads()), out]
        done = subprocess.run([str(part) for part in command], capture_output=True, text=True, check=False)
        if done.returncode:
            raise SystemExit(f"lm-eval failed: {done.stderr.strip()[-2000:]}")
        found: dict[str, Any] = json.loads(out.read_text(encoding="utf-8"))
        return found


def answers_apart(model: HFModel, instrument: ItemSet[TruthItem], theirs: dict[str, Any], store: Store) -> list[float]:
    """How far each answer's log-probability is from lm-eval's, less the mean of its question's differences."""
    asked = truth_questions(instrument.items)
    found, _ = reply_logprobs(model, asked, "truthfulqa", instrument, store, None)
    known = {(chat[-1][1], text): value for (chat, text), value in zip(asked, found, strict=True)}
    apart: list[float] = []
    for kind in KINDS:
        for item, sample in zip(instrument.items, theirs["samples"][f"persona_{kind}"], strict=True):
            texts = [text for text, _ in (item.mc1 if kind == "mc1" else item.mc2)]
            own = [known[TRUTH_PROMPT.format(question=item.question), text] for text in texts]
            differences = np.array(own) - np.array(sample["logprobs"])
            apart.extend(abs(differences - differences.mean()))
    return apart


def main() -> None:
    """Ask both and compare."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--lm-eval-python", type=Path, required=True, help="an interpreter that has lm-eval")
    parser.add_argument("--data", type=Path, help="folder with the published questions; without it the pocket's")
    parser.add_argument("--model", default="pocket")
    parser.add_argument("--questions", type=int, default=100)
    parser.add_argument("--dtype", choices=("float32", "bfloat16"), default="float32")
    options = parser.parse_args()

    whole = truthfulqa(kind="official" if options.data else "pocket", data=options.data)
    instrument = replace(whole, items=whole.items[: options.questions])
    model, folder = in_dtype(options.model, options.dtype)
    with tempfile.TemporaryDirectory() as scratch:
        store = Store(Path(scratch))
        scores = {kind: COMPANIONS[f"truthfulqa_{kind}"]().measure(model, instrument, store) for kind in KINDS}
        theirs = by_lm_eval(options.lm_eval_python, instrument.items, folder, options.dtype)
        apart = answers_apart(model, instrument, theirs, store)

    samples = theirs["samples"]["persona_mc1"]
    prompts = [
        model.loaded.render((("user", TRUTH_PROMPT.format(question=item.question)),)) for item in instrument.items
    ]
    same = sum(own == sample["prompt"] for own, sample in zip(prompts, samples, strict=True))
    print(
        f"{len(instrument.items)} {instrument.label} questions, {options.model}, {options.dtype}, lm-eval "
        f"{theirs['version']}; {same} prompts are the same text"
    )
    print(
        f"answers: {len(apart)} log-probabilities differ by {max(apart):.1e} nats at most, "
        f"{np.mean(apart):.1e} on average"
    )
    for kind in KINDS:
        own = scores[kind].values
        other = np.array([sample["acc"] for sample in theirs["samples"][f"persona_{kind}"]])
        print(
            f"{kind.upper()}: ours {own.mean():.6f}, lm-eval {theirs['means'][f'persona_{kind}']:.6f}; "
            f"{(abs(own - other) > 1e-4).sum()} questions differ by more than 0.0001, the most by "
            f"{abs(own - other).max():.1e}"
        )
    seconds = scores["mc1"].seconds
    print(f"ratio (lm-eval {theirs['seconds']:.1f} s / ours {seconds:.1f} s) {theirs['seconds'] / seconds:.2f}")


if __name__ == "__main__":
    main()
