"""The application: which address leads where, and what becomes of a request that goes wrong."""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import TypeAlias
from urllib.parse import urlencode

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect, Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route
from starlette.types import ASGIApp, Receive, Scope, Send

from gateway.errors import GatewayError
from gateway.exchange.assembly import Gateway
from gateway.pages.live import dead_page, quarantine_page
from gateway.web import answers, reading
from gateway.web.acting import dead_rows, held_rows
from gateway.web.deciding import Deciding
from gateway.web.desk import Desk
from gateway.web.entering import Entering
from gateway.web.front import Front, NotIn
from gateway.web.guard import Guard, TooLarge
from gateway.web.reading import Asked, Page
from gateway.web.refusal import Reason, Refusal
from gateway.web.rights import may
from gateway.web.visit import Visit

_LOG = logging.getLogger("edi.web")

Read: TypeAlias = Callable[[Asked, str], Page]
List: TypeAlias = Callable[[Front, Visit, Gateway], str]

_ENDINGS = {".csv": "csv", ".json": "json"}


def application(desk: Desk) -> ASGIApp:
    """Everything, behind its guard."""
    front = Front(desk)
    inner = Starlette(routes=[*_Reading(front).routes(), *Entering(front).routes(), *Deciding(front).routes()])
    inner.router.redirect_slashes = False

    def refuse(scope: Scope, reason: Reason) -> ASGIApp:
        return front.refused(Request(scope), Refusal(reason))

    return Guard(_Careful(inner, front), lambda: desk.web.public, refuse)


class _Careful:
    """Around the routes: every way in which a request can fail ends in a page that says what happened."""

    def __init__(self, app: Starlette, front: Front) -> None:
        self._app, self._front = app, front
        for kind in (Refusal, NotIn, TooLarge, GatewayError, HTTPException, Exception):
            app.add_exception_handler(kind, self._answered)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        began = False

        async def sending(message: dict[str, object]) -> None:
            nonlocal began
            began = True
            await send(message)

        try:
            await self._app(scope, receive, sending)  # type: ignore[arg-type]
        except ClientDisconnect:
            return
        except Exception:
            _LOG.exception("a page could not be made")
            if not began:
                await self._front.refused(Request(scope), Refusal("fault"))(scope, receive, send)

    def _answered(self, request: Request, error: Exception) -> Response:
        if isinstance(error, NotIn):
            path = request.url.path + (f"?{request.url.query}" if request.url.query else "")
            back = urlencode({"back": answers.local(path)}) if request.method != "POST" else ""
            return answers.see(f"/login?{back}" if back else "/login")
        return self._front.refused(request, _refusal(error))


def _refusal(error: Exception) -> Refusal:
    if isinstance(error, Refusal):
        return error
    if isinstance(error, TooLarge):
        return Refusal("too-large")
    if isinstance(error, GatewayError):
        return Refusal("unavailable", *error.findings)
    status = error.status_code if isinstance(error, HTTPException) else 500
    reasons: dict[int, Reason] = {404: "absent", 405: "method", 400: "not-a-form", 413: "too-large"}
    return Refusal(reasons.get(status, "fault"))


class _Reading:
    """The pages that are read."""

    def __init__(self, front: Front) -> None:
        self._front, self._desk = front, front.desk

    def routes(self) -> list[Route]:
        """Addresses of pages and of their files."""
        keyed: dict[str, Read] = {
            "board": reading.board_of, "movement": reading.movement, "overdue": reading.late,
            "statistics": reading.figures, "certificate": reading.attestation, "letter": reading.enquiry,
            "guide": reading.guide}
        whole: dict[str, Read] = {"index": _index, "overdue": reading.late, "search": reading.found_by}
        return [
            Route("/", self._page(_index, "index")),
            *(Route(f"/{kind}{ending}", self._page(read, kind)) for kind, read in whole.items()
              for ending in ("", *_ENDINGS)),
            *(Route(f"/{kind}/{{key:path}}", self._page(read, kind)) for kind, read in keyed.items()),
            Route("/quarantine", self._list(_quarantine)), Route("/dead", self._list(_dead)),
            Route("/health", self._health)]

    def _page(self, read: Read, kind: str) -> Callable[[Request], Response]:
        def answer(request: Request) -> Response:
            visit = self._front.known(request)
            key, form = _key_and_form(request)
            with self._desk.reading() as gateway:
                found = read(Asked(visit=visit, gateway=gateway,
                                   frame=lambda corridor: self._front.site(visit, gateway, corridor)), key)
                if form != "html":
                    if found.table is None:
                        raise Refusal("absent")
                    return answers.file(request, found.table(), form, f"{kind}-{key}".strip("-"))
                return self._front.finished(request, visit, answers.page(request, found.html()))
        return answer

    def _list(self, made: List) -> Callable[[Request], Response]:
        def answer(request: Request) -> Response:
            visit = self._front.known(request)
            with self._desk.reading() as gateway:
                html = made(self._front, visit, gateway)
            return self._front.finished(request, visit, answers.page(request, html))
        return answer

    def _health(self, request: Request) -> Response:
        """Up or down, and nothing else: strangers may ask."""
        try:
            with self._desk.reading() as gateway, gateway.ledger.reading() as queries:
                queries.corridors_held()
        except GatewayError:
            return PlainTextResponse("down\n", 503)
        return PlainTextResponse("up\n")


def _index(asked: Asked, key: str) -> Page:
    return reading.index(asked)


def _quarantine(front: Front, visit: Visit, gateway: Gateway) -> str:
    if visit.person is None or not may(visit.person, "quarantine", ""):
        raise Refusal("forbidden")
    return quarantine_page(front.site(visit, gateway), held_rows(gateway, visit.person),
                           two=gateway.settings.approvals == "two")


def _dead(front: Front, visit: Visit, gateway: Gateway) -> str:
    if visit.person is None or not may(visit.person, "dead", ""):
        raise Refusal("forbidden")
    return dead_page(front.site(visit, gateway), dead_rows(gateway))


def _key_and_form(request: Request) -> tuple[str, str]:
    """What the page is of, and in which form: html, csv, excel, json."""
    path, key = request.url.path, request.path_params.get("key")
    ending = next((one for one in _ENDINGS if path.endswith(one)), "")
    form = _ENDINGS.get(ending, "html")
    if form == "csv" and "excel" in request.query_params:
        form = "excel"
    if key is None:
        return request.query_params.get("q", "").strip()[:100], form
    return key.removesuffix(ending), form
