"""Base models on disk and on the hub: what is refused, and what the fingerprint covers."""

import json
import shutil
import socket

import pytest

from pytest_persona.errors import ModelError
from pytest_persona.models import hf_model
from pytest_persona.models.source import local_or_hub, tensor_shapes


@pytest.fixture
def folder(tiny_folder, tmp_path):
    return shutil.copytree(tiny_folder, tmp_path / "model")


def test_a_folder_is_described(folder):
    source = local_or_hub(str(folder))
    assert source.name == "model"
    assert {"config.json", "model.safetensors", "tokenizer.json"} <= source.files.keys()
    assert source.parameters == sum(
        shape[0] * (shape[1] if len(shape) > 1 else 1) for shape in source.shapes().values()
    )


def test_pickled_weights_are_never_read(folder):
    (folder / "model.safetensors").rename(folder / "pytorch_model.bin")
    with pytest.raises(ModelError, match=r"pytorch_model.bin is pickled and never loaded.*save_pretrained"):
        local_or_hub(str(folder))


def test_a_model_without_config(folder):
    (folder / "config.json").unlink()
    with pytest.raises(ModelError, match=r"no config\.json"):
        local_or_hub(str(folder))


def test_a_model_without_chat_template(folder):
    (folder / "chat_template.jinja").unlink()
    with pytest.raises(ModelError, match="has no chat template"):
        local_or_hub(str(folder))


@pytest.mark.parametrize("spec", ["/no/such/folder", "./nowhere", "too/many/parts", "white space"])
def test_neither_folder_nor_hub_id(spec):
    with pytest.raises(ModelError, match="neither a folder nor a hub id"):
        local_or_hub(spec)


def test_a_hub_without_network_says_what_to_do(monkeypatch, tmp_path):
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        monkeypatch.setattr("huggingface_hub.constants.ENDPOINT", f"http://127.0.0.1:{unused.getsockname()[1]}")
        monkeypatch.setattr("huggingface_hub.constants.HF_HUB_OFFLINE", True)
        monkeypatch.setattr("huggingface_hub.constants.HF_HUB_CACHE", str(tmp_path))
        with pytest.raises(ModelError, match=r"in no local cache and cannot be downloaded.*--base-model=FOLDER"):
            local_or_hub("nobody/nothing")


def test_code_of_the_models_own_is_never_run(folder):
    config = json.loads((folder / "config.json").read_text())
    config |= {"model_type": "unheard-of", "auto_map": {"AutoModelForCausalLM": "evil.Evil", "AutoConfig": "evil.Cfg"}}
    (folder / "config.json").write_text(json.dumps(config))
    (folder / "evil.py").write_text("raise SystemExit('ran')")
    with pytest.raises(ModelError, match="without code of its own"):
        _ = hf_model(local_or_hub(str(folder))).loaded


def test_a_truncated_weights_file_is_an_error(folder):
    path = folder / "model.safetensors"
    path.write_bytes(path.read_bytes()[:100])
    with pytest.raises(ModelError, match="not a whole safetensors file"):
        tensor_shapes(path)


@pytest.mark.parametrize(
    "name", ["model.safetensors", "tokenizer.json", "chat_template.jinja", "generation_config.json"]
)
def test_the_fingerprint_changes_with_the_content_of(folder, name):
    before = hf_model(local_or_hub(str(folder))).fingerprint
    path = folder / name
    changed = path.read_bytes()
    path.write_bytes(changed[:-2] + bytes([changed[-2] ^ 1]) + changed[-1:])
    assert hf_model(local_or_hub(str(folder))).fingerprint != before


def test_the_fingerprint_does_not_change_with_the_place(folder, tmp_path):
    moved = shutil.copytree(folder, tmp_path / "elsewhere")
    assert hf_model(local_or_hub(str(moved))).fingerprint == hf_model(local_or_hub(str(folder))).fingerprint


def test_the_fingerprint_changes_with_template_arguments(folder):
    source = local_or_hub(str(folder))
    assert hf_model(source, template_args={"a": 1}).fingerprint != hf_model(source).fingerprint


def test_a_base_with_an_adapter_in_its_folder_is_refused(folder):
    (folder / "adapter_config.json").write_text("{}")
    with pytest.raises(ModelError, match=r"holds an adapter_config\.json"):
        local_or_hub(str(folder))


def test_weights_that_are_missing_are_not_drawn_at_random(folder):
    from safetensors.numpy import load_file, save_file

    path = folder / "model.safetensors"
    kept = {name: value for name, value in load_file(path).items() if "layers.1.mlp" not in name}
    save_file(kept, path, metadata={"format": "pt"})
    with pytest.raises(ModelError, match=r"lacks 3 of its weights, first model\.layers\.1\.mlp"):
        _ = hf_model(local_or_hub(str(folder))).loaded
