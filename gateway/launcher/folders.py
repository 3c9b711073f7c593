"""Folders of ours: where they lie, and that only what carries our marker is ever emptied or removed.

A marker without content stands for work in progress: the next run finds it so and begins again.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import shutil
import sys
from collections.abc import Iterator
from pathlib import Path

from gateway.launcher.steps import ROOT
from gateway.launcher.words import Options, Stop

MARKER = ".corridor-gateway"
"""In an environment that we made."""
DEMONSTRATION = ".corridor-gateway-demo"
"""In a folder that `gateway.demo` made; it looks after its folder itself, only --clean is ours."""
CHECKOUT = Path(ROOT)
PROJECT = CHECKOUT / "pyproject.toml"
USUAL = {"--venv": (".venv", "XDG_CACHE_HOME", ".cache"), "--dir": (".demo", "XDG_STATE_HOME", ".local/state")}


def chosen(options: Options, option: str) -> Path:
    """The folder of the environment (--venv) or of the demonstration (--dir).

    As given; else in the checkout (for an installed wheel: here); where that is read-only, in the user's cache or
    state folder. Raises Stop when the user has none: never a shared temporary folder.
    """
    if option in options.given:
        return Path(options.given[option]).absolute()
    name, variable, usual = USUAL[option]
    base = CHECKOUT if PROJECT.is_file() else Path.cwd()
    if os.access(base, os.W_OK):
        return base / name
    try:
        home = Path(options.environ.get(variable) or Path.home() / usual)
    except RuntimeError:
        raise Stop(3, "launcher.homeless", option=option)
    return home / "corridor-gateway" / (hashlib.sha256(os.fsencode(base)).hexdigest()[:8] + name)


def ours(folder: Path, marker: str = MARKER) -> bool:
    """Tell whether a folder carries our marker."""
    return (folder / marker).is_file()


def python_of(folder: Path) -> Path:
    """The Python of the environment in a folder."""
    return folder / "Scripts" / "python.exe" if os.name == "nt" else folder / "bin" / "python"


def claim(folder: Path) -> Path:
    """Make the folder of the environment ours and return its marker. Raises Stop when it holds what is not ours."""
    if folder.is_dir() and any(folder.iterdir()) and not ours(folder):
        raise Stop(3, "launcher.foreign", folder=folder, other=f"{folder.name}-edi")
    folder.mkdir(parents=True, exist_ok=True)
    marker = folder / MARKER
    marker.touch()
    return marker


def empty(folder: Path) -> None:
    """Remove everything in a folder of ours but its marker."""
    for path in folder.iterdir():
        if path.is_dir() and not path.is_symlink():
            shutil.rmtree(path)
        elif path.name != MARKER:
            path.unlink()


def clean(options: Options) -> int:
    """Remove the demonstration, with --all the environment too. Raises Stop for a folder that is not ours."""
    marked = {"--dir": DEMONSTRATION, "--venv": MARKER} if options.everything else {"--dir": DEMONSTRATION}
    for option, marker in marked.items():
        folder = chosen(options, option)
        if not folder.is_dir():
            continue
        if not ours(folder, marker):
            raise Stop(3, "launcher.kept", folder=folder)
        shutil.rmtree(folder)
        options.say(sys.stderr, "launcher.removed", folder=folder)
    return 0


@contextlib.contextmanager
def alone(options: Options, marker: Path) -> Iterator[None]:
    """Hold the lock on a marker; a second launcher waits and says so. The kernel frees it when the process dies."""
    with marker.open("a") as handle:
        if sys.platform != "win32":
            import fcntl
            try:
                fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except OSError:
                options.say(sys.stderr, "launcher.waiting", folder=marker.parent)
                fcntl.flock(handle, fcntl.LOCK_EX)
        yield
