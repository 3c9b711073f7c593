"""Logging in and out with a local account, and the theme: the forms that are not about customs."""

from __future__ import annotations

import logging
from datetime import timedelta
from threading import BoundedSemaphore

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from gateway.pages.live import login_page
from gateway.web import answers
from gateway.web.front import THEMES, Front, NotIn
from gateway.web.passwords import LONGEST, fits
from gateway.web.refusal import STATUS, Refusal
from gateway.web.sessions import Session
from gateway.web.visit import Visit

_LOG = logging.getLogger("edi.web")
_CHECKED_AT_ONCE = 2
"""Passwords under examination at once: each takes 64 MiB for as long as it lasts."""


class Entering:
    """The forms of login, logout and theme."""

    def __init__(self, front: Front) -> None:
        self._front, self._desk = front, front.desk
        self._room = BoundedSemaphore(_CHECKED_AT_ONCE)

    def routes(self) -> list[Route]:
        """Their addresses."""
        return [Route("/login", self._login, methods=["GET", "POST"]),
                Route("/logout", self._logout, methods=["POST"]), Route("/theme", self._theme, methods=["POST"])]

    async def _login(self, request: Request) -> Response:
        if self._desk.web.proxy is not None:
            raise Refusal("absent")
        if request.method == "POST":
            fields = await self._front.form(request)
            return await run_in_threadpool(self._enter, request, fields.get("login", ""), fields.get("password", ""),
                                           answers.local(fields.get("back", "/")))
        visit = self._front.visit(request)
        back = answers.local(request.query_params.get("back", "/"))
        if visit.person is not None:
            return answers.see(back)
        page = answers.page(request, login_page(self._front.site(visit, None), back))
        page.headers["Cache-Control"] = "no-store"
        return self._front.finished(request, visit, page)

    def _enter(self, request: Request, login: str, password: str, back: str) -> Response:
        desk, visit, now = self._desk, self._front.visit(request), self._desk.now
        name = login.strip().casefold()[:64]
        account = desk.accounts().get(name)
        with self._room:  # in here: those who come together wait for what the others failed
            wait = desk.throttle.wait(name, visit.address, now)
            right = not wait and fits(None if account is None or account.closed is not None else account.hash,
                                      password[:LONGEST + 1])
            if not wait and (not right or account is None):
                desk.throttle.failed(name, visit.address, now)
        if wait:
            return self._again(request, visit, back, "slow", login, wait)
        if not right or account is None:
            _LOG.warning("login refused: %s from %s", "an account" if account is None else account.login, visit.address)
            return self._again(request, visit, back, "wrong", login)
        desk.throttle.succeeded(name, visit.address)
        _LOG.info("login: %s from %s", account.login, visit.address)
        fresh = desk.occasion().identifier
        session = Session(login=account.login, account=account.stamp, begun=now, id=fresh())
        response = answers.see(back)
        answers.keep(response, desk.web, "session", desk.keyring.cookie(session), None)
        answers.keep(response, desk.web, "visit", fresh(), None)  # a form that was open before belongs to nobody now
        return response

    def _again(self, request: Request, visit: Visit, back: str, fault: str, login: str,
               wait: timedelta = timedelta(0)) -> Response:
        html = login_page(self._front.site(visit, None), back, fault, login[:64], wait)
        response = answers.page(request, html, STATUS["slow-down"] if wait else STATUS["forbidden"])
        if wait:
            response.headers["Retry-After"] = str(int(wait.total_seconds()) + 1)
        return response

    async def _logout(self, request: Request) -> Response:
        await self._front.form(request)
        visit, desk = self._front.visit(request), self._desk
        if visit.session is None:
            raise NotIn
        await run_in_threadpool(desk.keyring.end, visit.session, desk.web.session, desk.now)
        response = answers.see("/login")
        for cookie in ("session", "visit"):
            answers.forget(response, desk.web, cookie)
        response.headers["Clear-Site-Data"] = '"cache"'
        return response

    async def _theme(self, request: Request) -> Response:
        fields = await self._front.form(request)
        if fields.get("theme") not in THEMES:
            raise Refusal("not-a-form")
        response = answers.see(_where_from(request, self._desk.web.public))
        answers.keep(response, self._desk.web, "theme", fields["theme"])
        return response


def _where_from(request: Request, public: str) -> str:
    """The page whose form it was, as the browser says; the first page where it does not."""
    before = request.headers.get("referer", "")
    return answers.local(before.removeprefix(public)) if before.startswith(f"{public}/") else "/"
