"""From the shell to a command and back to an exit status: language, framework, errors, streams.

Every outcome is mapped to the table of exit statuses (EXPERIENCE 3.2): the framework's own codes never leave here.
"""

from __future__ import annotations

import gettext
import io
import os
import signal
import sys
import traceback
from collections.abc import Sequence
from pathlib import Path
from types import FrameType

from gateway.errors import GatewayError
from gateway.exchange.summary import Exit, exit_for, worst
from gateway.texts import Language, choose, say

_LOCALE = Path(__file__).parents[1] / "locale"


def run(program: str, arguments: Sequence[str] | None) -> int:
    """Run one program with its arguments (the process's own when None). Returns the exit status; never raises."""
    words = list(sys.argv[1:] if arguments is None else arguments)
    language = _language(words)
    _substitute_what_streams_cannot_show()
    os.umask(0o077)
    from gateway.cli import context  # after the language is decided

    context.LANGUAGE = language
    return _outcome(program, words, language)


def _outcome(program: str, words: list[str], language: Language) -> int:
    import click

    from gateway.cli.commands import program_of
    from gateway.cli.context import report

    signal.signal(signal.SIGTERM, _terminated)
    try:
        outcome = program_of(program).main(args=words, prog_name=program, standalone_mode=False)
        sys.stdout.flush()
        return int(outcome) if isinstance(outcome, int) else Exit.DONE
    except GatewayError as error:
        report(error, as_json="--json" in words)
        return worst({exit_for(error)}) or Exit.PERSON
    except click.exceptions.Exit as error:
        return error.exit_code
    except click.UsageError as error:
        error.show()
        return Exit.USAGE
    except click.ClickException as error:
        error.show()
        return Exit.USAGE
    except (click.Abort, KeyboardInterrupt):
        return Exit.INTERRUPTED
    except _Terminated:
        return Exit.TERMINATED
    except BrokenPipeError:  # `edi status | head` is no fault
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return Exit.DONE
    except Exception as error:
        print(say("cli.defect", language, kind=type(error).__name__), file=sys.stderr)  # noqa: T201
        if "-v" in words or "-vv" in words or os.environ.get("EDI_TRACEBACK"):
            traceback.print_exc()
        else:
            _report_file(error, language)
        return Exit.DEFECT


class _Terminated(BaseException):
    """SIGTERM arrived; nothing needs to be undone, every state is safe to leave."""


def _terminated(number: int, frame: FrameType | None) -> None:
    raise _Terminated


def _language(words: Sequence[str]) -> Language:
    """Peek at --lang, then at the language of the settings (cron runs under C), then decide and tell gettext."""
    option = None
    for position, word in enumerate(words):
        if word == "--lang" and position + 1 < len(words):
            option = words[position + 1]
        elif word.startswith("--lang="):
            option = word.partition("=")[2]
    setting = None if option or os.environ.get("EDI_LANG") else _setting(words)
    language = choose(option, os.environ, setting)
    os.environ["LANGUAGE"] = language.value
    gettext.bindtextdomain("gateway", str(_LOCALE))
    gettext.textdomain("gateway")
    return language


def _setting(words: Sequence[str]) -> str | None:
    """The line ``language:`` of the settings, read without judging the file: the command will judge it."""
    name = os.environ.get("EDI_CONFIG")
    for position, word in enumerate(words):
        if word == "--config" and position + 1 < len(words):
            name = words[position + 1]
        elif word.startswith("--config="):
            name = word.partition("=")[2]
    try:
        lines = Path(name or "settings.yaml").read_text("utf-8", "replace").splitlines()
    except OSError:
        return None
    return next((line.partition(":")[2].strip() for line in lines if line.startswith("language:")), None)


def _substitute_what_streams_cannot_show() -> None:
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="replace")


def _report_file(error: BaseException, language: Language) -> None:
    """Leave a report without business data: exception types and code places only, no messages, no values."""
    lines = [f"{type(error).__name__}"]
    lines += [f"  {Path(frame.filename).name}:{frame.lineno} {frame.name}"
              for frame in traceback.extract_tb(error.__traceback__)]
    path = Path.cwd() / f"edi-defect-{os.getpid()}.txt"
    try:
        path.write_text("\n".join(lines) + "\n", "utf-8")
    except OSError:
        print("\n".join(lines), file=sys.stderr)  # noqa: T201
        return
    print(say("cli.defect.report", language, file=path), file=sys.stderr)  # noqa: T201
