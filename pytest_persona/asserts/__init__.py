"""The public assertion helpers: measure, decide, record, then raise. One file an axis."""

from pytest_persona.asserts.capability import assert_capability_at_least
from pytest_persona.asserts.invariance import assert_verdict_survives
from pytest_persona.asserts.jailbreak import assert_asr_below
from pytest_persona.asserts.moral import FRONTIER_S, R_DROP, S_CHANGE, assert_sr_within_band
from pytest_persona.asserts.normative import assert_normative_stable
from pytest_persona.asserts.persona import assert_no_darktriad_drift
from pytest_persona.asserts.place import InconclusiveWarning, VerdictError

__all__ = [
    "FRONTIER_S",
    "R_DROP",
    "S_CHANGE",
    "InconclusiveWarning",
    "VerdictError",
    "assert_asr_below",
    "assert_capability_at_least",
    "assert_no_darktriad_drift",
    "assert_normative_stable",
    "assert_sr_within_band",
    "assert_verdict_survives",
]
