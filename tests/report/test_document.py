"""The JSON beside the report: versioned, whole, and each manifest in it once."""

import json
from dataclasses import replace

from pytest_persona.record import from_plain, to_plain
from pytest_persona.report.document import document
from tests.report.by_hand import LOST, record
from tests.report.fleet import make_lost, untold


def restored(plain):
    """The records of a document, with the manifests put back."""
    for one in plain["records"]:
        checkpoint = one["checkpoint"]
        if "adapter" in checkpoint:
            manifest = plain["checkpoints"][checkpoint["adapter"]]["manifest"]
            one = one | {"checkpoint": {"manifest": manifest} | checkpoint}
        yield from_plain(one)


def test_each_manifest_stands_once(fleet):
    plain = json.loads(json.dumps(document(fleet, 1), allow_nan=False))
    assert list(plain) == ["schema", "exit_code", "checkpoints", "records", "findings", "levels"]
    assert plain["schema"] == 4
    assert len(plain["checkpoints"]) == 28
    assert all(set(one["checkpoint"]) == {"label", "adapter"} for one in plain["records"])
    for one in plain["records"]:
        assert plain["checkpoints"][one["checkpoint"]["adapter"]]["label"] == one["checkpoint"]["label"]
    assert json.dumps(plain).count('"order_sha256"') == 28


def test_nothing_is_lost(fleet):
    shown = [*fleet, *untold(fleet[:3]), make_lost(), LOST, replace(record(), checkpoint={"label": "scripted"})]
    assert list(restored(json.loads(json.dumps(document(shown, 1))))) == shown
    assert document(untold(fleet[:1]), 0)["checkpoints"] == {"ad" * 32: {"label": "lora-of-friday", "manifest": {}}}


def test_rungs_that_one_step_reaches_keep_their_own_manifests(fleet):
    """Their weights, and so their adapters' hashes, are equal."""
    adapter = {"adapter": fleet[0].checkpoint["adapter"]}
    shown = [*fleet[:3], *(replace(one, checkpoint=one.checkpoint | adapter) for one in fleet[3:6])]
    plain = document(shown, 0)
    assert list(plain["checkpoints"]) == [adapter["adapter"]]
    assert ["manifest" in one["checkpoint"] for one in plain["records"]] == [False] * 3 + [True] * 3
    assert list(restored(plain)) == shown


def test_records_are_left_as_they_are(fleet):
    before = [to_plain(one) for one in fleet]
    document(fleet, 0)
    assert [to_plain(one) for one in fleet] == before
    assert before[0]["checkpoint"]["manifest"]  # they carry it between processes
