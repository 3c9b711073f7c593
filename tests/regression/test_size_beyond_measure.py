"""Does a size that no disk has, as a server may list it, stop what else lies in a mailbox?"""

from __future__ import annotations

from pathlib import Path

import pytest
from paramiko import SFTPAttributes

from gateway.transport.served import ServedFolder
from tests.tools.hosts import hosted
from tests.tools.malice import Puppet, codes
from tests.tools.offices import offices
from tests.tools.records import declaration, numbered_mrn

LARGEST = (1 << 64) - 1


class Boasting(ServedFolder):
    """Lists one file more than there is, of the largest size that SFTP can say."""

    def list_folder(self, path: str) -> list[SFTPAttributes] | int:
        found = super().list_folder(path)
        if isinstance(found, list) and found:
            made = SFTPAttributes()
            made.filename, made.st_size, made.st_mode = "0" * 32 + ".p7m", LARGEST, found[0].st_mode
            made.st_atime = made.st_mtime = 1
            made._flags = made.FLAG_SIZE | made.FLAG_PERMISSIONS | made.FLAG_AMTIME  # type: ignore[attr-defined]
            return [made, *found]
        return found


@pytest.mark.threat(16)
def test_t16_a_size_that_the_ledger_cannot_hold_is_a_file_that_is_too_large(tmp_path: Path) -> None:
    """A server lists a file of 2^64 - 1 octets, more than a number of the ledger: it is left, others are taken."""
    togo, burkina = offices(tmp_path)
    puppet = Puppet(togo, burkina)
    puppet.send(puppet.cusdec(declaration("T-1", mrn=numbered_mrn(1))))
    with hosted(burkina, "TGOTR", folder=Boasting):
        ran = burkina.run("edi-receive")
        assert (codes(ran), ran.counts["messages_accepted"]) == (["E_SIZE"], 1), ran.err
