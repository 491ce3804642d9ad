"""The command: tables and JSON for people and scripts, one line for an error, and no torch."""

import json
import os
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

import pytest

from pytest_persona.cli import main
from pytest_persona.sealed import MANIFEST
from pytest_persona.store import Store

OLD, NEW, HALF = (digit * 64 for digit in "123")


def fill(folder: Path) -> dict:
    (folder / "weights.bin").write_bytes(bytes(2_500_000))
    return {"label": "sft [bold]25k"}


@pytest.fixture
def store(tmp_path, monkeypatch):
    """A store with an old, a new and an unfinished entry; the default one."""
    monkeypatch.setenv("PERSONA_STORE", str(tmp_path / "store"))
    store = Store(tmp_path / "store")
    for kind, fingerprint in (("checkpoints", OLD), ("answers", NEW), ("checkpoints", HALF)):
        store.get_or_make(kind, fingerprint, fill)
    then = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC).timestamp()
    os.utime(store.folder("checkpoints", OLD) / MANIFEST, (then, then))
    (store.folder("checkpoints", HALF) / MANIFEST).unlink()
    return store


def kept(store: Store) -> set[str]:
    return {path.name for kind in ("checkpoints", "answers") for path in (store.root / kind).iterdir()}


def test_list_shows_a_table_and_the_total(store, capsys):
    assert main(["store", "list"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[0].split() == ["kind", "fingerprint", "state", "what", "size", "last", "used", "(UTC)"]
    assert lines[2].split() == [
        "checkpoints",
        "111111111111",
        "whole",
        "sft",
        "[bold]25k",
        "2.5",
        "MB",
        "2026-01-02",
        "03:04",
    ]
    assert [line.split()[:3] for line in lines[1:4:2]] == [
        ["answers", "222222222222", "whole"],
        ["checkpoints", "333333333333", "unfinished"],
    ]
    assert lines[4:] == ["3 entries, 7.5 MB"]


def test_list_gives_json(store, capsys):
    assert main(["store", "list", "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    folder = store.folder("checkpoints", OLD)
    assert found[1] == {
        "kind": "checkpoints",
        "fingerprint": OLD,
        "label": "sft [bold]25k",
        "folder": str(folder),
        "bytes": 2_500_000 + (folder / MANIFEST).stat().st_size,
        "last_used": "2026-01-02T03:04:05+00:00",
        "state": "whole",
    }
    assert [each["state"] for each in found] == ["whole", "whole", "unfinished"]


def test_list_finds_changed_bytes_only_when_it_checks(store, capsys):
    (store.folder("checkpoints", OLD) / "weights.bin").write_bytes(b"changed")
    assert main(["store", "list"]) == 0
    assert "damaged" not in capsys.readouterr().out
    assert main(["store", "list", "--check"]) == 0
    assert "damaged" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("words", "output"),
    [
        (["list"], "the store {} is empty\n"),
        (["list", "--json"], "[]\n"),
        (["prune"], "nothing to remove from the store {}\n"),
    ],
)
def test_an_absent_store_is_no_error(tmp_path, capsys, words, output):
    absent = tmp_path / "absent"
    assert main(["store", *words, "--store", str(absent)]) == 0
    assert capsys.readouterr().out == output.format(absent)
    assert not absent.exists()


def test_prune_removes_what_no_run_can_use(store, capsys):
    assert main(["store", "prune", "--dry-run"]) == 0
    assert capsys.readouterr().out.splitlines()[-1] == "would remove 1 entry, 2.5 MB (--dry-run)"
    assert kept(store) == {OLD, NEW, HALF}
    assert main(["store", "prune"]) == 0
    assert capsys.readouterr().out.splitlines()[-1] == "removed 1 entry, 2.5 MB"
    assert kept(store) == {OLD, NEW}


@pytest.mark.parametrize(
    ("words", "left"),
    [
        (["--older-than", "1"], {NEW}),
        (["--older-than=0.5", "--kind", "answers"], {OLD, NEW}),
        (["--older-than=0", "--kind", "answers"], {OLD}),
        (["--older-than=0", "--kind", "answers", "checkpoints"], set()),
        (["--older-than=0", "--kind", "answers", "--kind", "checkpoints"], set()),
    ],
)
def test_prune_removes_what_is_old(store, words, left):
    assert main(["store", "prune", *words]) == 0
    assert kept(store) == left


def test_an_error_is_one_line(store, capsys):
    assert main(["store", "prune", "--older-than=1", "--kind=checkpoint"]) == 1
    output = capsys.readouterr()
    assert output.out == ""
    assert output.err == (
        f"pytest-persona: the store {store.root} has no kind 'checkpoint'; did you mean 'checkpoints'? "
        "Known: answers, checkpoints\n"
    )


@pytest.mark.parametrize(
    ("words", "message"),
    [
        ([], "required: COMMAND"),
        (["store"], "required: ACTION"),
        (["store", "prune", "--kind", "answers"], "add --older-than=DAYS"),
        (["store", "prune", "--older-than", "-1"], "from 0 to 36500"),
        (["store", "prune", "--older-than", "nan"], "from 0 to 36500"),
        (["store", "prune", "--older-than", "1e9"], "from 0 to 36500"),
        (["store", "prune", "--older-than", "month"], "'month' is no number of days"),
        (["store", "list", "--store", "~nobody-at-all/store"], "nobody's home folder"),
    ],
)
def test_wrong_words_are_a_usage_error(store, capsys, words, message):
    with pytest.raises(SystemExit) as caught:
        main(words)
    assert caught.value.code == 2
    assert message in capsys.readouterr().err
    assert kept(store) == {OLD, NEW, HALF}


def test_its_home_folder_is_expanded(monkeypatch, tmp_path, capsys):
    monkeypatch.setenv("HOME", str(tmp_path))
    assert main(["store", "list", "--store", "~/mine"]) == 0
    assert str(tmp_path / "mine") in capsys.readouterr().out


def test_it_imports_no_torch_and_no_numpy(store):
    script = (
        "import sys; from pytest_persona.cli import main; main(sys.argv[1:]); "
        "print('HEAVY', [name for name in ('torch', 'numpy', 'pytest') if name in sys.modules])"
    )
    result = subprocess.run(
        [sys.executable, "-c", script, "store", "list", "--check"], capture_output=True, text=True, check=True
    )
    assert result.stdout.splitlines()[-1] == "HEAVY []"
