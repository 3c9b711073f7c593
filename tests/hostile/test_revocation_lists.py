"""Do revocation lists count that are fetched by their own timer, and no older, expired, foreign or missing one?"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding

from gateway.config import load_settings
from gateway.errors import PartnerError
from gateway.exchange.assembly import open_gateway
from gateway.exchange.revocation_lists import note_lists, note_used, refresh
from gateway.security import Certificate, load_certificate
from gateway.security.certificates import MARKERS
from tests.tools import loose_sealer as loose
from tests.tools.listed import Listed, listed
from tests.tools.offices import Ran
from tests.tools.outputs import checked
from tests.tools.webserver import WebServer, answer

HOUR = timedelta(hours=1)


@pytest.fixture
def web(monkeypatch: pytest.MonkeyPatch) -> Iterator[WebServer]:
    monkeypatch.setenv("no_proxy", "127.0.0.1")
    with WebServer() as made:
        yield made


@pytest.fixture
def world(tmp_path: Path, web: WebServer) -> Listed:
    return listed(tmp_path, address=f'"{web.base}/ca.crl"')


def crl(world: Listed, *words: str) -> Ran:
    return world.burkina.run("edi", "keys", "crl", *words, "--json")


def code(ran: Ran) -> str:
    return str(json.loads(ran.err.splitlines()[-1])["code"])


def test_a_list_is_fetched_judged_kept_and_used(world: Listed, web: WebServer) -> None:
    content = world.crl(number=7)
    web.at("/ca.crl", answer(content))
    told = crl(world)
    (line,) = checked("keys-crl", told.out)
    assert (told.exit, told.err, line["partner"], line["outcome"], line["number"], line["revoked"]) == (
        0, "", "TGOTR", "stored", "7", 0)
    assert (world.folder / "TGOTR.crl").read_bytes() == content
    assert world.kept() == [content]
    world.send("A")
    assert world.received() == []
    assert len(world.burkina.movements()) == 1
    assert checked("keys-crl", crl(world).out)[0]["outcome"] == "unchanged"
    assert world.kept() == [content]


def test_receiving_never_fetches(world: Listed, web: WebServer) -> None:
    web.at("/ca.crl", answer(world.crl()))
    world.send("A")
    assert world.received() == ["E_CRL"]
    assert web.asked == []
    assert world.burkina.movements() == {}


def test_t24_a_certificate_on_the_list_is_refused_from_the_next_run_on(world: Listed, web: WebServer) -> None:
    """A certificate that the partner's authority has revoked signs nothing more that is accepted."""
    web.at("/ca.crl", answer(world.crl(number=1)))
    crl(world)
    world.send("A")
    assert world.received() == []
    web.at("/ca.crl", answer(world.crl(number=2, revoked=[world.signing_serial])))
    assert checked("keys-crl", crl(world).out)[0]["revoked"] == 1
    world.send("B")
    assert world.received() == ["E_CERT_REVOKED"]
    assert len(world.burkina.movements()) == 1
    assert len(world.kept()) == 2


def test_t24_an_older_list_never_replaces_a_newer_one(world: Listed, web: WebServer) -> None:
    """A list with a lower number than one seen before is refused when it is fetched, even from the right address."""
    newer = world.crl(number=2, revoked=[world.signing_serial])
    web.at("/ca.crl", answer(newer))
    assert crl(world).exit == 0
    web.at("/ca.crl", answer(world.crl(number=1)))
    refused = crl(world)
    assert (refused.exit, refused.out, code(refused)) == (5, "", "K063")
    assert (world.folder / "TGOTR.crl").read_bytes() == newer
    world.send("A")
    assert world.received() == ["E_CERT_REVOKED"]


def test_t24_an_older_list_put_there_by_hand_counts_no_more(tmp_path: Path) -> None:
    """The highest number seen is remembered: a file exchanged for an older list makes everything wait with E_CRL."""
    world = listed(tmp_path, revocation="TGOTR.crl")
    file = world.burkina.home / "partners" / "TGOTR.crl"
    file.write_bytes(world.crl(number=9))
    world.send("A")
    assert world.received() == []
    assert len(world.kept()) == 1
    file.write_bytes(world.crl(number=8))
    world.send("B")
    assert world.received() == ["E_CRL"]


@pytest.mark.parametrize(("name", "expected"), [
    ("foreign", "K062"), ("forged", "K062"), ("unnumbered", "K063"), ("overlong", "K063"),
    ("ended", "K064"), ("ahead", "K064"),
    ("delta", "K065"), ("indirect", "K065"), ("critical", "K065"), ("page", "K061")])
def test_t24_a_list_outside_the_rules_is_refused_and_the_one_before_stays(world: Listed, web: WebServer, name: str,
                                                                          expected: str) -> None:
    """A list of another issuer, unsigned, expired, not yet valid, without number, delta or indirect is not taken."""
    good = world.crl(number=1)
    web.at("/ca.crl", answer(good))
    assert crl(world).exit == 0
    other = loose.authority("other", world.made)
    made: dict[str, Callable[[], bytes]] = {
        "foreign": lambda: loose.revocation_list(other, world.made, number=2),
        "forged": lambda: world.crl(number=2, signed_by=other.key),
        "unnumbered": lambda: world.crl(number=None),
        "overlong": lambda: world.crl(number=1 << 160),
        "ended": lambda: world.crl(number=2, start=-80 * HOUR, end=-25 * HOUR),
        "ahead": lambda: world.crl(number=2, start=HOUR),
        "delta": lambda: world.crl(number=2, extensions=[(x509.DeltaCRLIndicator(1), True)]),
        "indirect": lambda: world.crl(number=2, extensions=[(x509.IssuingDistributionPoint(
            None, None, False, False, None, True, False), False)]),
        "critical": lambda: world.crl(number=2, revoked=[5], entry_extensions=[
            (x509.UnrecognizedExtension(x509.ObjectIdentifier("1.2.3"), b"\x05\x00"), True)]),
        "page": lambda: b"<html>please log in</html>",
    }
    web.at("/ca.crl", answer(made[name]()))
    refused = crl(world)
    assert (refused.exit, refused.out, code(refused)) == (5, "", expected)
    assert world.kept() == [(world.folder / "TGOTR.crl").read_bytes()] == [good]
    world.send("A")
    assert world.received() == []


@pytest.mark.parametrize(("grace", "refused"), [("24h", []), ("1h", ["E_CRL"])])
def test_t24_a_list_past_its_end_counts_for_the_grace_agreed_and_no_longer(tmp_path: Path, grace: str,
                                                                           refused: list[str]) -> None:
    """An expired list is used for the grace agreed upon (24 hours unless said otherwise); then nothing is accepted."""
    world = listed(tmp_path, revocation="TGOTR.crl", grace=grace)
    (world.burkina.home / "partners" / "TGOTR.crl").write_bytes(world.crl(start=-9 * HOUR, end=-2 * HOUR))
    world.send("A")
    assert world.received() == refused


def test_t24_an_older_list_of_an_authority_in_between_counts_no_more(tmp_path: Path) -> None:
    """The numbers of lists between the partner's authority and its certificates are remembered when they are used."""
    world = listed(tmp_path, revocation="TGOTR.crl")
    home, now = world.burkina.home / "partners", world.made
    root = loose.authority("root", now)
    between = loose.authority("between", now, issuer=root, path_length=0)
    key = ec.generate_private_key(ec.SECP256R1())
    leaf = loose.certificate(key, between, name="TGOTR signing", now=now, unit="GW-1 test", purposes=(
        loose.EMAIL, MARKERS["test"]))
    certificate, hint = (Certificate(loose.der_of(one)) for one in (leaf, between.certificate))
    old = load_certificate(home / "TGOTR-signing.crt").sha256
    (home / "TGOTR-signing.crt").write_bytes(certificate.pem())
    (home / "TGOTR-authority.crt").write_bytes(root.certificate.public_bytes(Encoding.PEM))
    file = home / "TGOTR.yaml"
    file.write_text(file.read_text("utf-8").replace(old, certificate.sha256), "utf-8")

    def judged(number: int) -> str:
        lists = (loose.revocation_list(root, now), loose.revocation_list(between, now, number=number))
        (home / "TGOTR.crl").write_bytes(b"".join(x509.load_der_x509_crl(one).public_bytes(Encoding.PEM)
                                                  for one in lists))
        with open_gateway(load_settings(world.burkina.settings), now) as gateway:
            trust = gateway.trust("TGOTR")
            entry = trust.by_digest(certificate.digest, "signing")
            assert entry is not None
            note_lists(gateway, "TGOTR", now)
            try:
                trust.check(entry, now=now, environment="test", others=[hint])
            except PartnerError as error:
                return error.code
            finally:
                note_used(gateway, "TGOTR", now)
        return "good"

    assert [judged(number) for number in (5, 4, 5, 6, 5)] == ["good", "E_CRL", "good", "good", "E_CRL"]
    assert len(world.kept()) == 5


def test_t24_a_missing_list_file_is_no_pass_and_no_crash(tmp_path: Path) -> None:
    """Where the file of a list is gone, what is signed is refused with E_CRL, and the run goes on."""
    world = listed(tmp_path, revocation="TGOTR.crl")
    world.send("A")
    assert world.received() == ["E_CRL"]
    missing = crl(world)
    assert (missing.exit, code(missing)) == (5, "K067")


def test_an_address_that_fails_is_for_later_and_stops_no_other_partner(world: Listed, web: WebServer) -> None:
    web.at("/ca.crl", answer(b"", status=503))
    failed = crl(world)
    assert (failed.exit, code(failed)) == (4, "B130")
    assert not world.folder.exists()


def test_a_list_received_by_hand_is_judged_like_any_other(tmp_path: Path) -> None:
    world = listed(tmp_path, address='"http://127.0.0.1:1/none"')
    file = tmp_path / "mail.crl"
    file.write_bytes(world.crl(number=3))
    told = crl(world, "--partner", "TGOTR", "--file", str(file))
    assert (told.exit, checked("keys-crl", told.out)[0]["number"]) == (0, "3")
    file.write_bytes(world.crl(number=2))
    assert code(crl(world, "--partner", "TGOTR", "--file", str(file))) == "K063"
    assert crl(world, "--file", str(file)).exit == 2
    assert world.togo.run("edi", "keys", "crl", "--partner", "BFDGD", "--file", str(file), "--json").exit == 5
    none = world.togo.run("edi", "keys", "crl", "--json")
    assert (none.exit, checked("keys-crl", none.out)[0]["outcome"]) == (0, "none")


def test_of_several_lists_in_a_file_the_newest_of_the_authority_counts(tmp_path: Path) -> None:
    world = listed(tmp_path, revocation="TGOTR.crl")
    other = loose.revocation_list(loose.authority("other", world.made), world.made, number=99)
    lists = [x509.load_der_x509_crl(content).public_bytes(Encoding.PEM) for content in (
        other, world.crl(number=1), world.crl(number=3, revoked=[world.signing_serial]), world.crl(number=2))]
    (world.burkina.home / "partners" / "TGOTR.crl").write_bytes(b"".join(lists))
    assert checked("keys-crl", crl(world).out)[0]["number"] == "3"
    world.send("A")
    assert world.received() == ["E_CERT_REVOKED"]


@pytest.mark.parametrize("lost", ["number and copy", "copy"])
def test_a_run_that_was_cut_after_the_list_was_written_is_finished_by_the_next(world: Listed, web: WebServer,
                                                                               lost: str) -> None:
    content = world.crl(number=4)
    web.at("/ca.crl", answer(content))
    if lost == "copy":
        crl(world)
        for path in (world.folder / "kept" / "TGOTR").iterdir():
            path.unlink()
    else:
        world.folder.mkdir(mode=0o700)
        (world.folder / "TGOTR.crl").write_bytes(content)
    assert checked("keys-crl", crl(world).out)[0]["outcome"] == "unchanged"
    assert world.kept() == [content]
    web.at("/ca.crl", answer(world.crl(number=3)))
    assert code(crl(world)) == "K063"


def test_the_history_names_every_list_that_came_into_use(world: Listed, web: WebServer) -> None:
    settings = load_settings(world.burkina.settings)
    for number in (1, 2):
        web.at("/ca.crl", answer(world.crl(number=number)))
        now = world.made + number * HOUR
        with open_gateway(settings, now) as gateway:
            assert refresh(gateway, "TGOTR", now).outcome == "stored"
    with open_gateway(settings, now) as gateway, gateway.ledger.reading() as queries:
        told = [row.text.split(" ")[0] for row in queries.history() if row.subject == "revocation"]
    assert told == ["1", "2"]
