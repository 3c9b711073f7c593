"""A page as PDF. The library is an extra: whoever only prints from a browser needs nothing."""

from __future__ import annotations

from gateway.errors import LocalError
from gateway.findings import Finding


def pdf(html: str) -> bytes:
    """The page as a tagged PDF of A4 sheets.

    Nothing is fetched: what a page needs stands in it. Raises LocalError M500 when the extra ``pdf``, or the system
    library it needs, is not installed.
    """
    try:
        from weasyprint import HTML  # an extra, and slow to import
    except (ImportError, OSError) as error:  # OSError: pango is not there
        raise LocalError(Finding(code="M500", values={"reason": str(error).splitlines()[0]})) from error
    content = HTML(string=html, url_fetcher=_nothing).write_pdf(pdf_tags=True)
    assert isinstance(content, bytes)
    return content


def _nothing(address: str, *_: object, **__: object) -> object:
    raise ValueError(f"a page fetches nothing, not even {address}")
