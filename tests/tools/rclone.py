"""``rclone serve sftp`` on 127.0.0.1, as the current user: what the SFTP of Go, and of many products, is like.

It overwrites where others refuse, cannot flush, and has no strict key exchange (MAILBOX section 2.2). Where it is not
installed the test is skipped and says so; with CI=true that is a failure.
"""

from __future__ import annotations

import contextlib
import getpass
import os
import shutil
import subprocess
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path

from tests.tools.sshd import KEYGEN, Sshd, free_port, require_tools, wait_for_banner

RCLONE = shutil.which("rclone", path=os.pathsep.join(
    folder for folder in os.get_exec_path() if Path(folder) != Path(sys.prefix) / "bin"))
"""The distribution's: the one of the test extra is there for S3 alone (`s3server`)."""


@contextlib.contextmanager
def running_rclone(folder: Path, public_keys: Iterable[str], *, options: Iterable[str] = ()) -> Iterator[Sshd]:
    """Serve `folder`/rclone/root to everybody with one of the keys. options: further ones of the command."""
    keygen, rclone = require_tools(ssh_keygen=KEYGEN, rclone=RCLONE)
    home = folder / "rclone"
    root = home / "root"
    root.mkdir(parents=True)
    subprocess.run([keygen, "-q", "-t", "ed25519", "-N", "", "-f", home / "host"], check=True)
    (home / "authorized").write_text("".join(f"{line}\n" for line in public_keys))
    port = free_port()
    command: list[str | Path] = [rclone, "serve", "sftp", root, "--addr", f"127.0.0.1:{port}", "--key", home / "host",
               "--authorized-keys", home / "authorized", "--config", "", "--cache-dir", home / "cache",
               "--dir-cache-time", "0s", *options]
    log = home / "log"
    with log.open("wb") as output, subprocess.Popen(command, stdout=output, stderr=output,
                                                    stdin=subprocess.DEVNULL) as process:
        try:
            wait_for_banner(port, process, log)
            kind, blob = (home / "host.pub").read_text().split()[:2]
            yield Sshd(port, getpass.getuser(), (f"{kind} {blob}",), root, log, process.pid)
        finally:
            process.terminate()
