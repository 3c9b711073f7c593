"""`edi audit`: what can be proven about this gateway's own ledger, and about a month of it handed over.

Each command is imported only when it is called.
"""

from __future__ import annotations

from gateway.cli.commands import Lazy

audit_command = Lazy("audit", {"verify": "audit_verify", "export": "audit_export"}, "audit.", reads=("verify",))
