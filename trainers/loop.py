"""One LoRA run, from plan to stored checkpoints; the same loop for every objective."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from pytest_persona.digest import digest
from pytest_persona.errors import AdapterError
from pytest_persona.models import BaseSource, Checkpoint
from pytest_persona.models.adapter import CONFIG, read_adapter
from pytest_persona.models.device import engine_versions, find_device, installed_version, training_dtype
from pytest_persona.models.source import read_json
from pytest_persona.plan import Plan
from pytest_persona.progress import Progress, Silent
from pytest_persona.store import Store
from pytest_persona.trainers.data import Examples, examples
from pytest_persona.trainers.job import check_fields
from pytest_persona.trainers.objectives import TRAINED
from pytest_persona.trainers.run import Run, Rung

_RECIPE = 2  # raise it when the way from a plan to its weights changes


def train(
    plan: Plan,
    base: BaseSource,
    store: Store,
    *,
    rungs: Collection[int] = (),
    data: Path | None = None,
    own: str | None = None,
    template_args: Mapping[str, Any] = {},
    progress: Progress | None = None,
) -> Checkpoint:
    """The checkpoint of a plan on a base model: from the store, else trained now with all rungs that are not there yet.

    A rung is bit for bit (on one kind of processor) what a run to its budget alone would give. A run that was killed
    goes on from its last saved state, and one that is asked for more goes on from its end.

    Args:
        rungs: Other budgets of the same ladder, saved on the way.
        data: Folder with the published files, where the plan trains on them; None downloads them.
        own: The user's data, a JSONL file or a hub id, where the plan trains on them.
        template_args: Extra arguments of the chat template.

    Raises:
        TrainingError: the data lack something or end early, the loss is lost, or the adapter did not move.
        StoreError: the store cannot be written.
    """
    if plan.precision == "auto":
        plan = replace(plan, precision=training_dtype(find_device()))
    ladder = [replace(plan, budget=budget) for budget in sorted({plan.budget, *rungs})]
    some = examples(ladder[-1], data, own)
    check_fields(plan, TRAINED[plan.objective].NEEDS_REJECTED, some.source, some.drawn)
    content = _content(base, template_args)
    keys = {rung.budget: rung.fingerprint(content | {"examples": some.digest(rung.budget)}) for rung in ladder}
    entry = store.get("checkpoints", keys[plan.budget])
    if entry is None:
        with store.workshop("runs", _family(plan, content, some)) as workshop:
            missing = [rung for rung in ladder if store.get("checkpoints", keys[rung.budget]) is None]
            if any(rung.budget == plan.budget for rung in missing):  # no other process has made it meanwhile
                Run(
                    rungs=[
                        Rung(plan=rung, fingerprint=keys[rung.budget], content=content, examples=some)
                        for rung in missing
                    ],
                    base=base,
                    store=store,
                    workshop=workshop,
                    template_args=template_args,
                    progress=progress or Silent(),
                ).go()
        entry = store.get("checkpoints", keys[plan.budget])
        assert entry is not None, "a run ends with all of its rungs in the store, or with an error"
    # the same base by content may have had another name when this was trained
    stated = read_json(entry.folder / CONFIG, AdapterError).get("base_model_name_or_path")
    return Checkpoint(
        label=plan.label,
        base=base,
        adapter=read_adapter(entry.folder, base, aliases=(str(stated),)),
        manifest=entry.manifest,
        template_args=template_args,
    )


def _content(base: BaseSource, template_args: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "base": base.content,
        "template_args": dict(template_args),
        "recipe": _RECIPE,
        "trl": installed_version("trl"),
        "accelerate": installed_version("accelerate"),
        **engine_versions(),
    }


def _family(plan: Plan, content: Mapping[str, Any], some: Examples) -> str:
    """What runs that differ in their budgets alone have in common."""
    common = {name: value for name, value in plan.as_dict().items() if name != "budget"}
    return digest({"plan": common, "content": dict(content), "beginning": some.beginning})
