"""A plugin for pytest: ``-p tests.tools.plain_core`` runs every test on the plain twin of the compiled inner loops."""

from __future__ import annotations

from gateway.edifact import core

core.active = core.PLAIN
