"""The wheel: one top-level package, with everything in it, whose suites can be collected."""

import os
import subprocess
import sys
import venv
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]


@pytest.fixture(scope="module")
def wheel(tmp_path_factory):
    folder = tmp_path_factory.mktemp("wheel")
    subprocess.run(
        [sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", folder, ROOT],
        check=True,
        capture_output=True,
    )
    (path,) = folder.glob("*.whl")
    return path


def test_its_only_top_level_package(wheel):
    names = zipfile.ZipFile(wheel).namelist()
    tops = {name.split("/")[0] for name in names if ".dist-info/" not in name}
    assert tops == {"pytest_persona"}
    (listed,) = (name for name in names if name.endswith("top_level.txt"))
    assert zipfile.ZipFile(wheel).read(listed).decode().split() == ["pytest_persona"]


def test_it_holds_every_module_and_data_file_once(wheel):
    names = zipfile.ZipFile(wheel).namelist()
    packed = sorted(name for name in names if ".dist-info/" not in name)
    assert len(packed) == len(set(packed))
    package = ROOT / "pytest_persona"
    wanted = {
        path.relative_to(ROOT).as_posix()
        for suffix in ("py", "json", "jsonl", "tsv", "j2", "typed")
        for path in package.rglob(f"*.{suffix}")
    }
    linked = ("fixtures", "suites", "trainers")
    wanted |= {f"pytest_persona/{path.relative_to(ROOT)}" for name in linked for path in (ROOT / name).rglob("*.py")}
    assert set(packed) == wanted


def test_its_suites_are_collected_where_only_the_wheel_is(wheel, tmp_path):
    """A virtual environment with the wheel alone; the libraries come from this one, the project's source does not."""
    venv.create(tmp_path / "env", with_pip=False)
    python = tmp_path / "env" / "bin" / "python"
    (site,) = (tmp_path / "env" / "lib").glob("python*/site-packages")
    zipfile.ZipFile(wheel).extractall(site)
    own = [path for path in sys.path if path.endswith("site-packages")]
    (site / "libraries.pth").write_text("\n".join(own))
    result = subprocess.run(
        [python, "-m", "pytest", "--pyargs", "pytest_persona.suites", "--collect-only", "-q"],
        cwd=tmp_path,
        env={"PATH": os.environ["PATH"], "HOME": str(tmp_path)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert result.returncode == 0, result.stdout + result.stderr
    assert result.stdout.count("test_persona.py::test_no_darktriad_drift[") == 3
    assert result.stdout.count("test_moral.py::") == 2
    assert "test_persona_model_collapse.py::" in result.stdout
    assert result.stdout.count("test_rewording.py::test_darktriad_verdict_survives_rewording[") == 3
    where = subprocess.run(
        [python, "-c", "import pytest_persona; print(pytest_persona.__file__)"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=True,
    )
    assert Path(where.stdout.strip()).is_relative_to(tmp_path)
