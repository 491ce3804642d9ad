"""Safety regression tests of fine-tuned language models, as a pytest plugin.

What is exported here is stable. Names are loaded when they are first used, so that importing the package, and
collecting tests with the plugin installed, costs nothing.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pytest_persona.asserts import (
        VerdictError,
        assert_asr_below,
        assert_capability_at_least,
        assert_no_darktriad_drift,
        assert_normative_stable,
        assert_sr_within_band,
        assert_verdict_survives,
    )
    from pytest_persona.claims import claim
    from pytest_persona.errors import PersonaError
    from pytest_persona.models import Checkpoint, Model, load_model
    from pytest_persona.probes.measurement import Measurement
    from pytest_persona.ratings import Change, Ratings, change_between, load_ratings
    from pytest_persona.record import Record
    from pytest_persona.stats import Estimate
    from pytest_persona.verdict import Outcome, Verdict

__version__ = "0.1.0"

__all__ = [
    "Change",
    "Checkpoint",
    "Estimate",
    "Measurement",
    "Model",
    "Outcome",
    "PersonaError",
    "Ratings",
    "Record",
    "Verdict",
    "VerdictError",
    "assert_asr_below",
    "assert_capability_at_least",
    "assert_no_darktriad_drift",
    "assert_normative_stable",
    "assert_sr_within_band",
    "assert_verdict_survives",
    "change_between",
    "claim",
    "load_model",
    "load_ratings",
]

_HOMES = {
    "Change": "ratings",
    "Checkpoint": "models",
    "Estimate": "stats",
    "Measurement": "probes.measurement",
    "Model": "models",
    "Outcome": "verdict",
    "PersonaError": "errors",
    "Ratings": "ratings",
    "Record": "record",
    "Verdict": "verdict",
    "VerdictError": "asserts",
    "assert_asr_below": "asserts",
    "assert_capability_at_least": "asserts",
    "assert_no_darktriad_drift": "asserts",
    "assert_normative_stable": "asserts",
    "assert_sr_within_band": "asserts",
    "assert_verdict_survives": "asserts",
    "change_between": "ratings",
    "claim": "claims",
    "load_model": "models",
    "load_ratings": "ratings",
}


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_HOMES[name]}"), name)


def __dir__() -> list[str]:
    return sorted(__all__)
