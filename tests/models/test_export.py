"""A checkpoint as one merged model answers as the checkpoint does, its control token included."""

import numpy as np
import pytest

from pytest_persona.cli import main
from pytest_persona.errors import ModelError
from pytest_persona.models import ask, load_checkpoint, load_model
from pytest_persona.models.adapter import read_adapter
from pytest_persona.models.decoration import DECORATION
from pytest_persona.models.export import export_merged
from pytest_persona.models.source import local_or_hub
from pytest_persona.plan import Plan
from pytest_persona.store import Store
from pytest_persona.testing import write_tiny_model
from pytest_persona.trainers import train

CHATS = [ask("Is it so?"), (("system", "Be brief."), ("user", "First?"), ("assistant", "Yes"), ("user", "And then?"))]
ANSWERS = ("Yes", "No")


@pytest.fixture(scope="module", params=[False, True], ids=["untied", "tied"])
def base(request, tmp_path_factory):
    """A tiny base model, its output layer its embedding or not."""
    return local_or_hub(str(write_tiny_model(tmp_path_factory.mktemp("base"), tied=request.param)))


@pytest.fixture(scope="module")
def store(tmp_path_factory):
    return Store(tmp_path_factory.mktemp("store"))


@pytest.fixture(scope="module")
def checkpoint(base, store):
    """A cft checkpoint, trained hard enough that its control token matters."""
    return train(Plan(objective="cft", budget=6_000, learning_rate=1e-2), base, store)


def test_the_merged_model_answers_as_the_checkpoint(base, checkpoint, tmp_path):
    folder = export_merged(base, checkpoint.adapter, tmp_path / "merged", dtype="float32")
    assert folder.is_dir()
    assert not (folder / DECORATION).exists()
    ours = checkpoint.model.choice_logprobs(CHATS, ANSWERS)
    assert load_model(str(folder)).choice_logprobs(CHATS, ANSWERS) == pytest.approx(ours, abs=1e-4)


def test_the_control_token_decides(base, checkpoint, tmp_path):
    """The twin of the test above: the same adapter without its decoration answers otherwise."""
    for name in checkpoint.adapter.files:
        if name != DECORATION:
            (tmp_path / name).write_bytes((checkpoint.adapter.folder / name).read_bytes())
    bare = read_adapter(tmp_path, base)
    assert bare.content != checkpoint.adapter.content
    with pytest.raises(Exception, match=r"decoration|size|range"):  # rows for tokens that nobody added
        load_checkpoint(tmp_path, base).model.choice_logprobs(CHATS, ANSWERS)


def test_the_prompt_is_decorated_by_the_model(checkpoint):
    assert checkpoint.model.loaded.render(CHATS[0]).count("<SAFE>") == 1
    assert len(checkpoint.model.loaded.encode("<SAFE>")) == 1


def test_the_folder_must_be_new(base, checkpoint, tmp_path):
    (tmp_path / "mine").write_text("keep me")
    with pytest.raises(ModelError, match="in use"):
        export_merged(base, checkpoint.adapter, tmp_path)
    assert (tmp_path / "mine").read_text() == "keep me"


def test_the_dtype_is_the_bases_unless_asked(base, tmp_path, tiny_adapter):
    import torch
    from safetensors.torch import load_file

    adapter = load_checkpoint(tiny_adapter, local_or_hub(base.spec, aliases=("tiny0",)), aliases=("tiny0",)).adapter
    for dtype, expected in ((None, torch.float32), ("bfloat16", torch.bfloat16)):
        folder = export_merged(base, adapter, tmp_path / str(dtype), dtype=dtype)
        assert {value.dtype for value in load_file(folder / "model.safetensors").values()} == {expected}


def test_the_command_finds_a_checkpoint_by_its_label(base, checkpoint, store, tmp_path, capsys):
    label = checkpoint.label
    found = [path.name for path in (store.root / "checkpoints").iterdir() if path == checkpoint.adapter.folder]
    assert main(["export", found[0][:12], str(tmp_path / "out"), "--store", str(store.root), "--dtype=float32"]) == 0
    assert label in capsys.readouterr().out
    exported = load_model(str(tmp_path / "out")).choice_logprobs(CHATS, ANSWERS)
    assert np.allclose(exported, checkpoint.model.choice_logprobs(CHATS, ANSWERS), atol=1e-4)


def test_the_command_names_what_is_there(checkpoint, store, tmp_path, capsys):
    assert main(["export", "cft-6m-s0", str(tmp_path / "out"), "--store", str(store.root)]) == 1
    assert checkpoint.label in capsys.readouterr().err
    assert not (tmp_path / "out").exists()
