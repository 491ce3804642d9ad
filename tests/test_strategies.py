"""Strategies for metamorphic tests, and what happens without hypothesis."""

import subprocess
import sys

import pytest
from hypothesis import find, given, settings
from hypothesis import strategies as st

from pytest_persona.errors import RewordingError
from pytest_persona.models import ask
from pytest_persona.rewordings import EDITS, KINDS, Rewording
from pytest_persona.strategies import rewordings, some_rewordings

ASKED = '…say?\n"I like to win"\nAnswer Yes or No.'


@given(rewordings(like=[ASKED, ASKED + "\nAnswer A or B."]))
def test_what_is_drawn_for_a_text_changes_it(rewording):
    assert rewording.changes(ask(ASKED))
    assert "double quotes" not in rewording.edits
    assert rewording.edits != ("trailing space",)


@given(st.data(), st.lists(st.sampled_from(KINDS), min_size=1, unique=True))
def test_only_the_kinds_that_are_asked_for_are_drawn(data, kinds):
    rewording = data.draw(rewordings(kinds=kinds))
    assert {EDITS[name].kind for name in rewording.edits} <= set(kinds)


def test_every_edit_can_be_drawn_and_shrinks_to_as_few_as_can_be():
    calm = settings(database=None, derandomize=True)
    for name in EDITS:
        smallest = find(rewordings(), lambda rewording, name=name: name in rewording.edits, settings=calm)
        assert len(smallest.edits) == (2 if name == "trailing space" else 1)


def test_some_are_different_and_always_the_same():
    drawn = some_rewordings(4, like=[ASKED])
    assert len(set(drawn)) == 4
    assert {name for rewording in drawn for name in rewording.edits} == EDITS.keys() - {"double quotes"}
    assert drawn == some_rewordings(4, like=[ASKED])
    code = (
        f"from pytest_persona.strategies import some_rewordings as s; print(*(r.name for r in s(4, like={[ASKED]!r})))"
    )
    fresh = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert fresh.stdout.split() == " ".join(rewording.name for rewording in drawn).split()


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"kinds": ["quote"]}, "no kind of edit 'quote'. Known: quotes, order, frame, spacing"),
        ({"kinds": ["quotes"], "like": ["not quoted"]}, "no edit of kind quotes changes every text"),
        ({"kinds": ["spacing"], "like": ["one line"]}, "no edit of kind spacing changes every text"),
        ({"kinds": []}, "no edit of kind"),
    ],
)
def test_where_nothing_can_be_drawn_that_is_an_error(arguments, message):
    with pytest.raises(RewordingError, match=message):
        rewordings(**arguments)


def test_too_few_that_differ_are_an_error():
    assert set(some_rewordings(2, kinds=["quotes"], like=[ASKED])) == {
        Rewording("single quotes"),
        Rewording("curly quotes"),
    }
    with pytest.raises(RewordingError, match="only 2 different rewordings could be drawn, 3 are asked for"):
        some_rewordings(3, kinds=["quotes"], like=[ASKED])


def test_without_hypothesis_the_import_says_what_to_install():
    code = "import sys; sys.modules['hypothesis'] = None; import pytest_persona.strategies"
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert result.returncode == 1
    assert "needs hypothesis, which is not installed: pip install 'pytest-persona[strategies]'" in result.stderr
