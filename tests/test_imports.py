"""The plugin costs an unrelated project nothing: neither torch nor numpy is imported."""

import subprocess
import sys

import pytest

HEAVY = ("torch", "transformers", "numpy", "scipy", "altair", "jinja2", "rich")
TELL = """
import sys
import pytest

class Tell:
    def pytest_sessionfinish(self):
        print("HEAVY:", ", ".join(name for name in {heavy!r} if name in sys.modules) or "none")

plugins = [Tell()]
sys.exit(pytest.main({arguments!r}, plugins=plugins))
"""


@pytest.fixture
def collect(tmp_path):
    """Collect an unrelated project in a fresh process, with the persona plugin and no other; the heavy imports."""

    def run(test="def test_it():\n    pass\n", *arguments):
        (tmp_path / "test_unrelated.py").write_text(test)
        words = ["--collect-only", "-q", "-p", "pytest_persona.plugin", "-p", "no:cacheprovider", *arguments]
        result = subprocess.run(
            [sys.executable, "-c", TELL.format(heavy=HEAVY, arguments=words)],
            cwd=tmp_path,
            env={"PATH": "", "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1", "HOME": str(tmp_path)},
            capture_output=True,
            text=True,
            check=True,
        )
        return result.stdout

    return run


def test_collecting_an_unrelated_project_imports_nothing_heavy(collect):
    output = collect()
    assert "test_unrelated.py::test_it" in output
    assert "HEAVY: none" in output
    assert "persona" not in output


def test_the_check_can_fail(collect):
    assert "HEAVY: numpy" in collect("import numpy\n\ndef test_it():\n    pass\n")


def test_collecting_a_gate_imports_no_torch(collect):
    output = collect(
        "from pytest_persona import assert_no_darktriad_drift, load_model, Checkpoint\n\ndef test_it():\n    pass\n"
    )
    assert "torch" not in output.split("HEAVY:")[1]


def test_the_public_names_are_there():
    import pytest_persona

    assert all(getattr(pytest_persona, name) is not None for name in pytest_persona.__all__)
    assert dir(pytest_persona) == sorted(pytest_persona.__all__)
    with pytest.raises(AttributeError, match="assert_nothing"):
        _ = pytest_persona.assert_nothing
