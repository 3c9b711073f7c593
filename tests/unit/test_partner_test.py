"""Does `edi partner test` tell, check by check, whether everything is in place for a partner, and send nothing?"""

from __future__ import annotations

import contextlib
import socket
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from gateway.config import load_settings
from gateway.exchange.mailbox_test import _clock
from gateway.ledger import Ledger
from tests.tools.hosts import agree_on_mode
from tests.tools.newcomers import HOST_KEY, PEOPLE, edi, new_gateway, pack_of
from tests.tools.offices import Office, offices
from tests.tools.outputs import checked
from tests.tools.sshd import Sshd, running_sshd

NOW = datetime.now(UTC).replace(microsecond=0)
KEYS = ["environment", "own_certificates", "certificates", "revocation", "algorithms", "mappings", "link", "own_seal",
        "seal"]
LINK = ["name", "connect", "host_key", "login"]
OUTBOUND, INBOUND = ["folders", "rights", "clock"], ["folders", "waiting"]


@pytest.fixture
def togo(tmp_path: Path) -> Path:
    """Togo's settings with Mali as partner, mailboxes in folders of this machine."""
    settings = new_gateway(tmp_path / "togo", "TGOTR", "TG")
    pack = pack_of(new_gateway(tmp_path / "mali", "MLDGD", "ML"), tmp_path / "mali.tar")
    status, _, err = edi("partner", "import", pack, "--outbound", tmp_path / "mail", *PEOPLE, "--config", settings)
    assert status == 0, err
    return settings


@contextlib.contextmanager
def sftp_offices(root: Path) -> Iterator[tuple[Office, Sshd]]:
    """Togo, whose partner is reached over a real sshd, and that server."""
    with running_sshd(root, []) as sshd:
        togo, _ = offices(root, sshd)
        yield togo, sshd


def tried(settings: Path, partner: str = "MLDGD") -> tuple[int, list[dict[str, Any]]]:
    """Exit status and lines of a test, which fit their schema."""
    status, out, _ = edi("partner", "test", partner, "--config", settings, "--json")
    lines = checked("partner-test", out)
    assert lines[-1]["kind"] == "summary"
    assert lines[-1]["exit"] == status
    return status, lines[:-1]


def verdicts(lines: list[dict[str, Any]]) -> dict[str, str]:
    """Lane and name of each check with its verdict and the codes of its findings."""
    return {f"{line['lane']}.{line['name']}".lstrip("."): " ".join(
        [line["verdict"], *(finding["code"] for finding in line["findings"])]) for line in lines}


def test_a_partner_for_which_all_is_in_place_passes_every_check(togo: Path, tmp_path: Path) -> None:
    status, lines = tried(togo)
    assert (status, verdicts(lines)) == (0, dict.fromkeys([
        *KEYS, *(f"outbound.{step}" for step in OUTBOUND), *(f"inbound.{step}" for step in INBOUND)], "ok"))
    assert [path for path in (tmp_path / "mail").rglob("*") if path.is_file()] == []


def test_the_words_for_people_come_in_both_languages(togo: Path) -> None:
    for lang, first, last in (("en", "good       our keys are of our environment: test, 2 keys",
                               "MLDGD: 14 good, 0 to look at, 0 failed, 0 not tried"),
                              ("fr", "bon        nos clés sont de notre environnement : test, 2 clés",
                               "MLDGD : 14 bons, 0 à voir, 0 manquent, 0 pas essayés")):
        status, out, err = edi("partner", "test", "MLDGD", "--config", togo, lang=lang)
        lines = out.splitlines()
        assert (status, err, lines[-1]) == (0, "", last)
        assert lines[0].replace(" : ", ": ").replace(":", "") == first.replace(" : ", ": ").replace(":", "")


def test_an_unknown_partner_and_a_broken_file_are_told(togo: Path) -> None:
    status, _, err = edi("partner", "test", "BJDGD", "--config", togo)
    assert (status, err[:6]) == (3, "X010: ")
    file = togo.parent / "partners" / "MLDGD.yaml"
    file.write_text(file.read_text("utf-8").replace("country: ML", "country: Mali"), "utf-8")
    status, _, err = edi("partner", "test", "MLDGD", "--config", togo)
    assert (status, "S060" in err) == (3, True)


def changed(old: str, new: str) -> Callable[[Path], None]:
    """Change the partner's file."""
    def change(settings: Path) -> None:
        file = settings.parent / "partners" / "MLDGD.yaml"
        text = file.read_text("utf-8")
        assert old in text
        file.write_text(text.replace(old, new), "utf-8")
    return change


def halted(settings: Path) -> None:
    """A conflict halts the link."""
    ledger = Ledger.open(load_settings(settings).ledger, now=NOW)
    try:
        with ledger.transaction() as transaction:
            transaction.halt_link("MLDGD", "in", "E_CHAIN", at=NOW)
    finally:
        ledger.close()


def another_authority(settings: Path) -> None:
    """Our authority's certificate is exchanged for the partner's: our own pairs no longer fit it."""
    (settings.parent / "keys" / "authority.crt").write_bytes(
        (settings.parent / "partners" / "MLDGD-authority.crt").read_bytes())


def a_foreign_file(settings: Path) -> None:
    """Somebody puts a file of his own into our mailbox."""
    folder = settings.parent / "mailbox" / "MLDGD" / "v1" / "in" / "new"
    folder.mkdir(parents=True)
    (folder / "holiday.jpg").touch()


def no_folder(settings: Path) -> None:
    """A file stands where the mailbox should be."""
    (settings.parents[1] / "mail").touch()


def agreed(words: str) -> Callable[[Path], None]:
    """Agree on something more with the partner."""
    return changed("  order: loose\n", f"  order: loose\n{words}")


LATER, EARLIER = (f"{NOW + timedelta(days=days):%Y-%m-%dT%H:%M:%SZ}" for days in (200, -1))
CBC = "  cbc:\n    reason: .NET without GCM\n    until: \"{}\"\n"
MAPPING = "  mappings:\n    - mapping: corridors/tg-ml/cusdec\n      version: \"1\"\n      sha256: \"{}\"\n"
FAULTS: dict[str, tuple[Callable[[Path], None], int, dict[str, str]]] = {
    "another mapping than agreed": (agreed(MAPPING.format("0" * 64)), 1, {"mappings": "failed M402"}),
    "CBC by agreement": (agreed(CBC.format(LATER)), 1, {"algorithms": "noted X126"}),
    "CBC after its end": (agreed(CBC.format(EARLIER)), 1, {"algorithms": "noted X127"}),
    "a halted link": (halted, 1, {"link": "failed X049"}),
    "our own authority exchanged": (another_authority, 5, {"own_seal": "failed E_CERT_PATH"}),
    "a foreign file": (a_foreign_file, 1, {"inbound.waiting": "noted X121"}),
    "no folder to push to": (no_folder, 1, {
        "outbound.folders": "failed B107", "outbound.rights": "untried", "outbound.clock": "untried"}),
}


@pytest.mark.parametrize("name", FAULTS)
def test_a_fault_is_told_at_its_check_and_hides_no_other(togo: Path, name: str) -> None:
    work, exit_status, expected = FAULTS[name]
    work(togo)
    status, lines = tried(togo)
    found = verdicts(lines)
    assert (status, {key: value for key, value in found.items() if value != "ok"}) == (exit_status, expected)
    assert all(finding["hint"] for line in lines for finding in line["findings"])


def test_certificates_that_end_within_a_month_are_told_with_their_day(tmp_path: Path) -> None:
    togo, _ = offices(tmp_path)  # their certificates hold for 30 days
    status, lines = tried(togo.settings, "BFDGD")
    found = {name: verdict for name, verdict in verdicts(lines).items() if verdict != "ok"}
    assert (status, found) == (1, {"own_certificates": "noted X123 X123", "certificates": "noted X123 X123"})
    assert f"{NOW + timedelta(days=30):%Y-%m-%d}" in lines[1]["findings"][0]["text"]


def test_a_partner_whose_certificates_have_ended_cannot_be_sealed_for(togo: Path) -> None:
    file = togo.parent / "partners" / "MLDGD.yaml"
    lines = [f'    until: "{EARLIER}"' if line.startswith("    until: ") else
             '    from: "2020-01-01T00:00:00Z"' if line.startswith("    from: ") else line
             for line in file.read_text("utf-8").splitlines()]
    file.write_text("\n".join(lines) + "\n", "utf-8")
    status, told = tried(togo)
    found = {name: verdict for name, verdict in verdicts(told).items() if verdict != "ok"}
    assert (status, found) == (5, {"certificates": "failed X122 E_CERT_RETIRED", "seal": "failed K021 E_CERT_RETIRED"})


@pytest.mark.needs_sshd
def test_over_sftp_every_step_of_the_session_is_told_and_nothing_stays_on_the_server(tmp_path: Path) -> None:
    with sftp_offices(tmp_path) as (togo, sshd):
        _, lines = tried(togo.settings, "BFDGD")
        found = {name: verdict for name, verdict in verdicts(lines).items() if name.startswith("outbound")}
        assert found == {f"outbound.{step}": "ok" for step in [*LINK, *OUTBOUND]}
        seen = {line["name"]: line["seen"] for line in lines if line["lane"] == "outbound"}
        assert seen["host_key"]["host_key"].startswith("ssh-ed25519 SHA256:")
        assert seen["login"] == {"user": sshd.user}
        assert abs(float(seen["clock"]["seconds"])) < 60
        assert [path for path in sshd.root.rglob("*") if path.is_file()] == []


@pytest.mark.needs_sshd
@pytest.mark.parametrize(("mode", "rights"), [
    ("posix-rename", "ok"), ("suffix", "ok"), ("marker", "noted B116"), ("direct", "noted B116")])
def test_a_mode_that_leaves_more_to_chance_than_the_server_needs_is_noted_with_the_line_to_write(
        tmp_path: Path, mode: str, rights: str) -> None:
    with sftp_offices(tmp_path) as (togo, sshd):
        agree_on_mode(togo, "BFDGD", "outbound", mode)
        _, lines = tried(togo.settings, "BFDGD")
        assert verdicts(lines)["outbound.rights"] == rights
        hints = [finding["hint"] for line in lines if line["name"] == "rights" for finding in line["findings"]]
        assert [hint.endswith("mode: suffix") for hint in hints] == [True] * rights.count("noted")
        assert [path for path in sshd.root.rglob("*") if path.is_file()] == []


@pytest.mark.needs_sshd
@pytest.mark.parametrize(("fault", "expected", "exit_status"), [
    ("another host key", {"host_key": "failed E_HOSTKEY", "login": "untried"}, 5),
    ("a key that nobody let in", {"login": "failed B104"}, 1),
    ("nobody listens", {"connect": "failed B102", "host_key": "untried", "login": "untried"}, 1),
    ("a name that nobody has", {
        "name": "failed B101", "connect": "untried", "host_key": "untried", "login": "untried"}, 1)])
def test_where_a_session_ends_is_told_and_what_follows_is_not_tried(
        tmp_path: Path, fault: str, expected: dict[str, str], exit_status: int) -> None:
    with sftp_offices(tmp_path) as (togo, sshd):
        file = togo.home / "partners" / "BFDGD.yaml"
        text = file.read_text("utf-8")
        if fault == "another host key":
            text = text.replace(sshd.host_keys[0], HOST_KEY)
        elif fault == "a key that nobody let in":
            (sshd.root.parent / "authorized").write_text("", "ascii")
        elif fault == "nobody listens":
            with socket.socket() as free:
                free.bind(("127.0.0.1", 0))
                text = text.replace(str(sshd.port), str(free.getsockname()[1]))
        else:
            text = text.replace("127.0.0.1", "edi.invalid")
        file.write_text(text, "utf-8")
        status, lines = tried(togo.settings, "BFDGD")
    found = verdicts(lines)
    before = dict.fromkeys(LINK[:LINK.index(next(iter(expected)))], "ok")
    assert status == exit_status
    assert {step: found[f"outbound.{step}"] for step in LINK + OUTBOUND} == \
        before | expected | dict.fromkeys(OUTBOUND, "untried")


@pytest.mark.parametrize(("seconds", "noted"), [(0, False), (120, False), (-121, True), (86400, True), (None, False),
                                                (-(10**12), False), (2**62, False)])
def test_a_clock_more_than_two_minutes_off_is_told(seconds: int | None, noted: bool) -> None:
    changed_at = None if seconds is None else int(NOW.timestamp()) + seconds
    seen = _clock(changed_at, NOW)
    assert [finding.code for finding in seen.noted] == (["X120"] if noted else [])
