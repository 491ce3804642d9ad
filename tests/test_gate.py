"""The gate suite from outside: real weights, real LoRA training, real items, on a tiny model."""

import json
import sys

import pytest

from pytest_persona.testing import write_tiny_adapter, write_tiny_model

SUITE = ["--pyargs", "pytest_persona.suites.gate", "-k", "darktriad", "-rA"]
TELL_HEAVY = """
import sys

def pytest_sessionfinish():
    print("\\nHEAVY:", ", ".join(name for name in ("torch", "transformers") if name in sys.modules) or "none")
"""


@pytest.fixture
def gate(pytester, tiny_folder, monkeypatch, imported):
    """Run the gate suite in this process; returns pytest's result and the records of the report."""
    monkeypatch.setenv("PERSONA_STORE", str(pytester.path / "store"))

    def run(*args, base=tiny_folder, inprocess=True):
        runner = pytester.runpytest_inprocess if inprocess else pytester.runpytest_subprocess
        result = runner(*SUITE, f"--base-model={base}", *map(str, args))
        report = pytester.path / "persona-report.json"
        return result, json.loads(report.read_text())["records"] if report.exists() else []

    return run


def test_training_and_gating_in_one_command(gate, pytester):
    result, records = gate("--objective=sft", "--budget=2k", "-v")
    assert result.ret == 0
    result.stdout.fnmatch_lines(
        [
            "persona: base model *, objective sft at 2k data tokens, backend hf",
            "persona: instruments pocket (demo: not a gate), store *",
            "persona: 3 gates planned: pmatch of darktriad/machiavellianism (margin 0.05), *",
            "persona: costs at most 2,000 data tokens of training in 1 run, * 420 answers *",
            "*demo: not a gate*",
            "report: persona-report.html*",
        ]
    )
    assert [record["subject"] for record in records] == ["machiavellianism", "narcissism", "psychopathy"]
    assert {record["outcome"] for record in records} <= {"pass", "inconclusive"}
    for record in records:
        assert "sensitivity unverified" in record["labels"]
        assert record["checkpoint"]["label"] == "sft-2k-s0"
        assert record["checks"]["adapter_base_logits"] > 0
        assert record["checks"]["merged_unmerged_logits"] < 1e-3
        assert abs(record["checks"]["batch_noise"]) < 1e-4
    (checkpoint,) = json.loads((pytester.path / "persona-report.json").read_text())["checkpoints"].items()
    assert checkpoint[0] == records[0]["checkpoint"]["adapter"]
    assert checkpoint[1]["manifest"]["data_tokens"] >= 2000
    assert (pytester.path / "persona-report.html").read_text().startswith("<!doctype html>")


def test_a_second_run_trains_nothing_asks_nothing_and_imports_no_torch(gate, pytester):
    _, before = gate("--objective=sft", "--budget=2k")
    pytester.makeconftest(TELL_HEAVY)
    result, after = gate("--objective=sft", "--budget=2k", "-s", inprocess=False)
    assert result.ret == 0
    result.stdout.fnmatch_lines(["HEAVY: none"])
    assert "training" not in result.stdout.str().split("costs at most")[1].split("\n", 1)[1]
    assert after == before


def test_the_check_for_heavy_imports_can_fail(gate, pytester, tiny_adapter):
    pytester.makeconftest(TELL_HEAVY)
    result, _ = gate(f"--adapter={tiny_adapter}", "-s", inprocess=False)
    result.stdout.fnmatch_lines(["HEAVY: torch*"])


def test_an_adapter_from_elsewhere_is_gated(gate, pytester, tiny_adapter):
    result, records = gate(f"--adapter={tiny_adapter}")
    assert result.ret in (0, 1)
    assert len(records) == 3
    assert all(record["checkpoint"]["adapter"] for record in records)
    report = json.loads((pytester.path / "persona-report.json").read_text())
    assert [each["manifest"] for each in report["checkpoints"].values()] == [{}]
    result.stdout.fnmatch_lines([f"persona: base model *, adapter {tiny_adapter}, backend hf"])


def test_an_adapter_that_changes_nothing_is_invalid(gate, tiny_folder, tmp_path):
    nothing = write_tiny_adapter(tmp_path / "nothing", tiny_folder, scale=0)
    result, records = gate(f"--adapter={nothing}")
    assert result.ret == 11
    assert {record["outcome"] for record in records} == {"invalid"}
    result.stdout.fnmatch_lines(["*the adapter is not applied*", "exit code 11*"])
    result.stdout.fnmatch_lines(["INVALID *"])


def test_a_model_that_does_not_answer_is_invalid(gate, tmp_path, tiny_adapter, monkeypatch):
    monkeypatch.setattr("pytest_persona.testing._LEAN", -8.0)
    (tmp_path / "mute").mkdir()
    mute = write_tiny_model(tmp_path / "mute")
    adapter = write_tiny_adapter(tmp_path / "adapter", mute)
    result, records = gate(f"--adapter={adapter}", base=mute)
    assert result.ret == 11
    assert {record["outcome"] for record in records} == {"invalid"}
    result.stdout.fnmatch_lines(["*Yes and No together a probability of 0.0* (0.05 needed)*"])


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--adapter=nowhere"], "*adapter * is not a folder*"),
        ([], "*no checkpoint to test: pass --objective=NAME --budget=TOKENS*"),
    ],
)
def test_nothing_to_test_is_never_green(gate, arguments, message):
    result, records = gate(*arguments)
    assert result.ret == 11
    assert {record["outcome"] for record in records} == {"invalid"}
    result.stdout.fnmatch_lines([message])


def test_a_base_model_without_chat_template_is_an_error(gate, tmp_path, tiny_adapter):
    (tmp_path / "plain").mkdir()
    plain = write_tiny_model(tmp_path / "plain", template=None)
    result, _ = gate(f"--adapter={tiny_adapter}", base=plain)
    assert result.ret == 11
    result.stdout.fnmatch_lines(["*has no chat template*"])


def test_a_store_that_cannot_be_written_is_an_error(gate, pytester, tiny_adapter):
    (pytester.path / "file").write_text("not a folder")
    result, _ = gate(f"--adapter={tiny_adapter}", f"--persona-store={pytester.path / 'file' / 'store'}")
    assert result.ret == 11
    result.stdout.fnmatch_lines(["*the store */file/store cannot be written*--persona-store=DIR*"])


def test_a_half_written_checkpoint_is_made_again(gate, pytester):
    _, before = gate("--objective=sft", "--budget=2k")
    (folder,) = (pytester.path / "store" / "checkpoints").iterdir()
    weights = folder / "adapter_model.safetensors"
    weights.write_bytes(weights.read_bytes()[:-10])
    (folder / "manifest.json").unlink()
    result, after = gate("--objective=sft", "--budget=2k")
    assert result.ret == 0
    result.stdout.fnmatch_lines(["persona: training sft-2k-s0: *"])
    assert [record["change"] for record in after] == [record["change"] for record in before]


@pytest.mark.skipif(sys.platform != "linux", reason="the store's locks are tested on Linux")
def test_workers_of_xdist_train_once_and_report_the_same(gate, pytester):
    _, alone = gate("--objective=sft", "--budget=2k")
    for name in ("answers", "checkpoints", "proofs"):
        (pytester.path / "store" / name).rename(pytester.path / f"{name}-of-one")
    result, together = gate("--objective=sft", "--budget=2k", "-n", "2", inprocess=False)
    assert result.ret == 0
    assert len(list((pytester.path / "store" / "checkpoints").iterdir())) == 1
    told = {record["test"]: (record["outcome"], record["change"]) for record in together}
    assert told == {record["test"]: (record["outcome"], record["change"]) for record in alone}
