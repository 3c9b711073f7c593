"""By which words movements are found: their own, and those of their vehicles, containers and seals."""

from __future__ import annotations

import json
import unicodedata
from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0021"
down_revision = "0020"
branch_labels = None
depends_on = None

_SLICE = 500


def upgrade() -> None:
    """Make the table and fill it from what is held."""
    table = op.create_table(
        'sought',
        sa.Column('word', sa.String(length=70), nullable=False),
        sa.Column('what', sa.String(length=12), nullable=False),
        sa.Column('mrn', sa.String(length=35), nullable=False),
        sa.PrimaryKeyConstraint('word', 'what', 'mrn', name=op.f('pk_sought')))
    op.create_index(op.f('ix_sought_mrn'), 'sought', ['mrn'], unique=False)
    connection = op.get_bind()
    found = set()
    for mrn, key in connection.execute(sa.text("SELECT mrn, key FROM movement")):
        found |= {(mrn, "mrn", mrn), (key, "title", mrn)}
    for identity, thing, mrn in connection.execute(sa.text(
            "SELECT identity, thing, mrn FROM seen WHERE mrn IN (SELECT mrn FROM movement)")):
        found.add((identity, thing, mrn))
    for mrn, tree in connection.execute(sa.text("SELECT mrn, tree FROM declaration")):
        read = json.loads(tree)
        found |= {(identity, "vehicle", mrn) for identity in _vehicles(read)}
        found |= {(read[name], "title", mrn) for name in ("national_reference", "local_reference") if name in read}
    rows = sorted({(word, what, mrn) for text, what, mrn in found if (word := _folded(text))})
    for start in range(0, len(rows), _SLICE):
        op.bulk_insert(table, [{"word": word, "what": what, "mrn": mrn}
                               for word, what, mrn in rows[start:start + _SLICE]])


def downgrade() -> None:
    """Take the table away: it follows from what stays."""
    op.drop_table("sought")


def _vehicles(read: dict[str, Any]) -> set[str]:
    pulled = {box["number"] for box in read.get("equipment", []) if box["kind"] != "container"}
    return pulled | {identity for name in ("vehicle_at_departure", "vehicle_at_border")
            if isinstance(identity := read.get(name, {}).get("identity"), str)}


def _folded(text: str) -> str:
    plain = unicodedata.normalize("NFKD", text).casefold().upper()
    return "".join(one for one in unicodedata.normalize("NFKD", plain) if one.isalnum())[:70]
