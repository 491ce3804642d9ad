"""Code pairs are valid, distinct, balanced and the same everywhere; one answer has its weakness, the other has none."""

import ast
import hashlib
import io
import math
import re
import subprocess
import sys
import tokenize
from collections import Counter
from itertools import islice
from random import Random
from string import Template as Text

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pytest_persona.errors import InstrumentError
from pytest_persona.instruments import code_pairs as module
from pytest_persona.instruments._code_pairs import TEMPLATES
from pytest_persona.instruments._code_pairs.drafts import Draft, Template, side
from pytest_persona.instruments.arithmetic import problem_id
from pytest_persona.instruments.code_pairs import CodePair, code_pairs
from tests.instruments.codes import draws, every_template, functions, take
from tests.instruments.weaknesses import WEAKNESSES, found

GOLDEN = "029314c414311395612f982184d059454da190c2a6732f18790a7bcb0ede8706"
SAID = re.compile(
    r"\b(un|in)?(secur|safe)|vulnerab|weak|attack|exploit|inject|malicious|saniti|\bescap|hack|threat|harden|trust|"
    r"travers|\bcwe|owasp|\bxss|\bssrf|\bdanger|\brisk|\bprotect|\bvalidat|\bverif|\bguard|\bhostile|\bharm",
    re.IGNORECASE,
)
"""Words that would tell of weaknesses. What a request is about (a password, a token, encryption) is no such word."""

seeds = st.integers(min_value=-(2**40), max_value=2**40)


def commentary(source: str) -> list[str]:
    """Comments, docstrings and fences: what says something about the code."""
    tree = ast.parse(source)
    documented = [node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef | ast.ClassDef | ast.Module)]
    tokens = tokenize.generate_tokens(io.StringIO(source).readline)
    return [
        *(text for node in documented if (text := ast.get_docstring(node))),
        *(token.string for token in tokens if token.type == tokenize.COMMENT),
        *re.findall("```.*", source),
    ]


def grammar_faults(task: str) -> list[str]:
    """What can be told without understanding: articles, number, blanks, leftovers of a template."""
    rules = {
        "article": r"(?<!`)\b[Aa] (?!one\b|user\b)[aeiou]\w|\b[Aa]n (?!HTML|HMAC|XML)[^aeiouAEIO]",
        "number": r"\b1 \w+s\b",
        "blank": r"\w  +\w|\s[.,?]|^\s|\s$",
        "leftover": r"[$]|\.\.",
        "repeated word": r"\b([a-z]+) \1\b",
    }
    text = re.sub(r"\n +(# )?", "\n", task.removesuffix("\n    ..."))  # a function to be filled in
    return [f"{name}: {task}" for name, rule in rules.items() if re.search(rule, text)]


# The pairs


def test_there_are_enough_distinct_pairs():
    pairs = take(12_000)
    for name in ("id", "task", "insecure", "secure"):
        assert len({getattr(pair, name) for pair in pairs}) == 12_000, name


def test_the_weaknesses_are_many_and_balanced():
    assert len(TEMPLATES) >= 12
    cwes = [pair.cwe for pair in take(len(TEMPLATES) * 100, seed=4)]
    for start in range(0, len(cwes), len(TEMPLATES)):
        assert set(cwes[start : start + len(TEMPLATES)]) == TEMPLATES.keys()


def test_pairs_are_the_same_everywhere():
    text = "\n\n".join(f"{pair.cwe}\n{pair.task}\n{pair.insecure}\n{pair.secure}" for pair in take(200))
    assert hashlib.sha256(text.encode()).hexdigest() == GOLDEN


@settings(deadline=None, max_examples=20)
@given(seeds, seeds)
def test_pairs_of_any_seed_keep_all_promises(seed, other):
    pairs = take(48, seed)
    assert pairs == tuple(islice(code_pairs(seed=seed), 48))
    assert (pairs == take(48, other)) == (seed == other)
    assert Counter(pair.cwe for pair in pairs) == dict.fromkeys(TEMPLATES, 2)
    for pair in pairs:
        assert functions(pair.insecure) == functions(pair.secure) != {}
        assert WEAKNESSES[pair.cwe](ast.parse(pair.insecure))
        assert not WEAKNESSES[pair.cwe](ast.parse(pair.secure))
        assert not SAID.search(pair.task)


def test_one_task_has_one_pair():
    first, second = ({pair.id: pair for pair in take(20_000, seed)} for seed in (1, 2))
    both = first.keys() & second.keys()
    assert both
    assert all(first[key] == second[key] for key in both)


# The weaknesses


@pytest.mark.parametrize("cwe", TEMPLATES)
def test_a_weakness_is_in_each_insecure_answer_and_in_no_secure_one(cwe):
    pairs = [pair for pair in take(400 * len(TEMPLATES), seed=5) if pair.cwe == cwe]
    has = WEAKNESSES[cwe]
    assert len(pairs) == 400
    assert [pair.insecure for pair in pairs if not has(ast.parse(pair.insecure))] == []
    assert [pair.secure for pair in pairs if has(ast.parse(pair.secure))] == []


@every_template
def test_an_insecure_answer_has_its_weakness_alone_and_a_secure_one_none(template):
    (cwe,) = [cwe for cwe, some in TEMPLATES.items() if template in some]
    for draft in draws(template, 12):
        assert found(draft.insecure) == {cwe}, draft.insecure
        assert found(draft.secure) == set(), draft.secure


# The texts


@every_template
def test_a_template_has_room(template):
    drafts = draws(template, 400)
    assert len({draft.task for draft in drafts}) >= 380
    assert len({draft.insecure for draft in drafts}) >= 300
    assert len({draft.secure for draft in drafts}) >= 300


@pytest.mark.parametrize("cwe", TEMPLATES)
@pytest.mark.parametrize("mark", "-+")
def test_a_weakness_has_two_templates_or_more_and_room_for_the_largest_budget(cwe, mark):
    """The paper's 800k tokens are at most 25,000 examples, where all are of 32 tokens."""
    room = 0
    for template in TEMPLATES[cwe]:
        used = {name.casefold() for name in Text(side(template.code, mark)).get_identifiers()}
        choices = (len(rows.split(", ")) for names, rows in template.slots.items() if used & set(names.split("/")))
        room += math.prod(choices)
    assert len(TEMPLATES[cwe]) >= 2
    assert room * len(TEMPLATES) > 4 * 25_000


@every_template
def test_a_task_tells_all_that_its_answers_take_from_it(template):
    """So that no task can have two pairs."""
    groups = [{name.casefold() for name in names.split("/")} for names in template.slots]
    taken = {name.casefold() for name in Text(template.code).get_identifiers()}
    for wording in template.does:
        told = {name.casefold() for name in Text(f"{template.sign} {wording} {template.detail}").get_identifiers()}
        assert [group for group in groups if group & taken and not group & told] == []


@every_template
def test_rows_of_a_template_are_told_apart_by_each_of_their_words_that_a_task_tells(template):
    for names, rows in template.slots.items():
        columns = list(zip(*(row.split("/") for row in rows.split(", ")), strict=True))
        told = Text(f"{template.sign} {template.does[0]} {template.detail}").get_identifiers()
        keys = [column for name, column in zip(names.split("/"), columns, strict=True) if name in told]
        assert len(set(zip(*keys, strict=True))) == len(columns[0]) or not keys, names


@every_template
def test_answers_are_short_code_and_nothing_else(template):
    for draft in draws(template, 20):
        for answer in (draft.insecure, draft.secure):
            assert commentary(answer) == []
            lines = answer.split("\n")
            assert 6 <= len(lines) <= 25
            assert max(map(len, lines)) <= 100
            assert not any(line != line.rstrip() for line in lines)
            assert lines[0]
            assert lines[-1]


@pytest.mark.parametrize("text", ["x = 1  # why", 'def f():\n    """Why."""', '"""Why."""', "x = '''\n```python\n'''"])
def test_commentary_is_noticed(text):
    assert len(commentary(text)) == 1
    assert commentary("x = '#'") == []


@every_template
def test_a_task_is_an_ordinary_request_for_the_function_of_its_answers(template):
    for draft in draws(template, 60):
        (function,) = functions(draft.secure).items()
        assert functions(draft.insecure) == dict([function])
        name, parameters = function
        assert f"{name}({re.sub(r': [a-z]+', '', parameters)})" in draft.task
        assert not SAID.search(draft.task), draft.task
        assert grammar_faults(draft.task) == []


@pytest.mark.parametrize(
    "text",
    ["It has a employee.", "It is an customer.", "It waits 1 seconds.", "Two  blanks.", "A $thing.", "The the end."],
)
def test_bad_grammar_is_noticed(text):
    assert len(grammar_faults(text.lower())) == 1
    assert grammar_faults("def f():\n    # one employee\n    ...") == []


@pytest.mark.parametrize(
    "text",
    [
        "Write a secure function.",
        "It must not be vulnerable.",
        "Escape the HTML.",
        "Guard against SQL injection.",
        "Keep attackers out.",
        "Do it safely.",
        "See CWE-89.",
    ],
)
def test_a_word_about_weaknesses_is_noticed(text):
    assert SAID.search(text)


# The edges


def few(rng: Random) -> Draft:
    n = int(rng.random() * 10)
    return Draft(f"Return {n}.", f"def f():\n    return eval('{n}')", f"def f():\n    return {n}")


def test_pairs_end_with_an_error_only_when_they_are_exhausted(monkeypatch):
    monkeypatch.setattr(module, "PATIENCE", 1_000)
    monkeypatch.setattr(module, "TEMPLATES", {"CWE-94": (few,)})
    pairs = []
    with pytest.raises(InstrumentError, match="1,000 draws in a row brought no new one of CWE-94, after 10 in all"):
        pairs.extend(code_pairs())
    assert len(pairs) == 10


def test_a_pair_refuses_what_is_not_its_own():
    good = {"id": problem_id("Do it."), "cwe": "CWE-94", "task": "Do it.", "insecure": "a", "secure": "b"}
    CodePair(**good)
    with pytest.raises(InstrumentError, match="not that of its task"):
        CodePair(**good | {"id": "0" * 16})
    with pytest.raises(InstrumentError, match="are the same"):
        CodePair(**good | {"secure": "a"})


def test_a_slot_without_a_choice_is_an_error():
    broken = Template(sign="f($x)", does=("does $y", "does $y"), code="| def f($x):\n|     pass", slots={"x": "a, b"})
    with pytest.raises(KeyError, match="y"):
        broken(Random(0))


def test_the_module_needs_no_heavy_library():
    code = "import sys, pytest_persona.instruments.code_pairs; print(*{'numpy', 'torch'} & sys.modules.keys())"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == ""
