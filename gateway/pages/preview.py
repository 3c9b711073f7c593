"""Records beside their messages, as one page: what `edi map preview` says in text."""

from __future__ import annotations

from collections.abc import Sequence

from msgspec import Struct

from gateway.mapping.bench.preview import Preview
from gateway.pages.engine import printed, render
from gateway.texts import Language, hint, say, sentence


class _Shown(Struct, frozen=True, kw_only=True):
    """One record: its name, its preview, and each finding with what to do next."""

    name: str
    preview: Preview
    findings: list[tuple[str, str]]


def preview_page(samples: Sequence[tuple[str, Preview]], language: Language) -> str:
    """The page, whole: record left, message right; what is missing, and every finding, in words and in colour.

    samples  name of each record and its preview; all of one mapping. Raises ValueError when there is none
    """
    if not samples:
        raise ValueError("a page of previews needs one")
    shown = [_Shown(name=name, preview=preview, findings=[
        (printed(sentence(one, language), language), printed(hint(one, language) or "", language))
        for one in preview.findings]) for name, preview in samples]

    def t(key: str, /, **values: object) -> str:
        return printed(say(f"page.{key}", language, **values), language)

    return render("preview.html", language, t, shown=shown, mapping=samples[0][1].mapping,
                  message=samples[0][1].message)
