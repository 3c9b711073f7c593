"""Does a kit pass a partner that does everything right, and name each thing that another does wrong?"""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from pathlib import Path

import pytest

from gateway.config import load_settings
from gateway.errors import LinkError, LocalError
from gateway.exchange.summary import Exit
from gateway.findings import Finding
from gateway.kit.cases import CASES
from gateway.kit.folder import open_kit
from gateway.kit.running import Line, line_of
from gateway.mapping import load_corridors, search_path
from gateway.security import EDIFACT, FIRST_PREVIOUS, RECEIPT, Header, Opened, load_certificate, load_signer, seal
from gateway.simulation import make_offices
from gateway.simulation.faults import Impostor
from tests.tools.command import command
from tests.tools.kits import Bench, bench, on_file, wrong
from tests.tools.outputs import checked
from tests.tools.sshd import running_sshd

ROOT = Path(__file__).parents[2]
Objects = Sequence[tuple[bytes, str]]
"""Payloads and their kinds."""


class Planted:
    """A partner whose objects are changed and sealed anew with its keys, in a chain of their own."""

    def __init__(self, made: Bench, change: Callable[[Opened], Objects], **wrongly: str) -> None:
        self.made, self.change, self.wrongly = made, change, wrongly
        self.line = line_of(made.kit, made.assembly, lambda: 0.0)
        self.sequence, self.previous = 0, FIRST_PREVIOUS
        self.known: dict[str, list[tuple[str, bytes]]] = {}
        keys, foreign = made.theirs.home / "keys", made.kit.keys / "foreign"
        self.signer = load_signer(keys / "signing.key", keys / "signing.crt", None)
        self.foreign = load_signer(foreign / "signing.key", foreign / "signing.crt", None)

    def put(self, files: Sequence[tuple[str, bytes]]) -> None:
        """The cases only: the partner's own ledger knows nothing of what the kit's receipts are about."""
        known = {case.file for case, _ in self.made.kit.cases(1)}
        self.line.put([(name, content) for name, content in files if name in known])

    def fetch(self, keep: Callable[[str, bytes], None]) -> None:
        found: list[tuple[str, bytes, Opened]] = []
        self.line.fetch(lambda name, content: found.append((name, content, self._opened(name, content))))
        for name, _, opened in sorted(found, key=lambda one: one[2].header.sequence):
            if name not in self.known:
                self.known[name] = [self._sealed(payload, kind) for payload, kind in self.change(opened)]
            elif "forgets" in self.wrongly:
                continue
            for sealed in self.known[name]:
                keep(*sealed)

    def _opened(self, name: str, content: bytes) -> Opened:
        opened = self.made.running(lambda: None, line=self.line)._opened(name, content)
        assert isinstance(opened, Opened)
        return opened

    def _sealed(self, payload: bytes, kind: str) -> tuple[str, bytes]:
        self.sequence += 2 if self.wrongly.get("number") == str(self.sequence + 1) else 1
        previous = "ab" * 32 if self.wrongly.get("previous") == str(self.sequence) else self.previous
        header = Header(f"<{next(self.made.numbers):032x}@BFDGD>", "BFDGD", "TGOTR", self.made.now, self.sequence,
                        previous, kind, "x")
        signer = Impostor(self.signer, self.foreign) if "signature" in self.wrongly else self.signer
        sealed = seal(header, payload, signer=signer, signing_time=self.made.now,
                      recipients=[load_certificate(self.made.kit.keys / "encryption.crt")])
        self.previous = sealed.mic
        return sealed.name, sealed.content


def tried(root: Path, change: Callable[[Bench], Callable[[Opened], Objects]],
          **wrongly: str) -> list[tuple[str, str, str, str]]:
    """What a run says of such a partner, beyond what is passed."""
    made = bench(root)
    planted = Planted(made, change(made), **wrongly)
    running = made.running(made.answers, rounds=4, line=Line(put=planted.put, fetch=planted.fetch))
    return wrong(running.go()[1])


def same(made: Bench) -> Callable[[Opened], Objects]:
    return lambda opened: [(opened.payload, opened.header.content_type)]


def receipts(old: bytes, new: bytes) -> Callable[[Bench], Callable[[Opened], Objects]]:
    """Something else in every receipt."""
    return lambda made: lambda opened: [(
        opened.payload.replace(old, new) if opened.header.content_type == RECEIPT else opened.payload,
        opened.header.content_type)]


def without(sign: bytes) -> Callable[[Bench], Callable[[Opened], Objects]]:
    """Interchanges with this in them never come."""
    return lambda made: lambda opened: [] if opened.header.content_type == EDIFACT and sign in opened.payload \
        else [(opened.payload, opened.header.content_type)]


def twice(made: Bench) -> Callable[[Opened], Objects]:
    """Every CUSRES under two numbers."""
    return lambda opened: [(opened.payload, opened.header.content_type)] * (1 + (b"CUSRES" in opened.payload))


def swapped(made: Bench) -> Callable[[Opened], Objects]:
    """What belongs to one declaration is said of another."""
    first, second = (case.mrn.encode() for case, _ in made.kit.cases(1)[:2])
    return lambda opened: [(opened.payload.replace(first, b"*" * 18).replace(second, first).replace(
        b"*" * 18, second) if b"CUSRES" in opened.payload else opened.payload, opened.header.content_type)]


def talkative(made: Bench) -> Callable[[Opened], Objects]:
    """A receipt for an object that is not signed as it says."""
    case = next(case for case, _ in made.kit.cases(1) if case.name == "bad-signature")
    first = made.kit.cases(1)[0][0]

    def change(opened: Opened) -> Objects:
        own = (opened.payload, opened.header.content_type)
        more = (opened.payload.replace(first.message_id.encode(), case.message_id.encode()), RECEIPT)
        return [own, more] if opened.header.content_type == RECEIPT and more[0] != own[0] else [own]

    return change


def miscounted(made: Bench) -> Callable[[Opened], Objects]:
    return lambda opened: [(opened.payload.replace(b"'UNZ+", b"'UNZ+9") if opened.header.content_type == EDIFACT
                            else opened.payload, opened.header.content_type)]


ANSWERED = [name for name, expected in CASES.items() if expected.receipt == "processed"]


def test_a_partner_with_our_software_passes_every_line_and_a_second_run_goes_on(tmp_path: Path) -> None:
    made = bench(tmp_path)
    number, verdicts = made.running(made.answers).go()
    assert (number, wrong(verdicts), len(verdicts)) == (1, [], 28)
    (made.kit.run(1) / "report.json").write_text("[]", "utf-8")
    number, verdicts = made.running(made.answers).go()
    assert (number, wrong(verdicts)) == (2, [])
    assert len({case.mrn for run in (1, 2) for case, _ in made.kit.cases(run)}) == 2 * (len(CASES) - 1)


@pytest.mark.needs_sshd
def test_a_kit_goes_over_sftp_as_over_folders(tmp_path: Path) -> None:
    with running_sshd(tmp_path, []) as sshd:
        made = bench(tmp_path, sshd)
        assert wrong(made.running(made.answers).go()[1]) == []
        assert sshd.log.read_text("utf-8", "replace").count("Accepted publickey") > 3


def test_the_partner_ends_without_anything_to_wait_for(tmp_path: Path) -> None:
    made = bench(tmp_path)
    made.running(made.answers).go()
    assert made.theirs.run("edi-receive", made.now).codes == ()
    settings = made.theirs.settings
    lines = [json.loads(line) for line in command("status", "--json", "--config", settings).out.splitlines()]
    assert {line["state"] for line in lines if line["kind"] == "interchange" and line["direction"] == "out"} == {
        "ACKNOWLEDGED", "RECEIVED"}  # a CONTRL is received, what it answers is acknowledged


@pytest.mark.parametrize(("change", "wrongly", "expected"), [
    (receipts(b"; processed", b"; failed/failure: E_OLD"), {}, [
        *[(name, "receipt", "fail", "receipt-disposition") for name in ANSWERED]]),
    (receipts(b"Original-Sequence: ", b"Original-Sequence: 9"), {}, [
        *[(name, "receipt", "fail", "receipt-sequence") for name in ANSWERED]]),
    (without(b"+CONTRL:"), {}, [(name, "contrl", "unanswered", "no-answer") for name in ANSWERED]),
    (twice, {}, [(name, "cusres", "fail", "twice") for name in ANSWERED if name != "syntax"]),
    (swapped, {}, [(name, "cusres", "fail", "other-answer") for name in ("accepted", "rejected")]),
    (talkative, {}, [("bad-signature", "silence", "fail", "not-silent")]),
    (miscounted, {}, [("link", "syntax", "fail", "unreadable")]),
    (same, {"previous": "2"}, [("link", "chain", "fail", "previous")]),
    (same, {"number": "3"}, [("link", "chain", "fail", "number-missing")]),
    (same, {"forgets": "yes"}, [("repeated", "repeat", "unanswered", "no-repeat")])],
    ids=["disposition", "sequence", "no contrl", "twice", "swapped", "talkative", "miscounted", "previous", "gap",
         "no repeat"])
def test_each_fault_of_a_partner_is_named_and_no_other(
        change: Callable[[Bench], Callable[[Opened], Objects]], wrongly: dict[str, str],
        expected: list[tuple[str, str, str, str]], tmp_path: Path) -> None:
    found = tried(tmp_path, change, **wrongly)
    if change in (miscounted,):  # what cannot be read may also be missing
        found = [one for one in found if one[0] == "link"]
    assert sorted(found) == sorted(expected)


def test_answers_with_a_false_signature_are_worth_nothing(tmp_path: Path) -> None:
    found = tried(tmp_path, same, signature="false")
    assert ("link", "opens", "fail", "refused") in found
    assert ("accepted", "receipt", "unanswered", "no-receipt") in found


def test_a_silent_partner_fails_nothing_but_passes_nothing_either(tmp_path: Path) -> None:
    made = bench(tmp_path)
    found = wrong(made.running(lambda: None, rounds=3).go()[1])
    assert {result for _, _, result, _ in found} == {"unanswered"}
    assert {name for name, *_ in found} == set(CASES)


def test_a_run_that_is_cut_goes_on_with_the_same_files(tmp_path: Path) -> None:
    made = bench(tmp_path)

    def cut() -> None:
        made.answers()
        raise LinkError(Finding(code="B101"))

    with pytest.raises(LinkError):
        made.running(cut).go()
    state = made.kit.state
    number, verdicts = made.running(made.answers).go()
    assert (number, wrong(verdicts), state.runs) == (1, [], 1)


def test_what_a_partner_said_is_on_our_disk_before_it_is_gone_from_the_mailbox(tmp_path: Path) -> None:
    made = bench(tmp_path)
    line = line_of(made.kit, made.assembly, lambda: 0.0)
    line.put([(case.file, content) for case, content in made.kit.cases(1)])
    made.answers()
    box = made.ours.mailbox("BFDGD")
    lying = {path.name for path in box.iterdir()}

    def killed(name: str, content: bytes) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        line.fetch(killed)
    assert len(lying) > 3
    assert {path.name for path in box.iterdir()} == lying


def test_an_answer_that_has_its_number_and_was_not_put_is_put_by_the_next_call(tmp_path: Path) -> None:
    made = bench(tmp_path)
    line = line_of(made.kit, made.assembly, lambda: 0.0)
    cases = {case.file for case, _ in made.kit.cases(1)}
    lost: list[str] = []

    def put(files: Sequence[tuple[str, bytes]]) -> None:
        if not {name for name, _ in files} <= cases:
            lost.extend(name for name, _ in files)
            raise LinkError(Finding(code="B101"))
        line.put(files)

    with pytest.raises(LinkError):
        made.running(made.answers, line=Line(put=put, fetch=line.fetch)).go()
    assert len(lost) == 1
    number, verdicts = made.running(made.answers).go()
    assert (number, wrong(verdicts)) == (1, [])
    assert made.theirs.run("edi-receive", made.now).codes == ()
    told = command("status", "--json", "--config", made.theirs.settings).out
    states = [json.loads(text) for text in told.splitlines()]
    assert {one["state"] for one in states if one["kind"] == "interchange" and one["direction"] == "out"} == {
        "ACKNOWLEDGED", "RECEIVED"}
    assert [one for one in states if one["kind"] == "gap"] == []


def test_an_interchange_that_nobody_can_read_ends_no_run(tmp_path: Path) -> None:
    found = tried(tmp_path, lambda made: lambda opened: [(
        b"UNB+broken" if b"CUSRES" in opened.payload else opened.payload, opened.header.content_type)])
    assert ("link", "syntax", "fail", "unreadable") in found
    assert ("accepted", "receipt", "unanswered", "no-receipt") not in found


DAMAGED = [
    ("kit.json", "[]"), ("kit.json", '{"schema": 1}'), ("kit.json", '{"schema": 1, "more": 2}'), ("kit.json", "\x00"),
    ("state.json", '{"runs": "one"}'), ("state.json", "[" * 100_000), ("run-001/cases.json", "{}"),
    ("run-001/cases.json", '[{"name": "accepted"}]'), ("run-001/fetched.json", '{"times": 3}')]


def test_a_kit_that_was_damaged_says_so_and_one_is_of_a_corridor_that_both_are_on(tmp_path: Path) -> None:
    made = bench(tmp_path)
    whole = {"kit.json": json.dumps({"schema": 1, "partner": "BFDGD", "gateway": "TGOTR", "environment": "demo",
                                     "corridor": "tg-bf"}), "run-001/fetched.json": '{"times": {}, "answered": []}'}
    for name in ("state.json", "run-001/cases.json"):
        whole[name] = (made.kit.folder / name).read_text("utf-8")
    for file, text in DAMAGED:
        for name, content in whole.items():
            (made.kit.folder / name).write_text(content, "utf-8")
        (made.kit.folder / file).write_text(text, "utf-8")
        told = command("kit", "run", made.kit.folder, "--wait", "0", "--config", made.ours.settings)
        assert (told.exit, f"{file}: X283" in told.err) == (Exit.PERSON, True), told.err
    told = command("kit", "make", "--partner", "BFDGD", "--corridor", "gn-ml", "--out", tmp_path / "other", "--config",
                   made.ours.settings)
    assert (told.exit, "X284" in told.err, (tmp_path / "other").exists()) == (Exit.PERSON, True, False)


def test_the_commands_make_a_kit_for_people_and_run_it(tmp_path: Path) -> None:
    now = datetime.now(UTC).replace(microsecond=0)
    ours, theirs = make_offices(tmp_path, load_corridors(search_path()).named("tg-bf"), now)
    out = tmp_path / "kit"
    words = ["kit", "make", "--partner", "BFDGD", "--corridor", "tg-bf", "--out", out, "--config", ours.settings]
    assert command(*words, "--dry-run").exit == Exit.DONE
    assert not out.exists()
    (line,) = checked("kit-make", command(*words, "--json").out)
    assert (line["gateway"], line["partner"], line["cases"]) == ("TGOTR", "BFDGD", len(CASES))
    for name in ("README.md", "LISEZ-MOI.md"):
        text = (out / name).read_text("utf-8")
        assert "kit." not in text
        assert text.count("- [ ] ") == len(CASES) + 3
    assert {path.name for path in (out / "keys" / "public").iterdir()} >= {"authority.crt", "signing.crt",
                                                                            "encryption.crt"}
    on_file(theirs, ours, open_kit(out), now)
    over = threading.Event()

    def partner() -> None:
        while not over.wait(0.3):
            theirs.run("edi-receive", datetime.now(UTC).replace(microsecond=0))

    thread = threading.Thread(target=partner)
    thread.start()
    try:
        told = command("kit", "run", out, "--wait", "1", "--every", "0.5", "--config", ours.settings, "--json")
    finally:
        over.set()
        thread.join()
    lines = checked("kit-run", told.out)
    assert (told.exit, told.err, lines[-1]) == (Exit.DONE, "", {
        "schema": 1, "kind": "summary", "run": 1, "verdicts": 28, "failed": 0})
    assert (out / "run-001" / "report.txt").read_text("utf-8").count("✔") == 56
    assert all(one["result"] == "pass" for one in json.loads((out / "run-001" / "report.json").read_bytes()))


def test_a_kit_is_never_for_production_and_a_folder_that_is_none_is_said(tmp_path: Path) -> None:
    now = datetime.now(UTC).replace(microsecond=0)
    ours, theirs = make_offices(tmp_path, load_corridors(search_path()).named("tg-bf"), now)
    ours.settings.write_text(ours.settings.read_text("utf-8").replace("environment: demo", "environment: production"),
                             "utf-8")
    told = command("kit", "make", "--partner", "BFDGD", "--corridor", "tg-bf", "--out", tmp_path / "kit", "--config",
                   ours.settings)
    assert (told.exit, "X282" in told.err) == (Exit.PERSON, True)
    ours.settings.write_text(ours.settings.read_text("utf-8").replace("environment: production", "environment: demo"),
                             "utf-8")
    assert command("kit", "make", "--partner", "BFDGD", "--corridor", "tg-bf", "--out", tmp_path / "kit", "--config",
                   ours.settings).exit == Exit.DONE
    ours.settings.write_text(ours.settings.read_text("utf-8").replace("environment: demo", "environment: production"),
                             "utf-8")
    told = command("kit", "run", tmp_path / "kit", "--config", ours.settings)
    assert (told.exit, "X282" in told.err) == (Exit.PERSON, True)
    assert list(theirs.mailbox("TGOTR").iterdir()) == []
    with pytest.raises(LocalError) as raised:
        open_kit(tmp_path)
    assert raised.value.code == "X283"
    assert load_settings(ours.settings).gateway == "TGOTR"
