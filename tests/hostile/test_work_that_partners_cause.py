"""Can a lawful partner, by one object that says too much or something odd, stop its own link or hold up the others?"""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, NoReturn

import pytest
from cryptography.hazmat.primitives.asymmetric import ec

from gateway.exchange.arrival import ACTS
from gateway.exchange.assembly import open_gateway
from gateway.exchange.gaps import merged
from gateway.exchange.summary import Exit
from gateway.security import CHECKPOINT, KEYS, RESEND, WITHDRAW, RevocationLists, load_certificate
from gateway.security.issuing import issue
from gateway.security.keys import load_private_key
from gateway.security.merkle import Frontier, head_text, leaf, leaf_hash
from gateway.security.revocation import check_revocation, judge_list
from tests.tools import loose_sealer as loose
from tests.tools.malice import Puppet, at, codes, later, quarantined, refused, well
from tests.tools.offices import Office, offices
from tests.tools.records import declaration, numbered_mrn
from tests.tools.security_world import NOW, Delivery, product, world

LAST = datetime.max.replace(microsecond=0, tzinfo=UTC)
"""The last instant that a date of X.509 can name: "99991231235959Z"."""


@pytest.fixture
def pair(tmp_path: Path) -> Sequence[Office]:
    """Togo and Burkina Faso, whose certificates hold for two years."""
    return offices(tmp_path, valid=timedelta(days=800))


def certificate(togo: Office) -> bytes:
    """The next signing certificate of Togo, in DER."""
    keys = togo.home / "keys"
    now = datetime.now(UTC)
    return issue(load_private_key(keys / "authority.key", None), load_certificate(keys / "authority.crt"),
                 ec.generate_private_key(ec.SECP256R1()), gateway=togo.name, environment="test", use="signing",
                 start=now - timedelta(hours=1), end=now + timedelta(days=700)).der


def notice(togo: Office, der: bytes, use_from: str, until: str) -> bytes:
    """An announcement of Togo's that replaces the certificate in force, whatever the new one is."""
    old = load_certificate(togo.home / "keys" / "signing.crt").sha256
    text = b64encode(der).decode("ascii")
    lines = "".join(f"{text[at:at + 64]}\n" for at in range(0, len(text), 64))
    return (f"gw-keys/1\nuse: signing\nreplaces: sha-256={old}\nuse-from: {use_from}\naccept-old-until: {until}\n"
            f"-----BEGIN CERTIFICATE-----\n{lines}-----END CERTIFICATE-----\n").encode("ascii")


def _version_eight(der: bytes) -> bytes:
    at = der.index(bytes.fromhex("a003020102"))
    return der[:at] + bytes.fromhex("a003020107") + der[at + 5:]


@pytest.mark.parametrize(("first", "last"), [
    ("9999-12-31T23:59:59Z", "9999-12-31T23:59:59Z"), ("0001-01-01T00:00:00Z", "0001-01-01T00:00:00Z"),
    ("9999-12-31T23:59:59Z", "0001-01-01T00:00:00Z"), ("0000-00-00T00:00:00Z", "9999-12-31T23:59:59Z"),
])
def test_an_announcement_with_the_first_or_last_dates_there_are_is_refused_and_the_link_goes_on(
        pair: Sequence[Office], first: str, last: str) -> None:
    togo, burkina = pair
    malice = Puppet(togo, burkina)
    malice.put(malice.seal(notice(togo, certificate(togo), first, last), kind=KEYS).content)
    malice.send(malice.cusdec(declaration("after", mrn=numbered_mrn(1))))
    ran = burkina.run("edi-receive")
    assert (ran.exit, "E_PAYLOAD" in codes(ran), ran.counts["objects_collected"]) == (Exit.TRUST, True, 2)
    assert malice.receipts() == ["failed/failure: E_PAYLOAD", "processed"]


@pytest.mark.parametrize(("days", "found"), [(15, []), (17, ["K075"]), (70, ["K075"])])
def test_t27_an_announcement_that_leaves_no_time_when_it_is_received_waits_for_a_person(
        pair: Sequence[Office], days: int, found: list[str]) -> None:
    """The thirty days count from the signature, whose time is only claimed: where fewer than fourteen are left at
    receipt, nobody is shut out and nothing new counts before a person has decided."""
    togo, burkina = pair
    malice = Puppet(togo, burkina)
    first, last = (f"{datetime.now(UTC) + timedelta(days=more):%Y-%m-%dT%H:%M:%SZ}" for more in (30.5, 44.6))
    malice.put(malice.seal(notice(togo, certificate(togo), first, last), kind=KEYS).content)
    assert codes(at(burkina, "edi-receive", later(days=days))) == found
    with open_gateway(burkina.settings, later(days=days)) as gateway:
        ends = {entry.accept_until > later(days=100) for entry in gateway.certificates("TGOTR")
                if entry.use == "signing"}
        states = [row.state for row in gateway.known_keys.trusted["TGOTR"]]
    assert (ends, states) == (({True}, ["PROPOSED"]) if found else ({True, False}, ["ACCEPTED"] * 2))


def test_an_announced_certificate_of_a_version_that_does_not_exist_is_refused(pair: Sequence[Office]) -> None:
    togo, burkina = pair
    malice = Puppet(togo, burkina)
    payload = notice(togo, _version_eight(certificate(togo)), "2027-06-01T00:00:00Z", "2027-09-01T00:00:00Z")
    malice.put(malice.seal(payload, kind=KEYS).content)
    refused(burkina.run("edi-receive"), Exit.TRUST, "E_PAYLOAD", place="interchange TGOTR 1")
    assert malice.receipts() == ["failed/failure: E_PAYLOAD"]


def test_a_list_that_ends_at_the_last_instant_there_is_counts() -> None:
    w = world()
    content = loose.revocation_list(w.ca, NOW, end=LAST - NOW)
    judged = judge_list(content, product(w.ca.certificate), seen=0, now=NOW, grace=timedelta(days=7))
    assert judged.ends == LAST
    trust = w.trust(w.ec, revocation=RevocationLists((content,)))
    trust.check(trust.certificates[0], now=NOW, environment="production")


def test_a_long_list_is_searched_once_for_a_certificate_that_it_names_however_many_objects_come(
        monkeypatch: pytest.MonkeyPatch) -> None:
    w, asked = world(), []

    def counted(*words: Any, **options: Any) -> dict[str, int]:
        asked.append(words[2])
        return check_revocation(*words, **options)

    monkeypatch.setattr("gateway.security.trust.check_revocation", counted)
    content = loose.revocation_list(w.ca, NOW, revoked=[w.ec.certificate.serial_number])
    delivery = Delivery(w.sealed(), trust=w.trust(w.ec, revocation=content))
    assert [delivery.outcome() for _ in range(3)] == ["E_CERT_REVOKED"] * 3
    later_on = delivery.but(now=NOW + timedelta(minutes=1))
    assert (later_on.outcome(), asked) == ("E_CERT_REVOKED", [NOW, NOW + timedelta(minutes=1)])


def test_what_one_object_brings_out_in_us_is_quarantined_and_the_others_go_on(
        pair: Sequence[Office], monkeypatch: pytest.MonkeyPatch) -> None:
    """An exception that nobody foresaw is E_INTERNAL: silence, no leaf, and when it is mended the same object is good.
    """
    def breaks(*_: object) -> NoReturn:
        raise ArithmeticError("a defect of ours")

    togo, burkina = pair
    malice = Puppet(togo, burkina)
    sealed = malice.seal(leaf(9, f"<{9:032x}@TGOTR>", "a" * 64, "b" * 64), kind=WITHDRAW)
    malice.put(sealed.content)
    malice.send(malice.cusdec(declaration("after", mrn=numbered_mrn(1))))
    with monkeypatch.context() as broken:
        broken.setitem(ACTS, WITHDRAW, breaks)  # type: ignore[arg-type]
        ran = at(burkina, "edi-receive", later())
    assert (ran.exit, codes(ran), ran.counts["objects_collected"]) == (Exit.DEFECT, ["E_INTERNAL"], 1)
    assert (quarantined(burkina), malice.receipts()) == ([sealed.content], ["processed"])
    with open_gateway(burkina.settings, later()) as gateway, gateway.ledger.reading() as queries:
        assert queries.known_object("TGOTR", sequence=1) is None
    malice.put(sealed.content)
    refused(at(burkina, "edi-receive", later(minutes=5)), Exit.TRUST, "E_PAYLOAD", place="interchange TGOTR 1")
    assert sorted(malice.receipts()) == ["failed/failure: E_PAYLOAD", "processed"]


def test_heads_of_every_size_are_judged_in_one_walk_over_the_leaves(
        pair: Sequence[Office], monkeypatch: pytest.MonkeyPatch) -> None:
    """Eight heads in one object, and all that waited for one missing number, cost each leaf once."""
    togo, burkina = pair
    malice = Puppet(togo, burkina)
    interchanges = [malice.seal(malice.interchange(malice.cusdec(declaration(f"N{number}", mrn=numbered_mrn(number)))))
                    for number in range(1, 9)]
    leaves = [leaf(number, f"<{number:032x}@TGOTR>", one.mic, one.signature_digest)
              for number, one in enumerate(interchanges, 1)]
    ours = head_text("BFDGD", "TGOTR", 0, Frontier().root)
    theirs = [head_text("TGOTR", "BFDGD", size, Frontier().extended(map(leaf_hash, leaves[:size])).root)
              for size in range(2, 9)]
    heads = b"\n".join([theirs[0], ours, *theirs[1:]])
    checkpoint = malice.seal(heads, kind=CHECKPOINT)
    walked: list[int] = []

    def counted(octets: bytes) -> bytes:
        walked.append(1)
        return leaf_hash(octets)

    monkeypatch.setattr("gateway.exchange.trees.leaf_hash", counted)
    for one in (*interchanges[1:], checkpoint):  # the first is missing
        malice.put(one.content)
    assert (codes(at(burkina, "edi-receive", later())), walked) == ([], [])
    malice.put(interchanges[0].content)
    assert codes(at(burkina, "edi-receive", later(minutes=5))) == []
    assert len(walked) == 8
    malice.put(malice.seal(heads, kind=CHECKPOINT).content)
    assert (codes(at(burkina, "edi-receive", later(minutes=10))), len(walked)) == ([], 16)
    with open_gateway(burkina.settings, later()) as gateway, gateway.ledger.reading() as queries:
        assert [row.state for row in queries.latest_heads("TGOTR")] == ["verified"] * 8


def test_what_a_request_names_many_times_is_looked_up_once() -> None:
    assert merged([(1, 9000)] * 1000) == [(1, 9000)]
    assert merged([(20, 20), (3, 9), (1, 5), (10, 12), (14, 15)]) == [(1, 12), (14, 15), (20, 20)]


def test_a_partner_that_leaves_many_numbers_out_fills_no_log(pair: Sequence[Office]) -> None:
    togo, burkina = pair
    malice = Puppet(togo, burkina)
    for number in range(2, 50, 2):
        malice.put(malice.seal(b"gw-resend/1\n1\n", kind=RESEND, sequence=number, previous=f"{number:064x}").content)
    assert codes(at(burkina, "edi-receive", later())) == []
    ran = at(burkina, "edi-receive", later(hours=2))
    assert codes(ran) == ["E_GAP"] * 21
    assert "41 … 47 (4)" in ran.err
    assert len(list(togo.mailbox("BFDGD").iterdir())) == 1  # all that is missing is asked for in one object


@pytest.mark.parametrize(("count", "answer"), [(1000, "processed"), (1001, "failed/failure: E_PAYLOAD")])
def test_a_withdrawal_takes_back_a_thousand_numbers_and_no_more(pair: Sequence[Office], count: int,
                                                               answer: str) -> None:
    togo, burkina = pair
    malice = Puppet(togo, burkina)
    numbers = [*range(1, count + 1, 2), *range(2, count + 1, 2)]
    payload = b"".join(leaf(number, f"<{1 << 40 | number:032x}@TGOTR>", f"{number:064x}", "b" * 64)
                       for number in numbers)
    malice.put(malice.seal(payload, kind=WITHDRAW, sequence=count + 1, previous=f"{count:064x}").content)
    ran = burkina.run("edi-receive")
    assert (ran.exit == 0) == (answer == "processed")
    assert malice.receipts() == [answer]
    with open_gateway(burkina.settings, later()) as gateway, gateway.ledger.reading() as queries:
        (state,) = [one for one in queries.links() if (one.partner, one.direction) == ("TGOTR", "in")]
    assert (state.sequence, state.parked) == ((count + 1, 0) if answer == "processed" else (0, 1))
    if answer == "processed":
        well(burkina.run("edi-receive"))
