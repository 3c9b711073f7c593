# -*- coding: utf-8 -*-
"""The order of the work: check this Python, find or make the environment, become its Python, do what was asked.

The environment's Python comes through `main` once more, with INSIDE set; it never prepares a second time.
Runs on old Pythons; everything that need not is imported after the version check.
"""

import importlib
import os
import shutil
import subprocess
import sys

from gateway.launcher.words import Options, Stop

PACKAGE = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
ROOT = os.path.dirname(PACKAGE)
OLDEST, NEWEST = (3, 11), (3, 14)
NEEDED = ("ssl", "sqlite3", "venv", "zlib", "ctypes")
"""Modules of the standard library that distributions cut off."""
INSIDE = "EDI_LAUNCHED"


def main(argv: "list[str]") -> int:
    """Run the launcher; the exit status."""
    inside = os.environ.pop(INSIDE, "")
    options = Options(argv, dict(os.environ))
    try:
        if options.fault:
            options.say(sys.stderr, "launcher.wrong", word=options.fault)
        if options.help and not options.fault:
            options.say(sys.stdout, "launcher.usage")
            return 0
        if options.fault or not options.verb:
            options.say(sys.stderr, "launcher.usage")
            return 2
        return within(options) if inside else prepare(options)
    except Stop as stop:
        options.say(sys.stderr, stop.key, **stop.values)
        return stop.status
    except OSError as error:
        options.say(sys.stderr, "launcher.system", reason=error)
        return 3
    except KeyboardInterrupt:
        return 130


def prepare(options: Options) -> int:
    """Everything up to the environment's Python. Raises Stop."""
    check_python(options)
    if sys.version_info[:2] < OLDEST:
        return replace([newer_python(), PACKAGE] + options.argv, options.environ)
    from gateway.launcher import environment, folders, wheelhouse

    if options.verb == "doctor":
        return environment.report(options)
    if options.clean:
        return folders.clean(options)
    if options.verb == "wheelhouse":
        return wheelhouse.fill(options)
    python, ours = environment.find_or_make(options, "test" if options.verb == "test" else "")
    child = {name: value for name, value in options.environ.items() if name not in ("PYTHONPATH", "PYTHONHOME")}
    child[INSIDE] = "1"
    if "--lang" in options.given:
        child["EDI_LANG"] = options.language
    if ours:  # the checkout is on its path by a .pth line; isolated, so that the current folder is not
        return replace([python, "-I", "-m", "gateway"] + options.argv, child)
    child["PYTHONPATH"] = ROOT
    return replace([python, "-sP", "-m", "gateway"] + options.argv, child)


def check_python(options: Options) -> None:
    """Say what is unusual about this Python. Raises Stop when it cannot serve and no other can take over."""
    version = "%d.%d.%d" % sys.version_info[:3]
    if sys.version_info[:2] < OLDEST:
        newer = newer_python()
        if not newer:
            raise Stop(3, "launcher.too_old", version=version, verb=options.verb)
        options.say(sys.stderr, "launcher.newer", version=version, path=newer)
        return
    if sys.version_info[:2] > NEWEST:
        options.say(sys.stderr, "launcher.untested", version=version, newest="%d.%d" % NEWEST)
    absent = [name for name in NEEDED if not importable(name)]
    if absent:
        raise Stop(3, "launcher.incomplete", modules=", ".join(absent), verb=options.verb)


def newer_python() -> str:
    """The newest suitable Python on the path, "" when there is none."""
    for minor in range(NEWEST[1], OLDEST[1] - 1, -1):
        path = shutil.which("python3.%d" % minor)
        if path and runs([path, "-c", "import sys; sys.exit(sys.version_info < (3, 11))"]):
            return path
    return ""


def importable(name: str) -> bool:
    """Tell whether a module can be imported."""
    try:
        importlib.import_module(name)
    except ImportError:
        return False
    return True


def runs(command: "list[str]") -> bool:
    """Run a command without a word; True when it ended well."""
    try:
        return subprocess.call(command, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                               stderr=subprocess.DEVNULL) == 0
    except OSError:
        return False


def replace(command: "list[str]", environ: "dict[str, str]") -> int:
    """Become this command; where a process cannot (Windows), wait for it and give its exit status."""
    sys.stdout.flush()
    sys.stderr.flush()
    if os.name == "posix":
        os.execve(command[0], command, environ)
    return subprocess.call(command, env=environ)


def within(options: Options) -> int:
    """What the environment's Python does: the demonstration, the tests, or edi. Raises Stop 70 when one cannot load."""
    from gateway.launcher import folders, suite

    if options.verb == "test":
        return suite.run(options)
    name = "gateway.demo" if options.verb == "demo" else "gateway.cli"
    try:
        module = importlib.import_module(name)
        if options.verb == "demo":
            folder = str(folders.chosen(options, "--dir"))
            return int(module.main(["--dir", folder, "--lang", options.language] + options.rest))
        sys.argv = ["edi", options.verb] + options.rest
        return int(module.main() or 0)
    except ImportError as error:  # what is heavy is imported late
        if options.verbose:
            raise
        raise Stop(70, "launcher.broken", module=name, reason=error)
