"""Does a large interchange arrive over a line that breaks, put together from what several runs got, once and whole?"""

from __future__ import annotations

import contextlib
import dataclasses
import os
import stat
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from msgspec.structs import replace

from gateway.exchange import sessions
from gateway.transport import fetching, resuming
from tests.campaigns.mailbox_files import pulled
from tests.tools.malice import Puppet
from tests.tools.offices import Office, offices
from tests.tools.proxy import Cut, Proxy
from tests.tools.records import declaration, numbered_mrn
from tests.tools.sshd import running_sshd

MESSAGES = 300


def begun(office: Office) -> list[Path]:
    """What is kept of files that did not come whole."""
    return sorted(path for path in (office.home / "state" / "arriving").rglob("*") if path.is_file())


@contextlib.contextmanager
def pulling(folder: Path) -> Iterator[tuple[Proxy, Puppet, Office, Path]]:
    """Ouagadougou fetches over a line that can be cut; a large interchange from Lomé lies there."""
    with running_sshd(folder, []) as sshd, Proxy(sshd.port) as proxy:
        togo, burkina = offices(folder, dataclasses.replace(sshd, port=proxy.port))
        file = burkina.home / "partners" / f"{togo.name}.yaml"
        file.write_text(pulled(file.read_text("utf-8"), f"{togo.name}/{burkina.name}/v1/in",
                               f"{burkina.name}/{togo.name}/v1/in"), "utf-8")
        puppet = Puppet(togo, burkina)
        wire = puppet.cusdec(declaration("T-1", mrn=numbered_mrn(1)))
        yield proxy, puppet, burkina, puppet.send(*(
            replace(wire, body=wire.body.replace(numbered_mrn(1), numbered_mrn(number)))
            for number in range(1, MESSAGES + 1)))


@pytest.fixture(autouse=True)
def large(monkeypatch: pytest.MonkeyPatch) -> None:
    """Large is what a test can make in a second."""
    for module in (fetching, resuming):
        monkeypatch.setattr(module, "LARGE", 1 << 18)
    monkeypatch.setattr(sessions, "CARRIED", 1 << 16)


@pytest.mark.needs_sshd
def test_a_large_interchange_comes_in_two_runs_over_a_line_that_breaks_and_is_taken_once(tmp_path: Path) -> None:
    with pulling(tmp_path) as (proxy, puppet, burkina, path):
        size = path.stat().st_size
        assert size > 1 << 18
        proxy.arm(Cut("in", "octet", size * 3 // 4, "fin"))
        cut = burkina.run("edi-receive")
        [kept] = begun(burkina)
        assert (cut.exit, kept.name, stat.S_IMODE(kept.stat().st_mode)) == (4, f".{path.name}.{size}.partial", 0o600)
        standing = kept.stat().st_size
        assert standing > 0
        assert kept.read_bytes() == path.read_bytes()[:standing]

        proxy.arm()
        whole = burkina.run("edi-receive")
        assert (whole.exit, whole.counts["messages_accepted"], begun(burkina)) == (0, MESSAGES, [])
        assert not path.exists()
        assert proxy.seen[0].octets["in"] < size - standing + 50_000  # what was kept did not come again
        assert "processed" in puppet.receipts()


@pytest.mark.needs_sshd
def test_a_line_that_breaks_in_every_run_and_carries_something_is_tried_by_every_run(tmp_path: Path) -> None:
    with pulling(tmp_path) as (proxy, _, burkina, _):
        exits, lengths = [], []
        for _ in range(12):
            proxy.arm(Cut("in", "octet", 100_000, "fin"))
            exits.append(burkina.run("edi-receive").exit)
            lengths.append(sum(path.stat().st_size for path in begun(burkina)))
            if not exits[-1]:
                break
        assert exits == [4] * (len(exits) - 1) + [0]
        assert 4 <= len(exits) == len(set(lengths))  # each went on, none was put off
        assert lengths[:-1] == sorted(lengths[:-1])
        assert len(burkina.movements()) == MESSAGES


@pytest.mark.needs_sshd
def test_what_came_of_a_file_that_nobody_goes_on_with_lies_for_a_day(tmp_path: Path) -> None:
    _, burkina = offices(tmp_path)
    folder = burkina.home / "state" / "arriving" / "TGOTR"
    folder.mkdir(parents=True, mode=0o700)
    old, new = (folder / f".{number:032x}.p7m.2000000.partial" for number in (1, 2))
    for path in (old, new):
        path.write_bytes(b"the beginning")
    os.utime(old, (time.time() - 90_000, time.time() - 90_000))
    assert burkina.run("edi", "retention").exit == 0
    assert begun(burkina) == [new]
