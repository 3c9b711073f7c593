"""HTML pages, and PDF of them: one set of templates, autoescaped, without script, with nothing fetched."""

from gateway.pages.guide import Example, GuideMessage, guide, guide_pages
from gateway.pages.pdf import pdf, pdf_fault
from gateway.pages.preview import preview_page

__all__ = ["Example", "GuideMessage", "guide", "guide_pages", "pdf", "pdf_fault", "preview_page"]
