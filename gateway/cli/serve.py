"""`edi serve`: the pages live, for people who log in."""

from __future__ import annotations

from pathlib import Path

import click

from gateway.cli.context import common, note, occasion, t
from gateway.exchange.summary import Exit
from gateway.web.server import desk_of, serve


@click.command(name="serve", help=t("cli.serve.help"))
@common
def serve_command(config: Path) -> int:
    """Serve until told to stop; what happens is told on stderr, one line each."""
    desk = desk_of(config, occasion)
    web = desk.web
    serve(desk, lambda: note(t("serve.begins", address=web.public, listen=web.listen, people=len(web.people))))
    return Exit.DONE
