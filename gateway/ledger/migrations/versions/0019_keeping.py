"""What was archived or erased, when, by whom, and what remains of it."""

from __future__ import annotations

revision = "0019"
down_revision = "0018"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the tables, empty."""


def downgrade() -> None:
    """Take them away again."""
