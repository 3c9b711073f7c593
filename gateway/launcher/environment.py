"""The environment: found as it is, made, completed by an extra, or made again.

The running Python serves when it has every requirement in range. Otherwise an environment of ours does, whose marker
says for what it was made and which extra it holds; the marker is emptied before the work and written after it.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import sys
import sysconfig
import time
import venv
from pathlib import Path

from gateway.launcher import compiled, folders, needs, pip
from gateway.launcher.folders import python_of
from gateway.launcher.steps import runs
from gateway.launcher.words import Options, Stop

SPACE = 300
"""Megabytes of free space in which an environment with the test extra is sure to fit."""


def digest() -> str:
    """What an environment is made for: the locked list, the requirements, this Python, this checkout."""
    whole = hashlib.sha256(pip.LOCK.read_bytes() + needs.PROJECT.read_bytes())
    whole.update(os.fsencode(f"{folders.CHECKOUT} {sys.platform} {sys.version_info[0]}.{sys.version_info[1]}"))
    return whole.hexdigest()


def starts(python: Path) -> bool:
    """Tell whether a Python starts: not when the one it was made from has gone, nor where nothing may be executed."""
    return runs([str(python), "-I", "-c", ""])


def suffices(python: Path | str, extra: str) -> bool:
    """Tell whether a Python starts and has every requirement in range."""
    return runs([str(python), "-I", needs.__file__, extra])


def find_or_make(options: Options, extra: str) -> tuple[str, bool]:
    """The Python to hand over to, and whether its environment is one of ours. Raises Stop."""
    if "--venv" not in options.given and suffices(sys.executable, extra):
        if options.verbose:
            options.say(sys.stderr, "launcher.as_is", path=sys.executable)
        return sys.executable, False
    folder = folders.chosen(options, "--venv")
    python = python_of(folder)
    if not folders.ours(folder) and suffices(python, extra):
        return str(python), False
    marker = folders.claim(folder)
    with folders.alone(options, marker):
        made_for, *extras = marker.read_text("utf-8").split() or [""]
        complete = made_for == digest() and starts(python)
        if not complete:
            make(options, folder, marker, extra)
        elif extra and extra not in extras:
            add(options, folder, marker, extra)
        compiled.keep(python, packages_of(folder))
    return str(python), True


def packages_of(folder: Path) -> Path:
    """Where the packages of an environment lie."""
    return Path(sysconfig.get_path("purelib", "venv", {"base": str(folder)}))


def make(options: Options, folder: Path, marker: Path, extra: str) -> None:
    """Make the environment from nothing. Raises Stop, and then nothing of it remains."""
    free = shutil.disk_usage(folder).free // 1_000_000
    if free < SPACE:
        raise Stop(3, "launcher.disk", needed=SPACE, free=free, folder=folder)
    if sys.platform != "win32" and os.geteuid() == 0:
        options.say(sys.stderr, "launcher.root", folder=folder)
    options.say(sys.stderr, "launcher.making", folder=folder)
    marker.write_text("", "utf-8")
    started = time.monotonic()
    try:
        folders.empty(folder)
        venv.EnvBuilder(with_pip=False, symlinks=os.name != "nt").create(folder)
        if not starts(python_of(folder)):
            raise Stop(3, "launcher.no_start", folder=folder, verb=options.verb)
        (packages_of(folder) / "corridor-gateway-checkout.pth").write_text(f"{folders.CHECKOUT}\n", "utf-8")
        pip.install(options, python_of(folder), folder, extra)
    except Stop:
        shutil.rmtree(folder)
        raise
    marker.write_text(f"{digest()} {extra}", "utf-8")
    options.say(sys.stderr, "launcher.made", folder=folder, seconds=round(time.monotonic() - started))


def add(options: Options, folder: Path, marker: Path, extra: str) -> None:
    """Install an extra in a complete environment. Raises Stop, and then the environment is what it was."""
    options.say(sys.stderr, "launcher.adding", folder=folder, extra=extra)
    before = marker.read_text("utf-8")
    marker.write_text("", "utf-8")
    try:
        pip.install(options, python_of(folder), folder, extra)
    except Stop:
        marker.write_text(before, "utf-8")
        raise
    marker.write_text(f"{before} {extra}", "utf-8")


def report(options: Options) -> int:
    """``doctor``: what the launcher sees on this computer. 0 when the demonstration and the tests can start at once."""
    folder = folders.chosen(options, "--venv")
    marker = folder / folders.MARKER
    state = "absent"
    if folders.ours(folder):
        whole = marker.read_text("utf-8").split()[:1] == [digest()] and starts(python_of(folder))
        state = "ready" if whole else "stale"
    elif folder.is_dir():
        state = "ready" if suffices(python_of(folder), "") else "foreign"
    here = suffices(sys.executable, "")
    options.say(sys.stdout, "launcher.doctor.python", version=sys.version.split()[0], path=sys.executable)
    options.say(sys.stdout, f"launcher.doctor.here.{'yes' if here else 'no'}")
    options.say(sys.stdout, f"launcher.doctor.environment.{state}", folder=folder)
    if state == "ready" and folders.ours(folder):
        fast = compiled.taken(python_of(folder))
        options.say(sys.stdout, f"launcher.doctor.core.{'compiled' if fast else 'plain'}")
    for tool in ("sshd", "openssl"):
        path = shutil.which(tool, path=os.pathsep.join([options.environ.get("PATH", ""), "/usr/sbin", "/sbin"]))
        options.say(sys.stdout, f"launcher.doctor.tool.{'yes' if path else 'no'}", tool=tool, path=path)
    return 0 if here or state == "ready" else 3
