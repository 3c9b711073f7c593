"""`edi completion`: the script that a shell reads, and the words that it asks for at every press of a key."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Sequence
from pathlib import Path

import click

from gateway.cli.commands import PROGRAMS
from gateway.cli.completing import candidates, sources_of, table
from gateway.cli.context import emit, t, without_settings
from gateway.exchange.summary import Exit

_NAMES = " ".join(("edi", *PROGRAMS))

_SCRIPTS = {
    "bash": f"""\
# source <(edi completion bash)
_edi_complete() {{
    local IFS=$'\\n' words=("${{COMP_WORDS[@]:0:COMP_CWORD}}" "${{COMP_WORDS[COMP_CWORD]}}")
    COMPREPLY=($(edi completion words -- "${{words[@]}}" 2>/dev/null))
}}
complete -o default -F _edi_complete {_NAMES}
""",
    "zsh": f"""\
#compdef {_NAMES}
# source <(edi completion zsh), or this file as _edi in a folder of $fpath
_edi_complete() {{
    local -a found
    found=("${{(@f)$(edi completion words -- "${{(@)words[1,CURRENT]}}" 2>/dev/null)}}")
    if [[ -n "${{found[1]}}" ]]; then compadd -- "${{found[@]}}"; else _files; fi
}}
if [[ "${{funcstack[1]}}" == _edi ]]; then _edi_complete; else compdef _edi_complete {_NAMES}; fi
""",
    "fish": f"""\
# edi completion fish > ~/.config/fish/completions/edi.fish
function __edi_complete
    set -l words (commandline -opc) (commandline -ct)
    edi completion words -- $words 2>/dev/null
end
for program in {_NAMES}
    complete -c $program -a '(__edi_complete)'
end
""",
}
"""Each of them only asks: what may follow is decided in one place for all three."""


@click.command(name="completion", help=t("cli.completion.help"))
@click.argument("shell", type=click.Choice([*_SCRIPTS, "words"]), metavar="bash|zsh|fish")
@click.argument("line", nargs=-1, metavar="")
@without_settings
def completion_command(shell: str, line: tuple[str, ...]) -> int:
    """Print a script; `words`, which only the scripts ask for, answers with one word on each line, or with nothing."""
    if shell != "words":
        if line:
            raise click.UsageError(t("cli.completion.one"))
        emit(_SCRIPTS[shell].rstrip("\n"))
        return Exit.DONE
    with contextlib.suppress(OSError, ValueError, KeyError):  # whoever types is not disturbed
        for word in candidates(table(), _ours(line), sources_of(_settings(line))):
            emit(word)
    return Exit.DONE


def _ours(line: Sequence[str]) -> list[str]:
    """The line with the program's bare name: it may have been typed with its folder."""
    return [Path(line[0]).name, *line[1:]] if line else ["edi", ""]


def _settings(line: Sequence[str]) -> Path:
    """The settings that the line names, else those that it would be run with."""
    named = next((line[place + 1] for place, word in enumerate(line[:-1]) if word == "--config"), None)
    return Path(named or os.environ.get("EDI_CONFIG") or "settings.yaml")
