"""Does a release from quarantine pass over the one rule a person decided on, and over nothing else? (GW-1 section 6)"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import timedelta
from typing import Any

import pytest

from gateway.security import RELEASABLE, RevocationLists, Trust, open_from_link
from tests.hostile.test_security_order import Link
from tests.tools import loose_sealer as loose
from tests.tools.security_world import NOW, Delivery, World, world

DAY, HOUR = timedelta(days=1), timedelta(hours=1)


def _sealed(w: World, *, signed: timedelta = timedelta(), date: timedelta | None = None, **options: Any) -> bytes:
    entity = w.entity(date=NOW + (signed if date is None else date), **options)
    return w.sealed(entity, signing_time=NOW + signed)


def _stale(w: World, *revoked: int) -> RevocationLists:
    return RevocationLists((loose.revocation_list(w.ca, NOW, start=-30 * DAY, end=-20 * DAY, revoked=revoked),))


def _early(w: World) -> Delivery:
    author = w.author(start=DAY)
    return Delivery(w.sealed(author=author), trust=w.trust(author))


def _stale_list(w: World, *revoked: int) -> Delivery:
    return Delivery(w.sealed(), trust=w.trust(revocation=_stale(w, *revoked)))


def _expired_authority(w: World) -> Delivery:
    root = loose.authority("root of XA", NOW, end=400 * DAY)
    author = w.author(issuer=root)
    trust = w.trust(author, ca=root)
    return Delivery(w.sealed(w.entity(date=NOW + 401 * DAY), author=author, signing_time=NOW + 401 * DAY),
                    trust=trust, now=NOW + 401 * DAY)


CODES: list[tuple[str, Callable[[World], Delivery], Sequence[str]]] = [
    ("a retired certificate", lambda w: Delivery(w.sealed(), trust=w.trust(until=-DAY)), ["E_CERT_RETIRED"]),
    ("an expired certificate", lambda w: Delivery(_sealed(w, signed=366 * DAY), now=NOW + 366 * DAY), ["E_CERT_TIME"]),
    ("a certificate of tomorrow", _early, ["E_CERT_TIME"]),
    ("no usable list", _stale_list, ["E_CRL"]),
    ("no list at all", lambda w: Delivery(w.sealed(), trust=w.trust(revocation=RevocationLists(()))), ["E_CRL"]),
    ("a date that does not fit", lambda w: Delivery(_sealed(w, date=-2 * DAY)), ["E_DATE"]),
    ("an old object", lambda w: Delivery(w.sealed(), now=NOW + 91 * DAY), ["E_OLD"]),
    ("two rules broken, two waived", lambda w: Delivery(_sealed(w, date=-2 * DAY), now=NOW + 91 * DAY),
     ["E_DATE", "E_OLD"]),
]


@pytest.mark.parametrize(("build", "waived"), [row[1:] for row in CODES], ids=[row[0] for row in CODES])
def test_a_waived_rule_is_passed_over_and_only_that_one(build: Callable[[World], Delivery],
                                                        waived: Sequence[str]) -> None:
    delivery = build(world())
    others = RELEASABLE - set(waived)
    assert [delivery.outcome(), delivery.but(waive=others).outcome(),
            delivery.but(waive=frozenset(waived)).outcome()] == [waived[0], waived[0], "accepted"]


@pytest.mark.parametrize(("build", "code"), [
    (lambda w: Delivery(w.sealed(), trust=w.trust(revocation=loose.revocation_list(
        w.ca, NOW, revoked=[w.ec.certificate.serial_number]))), "E_CERT_REVOKED"),
    (lambda w: _stale_list(w, w.ec.certificate.serial_number), "E_CERT_REVOKED"),
    (_expired_authority, "E_CERT_PATH"),
    (lambda w: Delivery(w.sealed(w.entity(recipient="XC"))), "E_WRONG_RECIPIENT"),
    (lambda w: Delivery(w.sealed(alter=lambda _: b"")), "E_SIGNATURE"),
    (lambda w: Delivery(_sealed(w, signed=HOUR)), "E_FUTURE"),
], ids=["revoked", "revoked on a list out of date", "authority expired", "wrong recipient", "false", "future"])
def test_what_nobody_may_release_stays_refused_whatever_is_waived(build: Callable[[World], Delivery],
                                                                  code: str) -> None:
    assert build(world()).but(waive=RELEASABLE).outcome() == code


@pytest.mark.parametrize("code", ["E_SIGNATURE", "E_CERT_REVOKED", "E_WRONG_RECIPIENT", "E_DECRYPT", ""])
def test_a_code_that_is_not_releasable_cannot_be_waived(code: str) -> None:
    with pytest.raises(ValueError, match="releasable"):
        Delivery(world().outer(), waive=frozenset({code})).open()


def test_a_released_object_does_not_open_the_door_for_the_next_one() -> None:
    w = world()
    trust: Trust = w.trust(revocation=_stale(w))
    good = Delivery(w.sealed(), trust=trust)
    assert [good.but(waive=frozenset({"E_CRL"})).outcome(), good.outcome()] == ["accepted", "E_CRL"]


def test_a_waived_object_is_judged_in_its_place_on_the_link() -> None:
    w = world()
    sealed = w.sealed()
    opened, verdict = open_from_link(
        loose.named(sealed), sealed, recipient="XB", keys=w.keys(), trust=w.trust(), now=NOW + 91 * DAY,
        environment="production", link=Link(), waive=frozenset({"E_OLD"}))
    assert (opened.header.sequence, verdict) == (1, "new")
