"""National files in and out: XML, CSV and JSON. Knows no EDIFACT and no customs.

Every reader gives the same shape, a tree of `nodes.Node` whose every text knows its line, column and locator, so that
a dialect (`gateway.mapping.dialect`) speaks of one thing only. Foreign files are hostile until proven harmless: every
reader has limits and refuses rather than guesses.
"""
