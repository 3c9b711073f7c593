"""The forms by which people decide: a question first where something is at stake, then the deed, then what follows."""

from __future__ import annotations

import logging
from collections.abc import Collection
from urllib.parse import quote

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from gateway.pages.live import ALSO, done_page, question_page
from gateway.web import answers
from gateway.web.acting import AT_ONCE, REASON, WITH_REASON, Wish, carry_out, question, require_right
from gateway.web.desk import Desk
from gateway.web.frame import address, right_of
from gateway.web.front import Front
from gateway.web.refusal import Refusal
from gateway.web.visit import Visit

_LOG = logging.getLogger("edi.web")


class Deciding:
    """The forms of acts."""

    def __init__(self, front: Front) -> None:
        self._front = front

    def routes(self) -> list[Route]:
        """Their addresses: the question, the deed, and what is said afterwards."""
        return [Route("/act/{act}/{about:path}", self._act, methods=["GET", "POST"]),
                Route("/done/{act}/{about:path}", self._done)]

    async def _act(self, request: Request) -> Response:
        act, about = request.path_params["act"], request.path_params["about"]
        if request.method != "POST":
            return await run_in_threadpool(self._asked, request, self._front.known(request), act, about)
        visit = self._front.known(request)
        fields = await self._front.form(request)
        reason = _plain(fields.get("reason", ""))[:REASON]
        also = frozenset(name.removeprefix(ALSO) for name in fields if name.startswith(ALSO))
        if act in WITH_REASON and not reason:
            fault = "no_reason" if "sure" in fields else ""
            return await run_in_threadpool(self._asked, request, visit, act, about, fault, also)
        if act not in AT_ONCE and "sure" not in fields:
            return await run_in_threadpool(self._asked, request, visit, act, about, "", also)
        await run_in_threadpool(self._do, visit, act, about, reason, also)
        return answers.see(f"/done/{quote(act, safe='')}/{quote(about, safe='/')}"
                           f"?proof={self._proof(visit, act, about)}")

    def _asked(self, request: Request, visit: Visit, act: str, about: str, fault: str = "",
               also: Collection[str] = ()) -> Response:
        with self._front.desk.reading() as gateway:
            require_right(gateway, visit, act, about)
            html = question_page(self._front.site(visit, gateway), question(gateway, visit, act, about, fault, also))
        return self._front.finished(request, visit, answers.page(request, html))

    def _do(self, visit: Visit, act: str, about: str, reason: str, also: frozenset[str]) -> None:
        desk: Desk = self._front.desk
        with desk.reading() as gateway:
            person = require_right(gateway, visit, act, about)
        carry_out(desk, Wish(act=act, about=about, reason=reason, person=person, also=also))
        _LOG.info("%s %s by %s", act, about, person.login)

    def _done(self, request: Request) -> Response:
        act, about = request.path_params["act"], request.path_params["about"]
        visit = self._front.known(request)
        if right_of(act) is None or request.query_params.get("proof") != self._proof(visit, act, about):
            raise Refusal("absent")
        back = {"quarantine": address("quarantine", ""), "dead": address("dead", "")}.get(
            right_of(act) or "", address("movement", about))
        with self._front.desk.reading() as gateway:
            html = done_page(self._front.site(visit, gateway), act, about, back)
        return answers.page(request, html)

    def _proof(self, visit: Visit, act: str, about: str) -> str:
        """That it was done: nobody is shown that something was done by a link that somebody made up."""
        return self._front.desk.keyring.token(f"done|{visit.login}", f"{act}|{about}")


def _plain(text: str) -> str:
    """A text on one line, without what nobody sees: controls, and what turns the direction of writing."""
    return " ".join("".join(one if one.isprintable() else " " for one in text).split())
