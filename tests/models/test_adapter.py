"""Adapters: only a LoRA that was made for this base model gets through."""

import json
import shutil

import pytest

from pytest_persona.errors import AdapterError
from pytest_persona.models import load_checkpoint
from pytest_persona.models.adapter import read_adapter
from pytest_persona.testing import write_tiny_adapter, write_tiny_model


@pytest.fixture
def adapter(tiny_adapter, tmp_path):
    return shutil.copytree(tiny_adapter, tmp_path / "adapter")


def edit(adapter, **changes):
    path = adapter / "adapter_config.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | changes))


def test_a_fitting_adapter_is_read(adapter, tiny_base):
    source = read_adapter(adapter, tiny_base)
    assert set(source.files) == {"adapter_config.json", "adapter_model.safetensors"}
    assert source.notes == ()


def missing(adapter):
    shutil.rmtree(adapter)


def no_config(adapter):
    (adapter / "adapter_config.json").unlink()


def broken_config(adapter):
    (adapter / "adapter_config.json").write_text("{")


def not_a_lora(adapter):
    edit(adapter, peft_type="PREFIX_TUNING")


def no_weights(adapter):
    (adapter / "adapter_model.safetensors").unlink()


def pickled(adapter):
    (adapter / "adapter_model.safetensors").rename(adapter / "adapter_model.bin")


def truncated(adapter):
    path = adapter / "adapter_model.safetensors"
    path.write_bytes(path.read_bytes()[:50])


def other_name(adapter):
    edit(adapter, base_model_name_or_path="meta-llama/Llama-3.1-8B-Instruct")


def no_lora_tensors(adapter):
    from safetensors.numpy import load_file, save_file

    path = adapter / "adapter_model.safetensors"
    save_file({name.replace("lora_", "other_"): value for name, value in load_file(path).items()}, path)


@pytest.mark.parametrize(
    ("damage", "message"),
    [
        (missing, "is not a folder"),
        (no_config, "has no adapter_config.json"),
        (broken_config, "cannot be read as JSON"),
        (not_a_lora, "'PREFIX_TUNING'; only LORA"),
        (no_weights, "has no adapter_model.safetensors"),
        (pickled, "pickled and never loaded"),
        (truncated, "not a whole safetensors file"),
        (other_name, r"trained on 'meta-llama/Llama-3.1-8B-Instruct', but the base model is .*--persona-base-alias"),
        (no_lora_tensors, "holds no LoRA weights"),
    ],
)
def test_a_damaged_adapter_is_refused(adapter, tiny_base, damage, message):
    damage(adapter)
    with pytest.raises(AdapterError, match=message):
        read_adapter(adapter, tiny_base)


def test_an_adapter_of_another_shape_is_refused_even_under_the_right_name(tiny_base, tmp_path):
    (tmp_path / "wide").mkdir()
    wide = write_tiny_model(tmp_path / "wide", hidden_size=48)
    adapter = write_tiny_adapter(tmp_path / "adapter", wide)
    edit(adapter, base_model_name_or_path=tiny_base.spec)
    with pytest.raises(AdapterError, match=r"lora_A.weight has shape \[4, 96\], but .* is \[32, 64\]"):
        read_adapter(adapter, tiny_base)


def test_an_alias_lets_another_name_through(adapter, tiny_base):
    other_name(adapter)
    assert read_adapter(adapter, tiny_base, aliases=("Llama-3.1-8B-Instruct",)).notes == ()


def test_an_adapter_that_names_no_base_is_read_with_a_note(adapter, tiny_base):
    edit(adapter, base_model_name_or_path=None)
    (note,) = read_adapter(adapter, tiny_base).notes
    assert "only its shapes were checked" in note


def test_layers_that_the_base_does_not_have_are_an_error_when_it_is_loaded(adapter, tiny_base):
    from safetensors.numpy import load_file, save_file

    path = adapter / "adapter_model.safetensors"
    save_file({name.replace("layers.1.", "layers.7."): value for name, value in load_file(path).items()}, path)
    with pytest.raises(AdapterError, match="different layers"):
        _ = load_checkpoint(adapter, tiny_base).model.loaded


def test_the_proof_sees_an_adapter_that_does_nothing(tiny_folder, tiny_base, tmp_path):
    nothing = write_tiny_adapter(tmp_path / "nothing", tiny_folder, scale=0)
    assert load_checkpoint(nothing, tiny_base).model.adapter_proof().change == 0


def test_the_proof_sees_an_adapter_that_works(adapter, tiny_base):
    proof = load_checkpoint(adapter, tiny_base).model.adapter_proof()
    assert proof.change > 1e-2
    assert proof.disagreement < 1e-3
    assert proof.dtype == "float32"


def test_retraining_into_the_same_folder_is_another_model(adapter, tiny_base, tiny_folder):
    before = load_checkpoint(adapter, tiny_base).model
    write_tiny_adapter(adapter, tiny_folder, seed=1)
    after = load_checkpoint(adapter, tiny_base).model
    assert before.fingerprint != after.fingerprint
    assert before.base_fingerprint == after.base_fingerprint


def test_an_adapter_with_nan_is_refused(adapter, tiny_base):
    import numpy as np
    from safetensors.numpy import load_file, save_file

    path = adapter / "adapter_model.safetensors"
    save_file({name: np.full_like(value, np.nan) for name, value in load_file(path).items()}, path)
    with pytest.raises(AdapterError, match="cannot be merged"):
        _ = load_checkpoint(adapter, tiny_base).model.loaded


def test_base_and_tuned_the_wrong_way_round_are_refused(adapter, tiny_base):
    from pytest_persona import assert_no_darktriad_drift
    from pytest_persona.models import hf_model

    tuned = load_checkpoint(adapter, tiny_base)
    for swapped in (tuned, tuned.model):
        with pytest.raises(TypeError, match="Swap them"):
            assert_no_darktriad_drift(hf_model(tiny_base), swapped)
    with pytest.raises(TypeError, match="traits is a list"):
        assert_no_darktriad_drift(tuned, hf_model(tiny_base), traits="narcissism")
