"""Python generated from a plan: the clean path of writing and reading (decision 0007).

    segments = writer(plan)(record)
    record = reader(plan)(between(message))

Generated code stops at the first doubt by an exception of any kind; `gateway.mapping.writing` and
`gateway.mapping.reading` are the reference, and run from the beginning then.
"""

from __future__ import annotations

from gateway.mapping.generated.making import between, reader, traced_reader, traced_writer, writer
from gateway.mapping.generated.quick import Quick

__all__ = ["Quick", "between", "reader", "traced_reader", "traced_writer", "writer"]
