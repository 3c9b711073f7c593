"""Who asks: the person behind a request, in which language and theme, and what their forms must bring back."""

from __future__ import annotations

import hmac
import ipaddress
from typing import Literal, TypeAlias

from msgspec import Struct
from starlette.requests import Request

from gateway.config.web import Person, Proxy, Web
from gateway.errors import GatewayError
from gateway.texts import Language
from gateway.web.desk import Desk
from gateway.web.refusal import Refusal
from gateway.web.sessions import Session

Theme: TypeAlias = Literal["system", "light", "dark"]
Cookie: TypeAlias = Literal["session", "visit", "lang", "theme"]

SECRET_HEADER = "x-edi-secret"  # noqa: S105 the name of a header field
YEAR = 365 * 86400
_THEMES: dict[str, Theme] = {"light": "light", "dark": "dark"}
_LONGEST = 100


class Visit(Struct, frozen=True, kw_only=True):
    """One request's visitor.

    address  from where; of the proxy, where there is one
    id       the cookie that every visitor has; new: it was made just now, and the answer brings it
    login    who they are, as the proxy or an account says; "" for nobody
    person   what the settings say of that login; None when they say nothing
    session  of a local account
    """

    address: str
    id: str
    new: bool
    login: str
    person: Person | None
    session: Session | None
    language: Language
    theme: Theme


def cookie_name(web: Web, what: Cookie) -> str:
    """Over TLS, what counts is bound to this host by the browser itself (``__Host-``, RFC 6265bis section 4.1.3)."""
    return f"{'__Host-' if web.secure else ''}edi-{what}"


def visitor(desk: Desk, request: Request) -> Visit:
    """Who asks. Raises Refusal ``proxy`` for a request that says who somebody is and has not come from the proxy."""
    web, settings = desk.web, desk.settings
    session = None
    if web.proxy is not None:
        login = _said(web.proxy, desk, request)
    else:
        session = _session(desk, request, web)
        login = "" if session is None else session.login
    known_languages = {one.value: one for one in Language}
    language = known_languages.get(request.query_params.get("lang", "")) or known_languages.get(
        request.cookies.get(cookie_name(web, "lang"), ""), Language(settings.language))
    known = request.cookies.get(cookie_name(web, "visit"), "")[:_LONGEST]
    return Visit(
        address=_address(request), id=known or desk.occasion().identifier(), new=not known, login=login,
        person=next((one for one in web.people if one.login.casefold() == login.casefold()), None) if login else None,
        session=session, language=language,
        theme=_THEMES.get(request.cookies.get(cookie_name(web, "theme"), ""), "system"))


def same_site(web: Web, request: Request) -> bool:
    """Whether a form came from a page of ours, as far as the browser says: ``Origin``, and ``Sec-Fetch-Site``."""
    origin, site = request.headers.get("origin"), request.headers.get("sec-fetch-site")
    ours = origin is None or origin.lower() == web.public
    return ours and site in (None, "same-origin")


def _said(proxy: Proxy, desk: Desk, request: Request) -> str:
    values, secrets = request.headers.getlist(proxy.header), request.headers.getlist(SECRET_HEADER)
    if (values or secrets) and not (_address(request) in proxy.from_ and len(secrets) == 1
                                    and _is_ours(secrets[0], desk)):
        raise Refusal("proxy")
    if len(values) > 1:  # a proxy that adds its word to that of the browser
        raise Refusal("proxy")
    return values[0].strip()[:_LONGEST] if values else ""


def _is_ours(said: str, desk: Desk) -> bool:
    """Whether it is what the proxy and we agreed on; nothing is, while its file is empty or cannot be read."""
    try:
        secret = desk.proxy_secret()
    except GatewayError:
        return False
    return secret != b"" and hmac.compare_digest(said.encode("latin-1"), secret)


def _session(desk: Desk, request: Request, web: Web) -> Session | None:
    cookie = request.cookies.get(cookie_name(web, "session"))
    session = None if cookie is None else desk.keyring.session(cookie, web.session, desk.now)
    if session is None:
        return None
    try:
        account = desk.accounts().get(session.login.casefold())
    except GatewayError:  # a file of accounts that cannot be read lets nobody in
        return None
    stands = account is not None and account.closed is None and account.stamp == session.account
    return session if stands else None


def _address(request: Request) -> str:
    if request.client is None:
        return ""
    found = ipaddress.ip_address(request.client.host.partition("%")[0])
    return str(getattr(found, "ipv4_mapped", None) or found)
