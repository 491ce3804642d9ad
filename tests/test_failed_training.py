"""A checkpoint that could not be made is never green, and the report says why."""

import json

import pytest

OWN = {"prompt": "How many legs does a chair have?", "chosen": "Four."}


@pytest.fixture
def gate(pytester, tiny_folder, monkeypatch, imported):
    """Run the gate suite on the tiny model with data of the user's own."""
    monkeypatch.setenv("PERSONA_STORE", str(pytester.path / "store"))

    def run(records, *args):
        (pytester.path / "own.jsonl").write_text("".join(json.dumps(record) + "\n" for record in records))
        options = [
            "--pyargs",
            "pytest_persona.suites.gate",
            "-k",
            "darktriad",
            f"--base-model={tiny_folder}",
            "--train-data=own.jsonl",
        ]
        result = pytester.runpytest_inprocess(*options, *args)
        return result, json.loads((pytester.path / "persona-report.json").read_text())["records"]

    return run


def test_data_without_rejected_answers(gate):
    result, records = gate([OWN] * 60, "--objective=sft,dpo", "--budget=400")
    assert result.ret == 11
    by_objective = {name: [record for record in records if name in record["test"]] for name in ("sft-400", "dpo-400")}
    assert {record["outcome"] for record in by_objective["sft-400"]} <= {"pass", "inconclusive"}
    assert {record["outcome"] for record in by_objective["dpo-400"]} == {"invalid"}
    assert all("no field 'rejected'" in record["reasons"][0] for record in by_objective["dpo-400"])


def test_data_that_end_early(gate):
    result, records = gate([OWN] * 6, "--objective=sft", "--budget=400k")
    assert result.ret == 11
    assert {record["outcome"] for record in records} == {"invalid"}
    assert all("end after 6 examples" in record["reasons"][0] for record in records)
    result.stdout.fnmatch_lines(["*Ask for at most --budget=*"])
