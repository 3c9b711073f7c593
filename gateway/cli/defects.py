"""The report of a defect of ours: exception types and places in the code, and nothing that a trader has declared.

It lies where the gateway keeps its state, under ``defects``; where the settings cannot be read, or the state folder
cannot be written, in the system's folder for temporary files. Never in the current folder: a run of cron stands in
somebody's home, and a report among his files is found by nobody.
"""

from __future__ import annotations

import itertools
import os
import platform
import sys
import tempfile
import traceback
from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path

from gateway.cli.commands import called, version
from gateway.cli.context import verbose
from gateway.findings import Finding

_turn = itertools.count(1)


def reported(error: Exception, program: str, words: Sequence[str], settings: Path) -> Finding:
    """Write the report of a defect; the finding that says where it lies (C021), or that there is no place (C022).

    The traceback itself goes to stderr for -vv only, and without the words of the exceptions: they may quote a file.
    """
    if verbose() > 1 or os.environ.get("EDI_TRACEBACK"):
        sys.stderr.writelines(_traceback(error))
    path = write_report(error, program, words, settings)
    return Finding(code="C021" if path is not None else "C022",
                   values={"kind": type(error).__name__, "file": str(path)})


def _traceback(error: BaseException) -> Iterator[str]:
    """As Python prints it, with the types of the exceptions alone."""
    for cause in reversed([*_causes(error)]):
        yield "Traceback (most recent call last):\n"
        yield from traceback.format_tb(cause.__traceback__)
        yield f"{_type(cause)}\n\n"


def distinct(errors: Iterable[Exception]) -> list[Exception]:
    """Of defects of one kind at one place in the code the first: its report says it all."""
    found: dict[object, Exception] = {}
    for error in errors:
        frames = traceback.extract_tb(error.__traceback__)
        found.setdefault((type(error), tuple((frame.filename, frame.lineno) for frame in frames[-1:])), error)
    return list(found.values())


def write_report(error: BaseException, program: str, words: Sequence[str], settings: Path) -> Path | None:
    """Write the report and return where it lies; None when there is no place to write to."""
    text = "\n".join(_lines(error, program, words)) + "\n"
    name = f"edi-defect-{datetime.now(UTC):%Y%m%dT%H%M%SZ}-{os.getpid()}-{next(_turn)}.txt"
    for folder in _folders(settings):
        try:
            folder.mkdir(mode=0o700, exist_ok=True)
            handle = os.open(folder / name, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, 0o600)
        except OSError:
            continue
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            file.write(text)
        return folder / name
    return None


def _folders(settings: Path) -> Iterator[Path]:
    state = _state(settings)
    if state is not None and state.is_dir():
        yield state / "defects"
    yield Path(tempfile.gettempdir())


def _state(settings: Path) -> Path | None:
    """The state folder, where the settings are sound. Whatever is wrong with them is not what is reported here."""
    try:
        from gateway.config import load_settings

        return load_settings(settings, partners=False).paths.state
    except Exception:  # this runs after a defect: the next one must not hide it
        return None


def _lines(error: BaseException, program: str, words: Sequence[str]) -> Iterator[str]:
    yield f"corridor-gateway {version()}, Python {platform.python_version()}, {platform.system()}"
    yield f"{datetime.now(UTC):%Y-%m-%dT%H:%M:%SZ} {' '.join([program, *called(words)])}"
    for cause in _causes(error):
        yield _type(cause)  # never its words: they may quote a file
        for frame in traceback.extract_tb(cause.__traceback__):
            yield f"  {_short(frame.filename)}:{frame.lineno} {frame.name}"


def _causes(error: BaseException) -> Iterator[BaseException]:
    """An exception and what led to it, the last one first."""
    seen: set[int] = set()
    cause: BaseException | None = error
    while cause is not None and id(cause) not in seen:
        seen.add(id(cause))
        yield cause
        cause = cause.__cause__ or cause.__context__


def _type(error: BaseException) -> str:
    return f"{type(error).__module__}.{type(error).__qualname__}"


def _short(filename: str) -> str:
    """The last three parts: enough to know the module, nothing of where it is installed."""
    return "/".join(Path(filename).parts[-3:])
