"""What the tests share: tiny models on disk, the published data, and an environment without surprises."""

import os
from pathlib import Path

import pytest

_DATA = os.environ.get("PERSONA_DATA")


@pytest.fixture(autouse=True)
def clean_environment(monkeypatch, tmp_path_factory):
    """No test reads the developer's data, writes into the developer's store, or minds where it runs."""
    monkeypatch.delenv("PERSONA_DATA", raising=False)
    monkeypatch.delenv("CI", raising=False)  # under which nothing tells of progress
    monkeypatch.setenv("PERSONA_STORE", str(tmp_path_factory.getbasetemp() / "store"))


@pytest.fixture(scope="session")
def imported():
    """Everything that a run imports late, imported now: pytester forgets what a run in this process imports, and some
    of these libraries cannot be imported twice."""
    import altair  # noqa: F401
    import datasets  # noqa: F401
    import peft  # noqa: F401
    import vl_convert  # noqa: F401
    from trl import DPOConfig, DPOTrainer, SFTConfig, SFTTrainer  # noqa: F401
    from trl.experimental.orpo import ORPOConfig, ORPOTrainer  # noqa: F401

    import pytest_persona.asserts
    import pytest_persona.finish
    import pytest_persona.testing
    import pytest_persona.trainers.objectives  # noqa: F401


@pytest.fixture(scope="session")
def official_data():
    """The folder of published instruments."""
    if not _DATA:
        pytest.skip("needs the published instruments: set PERSONA_DATA to their folder")
    return Path(_DATA).resolve()


@pytest.fixture(scope="session")
def tiny_folder(tmp_path_factory):
    """A tiny base model on disk."""
    from pytest_persona.testing import write_tiny_model

    return write_tiny_model(tmp_path_factory.mktemp("tiny"))


@pytest.fixture(scope="session")
def tiny_adapter(tmp_path_factory, tiny_folder):
    """A LoRA that changes the tiny model's answers."""
    from pytest_persona.testing import write_tiny_adapter

    return write_tiny_adapter(tmp_path_factory.mktemp("adapter"), tiny_folder)


@pytest.fixture(scope="session")
def tiny_base(tiny_folder):
    """The tiny model's files, described."""
    from pytest_persona.models.source import local_or_hub

    return local_or_hub(str(tiny_folder))


@pytest.fixture(scope="session")
def pocket_store(tmp_path_factory):
    """A store for tests on the real pocket model; `$PERSONA_POCKET_STORE` keeps it from one run to the next."""
    from pytest_persona.store import Store

    return Store(Path(os.environ.get("PERSONA_POCKET_STORE") or tmp_path_factory.mktemp("pocket")))


@pytest.fixture(scope="session")
def pocket_model(pocket_store):
    """The pocket model, fetched into that store."""
    from pytest_persona.models import find_base, hf_model

    return hf_model(find_base("pocket", pocket_store))
