"""Fetching one public file over HTTP or HTTPS: revocation lists, and nothing else.

What is fetched is judged by its signature, never by where it came from; so plain HTTP is allowed, as RFC 5280 section
8 advises for lists. Bounded in size and in time as a whole, headers included: a server that drips cannot hold a run.
No scheme but these two is ever followed, whatever a server redirects to, and never from HTTPS to HTTP.
"""

from __future__ import annotations

import http.client
import threading
import urllib.error
import urllib.request
from typing import IO
from urllib.parse import urlsplit

from gateway.errors import LinkError
from gateway.findings import Finding, Place
from gateway.spool import escaped

_REDIRECTS = 3
_CHUNK = 1 << 16


def fetch(address: str, *, limit: int, seconds: float) -> bytes:
    """The content at an address. The machine's proxy (``http_proxy``, ``https_proxy``) is used where there is one.

    limit    octets at most
    seconds  that the whole may take

    Raises LinkError B130 (not reachable, or an answer other than 200), B131 (too large), B132 (too slow).
    """
    told: list[bytes | LinkError] = []
    worker = threading.Thread(target=lambda: told.append(_attempt(address, limit, seconds)), daemon=True)
    worker.start()
    worker.join(seconds)
    if not told:  # the thread is left behind: the server holds it, and the process ends soon
        raise _fault("B132", address, seconds=f"{seconds:g}")
    if isinstance(told[0], LinkError):
        raise told[0]
    return told[0]


def _attempt(address: str, limit: int, seconds: float) -> bytes | LinkError:
    """The content, or why there is none: an exception would end in the thread."""
    try:
        with _opener().open(address, timeout=seconds) as answer:
            content = _up_to(answer, limit)
    except urllib.error.HTTPError as error:
        error.close()
        return _fault("B130", address, reason=f"HTTP {error.code}")
    except (urllib.error.URLError, http.client.HTTPException, OSError, ValueError) as error:
        reason = getattr(error, "reason", None) or error
        return _fault("B130", address, reason=escaped(str(reason) or type(error).__name__))
    return _fault("B131", address, limit=str(limit)) if content is None else content


def _up_to(answer: http.client.HTTPResponse, limit: int) -> bytes | None:
    """All of an answer; None when it is longer than `limit`. Raises IncompleteRead when it ends too early."""
    parts, size = [], 0
    while part := answer.read(min(_CHUNK, limit + 1 - size)):
        parts.append(part)
        size += len(part)
        if size > limit:
            return None
    if answer.length:  # what is left of the announced length: the library does not mind
        raise http.client.IncompleteRead(b"", answer.length)
    return b"".join(parts)


class _Redirects(urllib.request.HTTPRedirectHandler):
    """Follows from web to web only, a few times, and never from a protected address to an open one."""

    max_redirections = _REDIRECTS

    def redirect_request(self, req: urllib.request.Request, fp: IO[bytes], code: int, msg: str,
                         headers: http.client.HTTPMessage, newurl: str) -> urllib.request.Request | None:
        scheme = urlsplit(newurl).scheme
        if scheme not in ("http", "https") or (req.type == "https" and scheme != "https"):
            raise urllib.error.HTTPError(req.full_url, code, f"redirect to {scheme}", headers, fp)
        return super().redirect_request(req, fp, code, msg, headers, newurl)


def _opener() -> urllib.request.OpenerDirector:
    """An opener that knows HTTP and HTTPS and nothing else: no file, FTP or data addresses."""
    opener = urllib.request.OpenerDirector()
    for handler in (urllib.request.ProxyHandler(), urllib.request.HTTPHandler(), urllib.request.HTTPSHandler(),
                    _Redirects(), urllib.request.HTTPDefaultErrorHandler(), urllib.request.HTTPErrorProcessor(),
                    urllib.request.UnknownHandler()):
        opener.add_handler(handler)
    opener.addheaders = []
    return opener


def _fault(code: str, address: str, **values: str) -> LinkError:
    return LinkError(Finding(code=code, place=Place(file=address), values={"address": address, **values}))
