"""Stock tools that other houses have: the openssl command, certtool, gpgsm, Java. Where one is missing the test that
asks for it is skipped at a desk and fails in CI, because there an absent tool would prove nothing.

    run = openssl()                       or certtool(), gpgsm(), tool("javac", "default-jdk-headless")
    run("cms", "-verify", ..., folder=tmp_path)
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import NoReturn

import pytest


@dataclass(frozen=True)
class Tool:
    """A command of the machine; calling it runs it in `folder` and gives what it wrote to standard output."""

    path: str
    version: tuple[int, ...] = ()
    before: Sequence[str] = ()
    environment: Mapping[str, str] = field(default_factory=dict)

    def __call__(self, *arguments: object, folder: Path, stdin: bytes = b"") -> bytes:
        """Standard output; an exit status other than 0 fails the test and shows what the tool said."""
        done = self.try_(*arguments, folder=folder, stdin=stdin)
        assert done.returncode == 0, (done.stdout + done.stderr).decode("utf-8", "replace")
        return done.stdout

    def try_(self, *arguments: object, folder: Path, stdin: bytes = b"") -> subprocess.CompletedProcess[bytes]:
        """The finished process, whatever its exit status."""
        return subprocess.run([self.path, *self.before, *map(str, arguments)], cwd=folder, capture_output=True,
                              check=False, input=stdin, env={**os.environ, **self.environment}, timeout=120)


def tool(name: str, package: str) -> Tool:
    """A command by its name; without it a skip that names Debian's package, in CI a failure."""
    path = shutil.which(name)
    if path is None:
        _absent(f"needs {name} (Debian: {package})")
    return Tool(path)


def openssl() -> Tool:
    """The openssl command, 3.0 or later, with its version."""
    path = shutil.which("openssl")
    found = subprocess.run([path, "version"], capture_output=True, text=True, check=True).stdout if path else "none"
    match = re.match(r"OpenSSL ([0-9]+)\.([0-9]+)\.([0-9]+)", found)
    if path is None or match is None or int(match[1]) < 3:
        _absent(f"needs the openssl command 3.0 or later, found: {found.strip()}")
    return Tool(path, tuple(map(int, match.groups())))


def certtool() -> Tool:
    """GnuTLS's certtool."""
    return tool("certtool", "gnutls-bin")


def gpgsm(home: Path) -> Tool:
    """GnuPG's gpgsm with a keyring of its own in `home` (a short path: its agent has a socket there)."""
    found = tool("gpgsm", "gpgsm")
    home.mkdir(mode=0o700, exist_ok=True)
    return Tool(found.path, before=("--homedir", str(home), "--batch", "--no-tty", "--disable-dirmngr",
                                    "--disable-crl-checks"), environment={"LC_ALL": "C"})


class BouncyCastle:
    """A Java process with BouncyCastle that does what tests/interop/java/Gw1.java says, one command after the other.

    Compiled into `folder` when made; `close` ends the process.
    """

    _JARS = tuple(Path("/usr/share/java") / f"{name}.jar" for name in ("bcpkix", "bcprov", "bcutil"))

    def __init__(self, folder: Path) -> None:
        if not all(jar.exists() for jar in self._JARS):
            _absent("needs BouncyCastle (Debian: libbcpkix-java)")
        jars = ":".join(map(str, self._JARS))
        tool("javac", "default-jdk-headless")("-Xlint:all,-path", "-cp", jars, "-d", folder,
                                              Path(__file__).parents[1] / "interop" / "java" / "Gw1.java",
                                              folder=folder)
        self._process = subprocess.Popen(
            [tool("java", "default-jre-headless").path, "-cp", f"{jars}:{folder}", "Gw1"], stdin=subprocess.PIPE,
            stdout=subprocess.PIPE, text=True, bufsize=1)

    def __call__(self, *words: object) -> None:
        """One command; what BouncyCastle refuses fails the test with its reason."""
        answer = self.answer(*words)
        assert answer == "ok", answer

    def answer(self, *words: object) -> str:
        """What it says to a command: "ok", or "failed: " and why."""
        assert self._process.stdin is not None and self._process.stdout is not None
        self._process.stdin.write("\t".join(map(str, words)) + "\n")
        self._process.stdin.flush()
        return self._process.stdout.readline().strip()

    def close(self) -> None:
        """End the process."""
        self._process.communicate(timeout=30)


def _absent(reason: str) -> NoReturn:
    if os.environ.get("CI") == "true":
        pytest.fail(reason, pytrace=False)
    pytest.skip(reason)
