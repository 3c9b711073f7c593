"""One record beside its message, as a page: what `edi map preview` says in text."""

from __future__ import annotations

from gateway.mapping.bench.preview import Preview
from gateway.pages.engine import printed, render
from gateway.texts import Language, hint, say, sentence


def preview_page(preview: Preview, language: Language) -> str:
    """The page, whole: record left, message right; what is missing, and every finding, in words and in colour."""
    findings = [(printed(sentence(one, language), language), printed(hint(one, language) or "", language))
                for one in preview.findings]

    def t(key: str, /, **values: object) -> str:
        return printed(say(f"page.{key}", language, **values), language)

    return render("preview.html", language, t, preview=preview, findings=findings)
