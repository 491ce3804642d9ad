"""A base model with an adapter, and how it was made."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from pytest_persona.models.adapter import AdapterSource
from pytest_persona.models.hf import HFModel, hf_model
from pytest_persona.models.source import BaseSource


@dataclass(frozen=True, kw_only=True)
class Checkpoint:
    """A fine-tuned model: a base model, a LoRA adapter, and its manifest.

    Attributes:
        label: What reports call it, for example `sft-2k-s0`.
        base: Files of the base model.
        adapter: Files of the adapter.
        manifest: How it was trained; empty for an adapter that was trained elsewhere.
        template_args: Extra arguments of the chat template.
    """

    label: str
    base: BaseSource
    adapter: AdapterSource
    manifest: Mapping[str, Any] = field(default_factory=dict)
    template_args: Mapping[str, Any] = field(default_factory=dict)

    @cached_property
    def model(self) -> HFModel:
        """The model that answers, with the adapter applied; its weights are loaded when it is first asked."""
        return hf_model(self.base, self.adapter, self.template_args)
