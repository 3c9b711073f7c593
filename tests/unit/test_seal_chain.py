"""Is a seal or container on two open movements named, and do the sums of the mirror follow a changed verdict?"""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

from gateway.exchange.assembly import open_gateway
from gateway.ledger.mirror_rows import NewVerdict, Part
from gateway.reports.mirror import Reused, mirror_of
from gateway.reports.seal_chain import chains
from gateway.transit.mirror import USUAL
from tests.golden.fraud_builder import answer
from tests.golden.story.offices import Office, open_offices
from tests.golden.story.scenarios import BURKINA, SAMPLES, TOGO
from tests.tools.outputs import checked

AT = datetime(2026, 11, 6, 14, 15, tzinfo=UTC)
CONTAINER, SEAL = "MSKU1234565", "TGCUS0012399087"
FIRST, SECOND = "26TGLPLG0000000014", "26TGLPLG0000000022"


def togo(root: Path) -> Office:
    """The office of departure after the same container and seal stood in two declarations."""
    office, _ = open_offices(root, (TOGO, BURKINA), AT - timedelta(days=1))
    declared = json.loads((SAMPLES / "corridors" / "tg-bf" / "tgotr" / "declaration-1.json").read_bytes())
    for number in (1, 2):
        again = {**declared, "local_reference": f"TG26-DECL-{number}", "national_reference": f"2026/TGLPL/T/{number}"}
        office.drop("declarations", f"declaration-{number}.json", json.dumps(again).encode())
        office.run(AT + timedelta(minutes=number))
    return office


def test_a_container_on_two_open_movements_is_named_from_its_number_and_from_each_movement(tmp_path: Path) -> None:
    office = togo(tmp_path)
    with open_gateway(office.settings, AT + timedelta(hours=1)) as gateway:
        (chain,) = chains(gateway.ledger, CONTAINER)
        assert chain.movements == (FIRST, SECOND)
        assert chain.reused == Reused(thing="container", identity=CONTAINER, mrns=(FIRST, SECOND))
        assert [(one.thing, one.identity) for one in chains(gateway.ledger, SECOND)] == [
            ("seal", SEAL), ("container", CONTAINER)]
        (compared,) = mirror_of(gateway.ledger, FIRST, lambda corridor: USUAL)
        assert compared.verdict is None
        assert {(one.thing, one.mrns) for one in compared.reused} == {("seal", (SECOND,)), ("container", (SECOND,))}
        assert chains(gateway.ledger, "NOTHING") == []
    lines = checked("seals", answer(office, ("seals", SEAL, "--json")).decode())
    assert [(line["kind"], line.get("reused")) for line in lines] == [
        ("chain", [FIRST, SECOND]), ("sighting", None), ("sighting", None), ("summary", 1)]
    assert f"SCELLÉ-RÉUTILISÉ : en même temps sur les mouvements ouverts {FIRST}, {SECOND}" in \
        answer(office, ("seals", SEAL, "--lang", "fr")).decode()
    told = checked("mirror", answer(office, ("mirror", FIRST, "--json")).decode())
    assert [(line["kind"], line.get("compared")) for line in told] == [
        ("mirror", False), ("reused", None), ("reused", None), ("summary", None)]


def verdict(mrn: str, score: int, found: int, importer: str) -> NewVerdict:
    return NewVerdict(mrn=mrn, score=score, declared=100, found=found, reasons="packages" if score else "", parts=(
        Part(by="importer", name=importer, points=score, declared=100, found=found),))


def test_sums_follow_a_verdict_that_changes_and_stay_in_the_month_of_the_first(tmp_path: Path) -> None:
    office = togo(tmp_path)
    with open_gateway(office.settings, AT) as gateway:
        for at, new in ((AT, [verdict("A", 40, 60, "X"), verdict("B", 0, 100, "X")]),
                        (AT + timedelta(days=40), [verdict("A", 10, 90, "Y"), verdict("B", 0, 100, "X")])):
            with gateway.ledger.transaction() as transaction:
                transaction.set_verdicts(new, at=at)
        with gateway.ledger.reading() as queries:
            assert [(one.name, one.movements, one.differing, one.points, one.declared, one.found)
                    for one in queries.mirror_shares("importer", "2026-11", limit=10)] == [
                ("Y", 1, 1, 10, 100, 90), ("X", 1, 0, 0, 100, 100)]
            assert [(one.name, one.movements, one.points, one.found)
                    for one in queries.mirror_shares("month", "2026-01", limit=10)] == [("2026-11", 2, 10, 190)]
            assert queries.mirror_shares("month", "2026-12", limit=10) == []
            (worst,) = queries.mirrored_since(AT, limit=10)
            assert (worst.mrn, worst.score, worst.at, worst.changed) == ("A", 10, AT, AT + timedelta(days=40))
            assert [row.to_state for row in queries.history_of("A")] == ["40", "10"]
