"""Is what each maker signed once still accepted, and nothing else in its place? (tests/tools/frozen_objects.py)"""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest

from gateway.errors import PartnerError
from gateway.security import Certificate, Trust, TrustedCertificate, read_certificate
from gateway.security.verifying import Verified, verify_inner
from tests.tools.frozen_objects import FOLDER, KINDS, Frozen, entity, kept
from tests.tools.parties import ALL_AGREED

DAY = timedelta(days=1)
EACH = pytest.mark.parametrize("frozen", [pytest.param(one, id=one.name) for one in kept()])


def _certificate(frozen: Frozen) -> Certificate:
    return read_certificate(frozen.read(".crt"))


def _trust(frozen: Frozen, algorithms: tuple[str, ...] = ALL_AGREED) -> Trust:
    entry = TrustedCertificate(_certificate(frozen), "signing", frozen.moment - DAY, frozen.moment + 2000 * DAY)
    return Trust("XA", (entry,), read_certificate((FOLDER / f"{frozen.maker}.crt").read_bytes()), None, "kept",
                 algorithms)


def _verified(frozen: Frozen, inner: bytes, now: datetime, algorithms: tuple[str, ...] = ALL_AGREED) -> Verified:
    return verify_inner(inner, _trust(frozen, algorithms), now=now, environment="demo")


def test_an_object_of_every_maker_and_scheme_is_kept() -> None:
    assert [(one.maker, one.scheme) for one in kept()] == [
        (maker, scheme) for maker, schemes in KINDS.items() for scheme in schemes]
    named = {"index.json", *(f"{maker}.crt" for maker in KINDS),
             *(f"{one.name}{suffix}" for one in kept() for suffix in (".der", ".crt"))}
    assert {path.name for path in FOLDER.iterdir()} == named


@EACH
def test_what_a_maker_signed_once_is_accepted_with_the_clock_set_to_then(frozen: Frozen) -> None:
    found = _verified(frozen, frozen.read(".der"), frozen.moment + timedelta(minutes=1))
    assert bytes(found.entity) == entity(frozen.moment)
    assert (found.mic, found.certificate_sha256) == (frozen.mic, frozen.certificate)
    assert timedelta() <= found.signing_time - frozen.moment <= timedelta(seconds=5)


@EACH
def test_it_is_not_accepted_after_the_end_of_its_certificate(frozen: Frozen) -> None:
    with pytest.raises(PartnerError) as refused:
        _verified(frozen, frozen.read(".der"), _certificate(frozen).not_after + timedelta(seconds=1))
    assert refused.value.code == "E_CERT_TIME"


@EACH
def test_its_scheme_counts_only_as_agreed(frozen: Frozen) -> None:
    now = frozen.moment + timedelta(minutes=1)
    if frozen.scheme in ("P-384", "Ed25519"):
        with pytest.raises(PartnerError) as refused:
            _verified(frozen, frozen.read(".der"), now, ())
        assert refused.value.code == "E_ALG"
    else:
        assert _verified(frozen, frozen.read(".der"), now, ()).mic == frozen.mic


@EACH
def test_no_kept_object_is_accepted_with_any_octet_changed(frozen: Frozen) -> None:
    """Every 7th octet in turn, over the whole object: never another content, never anything but a listed code."""
    inner, now = frozen.read(".der"), frozen.moment + timedelta(minutes=1)
    accepted = []
    for position in range(0, len(inner), 7):
        changed = inner[:position] + bytes((inner[position] ^ 0x41,)) + inner[position + 1:]
        try:
            _verified(frozen, changed, now)
        except PartnerError:
            continue
        accepted.append(position)
    assert accepted == []
