"""ProFTPD with mod_sftp on 127.0.0.1, as the current user: an SFTP server that is not OpenSSH's, written in C.

Where it is not installed the test is skipped and says so; with CI=true that is a failure.
"""

from __future__ import annotations

import contextlib
import getpass
import grp
import os
import shutil
import subprocess
from collections.abc import Iterable, Iterator
from pathlib import Path

from tests.tools.sshd import KEYGEN, Sshd, free_port, require_tools, wait_for_banner

PROFTPD = shutil.which("proftpd", path=os.pathsep.join(["/usr/sbin", "/usr/local/sbin", os.environ.get("PATH", "")]))
MODULES = Path("/usr/lib/proftpd")
_SFTP = MODULES / "mod_sftp.so"


@contextlib.contextmanager
def running_proftpd(folder: Path, public_keys: Iterable[str], *, options: Iterable[str] = ()) -> Iterator[Sshd]:
    """Serve `folder`/proftpd/root to everybody with one of the keys. options: further lines of its configuration."""
    keygen, proftpd, _ = require_tools(ssh_keygen=KEYGEN, proftpd=PROFTPD,
                                       mod_sftp=str(_SFTP) if _SFTP.exists() else None)
    home = folder / "proftpd"
    root = home / "root"
    root.mkdir(parents=True)
    user, group = getpass.getuser(), grp.getgrgid(os.getgid()).gr_name
    subprocess.run([keygen, "-q", "-t", "ed25519", "-N", "", "-f", home / "host"], check=True)
    (home / "authorized").write_text("".join(_rfc4716(keygen, home, line) for line in public_keys))
    (home / "users").write_text(f"{user}:*:{os.getuid()}:{os.getgid()}::{root}:/bin/sh\n")
    (home / "users").chmod(0o600)
    port = free_port()
    lines = [f"ModulePath {MODULES}", "LoadModule mod_sftp.c", "ServerType standalone", "ServerName test",
             "DefaultServer on", "DefaultAddress 127.0.0.1", f"Port {port}", "UseIPv6 off", "UseReverseDNS off",
             f"User {user}", f"Group {group}", f"PidFile {home / 'pid'}", f"ScoreboardFile {home / 'scoreboard'}",
             f"SystemLog {home / 'log'}", "WtmpLog off", "DelayEngine off", "MaxInstances 30",
             "AuthOrder mod_auth_file.c", f"AuthUserFile {home / 'users'}", "RequireValidShell off", "UseFtpUsers off",
             "RootLogin on", "AllowOverwrite on", "Umask 022", "SFTPEngine on", f"SFTPLog {home / 'log'}",
             f"SFTPHostKey {home / 'host'}", "SFTPAuthMethods publickey",
             f"SFTPAuthorizedUserKeys file:{home / 'authorized'}", *options]
    config = home / "proftpd.conf"
    config.write_text("\n".join([*lines, ""]))
    log = home / "log"
    with (home / "output").open("wb") as output, subprocess.Popen(
            [proftpd, "--nodaemon", "--config", config], stdout=output, stderr=output,
            stdin=subprocess.DEVNULL) as process:
        try:
            wait_for_banner(port, process, log)
            kind, blob = (home / "host.pub").read_text().split()[:2]
            yield Sshd(port, user, (f"{kind} {blob}",), root, log, process.pid)
        finally:
            process.terminate()


def _rfc4716(keygen: str, home: Path, line: str) -> str:
    """A public key in the only form that this server reads."""
    file = home / "key.pub"
    file.write_text(f"{line}\n")
    return subprocess.run([keygen, "-e", "-m", "RFC4716", "-f", file], check=True, capture_output=True,
                          text=True).stdout
