"""A write transaction, part by part: each module owns the statements of one concern."""
