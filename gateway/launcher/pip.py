"""pip: where it comes from, how it is asked, what its answers mean. It does everything that it can do.

Nothing is ever compiled, nothing is asked of the user, nothing is installed outside the environment.
"""

from __future__ import annotations

import hashlib
import os
import platform
import re
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from pathlib import Path

from gateway.launcher import index, needs
from gateway.launcher.steps import PACKAGE, runs
from gateway.launcher.words import Options, Stop

LOCK = Path(PACKAGE) / "requirements.lock"
SYSTEM_WHEELS = Path("/usr/share/python-wheels")
"""Where Debian keeps pip's wheel."""
COMMON = ("--only-binary", ":all:", "--no-input", "--disable-pip-version-check", "--retries", "2", "--timeout", "15")
NETWORK = re.compile(r"connection broken|Could not fetch URL|Max retries|(Timeout|Connection|Proxy|SSL)Error\b")
"""Lines in which pip speaks of the link. The names of packages stand elsewhere, whatever words they hold."""
CAUSES = {
    "certificate": r"CERTIFICATE_VERIFY_FAILED|certificate verify failed|unable to get local issuer",
    "password": r"\b407\b|Proxy Authentication",
    "name": r"Name or service not known|name resolution|getaddrinfo|NameResolution|nodename nor servname",
    "refused": r"[Cc]onnection refused|Errno 111|actively refused",
    "timeout": r"[Tt]imed? ?out",
}


class Pip:
    """A pip that works for one Python, and the index it is to use."""

    def __init__(self, command: list[str], options: Options) -> None:
        self.command = command
        self._verbose = options.verbose
        self.house = Path(options.house) if options.house else None
        self._environ = child_environment(options.environ, options.given, bool(self.house))

    def run(self, *arguments: str) -> tuple[bool, str]:
        """Run one of its commands: whether it ended well, and what it printed (pip hides credentials itself)."""
        verb, *rest = arguments
        source = ["--no-index", "--find-links", str(self.house)] if self.house else []
        done = subprocess.run([*self.command, verb, *COMMON, *source, *rest], env=self._environ,
                              stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                              text=True, errors="replace")
        if self._verbose:
            print(done.stdout, file=sys.stderr)
        return done.returncode == 0, done.stdout


def child_environment(environ: Mapping[str, str], given: Mapping[str, str], offline: bool) -> dict[str, str]:
    """pip's environment: the index travels here, because arguments are seen in the list of processes."""
    unwanted = {"PYTHONPATH", "PYTHONHOME", "PIP_USER", "PIP_TARGET"}
    chosen = given.get("--index-url") or environ.get("PIP_INDEX_URL") or environ.get("UV_DEFAULT_INDEX") \
        or environ.get("UV_INDEX_URL")
    fixed = {"PIP_INDEX_URL": chosen} if chosen else {}
    if offline:
        unwanted |= {"PIP_FIND_LINKS", "PIP_EXTRA_INDEX_URL"}
        fixed["PIP_CONFIG_FILE"] = os.devnull
    return {name: value for name, value in environ.items() if name not in unwanted} | fixed


def find(options: Options, python: Path, folder: Path) -> Pip:
    """The first pip that works for a Python. Raises Stop."""
    for command in candidates(options, python):
        if runs([*command, "--version"]):
            return Pip(command, options)
    if options.house:
        raise Stop(4, "launcher.house_lacks", what=index.WHEEL)
    settings = index.Settings(options.environ, options.given)
    wheel, reason = index.fetch_pip(settings, folder)
    if wheel is None:
        if reason:
            raise unreachable(options, reason)
        raise Stop(4, "launcher.no_pip", verb=options.verb)
    return Pip([str(python), "-I", str(wheel / "pip")], options)


def candidates(options: Options, python: Path) -> Iterator[list[str]]:
    """Ways to a pip without an index, best first. Raises Stop 5 for an altered wheel."""
    yield [sys.executable, "-I", "-m", "pip", "--python", str(python)]  # there already; since pip 22.3
    if runs([str(python), "-I", "-m", "ensurepip", "--default-pip"]):
        yield [str(python), "-I", "-m", "pip"]
    if options.house and (Path(options.house) / index.WHEEL).is_file():
        wheel = Path(options.house) / index.WHEEL
        found = hashlib.sha256(wheel.read_bytes()).hexdigest()
        if found != index.SHA256:
            raise Stop(5, "launcher.hash", file=index.WHEEL, expected=index.SHA256, found=found)
        yield [str(python), "-I", str(wheel / "pip")]
    for wheel in sorted(SYSTEM_WHEELS.glob("pip-*.whl")):
        yield [str(python), "-I", str(wheel / "pip")]


def locked(extra: str) -> str:
    """The hash-locked lines for the core and one extra (sections ``# extra: NAME``)."""
    core, *sections = LOCK.read_text("utf-8").split("# extra: ")
    return core + "".join(body.partition("\n")[2] for body in sections if body.partition("\n")[0] == extra)


def lock_fits() -> bool:
    """Tell whether the locked list was made for this computer: its header names Pythons and Linux machines."""
    header = dict(re.findall(r"^# (python|linux): (.+)$", LOCK.read_text("utf-8"), re.MULTILINE))
    return sys.platform == "linux" and platform.machine() in header["linux"].split() \
        and "{}.{}".format(*sys.version_info[:2]) in header["python"].split()


def install(options: Options, python: Path, folder: Path, extra: str) -> None:
    """Install the locked list, or the ranges where it does not serve. Raises Stop."""
    pip = find(options, python, folder)
    if pip.house:
        check_house(pip.house)
    if pip.house or lock_fits():
        wanted = folder / "requirements.txt"
        wanted.write_text(locked(extra), "utf-8")
        well, output = pip.run("install", "--require-hashes", "--no-deps", "-r", str(wanted))
        if well:
            return
        judge(options, output)
        if pip.house:
            raise Stop(4, "launcher.house_lacks", what=missing(output))
    options.say(sys.stderr, "launcher.ranges")
    well, output = pip.run("install", *needs.requirements(extra))
    if not well:
        judge(options, output)
        target = f"Python {sys.version_info[0]}.{sys.version_info[1]}, {platform.system()} {platform.machine()}"
        raise Stop(4, "launcher.no_wheel", what=missing(output), target=target, verb=options.verb)


def missing(output: str) -> str:
    """The requirement that pip did not find; else the last thing it said."""
    found = re.search(r"No matching distribution found for (\S+)", output)
    return found[1] if found else (output.strip().splitlines() or ["?"])[-1]


def judge(options: Options, output: str) -> None:
    """Raise Stop for a wrong hash (5) and for an index out of reach (4); return for everything else."""
    if "DO NOT MATCH THE HASHES" in output:
        file, expected, found = (re.search(pattern, output) for pattern in
                                 (r"(?m)^\s+(\S+) from ", r"Expected (?:sha256 )?(\w+)", r"Got\s+(\w+)"))
        raise Stop(5, "launcher.hash", file=file[1] if file else "?", expected=expected[1] if expected else "?",
                   found=found[1] if found else "?")
    lines = [line for line in output.splitlines() if NETWORK.search(line)]
    if lines:
        raise unreachable(options, "\n".join(lines))


def unreachable(options: Options, reason: str) -> Stop:
    """The message for an index that cannot be reached, with its cause in plain words."""
    cause = next((name for name, pattern in CAUSES.items() if re.search(pattern, reason)), "other")
    if cause == "certificate" and time.gmtime().tm_year < 2026:
        cause = "clock"
    return Stop(4, "launcher.unreachable", cause=options.text(f"launcher.cause.{cause}"), verb=options.verb,
                version="{}.{}".format(*sys.version_info[:2]))


def check_house(house: Path) -> None:
    """Raise Stop 4 for a folder that is not there or was made for another Python, before anything is installed."""
    if not house.is_dir():
        raise Stop(4, "launcher.house_absent", folder=house)
    made_for = {match[1] for path in house.glob("*.whl") if (match := re.search(r"-cp3(\d+)-cp3\1-", path.name))}
    if made_for and str(sys.version_info[1]) not in made_for:
        raise Stop(4, "launcher.house_other", made_for=", ".join(f"3.{minor}" for minor in sorted(made_for)),
                   this=f"3.{sys.version_info[1]}")
