"""Does a run whose calls to the system fail say so, and lose nothing?"""

from __future__ import annotations

from tests.campaigns.mailbox_base import Options, run
from tests.campaigns.syscall import attempt, make
from tests.tools.kills import require_strace

CASES = ("call/sftp/send/fdatasync/EIO/3", "call/sftp/receive/pwrite64/ENOSPC/40+",
         "call/sftp/send/sendto/ECONNRESET/6", "call/sftp/answers/unlink/EROFS/1+",
         "call/sftp/sync/newfstatat/EIO/30..60", "limit/sftp/receive/400000", "short/sftp/send/7")


def test_a_call_that_fails_loses_nothing() -> None:
    require_strace()
    report = run("syscall", make, lambda world, options: CASES, attempt, Options())
    assert (report.runs, report.failures) == (len(CASES), [])
