"""A run that dies while it writes a marker leaves one that says nothing: is the file made whole, and taken once?"""

from __future__ import annotations

from pathlib import Path

import pytest

from gateway.transport.modes import Mark
from tests.tools.hosts import agree_on_mode
from tests.tools.malice import well
from tests.tools.offices import offices
from tests.tools.records import declaration_json
from tests.tools.sshd import running_sshd


@pytest.mark.needs_sshd
@pytest.mark.parametrize("words", [b"", b"2", None])
def test_a_marker_that_was_begun_is_written_by_the_next_run(tmp_path: Path, words: bytes | None) -> None:
    """The file lies there in its full length and was taken for whole: nobody wrote its marker any more.

    words: of the marker; None: as many octets as it has, all zero, as a power cut on the server may leave it.
    """
    with running_sshd(tmp_path, []) as sshd:
        togo, burkina = offices(tmp_path, sshd)
        agree_on_mode(togo, burkina.name, "outbound", "marker")
        agree_on_mode(burkina, togo.name, "inbound", "marker")
        togo.drop("declarations", {"d1.json": declaration_json("N1")})
        assert togo.killed("edi-send", "mailbox.unmarked") == -9
        [path] = burkina.mailbox(togo.name).iterdir()
        marker = path.with_name(f"{path.name}.ok")
        marker.write_bytes(bytes(len(bytes(Mark.of(path.read_bytes())))) if words is None else words)

        well(togo.run("edi-send"))
        assert marker.read_bytes() == bytes(Mark.of(path.read_bytes()))
        ran = burkina.run("edi-receive")
        assert (ran.exit, ran.counts["messages_accepted"]) == (0, 1)
        assert list(burkina.mailbox(togo.name).iterdir()) == []
