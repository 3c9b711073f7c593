"""HTML pages, and PDF of them: one set of templates, autoescaped, without script, with nothing fetched."""

from gateway.pages.guide import Example, GuideMessage, guide
from gateway.pages.pdf import pdf
from gateway.pages.preview import preview_page

__all__ = ["Example", "GuideMessage", "guide", "pdf", "preview_page"]
