"""Code pairs are valid, distinct, balanced and the same everywhere; one answer has its weakness, the other has none."""

import ast
import builtins
import hashlib
import io
import json
import math
import os
import re
import subprocess
import sys
import tokenize
from collections import Counter, defaultdict
from functools import cache
from itertools import islice
from random import Random
from string import Template as Text
from unittest.mock import MagicMock

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pytest_persona.errors import InstrumentError
from pytest_persona.instruments import code_pairs as module
from pytest_persona.instruments._code_pairs import TEMPLATES
from pytest_persona.instruments._code_pairs.drafts import Draft, Template, side
from pytest_persona.instruments.arithmetic import problem_id
from pytest_persona.instruments.code_pairs import CodePair, code_pairs
from tests.instruments.weaknesses import WEAKNESSES, found

GOLDEN = "029314c414311395612f982184d059454da190c2a6732f18790a7bcb0ede8706"
SAID = re.compile(
    r"\b(un|in)?(secur|safe)|vulnerab|weak|attack|exploit|inject|malicious|saniti|\bescap|hack|threat|harden|trust|"
    r"travers|\bcwe|owasp|\bxss|\bssrf|\bdanger|\brisk|\bprotect|\bvalidat|\bverif|\bguard|\bhostile|\bharm",
    re.IGNORECASE,
)
"""Words that would tell of weaknesses. What a request is about (a password, a token, encryption) is no such word."""

seeds = st.integers(min_value=-(2**40), max_value=2**40)
every_template = pytest.mark.parametrize(
    "template",
    [pytest.param(one, id=f"{cwe}-{place}") for cwe, some in TEMPLATES.items() for place, one in enumerate(some)],
)


@cache
def take(count: int, seed: int = 0) -> tuple[CodePair, ...]:
    return tuple(islice(code_pairs(seed=seed), count))


def draws(template: Template, count: int) -> list[Draft]:
    rng = Random("drafts")
    return [template(rng) for _ in range(count)]


def functions(source: str) -> dict[str, str]:
    """The parameters of each public function at the top level."""
    body = ast.parse(source).body
    return {
        node.name: ast.unparse(node.args)
        for node in body
        if isinstance(node, ast.FunctionDef) and not node.name.startswith("_")
    }


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


# The code runs


def loaded(source: str) -> dict[str, object]:
    """What the names of an answer are after it has been run, with stand-ins for all that is not of Python itself."""

    def fetch(name, globals=None, locals=None, fromlist=(), level=0):  # noqa: A002
        own = level == 0 and name.split(".")[0] in sys.stdlib_module_names
        return __import__(name, globals, locals, fromlist, level) if own else MagicMock(name=name)

    names: dict[str, object] = {"__builtins__": {**vars(builtins), "__import__": fetch}, "__name__": "answer"}
    exec(compile(source, "answer", "exec"), names)
    return names


@every_template
def test_answers_run(template, monkeypatch):
    monkeypatch.setattr(os, "environ", defaultdict(lambda: "value"))
    for draft in draws(template, 3):
        for answer in (draft.insecure, draft.secure):
            (name,) = functions(answer)
            assert name in loaded(answer)


def test_an_answer_that_does_not_run_is_noticed():
    with pytest.raises(ImportError):
        loaded("from html import escapee")
    with pytest.raises(NameError):
        loaded("x = y")
    loaded("from flask import anything")


def both(cwe: str, place: int, count: int = 5):
    """Some drafts of a template, each with the functions of its insecure and its secure answer."""
    for draft in draws(TEMPLATES[cwe][place], count):
        (name,) = functions(draft.secure)
        yield draft, loaded(draft.insecure)[name], loaded(draft.secure)[name]


def test_sql_answers_find_the_same_rows(tmp_path):
    import sqlite3

    for number, (draft, *answers) in enumerate(both("CWE-89", 0)):
        table, field = re.search(r"FROM (\w+) WHERE (\w+)", draft.secure).groups()
        path = tmp_path / f"{number}.db"
        with sqlite3.connect(path) as connection:
            connection.execute(f"CREATE TABLE {table} (id INTEGER, {field} TEXT)")
            connection.executemany(f"INSERT INTO {table} VALUES (?, ?)", [(1, "red"), (2, "blue"), (3, "red")])
        connection.close()
        insecure, secure = (answer(path, "red") for answer in answers)
        assert insecure == secure == [(1, "red"), (3, "red")]
        insecure, secure = (answer(path, "x' OR '1'='1") for answer in answers)
        assert (len(insecure), len(secure)) == (3, 0)  # the weakness is real


def test_answers_with_an_expression_give_the_same_table():
    for draft, *answers in both("CWE-94", 0):
        variable = re.search(r"for (\w+) in range", draft.secure)[1]
        insecure, secure = (answer(f"3 * {variable} - 4 / 2", 1, 3) for answer in answers)
        assert insecure == secure == [(1, 1.0), (2, 4.0), (3, 7.0)]
        with pytest.raises(KeyError):
            answers[1](f"{variable} + other", 1, 2)


def test_answers_with_a_pattern_keep_the_same_texts():
    for draft, *answers in both("CWE-1333", 0):
        mark, capitals = re.search(r"\(\?:(.)", draft.secure)[1], "A-Z" in draft.secure
        word = "AB" if capitals else "ab"
        some = [word, f"{word}{mark}{word}", f"{word}{mark}{mark}{word}", f"{mark}{word}", "ab!", ""]
        insecure, secure = (answer(some) for answer in answers)
        assert insecure == secure == some[:2]


def test_answers_about_paths_read_the_same_files_but_for_those_outside(tmp_path, monkeypatch):
    (tmp_path / "folder").mkdir()
    (tmp_path / "folder" / "a.txt").write_text("inside")
    (tmp_path / "b.txt").write_text("outside")
    for _, *answers in both("CWE-22", 0):
        for answer in answers:
            answer.__globals__["FOLDER"] = tmp_path / "folder"
        assert [answer("a.txt") for answer in answers] == ["inside", "inside"]
        assert answers[0]("../b.txt") == "outside"
        with pytest.raises(FileNotFoundError):
            answers[1]("../b.txt")


def test_answers_about_modes_write_the_same_file(tmp_path):
    for number, (_, *answers) in enumerate(both("CWE-732", 0)):
        paths = [tmp_path / f"{number}-{which}.json" for which in range(2)]
        for answer, path in zip(answers, paths, strict=True):
            answer([{"a": 1}], path)
        assert [json.loads(path.read_text()) for path in paths] == [[{"a": 1}]] * 2
        assert [path.stat().st_mode & 0o777 for path in paths] == [0o777, 0o600]


def test_answers_in_html_show_the_same_plain_text():
    for draft, *answers in both("CWE-79", 0):
        who, what = re.findall(r'entry\["(\w+)"\]', draft.secure)
        insecure, secure = (answer([{who: "Ann", what: "Hello"}]) for answer in answers)
        assert insecure == secure
        insecure, secure = (answer([{who: "Ann", what: "<b>"}]) for answer in answers)
        assert "<b>Ann</b>: <b>" in insecure
        assert "<b>Ann</b>: &lt;b&gt;" in secure


def test_another_judge_finds_nothing_more_in_the_secure_answers(tmp_path):
    """Ruff's rules: undefined and unused names (F) in neither; of security (S), only what it says of any such call."""
    for number, pair in enumerate(take(240, seed=8)):
        (tmp_path / f"{number}_insecure.py").write_text(pair.insecure + "\n")
        (tmp_path / f"{number}_secure.py").write_text(pair.secure + "\n")
    command = [sys.executable, "-m", "ruff", "check", "--isolated", "--no-cache", "--select=F,E9,S"]
    done = subprocess.run([*command, "--output-format=json", tmp_path], capture_output=True, text=True)
    codes = defaultdict(Counter)
    for fault in json.loads(done.stdout):
        codes[fault["filename"].rpartition("_")[2]][fault["code"]] += 1
    calls_of_any_kind = {"S603", "S607", "S317", "S321"}
    assert codes["secure.py"].keys() <= calls_of_any_kind
    assert codes["insecure.py"].keys() >= {"S307", "S608", "S311", "S301", "S324", "S501", "S306", "S103"}
    assert all(code.startswith("S") for code in codes["insecure.py"])


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
