"""Does the built wheel hold everything that an administration needs, and nothing that it does not?"""

from __future__ import annotations

import configparser
import os
import shutil
import subprocess
import sys
import tarfile
import tomllib
import zipfile
from importlib import metadata
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
LITTER = shutil.ignore_patterns(".git", ".venv*", ".demo", "__pycache__", "*.pyc", ".*_cache", ".hypothesis", "build",
                                "dist", "*.egg-info")
LIMIT = 3_000_000
"""Bytes of a wheel that is carried on a bad line: half a minute on a tenth of a megabyte a second. A tenth of it
is what `edi explain` says of every code in two languages."""

pytestmark = pytest.mark.skipif(
    int(metadata.version("setuptools").split(".")[0]) < 77 and not os.environ.get("CI"),
    reason="needs the setuptools of the test extra (python3 -m gateway test installs it)")


def backend(source: Path, hook: str, target: Path) -> Path:
    """Build as an installer would, without network: the backend that pyproject.toml names, in the sources' folder."""
    target.mkdir()
    code = f"import sys; from setuptools import build_meta; print(build_meta.{hook}(sys.argv[1]))"
    done = subprocess.run([sys.executable, "-c", code, str(target)], cwd=source, capture_output=True, text=True,
                          check=False)
    assert done.returncode == 0, done.stderr
    return target / done.stdout.split()[-1]


@pytest.fixture(scope="module")
def source(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the checkout, so that building leaves nothing in it."""
    folder = tmp_path_factory.mktemp("source") / "checkout"
    shutil.copytree(ROOT, folder, ignore=LITTER)
    return folder


@pytest.fixture(scope="module")
def wheel(source: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return backend(source, "build_wheel", tmp_path_factory.mktemp("wheel") / "dist")


@pytest.fixture(scope="module")
def sdist(source: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return backend(source, "build_sdist", tmp_path_factory.mktemp("sdist") / "dist")


@pytest.fixture(scope="module")
def installed(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel unpacked into a folder: for pure Python that is all that installing without dependencies does."""
    folder = tmp_path_factory.mktemp("installed")
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(folder)
    return folder


TO_READ = ("samples/corridors/", "samples/gw1/", "samples/story/steps/", "samples/fraud/evidence/")
"""Samples that are read in the checkout and not installed."""


def expected(source: Path) -> set[str]:
    """What of the checkout belongs in the wheel, by its name there."""
    names = set()
    for path in (source / "gateway").rglob("*"):
        name = path.relative_to(source).as_posix()
        prose = name.startswith(("gateway/docs/", "gateway/decisions/")) or \
            (path.suffix == ".md" and not name.startswith("gateway/edifact/"))
        if path.is_file() and not prose and path.suffix != ".po":
            names.add(name)
    for folder in ("mappings", "samples"):
        names |= {f"gateway/_{path.relative_to(source).as_posix()}" for path in (source / folder).rglob("*")
                  if path.is_file() and not path.relative_to(source).as_posix().startswith(TO_READ)}
    return names


def test_the_wheel_holds_the_package_its_data_the_mappings_and_the_samples(source: Path, wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        held = {name for name in archive.namelist() if ".dist-info/" not in name}
    assert held == expected(source)


def test_the_wheel_serves_every_computer_and_is_small(wheel: Path) -> None:
    assert wheel.name.endswith("-py3-none-any.whl")
    assert wheel.stat().st_size < LIMIT


def test_the_wheel_brings_the_four_commands_and_each_of_them_loads(installed: Path) -> None:
    (entry_points,) = installed.glob("*.dist-info/entry_points.txt")
    parser = configparser.ConfigParser()
    parser.read(entry_points, "utf-8")
    assert dict(parser["console_scripts"]) == {
        "edi": "gateway.cli:main", "edi-send": "gateway.cli:main_send", "edi-receive": "gateway.cli:main_receive",
        "edi-sync": "gateway.cli:main_sync"}
    inside(installed, "from gateway.cli import main, main_send, main_receive, main_sync")


def test_the_metadata_says_licence_python_and_requirements_as_the_project_does(installed: Path) -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    (folder,) = installed.glob("*.dist-info")
    told = metadata.PathDistribution(folder)
    assert (told.metadata["Name"], told.version) == (project["name"], project["version"])
    assert told.metadata["License-Expression"] == "Apache-2.0"
    assert told.metadata["Requires-Python"] == project["requires-python"]
    core = [line for line in told.requires or () if "extra ==" not in line]
    assert sorted(map(_sorted_bounds, core)) == sorted(map(_sorted_bounds, project["dependencies"]))


def test_an_installed_wheel_finds_its_mappings_where_there_is_no_checkout(installed: Path) -> None:
    printed = inside(installed, "from gateway.mapping import search_path; print(*search_path(), sep='\\n')")
    assert str(installed / "gateway" / "_mappings") in printed.splitlines()


def test_another_gateway_module_in_the_current_folder_does_not_win(installed: Path, tmp_path: Path) -> None:
    (tmp_path / "gateway.py").write_text("raise SystemExit('the wrong gateway')", "utf-8")
    assert inside(installed, "import gateway; print(gateway.__file__)", tmp_path).strip() == \
        str(installed / "gateway" / "__init__.py")


def test_the_source_distribution_builds_the_same_wheel(source: Path, sdist: Path, wheel: Path,
                                                       tmp_path: Path) -> None:
    with tarfile.open(sdist) as archive:
        archive.extraction_filter = getattr(tarfile, "data_filter", None)  # from 3.11.4 on
        archive.extractall(tmp_path)
    (folder,) = tmp_path.iterdir()
    again = backend(folder, "build_wheel", tmp_path / "dist")
    with zipfile.ZipFile(wheel) as first, zipfile.ZipFile(again) as second:
        assert set(second.namelist()) == set(first.namelist())


def test_every_folder_with_code_is_among_the_packages() -> None:
    listed = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["tool"]["setuptools"]["packages"]
    folders = {".".join(path.parent.relative_to(ROOT).parts) for path in (ROOT / "gateway").rglob("__init__.py")}
    assert set(listed) == folders | {"gateway._mappings", "gateway._samples"}


def test_the_top_level_holds_what_was_agreed_and_nothing_else() -> None:
    listed = subprocess.run(["git", "ls-tree", "--name-only", "HEAD"], cwd=ROOT, capture_output=True, text=True,
                            check=False)
    if listed.returncode == 0 and listed.stdout:  # a checkout; an unpacked archive has no history to ask
        assert set(listed.stdout.split()) == {
            ".ci", ".gitignore", "LICENSE", "README.md", "gateway", "keys", "mappings", "pyproject.toml", "samples",
            "setup.cfg", "tests"}


def _sorted_bounds(requirement: str) -> str:
    """A requirement with its bounds in one order: builders write them sorted."""
    name = requirement.partition(">")[0].partition("<")[0]
    return name + ",".join(sorted(requirement.removeprefix(name).split(",")))


def inside(installed: Path, code: str, folder: Path | None = None) -> str:
    """Run code as an installed gateway: the unpacked wheel and the dependencies on the path, the current folder not."""
    start = f"import sys; sys.path[:] = [entry for entry in sys.path if entry != {str(ROOT)!r}]; " \
            f"sys.path.insert(0, {str(installed)!r}); {code}"
    done = subprocess.run([sys.executable, "-I", "-c", start], cwd=folder or installed, capture_output=True, text=True,
                          check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_whatever_is_optional_for_a_user_is_installed_where_it_is_tested() -> None:
    extras = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]["optional-dependencies"]
    assert {line for name, lines in extras.items() if name != "test" for line in lines} - set(extras["test"]) == set()
