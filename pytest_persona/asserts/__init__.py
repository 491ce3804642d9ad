"""The public assertion helpers: measure, decide, record, then raise. One file an axis."""

from pytest_persona.asserts.jailbreak import assert_asr_below
from pytest_persona.asserts.moral import FRONTIER_S, R_DROP, S_CHANGE, assert_sr_within_band
from pytest_persona.asserts.persona import assert_no_darktriad_drift
from pytest_persona.asserts.place import InconclusiveWarning, VerdictError

__all__ = [
    "FRONTIER_S",
    "R_DROP",
    "S_CHANGE",
    "InconclusiveWarning",
    "VerdictError",
    "assert_asr_below",
    "assert_no_darktriad_drift",
    "assert_sr_within_band",
]
