"""Do two administrations on a Debian with nothing on it exchange under cron, by what the page says and nothing else?

Every code block of the page "First exchange in 15 minutes" is typed on a machine that debootstrap has just made: its
own sshd, its own cron, no systemd. The machine gets the repository, as the page demands, and the network while it
installs. Cron then runs the gateways; the test only waits and looks.
"""

from __future__ import annotations

import io
import json
import re
import subprocess
import tarfile
import time
from pathlib import Path
from typing import Any

import pytest

from tests.tools.debian import AS_ROOT, Debian, fresh_debian

pytestmark = [pytest.mark.needs_debootstrap, pytest.mark.timeout(600)]

ROOT = Path(__file__).parents[2]
PAGE = ROOT / "gateway" / "docs" / "en" / "first-exchange.md"
BLOCK = re.compile(r"^```\n(.*?)^```$", re.MULTILINE | re.DOTALL)
SHELL = re.compile(r"(?ms)^su - (?P<user>\w+)\n(?P<lines>.*?)^exit\n")
PATIENCE = 150
"""Seconds until cron has run each side twice, on a machine that has other work, too."""


def blocks() -> list[str]:
    """The code blocks of the page, in its order."""
    return BLOCK.findall(PAGE.read_text("utf-8"))


def typed(debian: Debian, block: str, *, online: bool = False) -> list[str]:
    """Type the lines of a block, each where the page says; what was shown, piece by piece."""
    shown, at = [], 0
    for found in [*SHELL.finditer(block), None]:
        own = block[at:found.start() if found else len(block)]
        if own:
            shown.append(debian.run(own, online=online))
        if found:
            shown.append(debian.run(found["lines"], user=found["user"], online=online))
            at = found.end()
    return shown


def brought(debian: Debian) -> None:
    """Put the repository, as it is tracked, where the page wants it: in the folder that root is in."""
    names = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, check=True).stdout.decode()
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w") as archive:
        for name in names.rstrip("\0").split("\0"):
            if (ROOT / name).exists():
                archive.add(ROOT / name, f"corridor-gateway/{name}")
    subprocess.run([*AS_ROOT, "tar", "-x", "--no-same-owner", "-C", debian.root / "root"], input=packed.getvalue(),
                   check=True)


def listed(debian: Debian, user: str, command: str, kind: str) -> list[dict[str, Any]]:
    lines = [json.loads(line) for line in debian.run(f"{command} --json", user=user).splitlines()]
    return [line for line in lines if line["kind"] == kind]


def test_two_administrations_exchange_under_cron_by_the_documentation_alone(tmp_path: Path) -> None:
    program, *middle, declaration, outcome = blocks()
    with fresh_debian(tmp_path) as debian:
        brought(debian)
        assert typed(debian, program, online=True)[0].splitlines()[-1].startswith("edi ")
        for block in middle:
            typed(debian, block)
        typed(debian, declaration)

        answers = "ls gateway/national/in/answers || true"  # the folder comes with the first answer
        until = time.monotonic() + PATIENCE
        while "ACCEPTED" not in debian.run(answers, user="togo") and time.monotonic() < until:
            time.sleep(2)
        told = debian.run("cat ~togo/runs.log ~burkina/runs.log")
        departure, arrival = typed(debian, outcome)
        assert "26TGLPLG0000000014" in departure, told
        assert re.findall(r"^BFDGD\.\S+\.ACCEPTED\.json$", departure, re.MULTILINE), told + departure
        assert re.findall(r"^26TGLPLG0000000014\.json$", arrival, re.MULTILINE), told + arrival
        assert told == ""

        [here], [there] = (listed(debian, user, "edi status", "movement") for user in ("togo", "burkina"))
        assert (here["mrn"], here["state"]) == ("26TGLPLG0000000014", "CONFIRMED")
        assert (there["mrn"], there["state"]) == ("26TGLPLG0000000014", "EXPECTED")
        assert [listed(debian, user, "edi quarantine", "summary")[0]["count"] for user in ("togo", "burkina")] == [0, 0]
