"""Does a file that is too large ever to be taken, and the oldest, keep back what came after it?"""

from __future__ import annotations

import os
from pathlib import Path

from tests.tools.malice import Puppet, codes
from tests.tools.offices import offices
from tests.tools.records import declaration, numbered_mrn


def test_files_above_the_limit_cost_nothing_of_what_a_run_takes(tmp_path: Path) -> None:
    """They are never fetched: neither the octets of a run nor the room on the disk are reckoned with them."""
    togo, burkina = offices(tmp_path)
    puppet = Puppet(togo, burkina)
    for digit in "ab":
        large = burkina.mailbox("TGOTR") / f"{digit * 32}.p7m"
        large.touch()
        os.truncate(large, 1 << 40)
        os.utime(large, (1, 1))
    puppet.send(puppet.cusdec(declaration("T-1", mrn=numbered_mrn(1))))
    ran = burkina.run("edi-receive")
    assert (codes(ran), ran.counts["messages_accepted"]) == (["E_SIZE", "E_SIZE"], 1), ran.err
    again = burkina.run("edi-receive")
    assert (again.exit, codes(again)) == (0, [])
