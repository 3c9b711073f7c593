"""The server itself: one process, a few threads, limits on everything that others decide."""

from __future__ import annotations

import logging
import socket
import sys
import time
from collections.abc import Callable
from pathlib import Path

from gateway.errors import LocalError
from gateway.exchange.assembled import Occasion
from gateway.findings import Finding
from gateway.web.desk import Desk
from gateway.web.passwords import require_library

CONNECTIONS = 100
HEAD = 16 << 10
"""Octets of a request's head at most."""

_GRACE = 20
"""Seconds in which what was begun may end when the server is told to go."""


def desk_of(config: Path, occasion: Callable[[], Occasion]) -> Desk:
    """What the server works with. Raises LocalError C200 without the extra, else as `Desk`."""
    require_library()
    return Desk(config, occasion)


def serve(desk: Desk, ready: Callable[[], None] = lambda: None) -> None:
    """Serve until told to stop (SIGTERM, SIGINT): what was begun is ended first. ready: called when people can come.

    Raises LocalError C209 where the address cannot be had, KeyboardInterrupt after SIGINT; after SIGTERM the signal is
    raised once more, as for every command.
    """
    import uvicorn  # an extra

    from gateway.web.app import application
    from gateway.web.slow import ImpatientProtocol

    with _listening(*desk.web.host_and_port) as listening:
        _tell()
        ready()
        try:
            uvicorn.Server(uvicorn.Config(
                application(desk), http=ImpatientProtocol, ws="none", lifespan="off", log_config=None, access_log=False,
                server_header=False, proxy_headers=False, limit_concurrency=CONNECTIONS,
                h11_max_incomplete_event_size=HEAD, timeout_keep_alive=5, timeout_graceful_shutdown=_GRACE,
            )).run(sockets=[listening])
        finally:
            desk.close()


def _listening(host: str, port: int) -> socket.socket:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    made = socket.socket(family, socket.SOCK_STREAM)
    try:
        made.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        made.bind((host, port))
        made.listen(CONNECTIONS)
    except OSError as error:
        made.close()
        raise LocalError(Finding(code="C209", values={"address": f"{host}:{port}",
                                                      "reason": error.strerror or str(error)})) from error
    return made


def _tell() -> None:
    """One line for each event on stderr, UTC, for the journal; what the server says of itself only when it matters."""
    handler = logging.StreamHandler(sys.stderr)
    formatter = logging.Formatter("%(asctime)s.%(msecs)03dZ %(levelname)s %(name)s %(message)s", "%Y-%m-%dT%H:%M:%S")
    formatter.converter = time.gmtime
    handler.setFormatter(formatter)
    for name, level in (("edi.web", logging.INFO), ("uvicorn.error", logging.WARNING)):
        logger = logging.getLogger(name)
        logger.handlers, logger.propagate = [handler], False
        logger.setLevel(level)
