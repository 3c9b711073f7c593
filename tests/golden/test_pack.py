"""Does a pack that was made once stay readable, and stay what it was? Its private keys were thrown away at once."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from gateway.errors import PartnerError
from gateway.exchange.introduction import read_introduction
from gateway.exchange.pack_archive import archive, unarchive
from gateway.security import fingerprint
from tests.tools.newcomers import HOST_KEY

PACK = Path(__file__).parent / "pack" / "MLDGD.tar"
MADE = datetime(2026, 11, 26, 12, tzinfo=UTC)


def test_a_pack_of_the_first_form_is_read_as_it_was_meant() -> None:
    found = read_introduction(PACK, now=MADE + timedelta(days=30), environment="test")
    said = found.said
    assert said is not None
    assert said.mailbox is not None
    assert said.contact is not None
    assert (said.format, said.gateway, said.environment, said.country, said.made) == ("1", "MLDGD", "test", "ML", MADE)
    assert (said.name.fr, said.name.en, said.contact.name) == ("Douanes du Mali", "Mali customs", "Awa Traoré")
    assert (said.mailbox.host, said.mailbox.user, said.mailbox.host_keys) == ("edi.ml.example", "TGOTR", (HOST_KEY,))
    assert [(use, fingerprint(one)) for use, one in found.named()] == FINGERPRINTS
    assert {(one.use_from, one.accept_until) for one in found.certificates} == {
        (MADE - timedelta(hours=1), MADE + timedelta(days=730))}
    assert archive(unarchive(PACK.read_bytes())) == PACK.read_bytes()


@pytest.mark.parametrize(("now", "environment", "code"), [
    (MADE + timedelta(days=731), "test", "C010"), (MADE - timedelta(days=1), "test", "C010"),
    (MADE + timedelta(days=1), "production", "E_CERT_USAGE")])
def test_it_is_refused_out_of_its_time_and_environment(now: datetime, environment: str, code: str) -> None:
    with pytest.raises(PartnerError) as error:
        read_introduction(PACK, now=now, environment=environment)
    assert error.value.code == code


FINGERPRINTS = [
    ("authority", "5048 385C 785C 2573 CBEB D2C0 FD73 8735"),
    ("signing", "967C 51B5 22B7 C2BB 7FB2 D6A9 3287 75C8"),
    ("encryption", "8B81 2311 D800 69B1 78C1 75B2 56FF EF8D"),
]
