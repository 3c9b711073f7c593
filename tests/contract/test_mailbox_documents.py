"""Is what the pages about the mailbox tell people to type true?"""

from __future__ import annotations

import re
import subprocess
import time
from pathlib import Path

import pytest

from gateway.transport import DirectoryLane, Entry, Mode, open_mailbox
from gateway.transport.modes import Mark
from tests.tools.proftpd import MODULES, PROFTPD
from tests.tools.sshd import require_tools

ROOT = Path(__file__).parents[2]
PAGES = ["gateway/docs/en/mailbox.md", "gateway/docs/fr/boite.md"]


def code(page: str, beginning: str) -> str:
    """The block of a page that begins so."""
    blocks: list[str] = re.findall(r"^```\w*\n(.*?)^```$", (ROOT / page).read_text("utf-8"), re.MULTILINE | re.DOTALL)
    (found,) = (block for block in blocks if block.startswith(beginning))
    return found


@pytest.mark.parametrize("page", PAGES)
def test_a_marker_made_in_the_shell_is_one(page: str, tmp_path: Path) -> None:
    content = b"sealed " * 1000
    name = "0" * 32 + ".p7m"
    (tmp_path / "new").mkdir()
    (tmp_path / "new" / name).write_bytes(content)
    subprocess.run(["sh", "-c", code(page, "printf").replace("NAME", name)], cwd=tmp_path / "new", check=True)
    assert (tmp_path / "new" / f"{name}.ok").read_bytes() == bytes(Mark.of(content))
    with open_mailbox(DirectoryLane(path=tmp_path, mode=Mode.MARKER), clock=time.monotonic) as mailbox:
        assert list(mailbox.fetch(mailbox.list(), limit=1 << 20)) == [(Entry(name, len(content)), content)]


@pytest.mark.parametrize("page", PAGES)
def test_every_mode_stands_in_the_table(page: str) -> None:
    named = re.findall(r"^\| `([a-z-]+)`", (ROOT / page).read_text("utf-8"), re.MULTILINE)
    assert [word for word in named if word not in ("tmp", "new")] == [mode.value for mode in Mode]


@pytest.mark.needs_sshd
def test_the_lines_for_proftpd_are_its_configuration(tmp_path: Path) -> None:
    [proftpd] = require_tools(proftpd=PROFTPD)
    config = tmp_path / "proftpd.conf"
    config.write_text(f"ModulePath {MODULES}\nServerType standalone\n{code(PAGES[0], 'LoadModule')}")
    ran = subprocess.run([proftpd, "--configtest", "--config", config], capture_output=True, text=True)
    assert (ran.returncode, "fatal" in ran.stderr.lower()) == (0, False), ran.stderr
