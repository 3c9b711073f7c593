"""Do two gateways that agreed on it send interchanges compressed, and only they, with nothing else changed?"""

from __future__ import annotations

import gzip
import re
from datetime import UTC, datetime
from pathlib import Path

import pytest

from gateway.exchange.assembly import open_gateway
from gateway.exchange.summary import Exit
from gateway.ledger.tables import object_
from gateway.security import EDIFACT, EDIFACT_GZIP, RECEIPT, file_name
from gateway.security.stored import read_stored
from tests.tools import loose_sealer as loose
from tests.tools.malice import Puppet, codes, later, refused, well
from tests.tools.offices import Office, offices
from tests.tools.outputs import checked
from tests.tools.records import declaration, declaration_json, numbered_mrn
from tests.tools.signing import author, recipient


def _agree(office: Office, partner: str, word: str) -> None:
    path = office.home / "partners" / f"{partner}.yaml"
    text = path.read_text("utf-8")
    at = text.index("agreement:\n") + len("agreement:\n")
    path.write_text(f"{text[:at]}  gzip: {word}\n{text[at:]}", "utf-8")


@pytest.fixture
def pair(tmp_path: Path) -> list[Office]:
    """Togo and Burkina Faso, whose files say nothing of compression."""
    return offices(tmp_path)


def _declare(togo: Office, number: int = 1) -> None:
    togo.drop("declarations", {f"d{number}.json": declaration_json(f"N{number}", mrn=numbered_mrn(number))})
    well(togo.run("edi-send"))


def _objects(office: Office, direction: str) -> list[tuple[str, bytes, bytes | None]]:
    """Kind, what is signed without its header, and the interchange that the ledger keeps, of each object by number."""
    found = []
    with open_gateway(office.settings, datetime.now(UTC)) as gateway, gateway.ledger.reading() as queries:
        for row in sorted(queries._objects(object_.c.direction == direction), key=lambda row: row.sequence):
            stored = read_stored(queries.inner_of(row.id))
            found.append((row.kind, stored.payload,
                          None if row.interchange_id is None else queries.payload_of(row.interchange_id)))
    return found


def test_declarations_and_answers_cross_compressed_and_the_ledgers_keep_both_forms(pair: list[Office]) -> None:
    togo, burkina = pair
    _agree(togo, "BFDGD", "yes")
    _agree(burkina, "TGOTR", "yes")
    _declare(togo)
    for office in (burkina, togo, burkina, togo):
        well(office.run("edi-receive"))
    assert [line["state"] for line in togo.movements().values()] == ["CONFIRMED"]
    there, back = _objects(togo, "out"), _objects(burkina, "out")
    assert (there, back) == (_objects(burkina, "in"), _objects(togo, "in"))
    assert [kind for kind, _, _ in there + back if kind != RECEIPT] == [EDIFACT_GZIP] * 4  # CUSDEC, CONTRL; and back
    for kind, payload, interchange in there + back:
        if kind == EDIFACT_GZIP:
            assert interchange is not None
            assert interchange.startswith(b"UNA")
            assert gzip.decompress(payload) == interchange
            assert len(payload) < len(interchange)
    for office in pair:
        assert office.run("edi", "audit", "verify").exit == 0
        assert office.lines("overdue")[:-1] == []


def test_where_the_files_are_silent_none_is_sent_so_and_one_that_comes_is_taken_as_offered(pair: list[Office]) -> None:
    """Burkina Faso offers it in its packs, and knows Togo by a folder of certificates."""
    togo, burkina = pair
    _declare(togo, 1)
    _agree(togo, "BFDGD", "yes")
    _declare(togo, 2)
    for office in (burkina, togo, burkina):
        well(office.run("edi-receive"))
    assert [kind for kind, _, _ in _objects(togo, "out") if kind != RECEIPT][:2] == [EDIFACT, EDIFACT_GZIP]
    assert {kind for kind, _, _ in _objects(burkina, "out")} == {EDIFACT, RECEIPT}
    assert len(burkina.movements()) == 2


@pytest.mark.parametrize("where", ["the partner's file", "the settings"])
def test_t18_where_it_is_not_agreed_a_compressed_interchange_is_refused_with_a_receipt(pair: list[Office],
                                                                                      where: str) -> None:
    """A compressed interchange that was neither agreed nor offered is E_PAYLOAD; the sender learns it."""
    togo, burkina = pair
    _agree(togo, "BFDGD", "yes")
    if where == "the settings":
        burkina.settings.write_text(burkina.settings.read_text("utf-8") + "gzip: no\n", "utf-8")
    else:
        _agree(burkina, "TGOTR", "no")
    _declare(togo)
    ran = burkina.run("edi-receive", "--dry-run")
    assert (ran.exit, checked("run", ran.out)[0]["findings"]) == (Exit.TRUST, ["E_PAYLOAD"])
    refused(burkina.run("edi-receive"), Exit.TRUST, "E_PAYLOAD", place="interchange TGOTR 1")
    assert "X030" in codes(togo.run("edi-receive"))
    assert [line["state"] for line in togo.interchanges("out")] == ["REFUSED"]
    assert burkina.movements() == {}


def test_what_is_rehearsed_is_the_interchange_inside(pair: list[Office]) -> None:
    togo, burkina = pair
    _agree(togo, "BFDGD", "yes")
    _declare(togo)
    (line, _) = checked("run", burkina.run("edi-receive", "--dry-run").out)
    assert (line["action"], line["count"], line["findings"]) == ("collect", 1, [])
    assert re.fullmatch(r"TGOTR [0-9a-f]{32}\.p7m \(TG0000000001\)", line["subject"])


def test_a_number_that_is_taken_back_goes_out_anew_compressed(pair: list[Office]) -> None:
    togo, burkina = pair
    _agree(togo, "BFDGD", "yes")
    _declare(togo)
    for path in burkina.mailbox("TGOTR").iterdir():
        path.unlink()
    ran = togo.run("edi", "link", "withdraw", "1", "--anew", "--partner", "BFDGD", "--reason", "lost", "--by",
                   "Kofi Mensah")
    assert (ran.exit, ran.err) == (0, "")
    well(togo.run("edi-send"))
    well(burkina.run("edi-receive"))
    first, _, anew = _objects(togo, "out")
    assert (anew, first[0]) == (first, EDIFACT_GZIP)
    assert list(burkina.movements()) == [numbered_mrn(1)]


def test_one_that_people_let_in_is_taken_as_what_is_inside(pair: list[Office]) -> None:
    """It was refused for its date, after its place in the order was given."""
    togo, burkina = pair
    malice = Puppet(togo, burkina)
    interchange = malice.interchange(malice.cusdec(declaration("T-1", mrn=numbered_mrn(1))))
    entity = loose.header(sender="TGOTR", recipient="BFDGD", date=later(days=-3), sequence_number=1,
                          content_type=EDIFACT_GZIP) + gzip.compress(interchange)
    content = loose.outer(loose.inner(entity, author(togo), signing_time=later()), [recipient(burkina)])
    malice.put(content)
    refused(burkina.run("edi-receive"), Exit.TRUST, "E_DATE", place="")
    name = file_name(content).removesuffix(".p7m")
    assert burkina.run("edi", "quarantine", "release", name, "--reason", "by telephone", "--by", "Awa Diallo").exit == 0
    well(burkina.run("edi-receive"))
    assert list(burkina.movements()) == [numbered_mrn(1)]
    assert [one[2] for one in _objects(burkina, "in")] == [interchange]
    assert malice.receipts() == ["failed/failure: E_DATE", "processed"]


def test_the_second_time_in_another_envelope_is_a_repeat_however_it_was_packed(pair: list[Office]) -> None:
    """The interchange counts, not the octets of its member: no message is judged twice."""
    togo, burkina = pair
    malice = Puppet(togo, burkina)
    interchange = malice.interchange(malice.cusdec(declaration("T-1", mrn=numbered_mrn(1))))
    for payload, kind in ((gzip.compress(interchange, 1), EDIFACT_GZIP), (interchange, EDIFACT),
                          (gzip.compress(interchange, 9), EDIFACT_GZIP)):
        malice.put(malice.seal(payload, kind=kind).content)
        well(burkina.run("edi-receive"))
    assert malice.receipts() == ["processed"] * 3
    assert list(burkina.movements()) == [numbered_mrn(1)]
    assert len(burkina.interchanges("in")) == 1
