"""Hypothesis strategies for metamorphic tests of one's own; needs the extra `strategies`.

@settings(max_examples=4, derandomize=True, database=None, deadline=None)
@given(rewordings(like=["Answer Yes or No."]))
def test_it(rewording): ...
"""

from __future__ import annotations

from collections.abc import Sequence

try:
    from hypothesis import HealthCheck, Phase, given, seed, settings
    from hypothesis import strategies as st
except ModuleNotFoundError as error:
    if error.name != "hypothesis":
        raise
    raise ModuleNotFoundError(
        "pytest_persona.strategies needs hypothesis, which is not installed: pip install 'pytest-persona[strategies]'",
        name="hypothesis",
    ) from error

from pytest_persona.errors import RewordingError
from pytest_persona.models.protocol import ask
from pytest_persona.rewordings import EDITS, KINDS, Rewording

__all__ = ["rewordings", "some_rewordings"]

_TRIMMED = "trailing space"
"""Never drawn alone: the chat templates of some models strip it, and the same words are no evidence."""
_DRAWS = 100
"""From which some are chosen (ours)."""


def rewordings(*, like: Sequence[str] = (), kinds: Sequence[str] = KINDS) -> st.SearchStrategy[Rewording]:
    """Rewordings of one to four edits, one of each kind at most; shrinks to few.

    A trailing space is never the only one, for some chat templates strip it.

    Args:
        like: Texts of user turns as the probe asks them. Only edits that change every one of them are drawn.
        kinds: Of `quotes`, `order`, `frame` and `spacing`.

    Raises:
        RewordingError: a kind that is not known, or no edit that changes these texts.
    """
    if unknown := [kind for kind in kinds if kind not in KINDS]:
        raise RewordingError(f"no kind of edit {unknown[0]!r}. Known: {', '.join(KINDS)}")
    by_kind = {
        kind: [
            name
            for name, edit in EDITS.items()
            if edit.kind == kind and all(Rewording(name).changes(ask(text)) for text in like)
        ]
        for kind in kinds
    }
    by_kind = {kind: names for kind, names in by_kind.items() if names}
    if set().union(*by_kind.values()) <= {_TRIMMED}:
        raise RewordingError(f"no edit of kind {', '.join(kinds)} changes every text that is given as like")

    drawn = st.tuples(*(st.none() | st.sampled_from(names) for names in by_kind.values()))
    edits = drawn.map(lambda found: tuple(name for name in found if name is not None))
    return edits.filter(lambda names: names not in ((), (_TRIMMED,))).map(lambda names: Rewording(*names))


def some_rewordings(count: int, *, like: Sequence[str] = (), kinds: Sequence[str] = KINDS) -> tuple[Rewording, ...]:
    """So many different rewordings, which together have as many edits as they can; the same ones in every run.

    For tests in which each example is dear: what is drawn is asked once, and stays in the store. (Another version of
    hypothesis may draw others.)

    Args:
        like: As for `rewordings`.
        kinds: As for `rewordings`.

    Raises:
        RewordingError: as for `rewordings`, or fewer that differ.
    """
    drawn: dict[Rewording, None] = {}

    @seed(0)
    @settings(
        max_examples=_DRAWS,
        phases=[Phase.generate],
        database=None,
        deadline=None,
        suppress_health_check=list(HealthCheck),
    )
    @given(rewordings(like=like, kinds=kinds))
    def draw(rewording: Rewording) -> None:
        drawn[rewording] = None

    draw()
    if len(drawn) < count:
        raise RewordingError(f"only {len(drawn)} different rewordings could be drawn, {count} are asked for")
    chosen: list[Rewording] = []
    for _ in range(count):
        known = {name for rewording in chosen for name in rewording.edits}
        left = [rewording for rewording in drawn if rewording not in chosen]
        chosen.append(max(left, key=lambda each: (len(set(each.edits) - known), -len(each.edits))))
    return tuple(chosen)
