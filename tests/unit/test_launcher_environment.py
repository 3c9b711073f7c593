"""Do the two commands of the README work from nothing, again, and after whatever went wrong in between?

Each test has a small checkout of its own: our launcher, two tiny requirements, and a demonstration that prints what
it was given; its packages come from an index on the loopback interface.
"""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from gateway.demo import world
from gateway.launcher import environment, folders, index
from gateway.launcher.words import Options, Stop
from tests.tools.index_server import IndexServer, make_wheel, sha256

ROOT = Path(__file__).parents[2]
DEMO = """\
import pathlib, sys, tiny
def main(arguments):
    folder = pathlib.Path(arguments[1])
    folder.mkdir(parents=True, exist_ok=True)
    (folder / ".corridor-gateway-demo").touch()
    print(tiny.VERSION, sys.prefix, *arguments, sep="|")
    return 0
"""
TESTS = """\
import pytest
def test_one(): pass
def test_two(): pass
@pytest.mark.skip
def test_three(): pass
"""


class Checkout:
    """A small checkout, the folder its index serves, and its launcher."""

    def __init__(self, root: Path) -> None:
        self.root, self.wheels, self.index = root, root.parent / "wheels", "http://127.0.0.1:9/simple"
        self.environ: dict[str, str] = {}
        (root / "gateway" / "demo").mkdir(parents=True)
        for name in ("__init__.py", "__main__.py"):
            shutil.copy(ROOT / "gateway" / name, root / "gateway" / name)
        shutil.copytree(ROOT / "gateway" / "launcher", root / "gateway" / "launcher")
        shutil.copytree(ROOT / "gateway" / "locale", root / "gateway" / "locale")
        (root / "gateway" / "demo" / "__init__.py").write_text(DEMO, "utf-8")
        self.requires(["tiny>=1,<2"])
        self.lock(make_wheel(self.wheels, "tiny", "1.2"), extra=[make_wheel(self.wheels, "tiny-test", "3.0")])

    def requires(self, core: list[str], test: tuple[str, ...] = ("tiny-test>=3",)) -> None:
        """Write pyproject.toml."""
        text = f"[project]\ndependencies = {core!r}\n[project.optional-dependencies]\ntest = {list(test)!r}\n"
        (self.root / "pyproject.toml").write_text(text, "utf-8")

    def lock(self, *wheels: Path, extra: list[Path] | None = None, digest: str = "") -> None:
        """Write the locked list of these wheels, for this computer."""
        def lines(listed: list[Path] | tuple[Path, ...]) -> str:
            return "".join("{}=={} --hash=sha256:{}\n".format(*each.name.split("-")[:2], digest or sha256(each))
                           for each in listed)

        header = f"# python: 3.{sys.version_info[1]}\n# linux: {os.uname().machine}\n"
        (self.root / "gateway" / "requirements.lock").write_text(header + lines(wheels) + "# extra: test\n"
                                                                 + lines(extra or []), "utf-8")

    def run(self, *words: str, folder: Path | None = None, python: str = sys.executable) -> tuple[int, str, str]:
        """``python3 gateway WORDS`` with nothing in the environment but where the index is: status, output, errors."""
        done = subprocess.run([python, str(self.root / "gateway"), *words], cwd=folder or self.root, text=True,
                              env=self.environment(), capture_output=True, encoding="utf-8", check=False)
        return done.returncode, done.stdout, done.stderr

    def environment(self) -> dict[str, str]:
        return {"PATH": os.environ["PATH"], "HOME": str(self.root.parent), "PIP_CONFIG_FILE": os.devnull,
                "PIP_INDEX_URL": self.index, **self.environ}

    def greeting(self, version: str = "1.2", language: str = "fr") -> str:
        """What the demonstration prints when it runs in the checkout's environment."""
        return f"{version}|{self.root / '.venv'}|--dir|{self.root / '.demo'}|--lang|{language}\n"


@pytest.fixture
def checkout(tmp_path: Path) -> Checkout:
    return Checkout(tmp_path / "checkout")


@pytest.fixture
def served(checkout: Checkout) -> Iterator[IndexServer]:
    with IndexServer(checkout.wheels) as server:
        checkout.index = server.address
        yield server


def test_the_demonstration_runs_from_nothing_and_the_second_time_at_once(
        checkout: Checkout, served: IndexServer, tmp_path: Path) -> None:
    status, output, errors = checkout.run("demo")
    assert (status, output) == (0, checkout.greeting()), errors
    assert f"Environnement prêt : {checkout.root / '.venv'}" in errors
    asked = len(served.requests)

    started = time.monotonic()
    assert checkout.run("demo", "--lang", "en") == (0, checkout.greeting(language="en"), "")
    assert time.monotonic() - started < 5
    assert len(served.requests) == asked, "a complete environment asks no index"

    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    (elsewhere / "gateway.py").write_text("raise SystemExit('the wrong gateway')", "utf-8")
    (elsewhere / "tiny.py").write_text("raise SystemExit('the wrong library')", "utf-8")
    checkout.environ = {"PYTHONPATH": str(elsewhere), "PYTHONHOME": ""}
    assert checkout.run("demo", folder=elsewhere) == (0, checkout.greeting(), "")

    checkout.environ = {}
    status, output, errors = checkout.run("--version")
    assert (status, output) == (2, "")
    status, output, errors = checkout.run("status", "--lang", "en")
    assert (status, errors.splitlines()[0]) == (70, "gateway.cli cannot be loaded: No module named 'gateway.cli'")
    _, output, _ = checkout.run("doctor", "--lang", "en")
    assert f"Environment   : {checkout.root / '.venv'}, ready" in output.splitlines()


def test_a_run_that_was_killed_half_way_is_repaired_by_the_next(checkout: Checkout, served: IndexServer) -> None:
    served.failures = 1_000_000  # pip goes on asking, so that there is time to kill
    process = subprocess.Popen([sys.executable, str(checkout.root / "gateway"), "demo"], env=checkout.environment(),
                               stderr=subprocess.DEVNULL, start_new_session=True)
    marker = checkout.root / ".venv" / folders.MARKER
    while not served.requests:
        time.sleep(0.02)
        assert process.poll() is None
    os.killpg(process.pid, signal.SIGKILL)
    process.wait()
    assert marker.read_text("utf-8") == "", "work in progress"

    served.failures = 0
    (checkout.root / ".venv" / "left-over").write_text("half", "utf-8")
    status, output, errors = checkout.run("demo")
    assert (status, output) == (0, checkout.greeting()), errors
    assert not (checkout.root / ".venv" / "left-over").exists()


def test_an_environment_is_made_again_when_its_python_is_gone_or_the_list_has_changed(
        checkout: Checkout, served: IndexServer) -> None:
    assert checkout.run("demo")[0] == 0
    (checkout.root / ".venv" / "bin" / "python").unlink()
    status, output, errors = checkout.run("demo")
    assert (status, output) == (0, checkout.greeting()), errors
    assert "Préparation de l'environnement" in errors

    checkout.lock(make_wheel(checkout.wheels, "tiny", "1.3"))
    status, output, errors = checkout.run("demo")
    assert (status, output) == (0, checkout.greeting("1.3")), errors


def test_two_launchers_at_once_make_one_environment(checkout: Checkout, served: IndexServer) -> None:
    command = [sys.executable, str(checkout.root / "gateway"), "demo"]
    both = [subprocess.Popen(command, env=checkout.environment(), stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                             text=True, encoding="utf-8") for _ in range(2)]
    results = [(*process.communicate(), process.returncode) for process in both]
    assert [(output, status) for output, _, status in results] == [(checkout.greeting(), 0)] * 2
    assert sum("Préparation de l'environnement" in errors for _, errors, _ in results) == 1
    assert sum("attente de sa fin" in errors for _, errors, _ in results) == 1


def test_a_folder_that_is_not_ours_is_neither_written_to_nor_removed(checkout: Checkout) -> None:
    theirs = checkout.root / ".venv" / "precious"
    theirs.parent.mkdir()
    theirs.write_text("work", "utf-8")
    status, _, errors = checkout.run("demo")
    assert (status, errors.splitlines()) == (3, [
        f"{theirs.parent} existe et n'a pas été fait par la passerelle : il n'est pas touché.",
        "Choisir un autre dossier :  python3 -m gateway demo --venv .venv-edi"])
    status, _, errors = checkout.run("demo", "--clean", "--all", "--lang", "en")
    assert (status, errors) == (3, f"{theirs.parent} was not made by the gateway: it is not removed. "
                                   "Remove it by hand if need be.\n")
    assert [path.name for path in theirs.parent.iterdir()] == ["precious"]


def test_the_launcher_and_the_demonstration_agree_on_the_marker() -> None:
    assert folders.DEMONSTRATION == world.MARKER


def test_clean_removes_the_demonstration_and_with_all_the_environment(checkout: Checkout, served: IndexServer) -> None:
    elsewhere = checkout.root.parent / "there"
    assert checkout.run("demo", "--venv", str(elsewhere / "venv"), "--dir", str(elsewhere / "demo"))[0] == 0
    assert not (checkout.root / ".venv").exists()
    assert not (checkout.root / ".demo").exists()
    words = ["demo", "--clean", "--venv", str(elsewhere / "venv"), "--dir", str(elsewhere / "demo")]
    assert checkout.run(*words) == (0, "", f"Effacé : {elsewhere / 'demo'}\n")
    assert checkout.run(*words, "--all") == (0, "", f"Effacé : {elsewhere / 'venv'}\n")
    assert list(elsewhere.iterdir()) == []
    assert checkout.run(*words, "--all") == (0, "", "")


def test_no_index_leaves_nothing_behind_and_says_three_ways_on(checkout: Checkout) -> None:
    status, output, errors = checkout.run("demo")
    assert (status, output) == (4, "")
    assert "Impossible de joindre l'index de paquets (connexion refusée, 3 essais)." in errors.splitlines()
    assert errors.splitlines()[-1].strip() == "python3 -m gateway demo --venv /chemin/venv"
    assert not (checkout.root / ".venv").exists()
    _, _, errors = checkout.run("demo", "--lang", "en")
    assert "The package index cannot be reached (connection refused, 3 tries)." in errors.splitlines()


def test_a_wrong_hash_stops_and_leaves_nothing_behind(checkout: Checkout, served: IndexServer) -> None:
    checkout.lock(checkout.wheels / "tiny-1.2-py3-none-any.whl", digest="0" * 64)
    status, _, errors = checkout.run("demo", "--lang", "en")
    assert status == 5
    assert errors.splitlines()[-4:] == [
        "Unexpected hash, stopped at once, nothing is installed: tiny==1.2", "  expected: " + "0" * 64,
        "  received: " + sha256(checkout.wheels / "tiny-1.2-py3-none-any.whl"),
        "Tell the administrator of the mirror or of the package folder, then start again."]
    assert not (checkout.root / ".venv").exists()


def test_an_index_without_the_locked_version_gives_one_within_the_range(checkout: Checkout,
                                                                       served: IndexServer) -> None:
    (checkout.wheels / "tiny-1.2-py3-none-any.whl").unlink()
    make_wheel(checkout.wheels, "tiny", "1.4")
    make_wheel(checkout.wheels, "tiny", "2.0")
    status, output, errors = checkout.run("demo")
    assert (status, output) == (0, checkout.greeting("1.4")), errors
    assert "Les versions verrouillées ne conviennent pas ici" in errors

    (checkout.wheels / "tiny-1.4-py3-none-any.whl").rename(checkout.wheels / "tiny-1.5-cp30-cp30-linux_s390x.whl")
    assert checkout.run("demo", "--clean", "--all")[0] == 0
    status, _, errors = checkout.run("demo", "--lang", "en")
    assert status == 4
    assert errors.splitlines()[-2].startswith("No ready-made package for: tiny<2,>=1 (Python 3.")


def test_a_wheelhouse_asks_no_index_and_names_what_it_lacks(checkout: Checkout, tmp_path: Path) -> None:
    house = tmp_path / "house"
    shutil.copytree(checkout.wheels, house)
    checkout.environ = {"EDI_WHEELHOUSE": str(house)}
    status, output, errors = checkout.run("demo")
    assert (status, output) == (0, checkout.greeting()), errors
    (house / "tiny_test-3.0-py3-none-any.whl").unlink()
    status, _, errors = checkout.run("test", "--wheelhouse", str(house), "--lang", "en")
    assert status == 4
    assert "The package folder lacks: tiny_test==3.0" in errors.splitlines()
    assert checkout.run("demo") == (0, checkout.greeting(), ""), "the environment is what it was"


def test_a_wheelhouse_is_filled_with_checked_wheels_and_serves_offline(
        checkout: Checkout, served: IndexServer, tmp_path: Path) -> None:
    stands_for_pip = make_wheel(checkout.wheels, "pip", index.VERSION)
    source = checkout.root / "gateway" / "launcher" / "index.py"
    source.write_text(source.read_text("utf-8").replace(index.SHA256, sha256(stands_for_pip)), "utf-8")
    house = tmp_path / "house"
    status, _, errors = checkout.run("wheelhouse", str(house), "--extra", "test", "--lang", "en")
    assert (status, errors.splitlines()[-1]) == \
        (0, f"{house}: 3 packages for Python 3.{sys.version_info[1]}, Linux {os.uname().machine}")
    assert sorted(path.name for path in house.iterdir()) == [
        "README.txt", "SHA256SUMS", index.WHEEL, "tiny-1.2-py3-none-any.whl", "tiny_test-3.0-py3-none-any.whl"]
    assert (house / "SHA256SUMS").read_text("utf-8") == "".join(
        f"{sha256(path)}  {path.name}\n" for path in sorted(house.glob("*.whl")))


def test_the_tests_end_with_their_own_line_after_pytests(checkout: Checkout) -> None:
    checkout.requires(["pytest>=8"], ())  # this very Python serves
    (checkout.root / "tests").mkdir()
    (checkout.root / "setup.cfg").write_text("[tool:pytest]\ntestpaths = tests\n", "utf-8")
    (checkout.root / "tests" / "test_it.py").write_text(TESTS, "utf-8")
    status, output, errors = checkout.run("test")
    assert (status, errors) == (0, "")
    assert "2 passed, 1 skipped" in output.splitlines()[-2]
    assert output.splitlines()[-1].startswith("Tests : 2 réussis, 0 échoué, 1 ignoré — ")

    (checkout.root / "tests" / "test_it.py").write_text(TESTS + "def test_four(): assert False\n", "utf-8")
    status, output, _ = checkout.run("test", "--lang", "en", "--", "-k", "four or two")
    assert status == 1
    assert output.splitlines()[-1].startswith("Tests: 1 passed, 1 failed, 0 skipped — ")

    (checkout.root / "tests" / "test_it.py").write_text("import os, signal\nos.kill(os.getpid(), signal.SIGKILL)\n")
    status, output, _ = checkout.run("test")
    assert (status, output.splitlines()[-1].partition(" — ")[0]) == \
        (1, "Tests : interrompus avant la fin (pytest a rendu -9)")

    status, output, _ = checkout.run("test", "--", "--version")
    assert (status, output) == (0, f"pytest {pytest.__version__}\n")
    shutil.rmtree(checkout.root / "tests")
    status, _, errors = checkout.run("test", "--lang", "en")
    assert (status, errors) == (3, f"There are no tests in {checkout.root}. "
                                   "Run this command in a copy of the sources (git clone).\n")


def test_an_extra_is_added_to_a_complete_environment_and_one_that_is_not_to_be_had_leaves_it_whole(
        checkout: Checkout, served: IndexServer) -> None:
    assert checkout.run("demo")[0] == 0
    (checkout.wheels / "tiny_test-3.0-py3-none-any.whl").rename(checkout.wheels / "kept")
    (checkout.root / "tests").mkdir()
    status, _, errors = checkout.run("test", "--lang", "en")
    assert status == 4
    assert errors.splitlines()[-2].startswith("No ready-made package for: tiny-test>=3 (Python 3.")
    assert checkout.run("demo") == (0, checkout.greeting(), "")

    (checkout.wheels / "kept").rename(checkout.wheels / "tiny_test-3.0-py3-none-any.whl")
    status, _, errors = checkout.run("test", "--lang", "en")
    assert errors.splitlines()[0] == f"Completing the environment {checkout.root / '.venv'}: test…"
    assert "Preparing" not in errors
    marker = checkout.root / ".venv" / folders.MARKER
    assert marker.read_text("utf-8").split()[1:] == ["test"]


def test_a_python_that_has_everything_serves_without_any_environment(checkout: Checkout) -> None:
    checkout.requires(["pytest>=8"])
    (checkout.root / "gateway" / "demo" / "__init__.py").write_text(DEMO.replace(", tiny", "").replace(
        "tiny.VERSION", "'here'"), "utf-8")
    status, output, errors = checkout.run("demo", "-v")
    assert (status, output) == (0, f"here|{sys.prefix}|--dir|{checkout.root / '.demo'}|--lang|fr\n")
    assert errors == f"{sys.executable} a déjà tout ce qu'il faut : aucun environnement n'est préparé.\n"
    assert not (checkout.root / ".venv").exists()

    checkout.requires(["pytest>=900"])
    assert checkout.run("demo")[0] == 4, "importable but out of range is not taken"


def test_a_read_only_checkout_uses_the_users_own_folders(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(os, "access", lambda path, mode: False)
    options = Options(["demo"], {"XDG_CACHE_HOME": str(tmp_path / "cache"), "XDG_STATE_HOME": str(tmp_path / "state")})
    venv, demo = folders.chosen(options, "--venv"), folders.chosen(options, "--dir")
    assert (venv.parent, venv.suffix) == (tmp_path / "cache" / "corridor-gateway", ".venv")
    assert (demo.parent, demo.suffix) == (tmp_path / "state" / "corridor-gateway", ".demo")

    monkeypatch.setattr(Path, "home", homeless)
    with pytest.raises(Stop) as stop:
        folders.chosen(Options(["demo"], {}), "--dir")
    assert (stop.value.status, stop.value.key) == (3, "launcher.homeless")
    assert folders.chosen(Options(["demo", "--dir", "/x"], {}), "--dir") == Path("/x")


def homeless() -> Path:
    raise RuntimeError("Could not determine home directory.")


def test_a_full_disk_and_a_folder_that_forbids_execution_are_told_before_anything_is_installed(
        monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder = tmp_path / "venv"
    options = Options(["demo", "--lang", "en"], {})
    marker = folders.claim(folder)
    usage = shutil.disk_usage(tmp_path)
    with monkeypatch.context() as patch:
        patch.setattr(shutil, "disk_usage", lambda path: usage._replace(free=299_000_000))
        with pytest.raises(Stop) as stop:
            environment.make(options, folder, marker, "")
    assert (stop.value.status, stop.value.key, stop.value.values["free"]) == (3, "launcher.disk", 299)

    monkeypatch.setattr(environment, "starts", lambda python: False)
    with pytest.raises(Stop) as stop:
        environment.make(options, folder, marker, "")
    assert (stop.value.status, stop.value.key) == (3, "launcher.no_start")
    assert not folder.exists()
    assert "Preparing the environment" in capsys.readouterr().err
