"""Answers of HTTP: pages with their policy and a tag by which an unchanged one is not sent again, files, cookies."""

from __future__ import annotations

import re
from hashlib import sha256

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from gateway.config.web import Web
from gateway.pages.engine import policy
from gateway.web.files import Table, as_csv, as_excel, as_json
from gateway.web.visit import YEAR, Cookie, cookie_name

_CHANGES_ALONE = re.compile(
    r'<meta http-equiv="Content-Security-Policy"[^>]*>|@page\{@bottom-left\{[^}]*\}\}|<footer>\s*<p>.*?</time>',
    re.DOTALL)
"""Where a page says when it was made: that alone makes no other page of it."""

_KEPT = {"Cache-Control": "private, no-cache", "Vary": "Cookie"}
"""Kept by the browser alone, and asked after each time."""


def page(request: Request, html: str, status: int = 200) -> Response:
    """A page, or nothing where the browser has it already."""
    tag = f'W/"{sha256(_CHANGES_ALONE.sub("", html).encode()).hexdigest()[:32]}"'
    if status != 200:
        return Response(html, status, {"Content-Security-Policy": policy(html)}, media_type="text/html")
    return _tagged(request, html.encode(), tag, "text/html; charset=utf-8", {"Content-Security-Policy": policy(html)})


def file(request: Request, table: Table, form: str, name: str) -> Response:
    """The table of a page. form: csv, excel, json; name: of the file, without its ending."""
    content = {"csv": as_csv, "excel": as_excel, "json": as_json}[form](table)
    kind = "application/jsonl" if form == "json" else "text/csv; charset=utf-8"
    headers = {} if form == "json" else {
        "Content-Disposition": f'attachment; filename="{re.sub("[^A-Za-z0-9-]", "-", name)}.csv"'}
    return _tagged(request, content, f'"{sha256(content).hexdigest()[:32]}"', kind, headers)


def see(address: str) -> Response:
    """After a form: the page to go to, so that loading it again sends nothing again."""
    return RedirectResponse(address, 303)


def keep(response: Response, web: Web, what: Cookie, value: str, seconds: int | None = YEAR) -> None:
    """Have the browser keep a cookie; None: until it is closed."""
    response.set_cookie(cookie_name(web, what), value, max_age=seconds, path="/", secure=web.secure, httponly=True,
                        samesite="strict" if what == "visit" else "lax")


def forget(response: Response, web: Web, what: Cookie) -> None:
    """Have the browser forget a cookie."""
    response.set_cookie(cookie_name(web, what), "", max_age=0, path="/", secure=web.secure, httponly=True,
                        samesite="lax")


def local(address: str) -> str:
    """An address on this site; the first page for everything else (`//host`, a scheme, a backslash, controls)."""
    return address if re.fullmatch(r"/(?![/\\])[!-\[\]-~]*", address) else "/"


def _tagged(request: Request, content: bytes, tag: str, kind: str, headers: dict[str, str]) -> Response:
    headers = {**_KEPT, "ETag": tag, **headers}
    known = [one.strip() for one in request.headers.get("if-none-match", "").split(",")]
    if tag in known:  # its policy stays that of the page that the browser has: this one's foot may tell another minute
        headers.pop("Content-Security-Policy", None)
        return Response(None, 304, headers)
    return Response(content, 200, {**headers, "Content-Type": kind})
