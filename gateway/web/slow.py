"""Connections that end: who is slow to ask, or slow to take the answer, holds no place for ever.

The server by itself waits without end for the head of a request, for its body, and for a client that reads nothing.
"""

from __future__ import annotations

import asyncio

from uvicorn.protocols.http.h11_impl import H11Protocol

ASKING, ANSWERING = 10.0, 60.0
"""Seconds for a whole request head, from the connection or the last answer on; and from there to the end of its
answer, body and all: longer than a decision waits for the ledger while a run writes."""


class ImpatientProtocol(H11Protocol):
    """HTTP/1.1 with a limit on each half of an exchange."""

    _limit: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """A connection: its first request has to come."""
        super().connection_made(transport)
        self._within(ASKING)

    def handle_events(self) -> None:
        """Something came: where it is a whole request, its answer has to be taken."""
        before = self.cycle
        super().handle_events()
        if self.cycle is not None and self.cycle is not before:
            self._within(ANSWERING)

    def on_response_complete(self) -> None:
        """An answer is given: the next request has to come, or the connection goes."""
        self._within(ASKING)
        super().on_response_complete()

    def connection_lost(self, exc: Exception | None) -> None:
        """It is over, whoever ended it."""
        self._forget()
        super().connection_lost(exc)

    def _within(self, seconds: float) -> None:
        self._forget()
        self._limit = self.loop.call_later(seconds, self.transport.abort)

    def _forget(self) -> None:
        if self._limit is not None:
            self._limit.cancel()
            self._limit = None
