"""Is the campaign that coverage guides a campaign: does it run, keep what it learns, and fail when an input fails?"""

from __future__ import annotations

import importlib.util
import subprocess
import sys
from pathlib import Path

import pytest

from gateway.edifact import core
from tests.campaigns import edifact_atheris
from tests.campaigns.edifact_inputs import MOST, seeds

ROOT = Path(__file__).parents[2]
installed = pytest.mark.skipif(importlib.util.find_spec("atheris") is None,
                               reason="atheris is not installed: tests/campaigns/README.md")


def test_without_atheris_it_says_what_to_install(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setitem(sys.modules, "atheris", None)
    assert edifact_atheris.main(["--corpus", str(tmp_path), "-runs=5"]) == 3
    assert capsys.readouterr().err == "atheris is not installed; to install it: python -m pip install atheris\n"


def test_the_seeds_and_the_words_of_the_syntax_are_given_to_it(tmp_path: Path) -> None:
    given = edifact_atheris.prepare(tmp_path)
    assert given == [f"-artifact_prefix={tmp_path}/failures/", f"-dict={tmp_path}/dictionary",
                     f"{tmp_path}/corpus", f"{tmp_path}/seeds"]
    assert [path.read_bytes() for path in sorted((tmp_path / "seeds").iterdir())] == seeds()
    assert '"\\x3f\\x27"' in (tmp_path / "dictionary").read_text().splitlines()  # a released terminator


def test_an_input_is_asked_everything_that_the_other_campaign_asks(monkeypatch: pytest.MonkeyPatch) -> None:
    look = edifact_atheris.examiner()
    for content in seeds()[:20]:
        look(content)
    monkeypatch.setattr("tests.campaigns.edifact_examined.wants_contrl", lambda interchange: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        edifact_atheris.examiner()(seeds()[0])


def test_half_of_the_alterations_are_ours_and_none_is_too_long() -> None:
    class Atheris:
        @staticmethod
        def Mutate(content: bytes, largest: int) -> bytes:
            return b"theirs"

    alter = edifact_atheris.alterer(Atheris)
    made = [alter(seeds()[0], MOST, seed) for seed in range(200)]
    assert 60 < made.count(b"theirs") < 140
    assert max(len(alter(b"A" * 100, 100, seed)) for seed in range(200)) == 100


def test_the_compiled_loops_it_shuts_out_are_those_of_the_package() -> None:
    assert edifact_atheris.COMPILED == core.NAME


def campaign(folder: Path, *options: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "tests.campaigns.edifact_atheris", "--corpus", str(folder), *options]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False, errors="replace")


def test_what_its_parent_needed_is_not_taken_for_its_own_memory() -> None:
    assert edifact_atheris.memory_limit(2464 * 1024) == "-rss_limit_mb=3488"


@installed
@pytest.mark.timeout(300)
def test_it_runs_and_keeps_what_reaches_something_new(tmp_path: Path) -> None:
    done = campaign(tmp_path, "-runs=200", "-seed=1")
    assert done.returncode == 0, done.stderr[-2000:]
    assert "Instrumenting gateway.edifact.reader" in done.stderr
    assert "stat::number_of_executed_units: 200" in done.stderr
    assert list((tmp_path / "corpus").iterdir()) != []
    assert list((tmp_path / "failures").iterdir()) == []


@installed
@pytest.mark.timeout(300)
def test_one_input_alone_is_examined_again(tmp_path: Path) -> None:
    file = tmp_path / "one"
    file.write_bytes(seeds()[0])
    done = campaign(tmp_path / "folder", str(file))
    assert done.returncode == 0, done.stderr[-2000:]
    assert f"Running: {file}" in done.stderr
