"""Alembic's entry: run the revisions on the connection that `gateway.ledger.migrations` hands over."""

from __future__ import annotations

from alembic import context

from gateway.ledger.columns import metadata

context.configure(connection=context.config.attributes["connection"], target_metadata=metadata,
                  transactional_ddl=True, render_as_batch=True)
context.run_migrations()
