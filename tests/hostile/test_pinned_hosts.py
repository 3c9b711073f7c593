"""Is a mailbox host known by the keys that people pinned, and by nothing that the program learns by itself?"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from gateway.exchange.summary import Exit
from tests.tools.malice import codes, well
from tests.tools.newcomers import HOST_KEY, NAMES, PEOPLE, edi, left, new_gateway, public_folder
from tests.tools.offices import Office, offices
from tests.tools.records import declaration_json
from tests.tools.sshd import Sshd, running_sshd

pytestmark = pytest.mark.needs_sshd


@pytest.fixture
def world(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[tuple[Office, Sshd]]:
    """Togo, which pushes over a real sshd; the user's own known_hosts knows that server well."""
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    with running_sshd(tmp_path, []) as sshd:
        togo, _ = offices(tmp_path, sshd)
        known = tmp_path / "home" / ".ssh" / "known_hosts"
        known.parent.mkdir(parents=True)
        known.write_text("".join(f"[127.0.0.1]:{sshd.port} {key}\n" for key in sshd.host_keys), "ascii")
        togo.drop("declarations", {"a.json": declaration_json("A")})
        yield togo, sshd


def pin(togo: Office, *keys: str) -> bytes:
    """Pin these keys in the partner's file; its bytes."""
    file = togo.home / "partners" / "BFDGD.yaml"
    lines = file.read_text("utf-8").splitlines()
    at = next(number for number, line in enumerate(lines) if line.strip() == "host_keys:")
    indent = " " * (len(lines[at + 1]) - len(lines[at + 1].lstrip()))
    after = next(number for number in range(at + 1, len(lines)) if not lines[number].strip().startswith("- "))
    lines[at + 1:after] = [f'{indent}- "{key}"' for key in keys]
    file.write_text("\n".join(lines) + "\n", "utf-8")
    return file.read_bytes()


def on_the_server(sshd: Sshd) -> list[Path]:
    return [path for path in sshd.root.rglob("*") if path.is_file()]


def test_t22_a_run_against_another_host_uploads_nothing_and_learns_nothing(world: tuple[Office, Sshd],
                                                                           tmp_path: Path) -> None:
    """A host with a key that is not pinned gets nothing (E_HOSTKEY), now or later: no run adds a key by itself."""
    togo, sshd = world
    before = pin(togo, HOST_KEY)
    known = (tmp_path / "home" / ".ssh" / "known_hosts").read_bytes()
    for _ in range(2):
        ran = togo.run("edi-send", "--now")
        assert (ran.exit, codes(ran), on_the_server(sshd)) == (Exit.TRUST, ["E_HOSTKEY"], []), ran.err
    assert togo.run("edi", "partner", "test", "BFDGD").exit == Exit.TRUST
    assert (togo.home / "partners" / "BFDGD.yaml").read_bytes() == before
    assert (tmp_path / "home" / ".ssh" / "known_hosts").read_bytes() == known
    pin(togo, *sshd.host_keys)
    ran = togo.run("edi-send", "--now")
    assert (ran.exit, codes(ran), ran.err[:5]) == (Exit.DONE, [], "X093:")  # told that it is reachable again
    assert len(on_the_server(sshd)) == 1, "what waited goes once the right key is pinned"


def test_t22_while_a_host_changes_its_key_the_old_and_the_new_one_are_pinned(world: tuple[Office, Sshd]) -> None:
    """Two pinned keys let a host change from one to the other without a run lost."""
    togo, sshd = world
    pin(togo, HOST_KEY, *sshd.host_keys)
    well(togo.run("edi-send"))
    assert len(on_the_server(sshd)) == 1


def test_t22_a_partner_on_a_server_is_never_imported_without_its_keys(world: tuple[Office, Sshd],
                                                                      tmp_path: Path) -> None:
    """There is no first contact on trust: without host keys a partner on an SFTP server is not written (C009)."""
    _, sshd = world
    new = new_gateway(tmp_path / "new", "NEDGD", "NE")
    public = public_folder(tmp_path, "test", datetime.now(UTC).replace(microsecond=0), timedelta(days=30))
    status, out, err = edi("partner", "import", public, "--partner", "MLDGD", *NAMES, *PEOPLE, "--outbound",
                           f"sftp://{sshd.user}@127.0.0.1:{sshd.port}/v1/in", "--config", new)
    assert (status, out, err[:6], left(new), on_the_server(sshd)) == (1, "", "C009: ", [], [])
    text = (new.parent / "settings.yaml").read_text("utf-8")
    assert "host_key" not in text, "nothing in the settings could stand in for them"
