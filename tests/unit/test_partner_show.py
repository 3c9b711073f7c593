"""Does `edi partner show` tell what is agreed with a partner, how its certificates stand, and who decided?"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from gateway.config import load_settings
from gateway.ledger import Ledger, Transaction
from gateway.ledger.key_rows import TrustedState
from gateway.security import fingerprint, load_certificate
from tests.tools.newcomers import PEOPLE, edi, new_gateway, pack_of
from tests.tools.outputs import checked

NOW = datetime.now(UTC).replace(microsecond=0)


@pytest.fixture
def togo(tmp_path: Path) -> Path:
    """Togo's settings with Mali as partner."""
    settings = new_gateway(tmp_path / "togo", "TGOTR", "TG")
    pack = pack_of(new_gateway(tmp_path / "mali", "MLDGD", "ML"), tmp_path / "mali.tar", "--order", "strict",
                   "--contact", "Awa Traoré", "+223 20 00 00 00", "edi@example.ml")
    assert edi("partner", "import", pack, "--outbound", tmp_path / "mail", *PEOPLE, "--config", settings)[0] == 0
    return settings


def shown(settings: Path, *words: str) -> tuple[int, list[dict[str, Any]]]:
    status, out, _ = edi("partner", "show", *words, "--config", settings, "--json")
    return status, checked("partner-show", out)


def change(settings: Path, old: str, new: str) -> None:
    file = settings.parent / "partners" / "MLDGD.yaml"
    text = file.read_text("utf-8")
    assert old in text
    file.write_text(text.replace(old, new), "utf-8")


def in_ledger(settings: Path, work: Any) -> None:
    ledger = Ledger.open(load_settings(settings).ledger, now=NOW)
    try:
        with ledger.transaction() as transaction:
            work(transaction)
    finally:
        ledger.close()


def test_a_partner_is_shown_whole_for_programs(togo: Path) -> None:
    status, [told, last] = shown(togo, "MLDGD")
    held = {use: load_certificate(togo.parent / "partners" / f"MLDGD-{use}.crt")
            for use in ("authority", "signing", "encryption")}
    assert (status, last) == (0, {"schema": 1, "kind": "summary", "count": 1, "broken": []})
    assert (told["partner"], told["country"], told["environment"]) == ("MLDGD", "ML", "test")
    assert told["agreement"] == {
        "reference": "to be agreed", "order": "strict", "algorithms": [], "cbc": None,
        "deadlines": {"receipt": "4h", "contrl": "30m", "cusres": "2h"}, "consent": "automatic", "mappings": [],
        "gzip": "yes", "grace": {"receipt": None, "contrl": None, "cusres": None}, "corridors": [],
        "chase": {"first": "2h", "longest": "1d", "ends": "14d"}, "expect": None}
    assert [(one["use"], one["state"], one["level"], one["sha256"], one["fingerprint"])
            for one in told["certificates"]] == [
        (use, "counts", "ok", one.sha256, fingerprint(one)) for use, one in held.items()]
    [decision] = told["decisions"]
    assert (decision["event"], decision["people"], decision["compared"]) == (
        "introduced", ["Kofi Mensah", "Awa Traoré"], "voice")
    assert (told["level"], told["halted"], told["consents"]) == ("ok", {}, {})


def test_a_partner_is_shown_for_people_in_both_languages(togo: Path) -> None:
    change(togo, "  order: strict\n", "  order: strict\n  cbc:\n    reason: .NET without GCM\n"
           f"    until: \"{NOW + timedelta(days=90):%Y-%m-%dT%H:%M:%SZ}\"\n")
    end = f"{NOW + timedelta(days=90):%Y-%m-%d}"
    status, out, err = edi("partner", "show", "MLDGD", "--config", togo)
    assert (status, err) == (0, "")
    assert f"AES-256-CBC until {end}: .NET without GCM" in out
    for said in ("MLDGD  Mali customs  ML  test", "strict", "Awa Traoré, +223 20 00 00 00, edi@example.ml", "counts",
                 f"  {'compressed (gzip)':24} yes\n",
                 "added: fingerprints compared by voice by Kofi Mensah, Awa Traoré (account "):
        assert said in out, said
    status, out, _ = edi("partner", "show", "MLDGD", "--config", togo, lang="fr")
    for said in ("MLDGD  Douanes du Mali  ML  test", f"AES-256-CBC jusqu'au {end} : .NET without GCM", "vaut",
                 "empreintes comparées de vive voix par Kofi Mensah, Awa Traoré (compte "):
        assert said in out, said


def test_what_is_agreed_of_compression_is_shown(togo: Path) -> None:
    """Also where the file says nothing of it."""
    told = []
    for old, new in (("  gzip: yes\n", "  gzip: no\n"), ("  gzip: no\n", "")):
        change(togo, old, new)
        _, out, _ = edi("partner", "show", "MLDGD", "--config", togo)
        told += [line.split(maxsplit=2)[2] for line in out.splitlines() if "(gzip)" in line]
        told.append(shown(togo, "MLDGD")[1][0]["agreement"]["gzip"])
    assert told == ["no", "no", "nothing agreed: none is sent compressed", None]


def test_an_exception_from_the_profile_stands_in_every_status_with_reason_and_end(togo: Path) -> None:
    for days, in_force, said in ((90, True, "agreed until"), (-1, False, "ended on")):
        until = NOW + timedelta(days=days)
        if days > 0:
            change(togo, "  order: strict\n", "  order: strict\n  cbc:\n    reason: .NET without GCM\n"
                   f"    until: \"{until:%Y-%m-%dT%H:%M:%SZ}\"\n")
        else:
            change(togo, f"{NOW + timedelta(days=90):%Y-%m-%dT%H:%M:%SZ}", f"{until:%Y-%m-%dT%H:%M:%SZ}")
        status, out, _ = edi("status", "--config", togo)
        assert status == 0
        [line] = [line for line in out.splitlines() if "AES-256-CBC" in line]
        assert (line.startswith("MLDGD: "), said in line, f"{until:%Y-%m-%d}" in line, ".NET without GCM" in line) == (
            True, True, True, True)
        [told, _] = checked("status", edi("status", "--config", togo, "--json")[1])
        assert told == {"schema": 1, "kind": "exception", "partner": "MLDGD", "what": "AES-256-CBC",
                        "reason": ".NET without GCM", "until": f"{until:%Y-%m-%dT%H:%M:%SZ}", "in_force": in_force}


def test_all_partners_stand_on_a_line_each_and_a_broken_file_is_told(togo: Path, tmp_path: Path) -> None:
    assert edi("partner", "show", "--config", new_gateway(tmp_path / "new", "NEDGD", "NE"))[1] == \
        "no partner yet: edi partner import\n"
    status, out, _ = edi("partner", "show", "--config", togo)
    assert (status, [line.split()[0] for line in out.splitlines()]) == (0, ["PARTNER", "MLDGD"])
    assert out.splitlines()[1].endswith("open  strict")
    change(togo, "country: ML", "country: Mali")
    status, [last] = shown(togo)
    assert (status, last["count"], last["broken"]) == (3, 0, ["MLDGD"])
    status, _, err = edi("partner", "show", "MLDGD", "--config", togo)
    assert (status, "S060" in err) == (3, True)


def test_halted_links_revoked_and_announced_certificates_are_seen(togo: Path, tmp_path: Path) -> None:
    held = load_certificate(togo.parent / "partners" / "MLDGD-signing.crt")
    other = load_certificate(new_gateway(tmp_path / "other", "MLDGD", "ML").parent / "keys" / "signing.crt")

    def work(transaction: Transaction) -> None:
        transaction.halt_link("MLDGD", "in", "E_FORK", at=NOW)
        for one, state, replaces in ((held, TrustedState.REVOKED, None), (other, TrustedState.PROPOSED, held.sha256)):
            transaction.add_trusted(partner="MLDGD", use="signing", sha256=one.sha256, der=one.der, replaces=replaces,
                                    use_from=NOW, accept_until=None, state=state, reason="test", object_id=None, at=NOW)

    in_ledger(togo, work)
    _, [told, _] = shown(togo, "MLDGD")
    assert {one["sha256"]: one["state"] for one in told["certificates"] if one["use"] == "signing"} == {
        held.sha256: "revoked", other.sha256: "proposed"}
    assert (told["halted"], told["level"]) == ({"in": "E_FORK"}, "expired")  # nothing signs any more
    assert edi("partner", "resume", "MLDGD", "--reason", "compared by telephone", "--config", togo)[0] == 0
    _, [told, _] = shown(togo, "MLDGD")
    assert (told["halted"], [one["event"] for one in told["decisions"]]) == ({}, ["introduced", "halt", "resume"])


def test_where_approvals_need_two_people_two_answer_for_a_link_that_goes_on(togo: Path) -> None:
    togo.write_text(togo.read_text("utf-8").replace("approvals: one", "approvals: two"), "utf-8")
    in_ledger(togo, lambda transaction: transaction.halt_link("MLDGD", "in", "E_CHAIN", at=NOW))
    line = ("partner", "resume", "MLDGD", "--reason", "copies compared", "--by", "Kofi Mensah", "--config", togo)
    status, _, err = edi(*line)
    assert (status, "C012: " in err, shown(togo, "MLDGD")[1][0]["halted"]) == (1, True, {"in": "E_CHAIN"})
    assert edi(*line, "--by", "Ama Lawson")[0] == 0
    _, [told, _] = shown(togo, "MLDGD")
    assert (told["halted"], told["decisions"][-1]["text"]) == ({}, "copies compared (Kofi Mensah, Ama Lawson)")


def test_a_mode_of_a_mailbox_that_is_not_the_usual_one_is_shown(togo: Path) -> None:
    file = togo.parent / "partners" / "MLDGD.yaml"
    text = file.read_text("utf-8")
    file.write_text(text.replace("\n  outbound:\n", "\n  outbound:\n    mode: marker\n"), "utf-8")
    lines = edi("partner", "show", "MLDGD", "--config", togo)[1].splitlines()
    assert [line.endswith(", mode: marker") for line in lines if line.startswith(("  we push to", "  we collect"))] == [
        True, False]
