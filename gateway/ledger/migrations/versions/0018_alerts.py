"""What people have been told of each cause."""

from __future__ import annotations

revision = "0018"
down_revision = "0017"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the tables, empty."""


def downgrade() -> None:
    """Take them away again."""
