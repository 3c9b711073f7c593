"""Is it known afterwards what protected the line to a mailbox host?"""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest

from gateway.ledger import Ledger
from tests.tools.hosts import hosted
from tests.tools.malice import Puppet, well
from tests.tools.offices import Office, offices
from tests.tools.records import declaration, declaration_json, numbered_mrn
from tests.tools.sshd import running_sshd


def sessions(office: Office) -> list[tuple[str, str]]:
    """What the history says of connections: partner and direction, and what was negotiated."""
    ledger = Ledger.open(f"sqlite:///{next((office.home / 'state').glob('*.sqlite'))}", now=datetime.now(UTC))
    try:
        with ledger.reading() as queries:
            assert queries.verify_history() is None
            return [(row.reference, row.text) for row in queries.history() if row.subject == "session"]
    finally:
        ledger.close()


@pytest.mark.needs_sshd
def test_t23_key_exchange_cipher_and_host_key_of_every_connection_are_on_record(tmp_path: Path) -> None:
    """What was negotiated stands in the history: once for as long as it stays the same, anew when it changes."""
    with running_sshd(tmp_path, []) as sshd:
        togo, burkina = offices(tmp_path, sshd)
        for key in ("A", "B"):
            togo.drop("declarations", {f"{key}.json": declaration_json(key)})
            well(togo.run("edi-send"))
        ((reference, words),) = sessions(togo)
    assert reference == "BFDGD outbound"
    assert " aes256-gcm@openssh.com aead ssh-ed25519 SHA256:" in words
    assert " strict; SSH-2.0-OpenSSH" in words
    assert words.split()[0] in ("mlkem768x25519-sha256", "curve25519-sha256")
    malice = Puppet(togo, burkina)
    malice.send(malice.cusdec(declaration("T-1", mrn=numbered_mrn(1))))
    for _ in range(2):  # each time a host with a new key
        with hosted(burkina, "TGOTR"):
            burkina.run("edi-receive")
            burkina.run("edi-receive")
    found = [words for reference, words in sessions(burkina) if reference == "TGOTR inbound"]
    assert len(found) == len(set(found)) == 2
