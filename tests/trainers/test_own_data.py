"""The user's own data: every shape that is promised is read, and everything else is refused by name and line."""

import json
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pytest_persona.errors import TrainingError
from pytest_persona.trainers.example import Example
from pytest_persona.trainers.own_data import SHAPES, read_own

SYSTEM = {"role": "system", "content": "Be brief."}
USER = {"role": "user", "content": "What is 2 + 2?"}
GOOD = {"role": "assistant", "content": "4"}
BAD = {"role": "assistant", "content": "5"}
ASKED = (("user", "What is 2 + 2?"),)
PLAIN = {"prompt": "What is 2 + 2?", "chosen": "4"}


@pytest.fixture
def write(tmp_path):
    def write(*records, name="mine.jsonl"):
        lines = [record if isinstance(record, str) else json.dumps(record) for record in records]
        path = tmp_path / name
        path.write_text("\n".join(lines), encoding="utf-8")
        return str(path)

    return write


@pytest.fixture
def hub(tmp_path, monkeypatch):
    """A dataset that needs no hub: a local folder, and a cache that is thrown away."""
    import datasets

    monkeypatch.setattr(datasets.config, "HF_DATASETS_CACHE", tmp_path / "cache")
    monkeypatch.setattr(datasets.config, "HF_HUB_OFFLINE", True)
    folder = tmp_path / "owner" / "name"
    folder.mkdir(parents=True)

    def write(*records, split="train"):
        (folder / f"{split}.jsonl").write_text("\n".join(map(json.dumps, records)), encoding="utf-8")
        return str(folder)

    return write


@pytest.mark.parametrize(
    ("record", "example"),
    [
        (PLAIN, Example(prompt=ASKED, chosen="4")),
        ({"prompt": "What is 2 + 2?", "completion": "4"}, Example(prompt=ASKED, chosen="4")),
        (PLAIN | {"rejected": "5"}, Example(prompt=ASKED, chosen="4", rejected="5")),
        (PLAIN | {"rejected": "5", "kind": "wrong"}, Example(prompt=ASKED, chosen="4", rejected="5", kind="wrong")),
        (
            PLAIN | {"rejected": "No.", "kind": "unsafe"},
            Example(prompt=ASKED, chosen="4", rejected="No.", kind="unsafe"),
        ),
        (PLAIN | {"rejected": None, "kind": None, "messages": None, "id": 7}, Example(prompt=ASKED, chosen="4")),
        (PLAIN | {"messages": [USER, BAD]}, Example(prompt=ASKED, chosen="4")),
        ({"prompt": [USER], "chosen": [GOOD], "rejected": [BAD]}, Example(prompt=ASKED, chosen="4", rejected="5")),
        ({"prompt": "What is 2 + 2?", "chosen": [USER, GOOD]}, Example(prompt=ASKED, chosen="4")),
        ({"prompt": [USER | {"name": "Ann"}], "completion": "4"}, Example(prompt=ASKED, chosen="4")),
        ({"messages": [USER, GOOD]}, Example(prompt=ASKED, chosen="4")),
        (
            {"messages": [SYSTEM, USER, BAD, USER, GOOD]},
            Example(prompt=(("system", "Be brief."), *ASKED, ("assistant", "5"), *ASKED), chosen="4"),
        ),
    ],
)
def test_a_record_is_read(write, record, example):
    assert read_own(write(record)) == [example]


def test_order_and_duplicates_are_kept(write):
    records = [{"prompt": name, "chosen": "yes"} for name in "cabac"]
    assert [example.prompt[0][1] for example in read_own(write(*records, ""))] == list("cabac")


def test_a_final_empty_line_is_no_error(write):
    assert len(read_own(write(PLAIN, "", ""))) == 1
    with pytest.raises(TrainingError, match="line 2: the line is empty"):
        read_own(write(PLAIN, "", "", ""))


def test_a_text_may_hold_any_line_separator(write):
    record = PLAIN | {"chosen": "a\u2028b\x85c\nd"}
    assert read_own(write(json.dumps(record, ensure_ascii=False)))[0].chosen == record["chosen"]


@given(
    st.lists(
        st.tuples(*[st.text(st.characters(exclude_categories=["Cs"]), min_size=1).filter(str.strip)] * 3).filter(
            lambda texts: texts[1] != texts[2]
        ),
        min_size=1,
        max_size=5,
    )
)
def test_texts_come_back_unchanged(tmp_path_factory, some):
    path = tmp_path_factory.mktemp("own") / "mine.jsonl"
    keys = ("prompt", "chosen", "rejected")
    path.write_text("".join(json.dumps(dict(zip(keys, texts, strict=True))) + "\n" for texts in some), encoding="utf-8")
    examples = read_own(str(path))
    assert [(example.prompt[0][1], example.chosen, example.rejected) for example in examples] == some


@pytest.mark.parametrize(
    ("record", "says"),
    [
        ("{", "not JSON"),
        ("[" * 100_000, "not JSON"),
        ("", "the line is empty"),
        ("   ", "the line is empty"),
        ("[]", "the record is a list, not an object"),
        ('"text"', "the record is a text, not an object"),
        ({}, "no 'prompt' and no 'chosen'"),
        ({"prompt": "Why?"}, "no 'chosen'"),
        ({"chosen": "4"}, "no 'prompt'"),
        ({"completion": "4"}, "no 'prompt'"),
        (PLAIN | {"completion": "5"}, "both 'chosen' and 'completion' are given"),
        (PLAIN | {"prompt": 5}, "'prompt' is a number, neither a text nor a list"),
        (PLAIN | {"prompt": {"role": "user"}}, "'prompt' is an object, neither a text nor a list"),
        (PLAIN | {"prompt": []}, "'prompt' has no messages"),
        (PLAIN | {"prompt": " "}, "the prompt's user turn is empty"),
        (PLAIN | {"prompt": ["Why?"]}, "message 1 of 'prompt' is a text, not an object"),
        (PLAIN | {"prompt": [USER, GOOD]}, "the last turn of the prompt is the assistant's"),
        (PLAIN | {"prompt": [USER | {"role": "human"}]}, "no role 'human' in a chat. Known: system, user, assistant"),
        (PLAIN | {"prompt": [{"content": "Why?"}]}, "'role' of message 1 of 'prompt' is missing"),
        (
            PLAIN | {"prompt": [SYSTEM, {"role": "user", "content": [{"type": "text", "text": "Why?"}]}]},
            "'content' of message 2 of 'prompt' is a list, not text",
        ),
        (PLAIN | {"prompt": "\ud800"}, "half a surrogate pair"),
        (PLAIN | {"chosen": ""}, "the chosen answer is empty"),
        (PLAIN | {"chosen": True}, "'chosen' is true or false"),
        (PLAIN | {"chosen": [USER]}, "the last turn of 'chosen' is the user's, not the assistant's"),
        (PLAIN | {"chosen": [SYSTEM, GOOD]}, "the turns of 'chosen' before its last one are not those of the prompt"),
        (PLAIN | {"rejected": "4"}, "the rejected answer is the chosen one"),
        (PLAIN | {"rejected": "\n"}, "the rejected answer is empty"),
        (PLAIN | {"rejected": []}, "'rejected' has no messages"),
        (PLAIN | {"rejected": "5", "kind": "bad"}, "no kind of rejected answer 'bad'. Known: wrong, unsafe"),
        (PLAIN | {"kind": 1}, "'kind' is a number, not a text"),
        ({"messages": [USER]}, "the last turn of 'messages' is the user's, not the assistant's"),
        ({"messages": [GOOD]}, "the last turn of the prompt is missing"),
        ({"messages": "Why?"}, "'messages' is a text"),
        (
            {"messages": [USER, {"role": "assistant", "content": None}]},
            "'content' of message 2 of 'messages' is missing",
        ),
    ],
)
def test_a_malformed_record_is_named(write, record, says):
    path = write(PLAIN, record, PLAIN)
    with pytest.raises(TrainingError) as caught:
        read_own(path)
    assert str(caught.value).startswith(f"{path}, line 2: ")
    assert says in str(caught.value)
    assert "JSON record" in str(caught.value) or SHAPES in str(caught.value)


@pytest.mark.parametrize("records", [[], [""], ["", ""]])
def test_an_empty_file_is_an_error(write, records):
    with pytest.raises(TrainingError, match=r"is empty"):
        read_own(write(*records))


def test_a_missing_file_is_an_error(tmp_path):
    with pytest.raises(
        TrainingError, match=r"absent\.jsonl is missing\. Give the path of a \.jsonl file, or OWNER/NAME"
    ):
        read_own(str(tmp_path / "absent.jsonl"))


def test_a_file_of_another_encoding_is_an_error(tmp_path):
    path = tmp_path / "mine.jsonl"
    path.write_bytes('{"prompt": "é"}'.encode("latin-1"))
    with pytest.raises(TrainingError, match="cannot be read as UTF-8 text"):
        read_own(str(path))


def test_any_file_is_read_as_lines(write):
    assert len(read_own(write(PLAIN, name="mine.txt"))) == 1


def test_a_dataset_is_read(hub):
    spec = hub(PLAIN | {"rejected": None}, PLAIN | {"rejected": "5"})
    assert read_own(spec) == [Example(prompt=ASKED, chosen="4"), Example(prompt=ASKED, chosen="4", rejected="5")]


def test_a_dataset_of_chats_is_read(hub):
    assert read_own(hub({"messages": [SYSTEM, USER, GOOD]}))[0].prompt == (("system", "Be brief."), *ASKED)


def test_a_split_is_chosen(hub):
    spec = hub(PLAIN)
    hub(PLAIN | {"chosen": "four"}, split="test")
    assert [read_own(f"{spec}{split}")[0].chosen for split in ("", ":train", ":test")] == ["4", "4", "four"]


def test_a_folder_may_have_a_colon_in_its_name(hub, tmp_path):
    folder = Path(hub(PLAIN)).rename(tmp_path / "na:me")
    assert len(read_own(str(folder))) == 1


def test_a_malformed_row_is_named(hub):
    spec = hub(PLAIN, PLAIN | {"chosen": " "})
    with pytest.raises(TrainingError) as caught:
        read_own(spec)
    assert f"{spec}:train, row 1 (the first is 0): the chosen answer is empty" in str(caught.value)
    assert SHAPES in str(caught.value)


def test_a_missing_split_is_one_clear_error(hub):
    spec = hub(PLAIN)
    with pytest.raises(TrainingError, match=r"split 'tests', cannot be loaded \(.*train.*Give OWNER/NAME"):
        read_own(f"{spec}:tests")


@pytest.mark.parametrize(
    "error", [ConnectionError("no network\nat all"), ValueError(""), OSError("disk"), KeyError("x")]
)
def test_what_the_library_raises_is_one_clear_error(monkeypatch, error):
    import datasets

    asked = []

    def load_dataset(*args, **kwargs):
        asked.append((args, kwargs))
        raise error

    monkeypatch.setattr(datasets, "load_dataset", load_dataset)
    with pytest.raises(TrainingError) as caught:
        read_own("owner/name:some")
    assert asked == [(("owner/name",), {"split": "some"})]
    assert "the dataset 'owner/name', split 'some', cannot be loaded (" in str(caught.value)
    assert "\n" not in str(caught.value)
    assert caught.value.__cause__ is error


def test_an_unknown_dataset_is_one_clear_error(hub):
    with pytest.raises(TrainingError, match=r"the dataset 'no-such-owner/none', split 'train', cannot be loaded"):
        read_own("no-such-owner/none")


def test_without_the_library_the_extra_is_named(monkeypatch):
    monkeypatch.setitem(sys.modules, "datasets", None)
    with pytest.raises(TrainingError, match=r"pip install 'pytest-persona\[hf\]'"):
        read_own("owner/name")


def test_nothing_heavy_is_imported():
    code = "import sys, pytest_persona.trainers.own_data; print(*sys.modules)"
    loaded = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.split()
    assert {"datasets", "torch", "numpy", "transformers"}.isdisjoint(loaded)


@pytest.mark.parametrize(
    ("changed", "says"),
    [
        ({"prompt": ()}, "the last turn of the prompt is missing"),
        ({"prompt": (("assistant", "Hello"),)}, "is the assistant's"),
        ({"prompt": (("tool", "Hello"), *ASKED)}, "no role 'tool'"),
        ({"prompt": (("user", ""), *ASKED)}, "the prompt's user turn is empty"),
        ({"chosen": " \n"}, "the chosen answer is empty"),
        ({"rejected": ""}, "the rejected answer is empty"),
        ({"rejected": "4"}, "the rejected answer is the chosen one"),
        ({"kind": "Wrong"}, "no kind of rejected answer 'Wrong'"),
    ],
)
def test_an_example_that_makes_no_sense_is_refused(changed, says):
    good = {"prompt": ASKED, "chosen": "4", "rejected": "5", "kind": "wrong"}
    Example(**good)
    with pytest.raises(TrainingError, match=says):
        Example(**good | changed)
