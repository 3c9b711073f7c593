"""Versions of mappings: which one a run uses, which one a movement keeps, and how a version is put in force.

A new movement goes by the version in force when its declaration is written: for a partner's, when its interchange was
prepared, as UNB says. A movement keeps that version for every later declaration of its own (amendment, cancellation,
copy), whatever starts meanwhile: each side finds it in its own ledger. Events go by the version in force when they are
written. Without any activation the files rule.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from pathlib import Path

from msgspec import Struct

from gateway.errors import LocalError
from gateway.exchange import failpoints
from gateway.exchange.assembly import Gateway
from gateway.failpoints import reach
from gateway.findings import Finding, Place
from gateway.ledger import Ledger, Transaction
from gateway.ledger.rows import Movement
from gateway.mapping import Activated, Corridor, Mapping, load_mapping
from gateway.mapping.laws.chance import Chances
from gateway.mapping.laws.check import check_laws
from gateway.mapping.laws.samples import run_samples

SEED = 1
"""That of `edi map test`, so that what is refused here is found there."""


class Started(Struct, frozen=True, kw_only=True):
    """What one activation came to. new: False where the same version was to start at that instant already."""

    activated: Activated
    new: bool


def corridor_kept(gateway: Gateway, transaction: Transaction, movement: Movement) -> Corridor:
    """The corridor of a movement, its declaration in the version by which the movement was first declared.

    Raises LocalError M302 for a corridor that there is not, M401 for a version that the ledger cannot give.
    """
    corridor = gateway.corridors.named(movement.corridor)
    declared = transaction.declared_with(movement.mrn) if gateway.versions else None
    if declared is None or declared[1] == corridor.cusdec.digest:
        return corridor
    return corridor.keeping(gateway.versions.load(declared[1]))


def activate(ledger: Ledger, mappings: Sequence[Mapping], starts: datetime, now: datetime) -> list[Started]:
    """Put mappings in force from an instant on: all of them, or none.

    starts  a whole minute: interchanges tell no more of when they were prepared

    Doing it again changes nothing. Raises LocalError: M403 for an instant that is over (what was written cannot become
    other), M404 where another version of a mapping starts at the same instant, M405 for a version number that was
    activated with other files.
    """
    starts = starts.replace(second=0, microsecond=0)
    if starts < now.replace(second=0, microsecond=0):
        raise LocalError(Finding(code="M403", values={"starts": f"{starts:%Y-%m-%dT%H:%M:%SZ}",
                                                      "now": f"{now:%Y-%m-%dT%H:%M:%SZ}"}))
    done = []
    findings = []
    with ledger.transaction() as transaction:
        standing = transaction.activations()
        for mapping in mappings:
            wanted = Activated(mapping=mapping.identifier, version=mapping.version, digest=mapping.digest,
                               starts=starts)
            other = next((row for row in standing if row.mapping == wanted.mapping and row.version == wanted.version
                          and row.digest != wanted.digest), None)
            if other is not None:
                findings.append(Finding(code="M405", values={"mapping": wanted.mapping, "version": wanted.version,
                                                             "digest": other.digest[:12]}))
                continue
            transaction.keep_mapping(mapping.digest, mapping.identifier, mapping.archive.dump())
            held = transaction.activate(mapping=wanted.mapping, version=wanted.version, digest=wanted.digest,
                                        starts=starts, at=now)
            if held is not None and held.digest != wanted.digest:
                findings.append(Finding(code="M404", values={"mapping": wanted.mapping, "version": held.version,
                                                             "starts": f"{starts:%Y-%m-%dT%H:%M:%SZ}"}))
            done.append(Started(activated=wanted, new=held is None))
        if findings:
            raise LocalError(*findings)
        reach(failpoints.ACTIVATING)
    reach(failpoints.ACTIVATED)
    return done


def unproved(mappings: Sequence[Mapping], search: Sequence[Path], chances: Chances, records: int) -> list[Finding]:
    """What is not proven of mappings that are to be put in force, by the same trial as `edi map test`.

    chances   the choices for a name: the caller's randomness
    records   how many records each is tried on

    M408 for a mapping that breaks a law, M409 for each sample that gives something else than what is expected.
    """
    findings = []
    for mapping in mappings:
        broken = check_laws(mapping, chances, SEED, records=records, shrinking=False).counterexample
        if broken is not None:
            findings.append(Finding(code="M408", values={"mapping": mapping.identifier, "seed": broken.seed},
                                    place=Place() if broken.line is None else Place(
                                        file=broken.line.file, line=broken.line.line, column=broken.line.column)))
        findings.extend(Finding(code="M409", values={"mapping": mapping.identifier, "sample": sample.file})
                        for sample in run_samples(mapping, search) if sample.findings)
    return findings


def loaded(identifiers: Sequence[str], search: Sequence[Path]) -> list[Mapping]:
    """The mappings of these identifiers as their files say today, without those that only others build upon.

    Raises LocalError with the faults of all of them: nothing faulty is put in force.
    """
    found: list[Mapping] = []
    findings: list[Finding] = []
    for identifier in identifiers:
        try:
            found.append(load_mapping(identifier, search))
        except LocalError as error:
            if [finding.code for finding in error.findings] != ["M048"]:
                findings.extend(error.findings)
    if findings:
        raise LocalError(*findings)
    return found
