"""What every handler does first and last: who asks, the frame of the page, cookies of the answer, a form's proof."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from starlette.requests import Request
from starlette.responses import Response

from gateway.exchange.assembly import Gateway
from gateway.pages.live import problem_page
from gateway.pages.site import Site
from gateway.texts import Language, sentence
from gateway.web import answers
from gateway.web.desk import Desk
from gateway.web.frame import site_of
from gateway.web.refusal import STATUS, Refusal
from gateway.web.visit import Theme, Visit, same_site, visitor

_FORM = "application/x-www-form-urlencoded"
_FIELDS = 20


class NotIn(Exception):
    """Nobody is logged in, and the page is for people only."""


class Front:
    """Of one desk."""

    def __init__(self, desk: Desk) -> None:
        self.desk = desk

    def visit(self, request: Request) -> Visit:
        """Who asks, whoever it is. Raises Refusal as `visitor`."""
        return visitor(self.desk, request)

    def known(self, request: Request) -> Visit:
        """Who asks, for pages that are for people. Raises NotIn for nobody, Refusal ``forbidden`` for somebody whom the
        settings do not name, ``proxy`` where the proxy has not said who it is."""
        visit = self.visit(request)
        if not visit.login:
            if self.desk.web.proxy is not None:
                raise Refusal("proxy")
            raise NotIn
        if visit.person is None:
            raise Refusal("forbidden")
        return visit

    def site(self, visit: Visit, gateway: Gateway | None, corridor: str | None = None, now: datetime | None = None
             ) -> Site:
        """The frame of a page. gateway: None where the ledger cannot be read, or is not needed."""
        web = self.desk.web
        moment = now or (self.desk.now if gateway is None else gateway.now)
        return site_of(visit, gateway, self.desk.keyring.token(visit.id, visit.login), moment, corridor=corridor,
                       help_=web.help or "", proxy=web.proxy is not None)

    def finished(self, request: Request, visit: Visit, response: Response) -> Response:
        """The answer with the cookies that it has to bring: of a new visitor, and of a language that was chosen."""
        web = self.desk.web
        if visit.new:
            answers.keep(response, web, "visit", visit.id, None)
        if request.query_params.get("lang") in {one.value for one in Language}:
            answers.keep(response, web, "lang", visit.language.value)
        return response

    async def form(self, request: Request) -> Mapping[str, str]:
        """The fields of a form of ours. Raises Refusal ``not-a-form``, ``stale`` for one of another visit or login, or
        of another site."""
        if request.headers.get("content-type", "").partition(";")[0].strip().lower() != _FORM:
            raise Refusal("not-a-form")
        fields = await request.form(max_files=0, max_fields=_FIELDS)
        found = {name: value for name, value in fields.items() if isinstance(value, str)}
        visit = self.visit(request)
        token = found.get("token", "")
        if not same_site(self.desk.web, request) or visit.new or not self.desk.keyring.knows(
                token, visit.id, visit.login):
            raise Refusal("stale")
        return found

    def refused(self, request: Request, refusal: Refusal) -> Response:
        """The page that says why not."""
        try:
            visit = self.visit(request)
        except Refusal:
            visit = Visit(address="", id="", new=False, login="", person=None, session=None, theme="system",
                          language=Language(self.desk.settings.language))
        posted = request.method == "POST" and refusal.reason != "slow-down"
        html = problem_page(self.site(visit, None), refusal.reason,
                            [sentence(one, visit.language) for one in refusal.findings], posted=posted)
        response = answers.page(request, html, STATUS[refusal.reason])
        if refusal.seconds:
            response.headers["Retry-After"] = str(refusal.seconds)
        return response


THEMES: tuple[Theme, ...] = ("system", "light", "dark")
