"""A page as PDF. The library is an extra: whoever only prints from a browser needs nothing."""

from __future__ import annotations

from gateway.errors import LocalError
from gateway.findings import Finding


def pdf(html: str) -> bytes:
    """The page as a tagged PDF of A4 sheets.

    Nothing is fetched: what a page needs stands in it. Raises LocalError M500 when the extra ``pdf``, or the system
    library it needs, is not installed.
    """
    if (fault := pdf_fault()) is not None:
        raise LocalError(fault)
    from weasyprint import HTML

    content = HTML(string=html, url_fetcher=_nothing).write_pdf(pdf_tags=True)
    assert isinstance(content, bytes)
    return content


def pdf_fault() -> Finding | None:
    """Why no PDF can be made on this machine (M500: the extra ``pdf``, or pango); None where it can."""
    try:
        import weasyprint  # an extra, and slow to import
    except (ImportError, OSError) as error:  # OSError: pango is not there
        return Finding(code="M500", values={"reason": str(error).splitlines()[0]})
    assert weasyprint is not None
    return None


def _nothing(address: str, *_: object, **__: object) -> object:
    raise ValueError(f"a page fetches nothing, not even {address}")
