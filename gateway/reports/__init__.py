"""Questions people ask, as data: what stands where, what is late, what happened to a reference. Reads the ledger."""

from gateway.reports.lateness import Late, overdue
from gateway.reports.sheet import Sheet, Step, sheet
from gateway.reports.status import InterchangeLine, MovementLine, Status, Totals, everything, status

__all__ = [
    "InterchangeLine", "Late", "MovementLine", "Sheet", "Status", "Step", "Totals", "everything", "overdue", "sheet",
    "status",
]
