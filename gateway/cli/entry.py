"""From the shell to a command and back to an exit status: language, framework, errors, streams.

Every outcome is mapped to the table of exit statuses (EXPERIENCE 3.2): the framework's own codes never leave here.
"""

from __future__ import annotations

import contextlib
import gettext
import io
import os
import re
import signal
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from types import FrameType
from typing import TYPE_CHECKING, TextIO

from gateway.errors import GatewayError
from gateway.exchange.summary import Exit
from gateway.findings import Finding
from gateway.texts import Language, choose

if TYPE_CHECKING:
    import click

_NO_TEXT = re.compile("[\udc80-\udcff]")
"""Octets of the command line that are no UTF-8, as Python hands them on."""
_LOCALE = Path(__file__).parents[1] / "locale"


def run(program: str, arguments: Sequence[str] | None, command: click.Command | None = None) -> int:
    """Run one program with its arguments (the process's own when None). Returns the exit status; never raises.

    command  what it runs, where that is not what it runs for people and cron
    """
    words = list(sys.argv[1:] if arguments is None else arguments)
    language = _language(words)
    _substitute_what_streams_cannot_show()
    from gateway.cli import context  # after the language is decided

    context.start(language)
    with _process_manners():
        try:
            status = _outcome(program, words, command)
        except OSError:  # nothing can be said: the log of cron lies on the disk that is full
            status = Exit.PERSON
        for stream in (sys.stdout, sys.stderr):
            try:
                stream.flush()
            except OSError:  # the status of a failure stands, whoever reads
                _close_quietly(stream)
        return int(status)


def _outcome(program: str, words: list[str], command: click.Command | None) -> int:
    import click

    from gateway.cli.commands import program_of, reads
    from gateway.cli.context import fatal, report

    as_json = "--json" in words
    try:
        command = command or program_of(program)
        with command.make_context(program, list(words)) as context:
            outcome = command.invoke(context)
        sys.stdout.flush()
        return outcome if isinstance(outcome, int) else Exit.DONE
    except GatewayError as error:
        return report(error, as_json=as_json)
    except click.exceptions.Exit as error:
        return error.exit_code
    except click.ClickException as error:  # wrong use; the framework's words come from our catalogue
        error.show()
        if as_json:
            fatal(Finding(code="C020", values={"message": error.format_message(), "command": _help_of(error, program)}),
                  Exit.USAGE)
        return Exit.USAGE
    except (click.Abort, KeyboardInterrupt):
        return Exit.INTERRUPTED
    except _Terminated:
        return Exit.TERMINATED
    except BrokenPipeError:  # `edi status | head` is no fault; of an act, nobody has read what it did
        _close_quietly(sys.stdout)
        return Exit.DONE if reads(program, words) else Exit.PERSON
    except Exception as error:
        return _failed(error, program, words, as_json)


def _failed(error: Exception, program: str, words: Sequence[str], as_json: bool) -> int:
    """What nobody foresaw: a fault of the machine, or a defect of ours."""
    from gateway.cli.context import report
    from gateway.spool import machine_fault

    try:
        sys.stdout.flush()
    except OSError:  # what lies before it would keep the fault from being told
        _close_quietly(sys.stdout)
    if isinstance(error, UnicodeEncodeError) and any(_NO_TEXT.search(word) for word in words):
        return _misused(program, as_json)
    fault = machine_fault(error)
    return _defect(error, program, words, as_json) if fault is None else report(fault, as_json=as_json)


def _misused(program: str, as_json: bool) -> int:
    """A word of the line is not UTF-8 and was wanted as text: the name of a file may be such, a reference may not."""
    import click

    from gateway.cli.context import fatal, t

    error = click.UsageError(t("cli.not_utf8"))
    error.show()
    if as_json:
        fatal(Finding(code="C020", values={"message": error.format_message(), "command": _help_of(error, program)}),
              Exit.USAGE)
    return Exit.USAGE


class _Terminated(BaseException):
    """SIGTERM arrived; nothing needs to be undone, every state is safe to leave."""


def _terminated(number: int, frame: FrameType | None) -> None:
    raise _Terminated


@contextlib.contextmanager
def _process_manners() -> Iterator[None]:
    """Files for our own user only, and SIGTERM as an orderly end; given back at the end, for whoever calls `run`."""
    umask, handler = os.umask(0o077), signal.signal(signal.SIGTERM, _terminated)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, handler or signal.SIG_DFL)
        os.umask(umask)


def _language(words: Sequence[str]) -> Language:
    """Peek at --lang, then at the language of the settings (cron runs under C), then decide and tell gettext."""
    option = _option(words, "--lang")
    setting = None if option or os.environ.get("EDI_LANG") else _setting(words)
    language = choose(option, os.environ, setting)
    os.environ["LANGUAGE"] = language.value
    gettext.bindtextdomain("gateway", str(_LOCALE))
    gettext.textdomain("gateway")
    return language


def _option(words: Sequence[str], name: str) -> str | None:
    """The value of an option, before the framework has read the line; the last one counts."""
    value = None
    for position, word in enumerate(words):
        if word == name and position + 1 < len(words):
            value = words[position + 1]
        elif word.startswith(f"{name}="):
            value = word.partition("=")[2]
    return value


def _settings_file(words: Sequence[str]) -> Path:
    return Path(_option(words, "--config") or os.environ.get("EDI_CONFIG") or "settings.yaml")


def _setting(words: Sequence[str]) -> str | None:
    """The line ``language:`` of the settings, read without judging the file: the command will judge it."""
    try:
        lines = _settings_file(words).read_text("utf-8", "replace").splitlines()
    except (OSError, ValueError):
        return None
    return next((line.partition(":")[2].partition("#")[0].strip(" \"'") for line in lines
                 if line.startswith("language:")), None)


def _substitute_what_streams_cannot_show() -> None:
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="replace")


def _close_quietly(stream: TextIO) -> None:
    """Nobody reads a stream any more: what is still to be flushed goes nowhere."""
    with contextlib.suppress(OSError, ValueError):  # a stream that is no file has nothing to flush
        os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())


def _help_of(error: object, program: str) -> str:
    context = getattr(error, "ctx", None)
    return f"{context.command_path if context is not None else program} --help"


def _defect(error: Exception, program: str, words: Sequence[str], as_json: bool) -> Exit:
    """Our own fault: a sentence, and a report that can be handed on. The traceback itself is for -vv."""
    from gateway.cli.context import fatal, tell
    from gateway.cli.defects import reported

    finding = reported(error, program, words, _settings_file(words))
    tell([finding])
    if as_json:
        fatal(finding, Exit.DEFECT)
    return Exit.DEFECT
