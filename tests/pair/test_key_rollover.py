"""A change of keys between two gateways with traffic on the way: is everything delivered, and the old key refused after
its day?

On day 0 the pair is made and announced; it is used from the first midnight after day 30 on, and the old one is accepted
for fourteen days more (GW-1 section 10, K6).
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest
from msgspec.structs import replace

from gateway.exchange.assembly import Gateway, Occasion
from gateway.exchange.key_arrival import accept
from gateway.exchange.key_change import record_next
from gateway.exchange.key_reminders import waiting
from gateway.exchange.own_keys import OwnPair
from gateway.exchange.quarantine import Decision, find, held, release
from gateway.exchange.withdrawal import withdraw
from gateway.ledger.key_rows import ConsentState, TrustedState
from gateway.ledger.tables import object_
from gateway.security import EDIFACT, load_certificate, make_identity
from gateway.security.key_notice import KeyNotice, key_notice_payload
from gateway.security.stored import read_stored
from tests.tools.key_world import Clocked, accepted, clocked, codes
from tests.tools.outputs import checked

BEFORE, SWITCHED, LAST = 29.9, 31.1, 45.1
"""Days on which the new key is not used yet, is used, and on which the old one is over, wherever midnight lies."""


@pytest.fixture
def pair(tmp_path: Path) -> tuple[Clocked, Clocked]:
    """Two that visit each other once in two weeks here, and wait longer than that for a receipt."""
    togo, burkina = clocked(tmp_path)
    for office in (togo.office, burkina.office):
        with office.settings.open("a", encoding="utf-8") as settings:
            settings.write("retry:\n  dead: 60d\n")
    return togo, burkina


def _consented(togo: Clocked, burkina: Clocked, use: str) -> str:
    """Togo's next pair is made, announced and consented to on day 0; its SHA-256."""
    new = togo.rotate(use, 0).sha256
    assert [(told.partner, told.outcome) for told in togo.announce(use, 0)] == [("BFDGD", "asked")]
    assert codes(togo.send(0)) == codes(burkina.receive(0)) == codes(togo.receive(0)) == []
    assert togo.open(0, lambda gateway, _: [(row.partner, row.state) for row in gateway.known_keys.consents]) == [
        ("BFDGD", ConsentState.CONSENTED)]
    return new


def _signers(sender: Clocked, day: float) -> list[str]:
    """Who signed each object to the partner, in order of the link."""
    def act(gateway: Gateway, _: object) -> list[str]:
        with gateway.ledger.reading() as queries:
            objects = sorted(queries._objects(object_.c.direction == "out"), key=lambda row: row.sequence)
            return [read_stored(queries.inner_of(row.id)).certificate_sha256 for row in objects]
    return sender.open(day, act)


def test_t27_a_signing_key_changes_with_objects_on_the_way_in_both_directions(pair: tuple[Clocked, Clocked]) -> None:
    """Overlap of old and new; the old one is refused after its last day; nothing that was under way is lost."""
    togo, burkina = pair
    (mrn,) = accepted(togo, burkina, 1)
    new = _consented(togo, burkina, "signing")
    sent = len(_signers(togo, 1))
    for _ in range(2):
        togo.declare()
    burkina.report(mrn)
    assert codes(togo.send(BEFORE)) == codes(burkina.send(BEFORE)) == []  # signed with the old key, not collected yet
    togo.declare()
    assert codes(togo.send(SWITCHED)) == []
    old = _signers(togo, 1)[0]
    assert old != new and list(dict.fromkeys(_signers(togo, SWITCHED)[sent:])) == [old, new]
    assert codes(burkina.receive(SWITCHED)) == []  # both keys count
    assert codes(togo.receive(SWITCHED)) == []
    assert (burkina.movements(), togo.arrived()) == (togo.movements(), {mrn})
    sent = len(_signers(togo, SWITCHED))
    togo.declare()
    for day in (LAST, LAST + 0.1, LAST + 0.2):
        for office in (togo, burkina):
            assert codes(office.send(day)) == codes(office.receive(day)) == []
    assert len(burkina.movements()) == 5 and burkina.movements() == togo.movements()
    assert set(_signers(togo, LAST + 1)[sent:]) == {new}
    assert _open_matters(togo) == _open_matters(burkina) == 0


def test_t27_an_object_of_the_old_key_is_refused_after_its_last_day(pair: tuple[Clocked, Clocked]) -> None:
    """The old key is refused after accept_until (E_CERT_RETIRED), whenever the object was sealed."""
    togo, burkina = pair
    _consented(togo, burkina, "signing")
    togo.declare()
    assert codes(togo.send(BEFORE)) == []
    assert set(codes(burkina.receive(LAST))) == {"E_CERT_RETIRED"}
    assert burkina.movements() == set()
    kept = burkina.office.lines("quarantine")[:-1]
    assert {(one["code"], one["partner"]) for one in kept} == {("E_CERT_RETIRED", "TGOTR")}
    assert codes(togo.receive(LAST)) == [] and _open_matters(togo) == 1  # the sender knows that no receipt came


def _signed_on(sender: Clocked, day: float) -> list[tuple[int, str]]:
    """Number and kind of each object that was sealed on a day."""
    def act(gateway: Gateway, _: object) -> list[tuple[int, str]]:
        with gateway.ledger.reading() as queries:
            return sorted((row.sequence, row.kind) for row in queries._objects(
                object_.c.direction == "out", object_.c.at == sender.at(day)))
    return sender.open(day, act)


def test_t27_two_changes_of_both_keys_on_both_sides_lose_nothing_that_is_days_on_its_way(
        pair: tuple[Clocked, Clocked]) -> None:
    """Change after change, signing and encryption, in both directions: whatever is sent is accepted by its receiver,
    though each side collects but once in ten days."""
    togo, burkina = pair
    arrivals: list[str] = []
    for day in range(0, 131, 10):
        for office in pair:  # what was sent ten days ago
            assert codes(office.receive(day + 0.1)) == []
        if day in (0, 60):
            for office in pair:
                for use in ("signing", "encryption"):
                    office.rotate(use, day + 0.15)
                    assert [told.outcome for told in office.announce(use, day + 0.15)] == ["asked"]
        if day < 100:
            togo.declare()
        arrivals += sorted(burkina.movements() - set(arrivals))[:1]
        burkina.report(arrivals[-1]) if arrivals else None
        for office in pair:
            assert codes(office.send(day + 0.2)) == []
    assert len(togo.movements()) == 10 and burkina.movements() == togo.movements()
    assert togo.arrived() == set(arrivals) and len(arrivals) == 10
    for office, other in (pair, pair[::-1]):
        assert len(dict.fromkeys(_signers(office, 131))) == 3
        states = sorted((row.use, row.state.value) for row in other.open(
            131, lambda gateway, _, name=office.name: gateway.known_keys.trusted[name]))  # type: ignore[misc]
        assert states == [("encryption", "ACCEPTED")] * 3 + [("signing", "ACCEPTED")] * 3
        assert other.open(131, lambda gateway, occasion, name=office.name: len(  # type: ignore[misc]
            gateway.recipients(name, occasion.now))) == 1


@pytest.mark.parametrize("by", ["release", "withdrawal"])
def test_t27_what_the_old_key_signed_and_nobody_collected_in_time_is_not_lost(pair: tuple[Clocked, Clocked],
                                                                             by: str) -> None:
    """Old refused after accept_until: people let the object in with a reason, or its sender sends the content anew."""
    togo, burkina = pair
    _consented(togo, burkina, "signing")
    togo.declare()
    assert codes(togo.send(BEFORE)) == []
    assert set(codes(burkina.receive(LAST))) == {"E_CERT_RETIRED"}
    if by == "release":
        decision = Decision(rules=frozenset({"E_CERT_RETIRED"}), people=("Awa Sawadogo",), account="edi",
                            reason="the partner confirmed it by telephone")
        for name in burkina.open(LAST, lambda gateway, _: [one.name for one in held(gateway)]):
            burkina.open(LAST, lambda gateway, occasion, name=name: release(  # type: ignore[misc]
                gateway, find(gateway, name), decision, occasion))
    else:
        for sequence, kind in _signed_on(togo, BEFORE):
            togo.open(LAST, lambda gateway, occasion, number=sequence, anew=kind == EDIFACT: withdraw(  # type: ignore[misc]
                gateway, "BFDGD", number, reason="signed with the old key", people=("Kofi",), anew=anew,
                occasion=occasion))
    for day in (LAST + 0.1, LAST + 0.2, LAST + 0.3):
        for office in (togo, burkina):
            office.send(day)
            office.receive(day)
    assert burkina.movements() == togo.movements() and len(togo.movements()) == 1
    assert codes(burkina.receive(LAST + 0.4)) == codes(togo.receive(LAST + 0.4)) == []
    assert _open_matters(togo) == _open_matters(burkina) == 0


def test_t27_an_encryption_key_changes_with_objects_on_the_way(pair: tuple[Clocked, Clocked]) -> None:
    """Encryption goes to both during the overlap, then to the new one; what was sealed to the old one still opens."""
    togo, burkina = pair
    first, second, third = accepted(togo, burkina, 3)
    _consented(togo, burkina, "encryption")

    def recipients(day: float) -> int:
        return burkina.open(day, lambda gateway, occasion: len(gateway.recipients("TGOTR", occasion.now)))

    assert [recipients(day) for day in (1, BEFORE, SWITCHED, 40, LAST)] == [1, 1, 2, 2, 1]
    burkina.report(first)
    assert codes(burkina.send(BEFORE)) == []  # encrypted to the old key alone, collected in time
    assert codes(togo.receive(SWITCHED)) == [] and togo.arrived() == {first}
    burkina.report(second)
    assert codes(burkina.send(BEFORE + 0.05)) == []  # and one that is collected a month after the old key is over
    burkina.report(third)
    assert codes(burkina.send(LAST)) == []  # to the new one alone
    assert codes(togo.receive(80)) == []
    assert togo.arrived() == {first, second, third}
    assert codes(burkina.receive(80.1)) == [] and _open_matters(burkina) == 0


def test_t27_after_ninety_days_more_an_old_decryption_key_is_not_used(pair: tuple[Clocked, Clocked]) -> None:
    """We decrypt with every own key until no object encrypted to it can still be on its way."""
    togo, burkina = pair
    _consented(togo, burkina, "encryption")
    held = [togo.open(day, lambda gateway, _: len(gateway.decryption_keys)) for day in (0, LAST, 133, 136)]
    assert held == [2, 2, 2, 2]  # one is of the settings: people take it out
    settings = togo.office.settings
    (new,) = (togo.office.home / "keys").glob("encryption-*.key")
    settings.write_text(settings.read_text("utf-8").replace("keys/encryption.", f"keys/{new.stem}."), "utf-8")
    held = [togo.open(day, lambda gateway, _: len(gateway.decryption_keys)) for day in (LAST, 133.9, 135.1)]
    assert held == [2, 2, 1]


def test_t27_a_partner_without_consent_gets_the_old_key_to_its_last_day_then_everything_waits(
        pair: tuple[Clocked, Clocked]) -> None:
    """Overlap: nobody is sent what it cannot verify; after the old key's day what is meant for it waits and is kept."""
    togo, burkina = pair
    new = togo.rotate("signing", 0).sha256
    togo.announce("signing", 0)
    togo.send(0)  # and Burkina collects nothing
    togo.declare()
    assert codes(togo.send(SWITCHED)) == ["K078"]
    assert len(set(_signers(togo, SWITCHED))) == 1
    togo.declare()
    assert set(codes(togo.send(LAST))) == {"K077"}
    assert [togo.open(day, lambda gateway, occasion: [finding.code for *_, finding in waiting(gateway, occasion.now)])
            for day in (BEFORE, SWITCHED, LAST)] == [[], ["K078"], ["K077"]]
    assert codes(burkina.receive(40)) == ["K075"]  # so late a person consents; the object of the old key is in time
    burkina.open(40, lambda gateway, occasion: accept(gateway, "TGOTR", new, "Awa Sawadogo", occasion))
    assert codes(burkina.send(40.1)) == []
    assert set(codes(togo.receive(LAST + 0.1))) == {"K077"}  # what came before the consent waits for its receipt
    assert codes(togo.receive(LAST + 0.15)) == codes(togo.send(LAST + 0.2)) == []
    assert codes(burkina.receive(LAST + 0.3)) == []
    assert len(burkina.movements()) == 2 and burkina.movements() == togo.movements()


def _open_matters(office: Clocked) -> int:
    """How many objects wait for a receipt."""
    return next(int(line["unanswered"]) for line in office.office.lines("status") if line["kind"] == "summary")


def test_a_new_authority_is_let_in_by_two_people_and_both_hold_in_the_overlap(
        pair: tuple[Clocked, Clocked], tmp_path: Path) -> None:
    togo, burkina = pair
    other = make_identity(tmp_path / "pki", gateway="TGOTR", environment="test", now=togo.start,
                          valid=timedelta(days=730), passphrase=None)
    key, certificate = other.folder / "signing.key", other.folder / "signing.crt"
    made = OwnPair(number=None, sha256=other.signing.sha256, key=key, certificate=certificate)
    togo.open(0, lambda gateway, occasion: record_next(gateway, "signing", made, "another authority", occasion))
    togo.announce("signing", 0)
    togo.send(0)
    assert codes(burkina.receive(0)) == ["K076"]
    words = ("edi", "keys", "accept", "TGOTR", made.sha256, "--authority", str(other.folder / "authority.crt"))
    alone = burkina.office.run(*words, "--by", "Awa Sawadogo")
    assert alone.exit != 0 and "C012" in alone.err
    ours = str(burkina.office.home / "keys" / "authority.crt")
    wrong = burkina.office.run(*words[:-1], ours, "--by", "Awa Sawadogo", "--by", "Issa Zongo")
    assert wrong.exit == 5 and "K076" in wrong.err
    assert burkina.open(0, lambda gateway, _: gateway.further("TGOTR")) == ()
    assert burkina.office.run(*words, "--by", "Awa Sawadogo", "--by", "Issa Zongo").exit == 0
    assert codes(burkina.send(0.1)) == codes(togo.receive(0.1)) == []
    for day, signed in ((BEFORE, 1), (SWITCHED, 2), (LAST, 2)):
        togo.declare()
        assert codes(togo.send(day)) == codes(burkina.receive(day)) == codes(togo.receive(day)) == []
        assert len(set(_signers(togo, day))) == signed
    assert len(burkina.movements()) == 3 and burkina.movements() == togo.movements()
    revoked = burkina.office.run("edi", "keys", "revoke", "TGOTR", other.authority.sha256, "--since", "2020-01-01",
                                 "--reason", "stolen", "--by", "Awa")
    assert revoked.exit == 0, revoked.err
    togo.declare()
    togo.send(LAST + 1)
    assert set(codes(burkina.receive(LAST + 1))) == {"E_CERT_PATH"}


@pytest.mark.parametrize("decision", ["accept", "refuse"])
def test_where_the_agreement_says_so_a_person_consents(pair: tuple[Clocked, Clocked], decision: str) -> None:
    togo, burkina = pair
    file = burkina.office.home / "partners" / "TGOTR.yaml"
    file.write_text(file.read_text("utf-8").replace("order: loose", "order: loose\n  consent: by-hand"), "utf-8")
    new = togo.rotate("signing", 0).sha256
    togo.announce("signing", 0)
    togo.send(0)
    assert codes(burkina.receive(0)) == ["K075"]
    assert codes(togo.receive(0)) == []
    (line,) = [line for line in checked("status", burkina.office.run("edi", "status", "--json").out)
               if line["kind"] == "key"]
    assert (line["partner"], line["code"], line["sha256"]) == ("TGOTR", "K075", new)
    assert "K075" in burkina.office.run("edi", "status").out
    assert burkina.office.run("edi", "keys", decision, "TGOTR", new[:20], "--by", "Awa Sawadogo").exit == 0
    burkina.send(1)
    assert codes(togo.receive(1)) == ([] if decision == "accept" else ["X030"])
    states = togo.open(2, lambda gateway, _: [row.state for row in gateway.known_keys.consents])
    assert states == [ConsentState.CONSENTED if decision == "accept" else ConsentState.REFUSED]
    togo.declare()
    assert codes(togo.send(SWITCHED)) == ([] if decision == "accept" else ["K078"])
    assert codes(burkina.receive(SWITCHED)) == [] and burkina.movements() == togo.movements()
    assert (new in _signers(togo, SWITCHED)) is (decision == "accept")


@pytest.mark.parametrize(("change", "codes_there"), [
    (lambda notice: replace(notice, use="encryption"), ["K070", "E_PAYLOAD"]),
    (lambda notice: replace(notice, replaces="00" * 32), ["K070", "E_PAYLOAD"]),
    (lambda notice: replace(notice, use_from=notice.use_from - timedelta(days=2)), ["K071", "E_PAYLOAD"]),
    (lambda notice: replace(notice, accept_old_until=notice.use_from + timedelta(days=13)), ["K071", "E_PAYLOAD"]),
], ids=["of another use", "of an unknown certificate", "too soon", "with too short an overlap"])
def test_an_announcement_against_the_rules_is_refused_and_answered(
        pair: tuple[Clocked, Clocked], change: Callable[[KeyNotice], KeyNotice], codes_there: list[str],
        monkeypatch: pytest.MonkeyPatch) -> None:
    togo, burkina = pair
    togo.rotate("signing", 0)
    monkeypatch.setattr("gateway.exchange.key_change.key_notice_payload",
                        lambda notice: key_notice_payload(change(notice)))
    togo.announce("signing", 0)
    togo.send(0)
    assert codes(burkina.receive(0)) == codes_there
    assert codes(togo.receive(0)) == ["X030"]
    assert togo.open(0, lambda gateway, _: [row.state for row in gateway.known_keys.consents]) == [ConsentState.REFUSED]
    assert burkina.open(0, lambda gateway, _: gateway.known_keys.trusted) == {}


def test_while_the_link_is_halted_no_new_key_is_consented_to_without_a_person(pair: tuple[Clocked, Clocked]) -> None:
    togo, burkina = pair
    new = togo.rotate("signing", 0).sha256
    togo.announce("signing", 0)
    togo.send(0)

    def halt(gateway: Gateway, occasion: Occasion) -> None:
        with gateway.ledger.transaction() as transaction:
            transaction.halt_link("TGOTR", "in", "E_FORK", occasion.now)

    burkina.open(0, halt)
    assert set(codes(burkina.receive(0))) == {"K075", "X049"}
    assert burkina.open(0, lambda gateway, _: [(row.sha256, row.state) for row in gateway.known_keys.trusted["TGOTR"]]
                        ) == [(new, TrustedState.PROPOSED)]


def test_t25_a_certificate_that_is_somebody_elses_is_not_announced(
        pair: tuple[Clocked, Clocked], monkeypatch: pytest.MonkeyPatch) -> None:
    """A certificate stands for one administration alone, whoever issued it (K087, E_PAYLOAD)."""
    togo, burkina = pair
    theirs = load_certificate(burkina.office.home / "keys" / "signing.crt")
    togo.rotate("signing", 0)
    monkeypatch.setattr("gateway.exchange.key_change.key_notice_payload",
                        lambda notice: key_notice_payload(replace(notice, certificate=theirs)))
    togo.announce("signing", 0)
    togo.send(0)
    assert codes(burkina.receive(0)) == ["K087", "E_PAYLOAD"]
    assert burkina.open(0, lambda gateway, _: gateway.known_keys.trusted) == {}


def test_one_file_by_hand_is_sealed_and_opened_with_the_keys_that_a_run_would_use(
        pair: tuple[Clocked, Clocked], tmp_path: Path) -> None:
    togo, burkina = pair
    new = togo.rotate("signing", 0).sha256
    confirmed = togo.office.run("edi", "keys", "confirm", "BFDGD", new, "--by", "Kofi", "--by", "Ama")
    assert confirmed.exit == 0  # the partner said so by voice; its own side is asked below
    plain, sealed, opened = tmp_path / "plain.edi", tmp_path / "sealed.p7m", tmp_path / "opened.edi"
    plain.write_bytes(b"UNA:+.? 'UNB+UNOC:3+TGOTR:ZZZ+BFDGD:ZZZ+261126:1200+1++++++1'UNZ+0+1'")
    assert togo.office.run("edi", "seal", str(plain), "--to", "BFDGD", "-o", str(sealed)).exit == 0
    refused = burkina.office.run("edi", "open", str(sealed), "-o", str(opened))
    assert refused.exit == 5 and "E_SIGNER_UNKNOWN" in refused.err
    old = _signing_sha256(togo)
    revoked = burkina.office.run("edi", "keys", "revoke", "TGOTR", old, "--since", "2020-01-01", "--reason", "trial",
                                 "--by", "Awa")
    assert revoked.exit == 0
    assert togo.office.run("edi", "keys", "revoke", "own", new, "--reason", "trial", "--by", "Kofi").exit == 0
    assert togo.office.run("edi", "seal", str(plain), "--to", "BFDGD", "-o", str(sealed)).exit == 0  # the old one again
    refused = burkina.office.run("edi", "open", str(sealed), "-o", str(opened))
    assert refused.exit == 5 and "E_CERT_REVOKED" in refused.err
    assert not opened.exists()


def _signing_sha256(office: Clocked) -> str:
    return load_certificate(office.office.home / "keys" / "signing.crt").sha256


def test_the_same_announcement_twice_is_one_change(pair: tuple[Clocked, Clocked]) -> None:
    togo, burkina = pair
    new = _consented(togo, burkina, "signing")
    rows = burkina.open(1, lambda gateway, _: {row.sha256: row.state for row in gateway.known_keys.trusted["TGOTR"]})
    assert rows[new] is TrustedState.ACCEPTED and set(rows.values()) == {TrustedState.ACCEPTED} and len(rows) == 2
    assert [told.outcome for told in togo.announce("signing", 0)] == ["known"]
