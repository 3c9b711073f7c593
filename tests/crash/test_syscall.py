"""Does a run whose calls to the system fail say so, and lose nothing?"""

from __future__ import annotations

from pathlib import Path

from tests.campaigns.mailbox_base import Options, run
from tests.campaigns.syscall import Worlds, attempt, make
from tests.tools.kills import require_strace

CASES = ("call/sftp/send/fdatasync/EIO/3", "call/sftp/receive/pwrite64/ENOSPC/40+",
         "call/sftp/send/sendto/ECONNRESET/6", "call/sftp/answers/unlink/EROFS/1+",
         "call/sftp/sync/newfstatat/EIO/30..60", "call/sftp/sync-answers/recvfrom/ETIMEDOUT/4+",
         "limit/sftp/receive/400000", "short/sftp/send/7")


def test_a_call_that_fails_loses_nothing() -> None:
    require_strace()
    report = run("syscall", make, lambda world, options: CASES, attempt, Options())
    assert (report.runs, report.failures) == (len(CASES), [])


def test_a_gateway_that_does_not_look_at_errors_is_found(tmp_path: Path) -> None:
    """The last rename of a run that sends is that of a sealed file into the mailbox."""
    require_strace()
    with make(tmp_path) as world:
        assert isinstance(world, Worlds)
        case = f"call/folder/send/rename/EIO/{world.calls('folder', 'send')['rename'][-1]}"
        assert attempt(world, case, Options()).words() == []
        assert attempt(world, case, Options(plant="unchecked")).lost
