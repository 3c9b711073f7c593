"""HTML pages, and PDF of them: one set of templates, autoescaped, without script, with nothing fetched."""
