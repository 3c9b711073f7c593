"""Killed in the middle of an import and simply run again: is the partner whole, and does somebody answer for it?"""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

import gateway.exchange.failpoints  # noqa: F401  # declares the names
from gateway.config import load_settings
from gateway.failpoints import NAMES
from tests.tools.newcomers import PEOPLE, edi, left, new_gateway, pack_of
from tests.tools.offices import ROOT
from tests.tools.outputs import checked

KILLED = -9
CUT = [name for name in NAMES if name.startswith("partner.")]


def killed(failpoint: str, *words: object) -> int:
    """How an `edi` in a process of its own ends that a failpoint kills."""
    return subprocess.run([sys.executable, "-m", "gateway.cli", *map(str, words)], cwd=ROOT, capture_output=True,
                          timeout=60, env={**os.environ, "EDI_FAILPOINT": failpoint, "EDI_LANG": "en"}).returncode


@pytest.mark.parametrize("failpoint", CUT)
def test_a_killed_import_is_done_by_the_next_one_and_somebody_answers_for_it(failpoint: str, tmp_path: Path) -> None:
    togo = new_gateway(tmp_path / "togo", "TGOTR", "TG")
    pack = pack_of(new_gateway(tmp_path / "mali", "MLDGD", "ML"), tmp_path / "mali.tar")
    line = ("partner", "import", pack, "--outbound", tmp_path / "mail", "--config", togo)
    assert killed(failpoint, *line, *PEOPLE) == KILLED
    stands = "MLDGD.yaml" in left(togo)
    assert stands is (failpoint != "partner.introducing")
    status, _, err = edi(*line)  # without names: only what somebody answers for already needs nobody
    assert (status, "C016: " in err) == ((0, False) if failpoint == "partner.answered" else (1, True))
    assert edi(*line, *PEOPLE)[0] == 0
    assert edi(*line)[0] == 0
    assert list(load_settings(togo).partners) == ["MLDGD"]
    _, out, _ = edi("partner", "show", "MLDGD", "--config", togo, "--json")
    assert [(one["event"], one["people"]) for one in checked("partner-show", out)[0]["decisions"]] == [
        ("confirmed" if failpoint == "partner.introduced" else "introduced", ["Kofi Mensah", "Awa Traoré"])]
