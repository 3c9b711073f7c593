"""A fresh Debian in a folder, as a machine of its own: made by debootstrap, entered in namespaces of its own.

    with fresh_debian(tmp_path) as debian:
        debian.run("apt-get update", online=True)      # as root, in the machine's home of root
        debian.run("edi status", user="togo")          # in a login shell of that account

The machine has its own processes, mounts and network (so that its sshd has port 22 whatever this one does). What is
installed comes from the package sources that this machine has: `online` commands share its network, its pip
configuration and folders of packages are there, too. Nothing starts by itself on installation, as in any image.

Where debootstrap is not installed, or the kernel forbids namespaces, the test is skipped and says so; with CI=true that
is a failure.
"""

from __future__ import annotations

import contextlib
import os
import re
import shlex
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import NoReturn

import pytest

SUITE = "bookworm"
"""The oldest release whose Python is new enough."""
ANYWHERE = "http://deb.debian.org/debian"
SYSTEM = ("PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", "HOME=/root", "LANG=C.UTF-8",
          "DEBIAN_FRONTEND=noninteractive")
AS_ROOT = () if os.geteuid() == 0 else ("sudo", "-n")
LOOPBACK = """
import fcntl, socket, struct
with socket.socket() as one:
    request = struct.pack("16sh14x", b"lo", 1)  # IFF_UP
    fcntl.ioctl(one, 0x8914, request)           # SIOCSIFFLAGS
"""


@dataclass(frozen=True)
class Debian:
    """A running machine: `root` is its folder, `pid` the process that keeps its namespaces."""

    root: Path
    pid: int

    def run(self, script: str, *, user: str = "root", online: bool = False) -> str:
        """What the lines print, each of which must succeed; a test that fails shows everything they printed."""
        shell = ["bash", "-euo", "pipefail", "-c", script]
        words = shell if user == "root" else ["su", "-", user, "-c", shlex.join(shell)]
        network = [] if online else ["--net"]
        done = subprocess.run([*AS_ROOT, "nsenter", f"--target={self.pid}", "--mount", "--pid", "--uts", *network,
                               "chroot", self.root, "env", "-i", *SYSTEM, *_proxies(),
                               "bash", "-c", 'cd && exec "$@"', "-", *words],
                              stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False)
        shown = done.stdout.decode("utf-8", "replace")
        assert done.returncode == 0, f"{user}: {script}\n{shown}"
        return shown


@contextlib.contextmanager
def fresh_debian(folder: Path) -> Iterator[Debian]:
    """Make one in `folder`, run it, and remove it afterwards."""
    program = shutil.which("debootstrap", path=os.pathsep.join(["/usr/sbin", os.environ.get("PATH", "")]))
    if program is None:
        lacking("needs debootstrap (Debian: debootstrap)")
    tried = subprocess.run([*AS_ROOT, "unshare", "--mount", "--pid", "--net", "--uts", "--fork", "true"],
                           capture_output=True, check=False)
    if tried.returncode:
        lacking(f"needs root and namespaces: {tried.stderr.decode()}")
    root = folder / "debian"
    umask = os.umask(0o022)  # as somebody who has just logged in: runs within the process of the tests have narrowed it
    made = subprocess.run([*AS_ROOT, program, "--variant=minbase", SUITE, root, _mirror()],
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False)
    try:
        assert made.returncode == 0, made.stdout.decode("utf-8", "replace")[-4000:]
        folders = _furnished(root)
        with _running(root, folders) as pid:
            yield Debian(root, pid)
    finally:
        os.umask(umask)
        subprocess.run([*AS_ROOT, "rm", "-rf", "--one-file-system", root], check=True)


def lacking(reason: str) -> NoReturn:
    """What a test needs is not there."""
    if os.environ.get("CI", "").lower() == "true":
        pytest.fail(reason)
    pytest.skip(reason)


@contextlib.contextmanager
def _running(root: Path, folders: list[Path]) -> Iterator[int]:
    """The process that keeps the machine; with it everything in the machine ends, and every mount is gone."""
    mounts = [f"mount -t proc proc {shlex.quote(f'{root}/proc')}"]
    mounts += [f"mount --bind -o ro {shlex.quote(str(one))} {shlex.quote(f'{root}{one}')}" for one in folders]
    script = " && ".join([*mounts, "hostname fresh", "exec sleep 1000"])
    keeper = subprocess.Popen([*AS_ROOT, "unshare", "--mount", "--pid", "--net", "--uts", "--fork", "--kill-child",
                               "bash", "-c", script], stderr=subprocess.DEVNULL)
    try:
        pid = _inside(keeper.pid)
        subprocess.run([*AS_ROOT, "nsenter", f"--target={pid}", "--net", sys.executable, "-c", LOOPBACK], check=True)
        yield pid
    finally:
        for one in _children(keeper.pid):  # unshare itself is deaf to signals while it waits
            subprocess.run([*AS_ROOT, "kill", "-KILL", str(one)], check=False)
        keeper.wait(30)


def _inside(keeper: int) -> int:
    """The first process of the machine, once everything is mounted."""
    for _ in range(200):
        time.sleep(0.05)
        one = keeper
        while children := _children(one):
            [one] = children
        if Path(f"/proc/{one}/comm").read_text("ascii") == "sleep\n":
            return one
    raise AssertionError("the machine does not come up")


def _children(pid: int) -> list[int]:
    return [int(word) for word in Path(f"/proc/{pid}/task/{pid}/children").read_text("ascii").split()]


def _furnished(root: Path) -> list[Path]:
    """Give the machine what this one has been told of networks and packages; which folders it shares, read only."""
    told = subprocess.run([sys.executable, "-m", "pip", "config", "list"], capture_output=True, check=True,
                          text=True).stdout
    options = {name.removeprefix(":env:.").removeprefix("global."): value.strip("'\"")
               for name, value in re.findall(r"^((?::env:|global)\.[\w.-]+)=(.*)$", told, re.MULTILINE)}
    folders = []
    for name, value in options.items():
        for word in value.split():
            path = Path(word.removeprefix("file://"))
            if path.is_absolute() and path.is_dir():  # an index names the files beside it
                folders.append(path.parent if path.name == "simple" else path)
            elif path.is_absolute() and path.is_file():  # not where a package would write over it
                options[name] = f"/etc/pip-{name}"
                _put(root / f"etc/pip-{name}", path.read_text("utf-8"))
    lines = ["[global]", *(f"{name} = {value}" for name, value in options.items())]
    _put(root / "etc/pip.conf", "\n".join(lines) + "\n")
    proxy = subprocess.run(["apt-config", "dump", "Acquire::http"], capture_output=True, check=True, text=True).stdout
    _put(root / "etc/apt/apt.conf.d/99proxy", proxy)
    _put(root / "usr/sbin/policy-rc.d", "#!/bin/sh\nexit 101\n", 0o755)
    for file in ("etc/resolv.conf", "etc/hosts"):
        _put(root / file, (Path("/") / file).read_text("utf-8"))
    for one in folders:
        subprocess.run([*AS_ROOT, "mkdir", "-p", f"{root}{one}"], check=True)
    return folders


def _put(path: Path, text: str, mode: int = 0o644) -> None:
    subprocess.run([*AS_ROOT, "install", "-D", "-m", f"{mode:o}", "/dev/stdin", path], input=text.encode(), check=True)


def _mirror() -> str:
    """Where this machine gets its packages, if it is one of the same suite."""
    told = subprocess.run(["apt-get", "indextargets", "--format", "$(CODENAME) $(SITE)", "Created-By: Packages"],
                          capture_output=True, check=False, text=True).stdout
    return next((line.split()[1] for line in told.splitlines() if line.startswith(f"{SUITE} ")), ANYWHERE)


def _proxies() -> list[str]:
    return [f"{name}={value}" for name, value in os.environ.items() if name.lower() in (
        "http_proxy", "https_proxy", "no_proxy")]
