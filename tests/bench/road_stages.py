"""Stacks of a run to its stages: the innermost frame that a rule names says what a sample was spent on."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence

Stacks = Sequence[tuple[int, Sequence[tuple[str, str]]]]
"""Samples and frames (file, function), innermost first."""

RULES: tuple[tuple[str, str, str], ...] = (
    ("gateway/mapping/dialect.py", "Dialect.read", "read national records"),
    ("gateway/mapping/dialect.py", "Dialect.write", "write national records"),
    ("gateway/mapping/mapping.py", "Mapping.requirements", "validate"),
    ("gateway/transit/checks.py", "", "validate"),
    ("gateway/exchange/conversion.py", "check", "validate"),
    ("gateway/edifact/conformance.py", "", "validate"),
    ("gateway/edifact/quick.py", "", "validate"),
    ("gateway/edifact/charset.py", "foreign", "validate"),
    ("gateway/edifact/writer.py", "write_interchange", "write interchanges"),
    ("gateway/edifact/", "", "parse interchanges"),
    ("gateway/mapping/mapping.py", "Mapping.", "map"),
    ("<mapping>", "", "map"),
    ("gateway/security/", "", "seal, open"),
    ("gateway/transport/", "", "put, get"),
    ("gateway/ledger/", "", "ledger"),
    ("gateway/spool/", "", "files: claim, file, deliver"),
    ("gateway/exchange/filing.py", "", "files: claim, file, deliver"),
    ("gateway/exchange/movements.py", "", "derive states"),
    ("gateway/exchange/mirroring.py", "", "derive states"),
    ("gateway/transit/terms.py", "", "records and their trees"),
    ("<record>", "", "records and their trees"),
    ("<frozen importlib._bootstrap>", "_find_and_load", "start: load modules, open"),
    ("gateway/exchange/assembly.py", "open_gateway", "start: load modules, open"),
    ("gateway/mapping/", "load", "start: load modules, open"),
)
"""File, beginning of the function, stage; the first rule that fits a frame counts."""
REST = "rest of the run"


def stage_of(frames: Iterable[tuple[str, str]]) -> str:
    """The stage of one stack."""
    for file, function in frames:
        for named, begins, stage in RULES:
            if file.startswith(named) and function.startswith(begins):
                return stage
    return REST


def stages(stacks: Stacks) -> dict[str, float]:
    """Stage -> its share of the samples, the largest first; they add up to 1."""
    counted: Counter[str] = Counter()
    for samples, frames in stacks:
        counted[stage_of(frames)] += samples
    total = counted.total() or 1
    return {stage: samples / total for stage, samples in counted.most_common()}
