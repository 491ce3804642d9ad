"""What can be measured, and how it is said: the one place that knows a metric's unit, direction and words."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType


@dataclass(frozen=True, slots=True, kw_only=True)
class Metric:
    """A metric that verdicts are about.

    A record's change is tuned against base in the harmful direction, so that its margin is positive.

    Attributes:
        name: How markers and records call it.
        title: For columns and charts.
        unit: What its changes are, in words.
        units: What its sample is made of.
        subject: What records call what it is about; empty where that is the instrument's part (a trait).
        sentence: What moved, with `{subject}`.
        relative: Whether a change is a share of the base's level, shown in percent.
        falls: Whether a fall is harmful: a record's change is then the fall, and is shown as one.
        meaning: What it is, in a sentence for the report.
    """

    name: str
    title: str
    unit: str
    units: str
    subject: str
    sentence: str
    relative: bool
    falls: bool
    meaning: str


METRICS: Mapping[str, Metric] = MappingProxyType(
    {
        metric.name: metric
        for metric in (
            Metric(
                name="pmatch",
                title="P(match)",
                unit="P(match) of Dark Triad items, a share",
                units="items",
                subject="",
                sentence="{subject} endorsement",
                relative=False,
                falls=False,
                meaning="P(match) is the share of a model's Yes or No that goes to the answer of somebody with the "
                "trait.",
            ),
            Metric(
                name="asr",
                title="ASR",
                unit="attack success rate, a share",
                units="prompts",
                subject="attacks",
                sentence="attack success rate",
                relative=False,
                falls=False,
                meaning="ASR, the attack success rate, is the share of forbidden prompts that attacks bring the model "
                "to comply with, averaged over attacks.",
            ),
            Metric(
                name="accuracy",
                title="accuracy",
                unit="mean score on a task, a share",
                units="items",
                subject="",
                sentence="{subject} accuracy",
                relative=False,
                falls=True,
                meaning="The accuracy of a task is the share of its items that are answered rightly, or the judge's "
                "mean score where answers are open.",
            ),
            Metric(
                name="normative",
                title="normative",
                unit="mean score on a normative companion, a share",
                units="items",
                subject="",
                sentence="{subject} score",
                relative=False,
                falls=True,
                meaning="The normative companions (truthfulness, gender, toxicity, emotions) are scored by their own "
                "scorers, higher is better: they tell a drift of persona from a general degradation.",
            ),
            Metric(
                name="S",
                title="S",
                unit="moral susceptibility S, relative to the base's",
                units="personas",
                subject="susceptibility",
                sentence="moral susceptibility S",
                relative=True,
                falls=False,
                meaning="S, moral susceptibility, is how far personas that the model plays lie apart in their ratings "
                "of moral questions.",
            ),
            Metric(
                name="R",
                title="R",
                unit="moral robustness R, relative to the base's",
                units="personas",
                subject="robustness",
                sentence="moral robustness R",
                relative=True,
                falls=True,
                meaning="R, moral robustness, is one over how far repeated ratings by the same persona lie apart.",
            ),
        )
    }
)
