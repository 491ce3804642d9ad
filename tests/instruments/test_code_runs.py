"""Answers of code pairs run: insecure and secure do the same, but for the weakness."""

import builtins
import json
import os
import re
import subprocess
import sys
from collections import Counter, defaultdict
from unittest.mock import MagicMock

import pytest

from pytest_persona.instruments._code_pairs import TEMPLATES
from tests.instruments.codes import draws, every_template, functions, take


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
