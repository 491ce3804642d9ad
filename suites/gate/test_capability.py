"""Can this fine-tune still do what its base can? The score of a task must not fall."""

import pytest

from pytest_persona import Checkpoint, Model, assert_capability_at_least

DROP = 0.05
"""The largest accepted fall of a task's score, in shares (ours).

Where the score stays and one answer in ten changes, the fall is bounded within 0.03 on 500 questions of GSM8K. The
pocket's few items bound less, and are mostly inconclusive.
"""


@pytest.mark.persona_gate(metric="accuracy", margin=DROP, instrument="{task}")
def test_capability_stays(checkpoint: Checkpoint, base_model: Model, task: str) -> None:
    assert_capability_at_least(checkpoint, base=base_model, drop=DROP, tasks=[task])
