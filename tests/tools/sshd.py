"""OpenSSH's own server on 127.0.0.1, as the current user, with keys of its own: the judge of our SFTP client.

    with running_sshd(tmp_path, [public_key_line]) as sshd:
        SftpLane(host="127.0.0.1", port=sshd.port, user=sshd.user, host_keys=sshd.host_keys, base="v1/in", ...)

Relative paths of a session begin at `sshd.root`. Where sshd is not installed the test is skipped and says so; with
CI=true that is a failure.
"""

from __future__ import annotations

import contextlib
import getpass
import os
import resource
import shutil
import socket
import subprocess
import time
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

import paramiko
import pytest

SSHD = shutil.which("sshd", path=os.pathsep.join(["/usr/sbin", "/usr/local/sbin", os.environ.get("PATH", "")]))
KEYGEN = shutil.which("ssh-keygen")


@dataclass(frozen=True)
class Sshd:
    """A running server: where, for whom, with which host keys; `root` is where its sessions begin.

    pid   of the process that listens
    host  the address on which it does
    """

    port: int
    user: str
    host_keys: tuple[str, ...]
    root: Path
    log: Path
    pid: int = 0
    host: str = "127.0.0.1"


def make_client_key(folder: Path, name: str = "client") -> tuple[Path, str]:
    """A private key file for logging in, and its public line."""
    key = paramiko.ECDSAKey.generate()
    path = folder / name
    path.touch(mode=0o600)
    with path.open("w") as file:
        key.write_private_key(file)
    return path, f"{key.get_name()} {key.get_base64()} {name}"


@contextlib.contextmanager
def running_sshd(folder: Path, public_keys: Iterable[str], *, options: Iterable[str] = (),
                 largest_file: int | None = None, denied: str = "", host: str = "127.0.0.1") -> Iterator[Sshd]:
    """Run sshd in `folder`/sshd; everybody with one of the keys may log in as the current user, SFTP only.

    options       more lines of sshd_config
    denied        requests that the server refuses, as `internal-sftp -P` takes them
    host          the address of this machine on which it listens
    largest_file  octets beyond which a write fails on the server, as on a full disk (RLIMIT_FSIZE)
    """
    sshd, keygen = require_tools(sshd=SSHD, ssh_keygen=KEYGEN)
    home = folder / "sshd"
    root = home / "root"
    root.mkdir(parents=True)
    if os.geteuid() == 0:
        Path("/run/sshd").mkdir(mode=0o755, exist_ok=True)  # compiled in: the server wants it when root runs it
    subprocess.run([keygen, "-q", "-t", "ed25519", "-N", "", "-f", home / "host"], check=True)
    (home / "authorized").write_text("".join(f"{line}\n" for line in public_keys))
    port = free_port()
    lines = [f"Port {port}", f"ListenAddress {host}", f"HostKey {home / 'host'}", "StrictModes no", "UsePAM no",
             f"AuthorizedKeysFile {home / 'authorized'}", "PasswordAuthentication no", "PermitRootLogin yes",
             "KbdInteractiveAuthentication no", "PidFile none", "MaxStartups 100", "LogLevel VERBOSE",
             "Subsystem sftp internal-sftp", f"ForceCommand internal-sftp -d {root}{f' -P {denied}' if denied else ''}",
             *options]
    config = home / "sshd_config"
    config.write_text("\n".join([*lines, "PerSourcePenalties no", ""]))
    if subprocess.run([sshd, "-t", "-f", config], capture_output=True).returncode:  # before OpenSSH 9.8
        config.write_text("\n".join([*lines, ""]))

    def restrained() -> None:
        if largest_file is not None:
            resource.setrlimit(resource.RLIMIT_FSIZE, (largest_file, largest_file))

    log = home / "log"
    # With restore_signals=False the server inherits that SIGXFSZ is ignored: an error, not a killed process.
    with log.open("wb") as output, subprocess.Popen([sshd, "-f", config, "-D", "-e"], stdout=output, stderr=output,
                                                    stdin=subprocess.DEVNULL, restore_signals=False,
                                                    preexec_fn=restrained) as process:
        try:
            wait_for_banner(port, process, log, host)
            kind, blob = (home / "host.pub").read_text().split()[:2]
            yield Sshd(port, getpass.getuser(), (f"{kind} {blob}",), root, log, process.pid, host)
        finally:
            process.terminate()


def require_tools(**found: str | None) -> list[str]:
    """The paths of programs that a test cannot do without. One that is absent skips the test, and fails it in CI."""
    absent = [name for name, path in found.items() if path is None]
    if absent:
        said = f"not installed: {', '.join(absent)}; this test did not run"
        if os.environ.get("CI", "").lower() == "true":
            pytest.fail(said)
        pytest.skip(said)
    return [path for path in found.values() if path is not None]


def free_port() -> int:
    """A port of 127.0.0.1 that nobody used a moment ago."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return int(listener.getsockname()[1])


def wait_for_banner(port: int, process: subprocess.Popen[bytes], log: Path, host: str = "127.0.0.1") -> None:
    """Wait until a server that was started answers. Raises RuntimeError."""
    end = time.monotonic() + 20
    while time.monotonic() < end and process.poll() is None:
        with contextlib.suppress(OSError), socket.create_connection((host, port), timeout=2) as connection:
            connection.settimeout(2)
            if connection.recv(4) == b"SSH-":
                return
        time.sleep(0.05)
    raise RuntimeError(f"sshd did not start:\n{log.read_text(errors='replace')}")
