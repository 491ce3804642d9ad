"""What all charts share: the page's colours, a sign and a dash for each objective, and the way from a chart to SVG."""

from __future__ import annotations

from typing import Any, NamedTuple

from pytest_persona.plan import OBJECTIVES

_NAMES = ("ink", "faint", "soft", "base", "tuned", *OBJECTIVES)
FONT = "system-ui, sans-serif"


class Drawing(NamedTuple):
    """One of several charts that stand side by side.

    Attributes:
        title: What it is about.
        svg: The drawing.
    """

    title: str
    svg: str


class Sign(NamedTuple):
    """How an objective is drawn besides its colour.

    Attributes:
        shape: SVG path between -1 and 1.
        dash: Lengths of strokes and gaps; empty for a whole line.
    """

    shape: str
    dash: tuple[int, ...]


SIGNS = {
    "sft": Sign("M1,0A1,1,0,1,1,-1,0A1,1,0,1,1,1,0Z", ()),
    "dpo": Sign("M-.88,-.88H.88V.88H-.88Z", (8, 3)),
    "ipo": Sign("M0,-1.25L.95,0L0,1.25L-.95,0Z", (2, 2)),
    "orpo": Sign("M0,-1.1L1.1,.9H-1.1Z", (8, 3, 2, 3)),
    "kl": Sign("M0,1.1L1.1,-.9H-1.1Z", (5, 2)),
    "cft": Sign("M-.36,-1H.36V-.36H1V.36H.36V1H-.36V.36H-1V-.36H-.36Z", (12, 3)),
    "ip": Sign("M-.6,-1.1L0,-.5L.6,-1.1L1.1,-.6L.5,0L1.1,.6L.6,1.1L0,.5L-.6,1.1L-1.1,.6L-.5,0L-1.1,-.6Z", (4, 2, 1, 2)),
}
"""By objective. `ip` (a cross) and `ipo` (a diamond) share neither colour, shape nor dash."""


def colour(name: str) -> str:
    """A mark in a drawing in place of one of the page's colours, which differ by light and dark."""
    return f"#0101{_NAMES.index(name) + 16:02x}"


def sign_of(objective: str) -> tuple[str, Sign]:
    """Colour and sign of an objective, or those of a model that was trained otherwise."""
    if objective in SIGNS:
        return colour(objective), SIGNS[objective]
    return colour("tuned"), SIGNS["sft"]


def svg_of(chart: Any) -> str:
    """The SVG of an Altair chart, in the page's colours."""
    import altair as alt
    import vl_convert

    chart = (
        chart.properties(background="transparent")
        .configure(font=FONT)
        .configure_view(stroke=None)
        .configure_axis(
            labelColor=colour("ink"),
            titleColor=colour("ink"),
            gridColor=colour("faint"),
            domainColor=colour("faint"),
            tickColor=colour("faint"),
            labelFontSize=13,
            titleFontSize=13,
            titleFontWeight="normal",
        )
    )
    svg: str = vl_convert.vegalite_to_svg(chart.to_json(), vl_version=".".join(alt.SCHEMA_VERSION[1:].split(".")[:2]))
    for name in _NAMES:
        svg = svg.replace(colour(name), f"var(--{name})")
    return svg
