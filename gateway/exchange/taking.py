"""Take groups of national files into the ledger: each group whole or not at all, many of them with few statements."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime

from msgspec import Struct

from gateway.errors import GatewayError
from gateway.exchange.assembly import Gateway, Occasion
from gateway.exchange.conversion import ConvertedRecord, converted_ahead, mrn_of, with_conversion
from gateway.exchange.effects import Effects
from gateway.exchange.outbound import Plan, plan_declaration, take_event
from gateway.ledger import NewSource, Transaction
from gateway.mapping.dialect import NationalRecord


class Taken(Struct, frozen=True, kw_only=True):
    """What a group of files gave: records, or repeated 1 when the very same content was taken before.

    digest  of the contents of the files together (`NewSource`)
    """

    digest: str
    records: int = 0
    messages: int = 0
    repeated: int = 0


Names = tuple[str, ...]
Groups = Sequence[tuple[Names, Sequence[NationalRecord]]]


class _Planned(Struct, frozen=True):
    names: Names
    source: NewSource
    plans: list[Plan]
    movements: frozenset[object]


def ready_to_take(gateway: Gateway, kind: str, groups: Groups, now: datetime) -> Groups:
    """The groups with their declarations converted, as far as no ledger is asked: what is done here is done without the
    write lock, for which all hosts wait."""
    return groups if kind != "declarations" else [
        (names, [_converted(gateway, record, now) for record in records]) for names, records in groups]


def _converted(gateway: Gateway, record: NationalRecord, now: datetime) -> NationalRecord:
    if isinstance(record, ConvertedRecord):
        return record
    made = converted_ahead(gateway.corridors, record.tree, now)
    return record if made is None else with_conversion(record, made)


def take_groups(gateway: Gateway, transaction: Transaction, kind: str, dialect: str, groups: Groups,
                files: Mapping[str, bytes], occasion: Occasion) -> Iterator[tuple[Names, Taken | GatewayError]]:
    """For each group of files what came of it; an error means that nothing of that group stands."""
    archive = gateway.dialect(dialect).archive
    sources = [NewSource(kind=kind, dialect=dialect, key=records[0].key, files={name: files[name] for name in names},
                         dialect_digest=archive.digest)
               for names, records in groups]
    repeated = transaction.sources_taken(sources)
    if not all(repeated):
        transaction.keep_mapping(archive.digest, f"dialects/{dialect}", archive.dump())
    if kind == "declarations":
        new = [record for (_, records), known in zip(groups, repeated, strict=True) if not known for record in records]
        transaction.foresee((mrn for record in new if isinstance(mrn := mrn_of(record), str)),
                            gateway.name, (record.key for record in new))
    pending: list[_Planned] = []
    for (names, records), source, known in zip(groups, sources, repeated, strict=True):
        if known:
            yield names, Taken(digest=source.digest, repeated=1)
        elif kind == "events":
            yield names, _take_events(gateway, transaction, source, records, occasion)
        else:
            if _again(pending, records):  # planned after what it comes after has been written
                yield from _write(gateway, transaction, pending, occasion)
                pending = []
            if _repeating(records):
                yield names, _take_in_turn(gateway, transaction, source, records, occasion)
                continue
            try:
                plans = [_planned(gateway, transaction, record, occasion) for record in records]
            except GatewayError as error:
                yield names, error
            else:
                pending.append(_Planned(names, source, plans, _movements(records)))
    yield from _write(gateway, transaction, pending, occasion)


def _movements(records: Sequence[NationalRecord]) -> frozenset[object]:
    """What names the movements of some records: national keys and, where given, MRNs."""
    return frozenset(record.key for record in records) | {
        mrn for record in records if isinstance(mrn := mrn_of(record), str)}


def _again(pending: Sequence[_Planned], records: Sequence[NationalRecord]) -> bool:
    """Tell whether one of these movements is among those that are not written yet."""
    wanted = _movements(records)
    return any(earlier.movements & wanted for earlier in pending)


def _repeating(records: Sequence[NationalRecord]) -> bool:
    """Tell whether records of the same files name the same movement."""
    return len({record.key for record in records}) < len(records) or \
        len({str(record.key if (mrn := mrn_of(record)) is None else mrn) for record in records}) < len(records)


def _planned(gateway: Gateway, transaction: Transaction, record: NationalRecord, occasion: Occasion) -> Plan:
    """A plan; numbers drawn for one that fails are given back."""
    if mrn_of(record) is not None:
        return plan_declaration(gateway, transaction, record, occasion)
    with transaction.part():
        return plan_declaration(gateway, transaction, record, occasion)


def _write(gateway: Gateway, transaction: Transaction, pending: Sequence[_Planned],
           occasion: Occasion) -> Iterator[tuple[Names, Taken | GatewayError]]:
    """Write several groups together; where that fails, one by one, so that only the one at fault falls."""
    if not pending:
        return
    try:
        with transaction.part():
            _write_together(gateway, transaction, pending, occasion)
    except GatewayError as error:
        if len(pending) == 1:
            yield pending[0].names, error
            return
        for one in pending:
            yield from _write(gateway, transaction, [one], occasion)
        return
    for one in pending:
        yield one.names, Taken(digest=one.source.digest, records=len(one.plans),
                               messages=sum(plan.copies for plan in one.plans))


def _write_together(gateway: Gateway, transaction: Transaction, pending: Sequence[_Planned],
                    occasion: Occasion) -> None:
    effects = Effects()
    numbers = transaction.add_sources([one.source for one in pending], at=occasion.now)
    for one, number in zip(pending, numbers, strict=True):
        if number is not None:  # None: the same content stands twice in this very batch
            for plan in one.plans:
                plan.apply(number, effects)
    effects.write(gateway, transaction, occasion.now)


def _take_in_turn(gateway: Gateway, transaction: Transaction, source: NewSource, records: Sequence[NationalRecord],
                  occasion: Occasion) -> Taken | GatewayError:
    """Take the declarations of a group one after the other, so that each is judged by what those before it made."""
    messages = 0
    try:
        with transaction.part():
            number = transaction.add_sources([source], at=occasion.now)[0]
            if number is None:  # the same content stands earlier in this very batch
                return Taken(digest=source.digest, repeated=1)
            for record in records:
                plan = plan_declaration(gateway, transaction, record, occasion)
                effects = Effects()
                plan.apply(number, effects)
                effects.write(gateway, transaction, occasion.now)
                messages += plan.copies
    except GatewayError as error:
        return error
    return Taken(digest=source.digest, records=len(records), messages=messages)


def _take_events(gateway: Gateway, transaction: Transaction, source: NewSource, records: Sequence[NationalRecord],
                 occasion: Occasion) -> Taken | GatewayError:
    try:
        with transaction.part():
            number = transaction.add_sources([source], at=occasion.now)[0]
            assert number is not None
            queued = take_event(gateway, transaction, records, number, occasion)
    except GatewayError as error:
        return error
    return Taken(digest=source.digest, records=len(records), messages=queued)
