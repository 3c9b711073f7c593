"""The story: what the offices do, in order, and at the end what was expected beside what happened.

Every step runs the commands that cron and people run. Only three things are the demonstration's own: it writes the
national files that officers' systems would write, it alters one file in a mailbox, and it puts one file back that was
already collected.
"""

from __future__ import annotations

import argparse
import contextlib
import io
import json
import os
import shlex
import shutil
import sys
import time
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from gateway.cli.entry import run as run_program
from gateway.demo import world
from gateway.demo.checks import Check, compare, judge
from gateway.demo.world import ALL, BURKINA, MALI, TOGO, Administration
from gateway.security import fingerprint, load_certificate
from gateway.texts import Language, choose, say

DEFECT = 70
STEPS = 9


@dataclass
class Told:
    """The state of the telling: where, in which language, what each command answered."""

    root: Path
    language: Language
    started: float
    log: Path
    step: int = 0
    mrns: dict[str, str] = field(default_factory=dict)

    def say(self, key: str, **values: object) -> str:
        """A sentence of the demonstration."""
        return say(f"demo.{key}", self.language, **values)

    def name(self, who: Administration) -> str:
        """An administration's name in the language of the telling."""
        return who.name[0 if self.language is Language.FRENCH else 1]

    def tell(self, key: str, **values: object) -> None:
        """One numbered step."""
        self.step += 1
        print(f" {self.step}/{STEPS} {self.say(key, **values)}", flush=True)

    def add(self, key: str, **values: object) -> None:
        """A further line of the step."""
        print(f"     {self.say(key, **values)}", flush=True)


def run(arguments: list[str]) -> int:
    """Run the story. 0 when everything expected happened, 70 when not, 3 when the folder is somebody else's."""
    options = _options(arguments)
    language = choose(options.lang, os.environ)
    root = Path(options.dir).absolute()
    told = Told(root, language, time.monotonic(), root / "demo.log")
    print(told.say("title"), flush=True)
    now = datetime.now(UTC).replace(microsecond=0)
    try:
        world.prepare(root, now)
    except world.NotOurs:
        print(told.say("not_ours", folder=root), file=sys.stderr)
        return 3
    with world.mailboxes(root, now, language.value) as ports:
        told.tell("keys", **{who.folder: fingerprint(load_certificate(
            who.home(root) / "keys" / "signing.crt"))[:11] for who in ALL})
        told.tell("mailboxes", ports=", ".join(str(port) for port in ports.values()))
        checks = _story(told)
    return _end(told, checks)


def _options(arguments: list[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python3 -m gateway demo")
    parser.add_argument("--dir", default=".demo")
    parser.add_argument("--lang", choices=["fr", "en"])
    return parser.parse_args(arguments)


def _story(told: Told) -> list[Check]:
    checks: list[Check] = []
    _drop_declarations(told)
    sent = command(told, TOGO, "edi-send")
    told.tell("send", records=sent["records_taken"], files=sent["objects_dispatched"])
    checks += [compare(told.say("check.taken"), 3, sent["records_taken"]),
               compare(told.say("check.dispatched"), 2, sent["objects_dispatched"])]

    kept = _copy_of_mail(told.root, BURKINA, TOGO)
    altered = _alter_mail(told.root, MALI, TOGO)
    burkina = command(told, BURKINA, "edi-receive")
    mali = command(told, MALI, "edi-receive")
    told.tell("receive", accepted=burkina["messages_accepted"], rejected=burkina["messages_rejected"])
    told.add("quarantined", name=altered[:8], code=", ".join(codes(told, MALI)))
    checks += [compare(told.say("check.accepted", who=told.name(BURKINA)), 2, burkina["messages_accepted"]),
               compare(told.say("check.rejected", who=told.name(BURKINA)), 1, burkina["messages_rejected"]),
               compare(told.say("check.quarantined", who=told.name(MALI)), 1, mali["objects_quarantined"])]

    reference = next(row["reference"] for row in listing(told, TOGO, "interchange")
                     if row["partner"] == MALI.gateway and row["direction"] == "out")
    edi(told, TOGO, "resend", reference)
    command(told, TOGO, "edi-send")
    _put_back(told.root, BURKINA, TOGO, kept)
    mali = command(told, MALI, "edi-receive")
    repeated = command(told, BURKINA, "edi-receive")
    told.tell("again", reference=reference, accepted=mali["messages_accepted"], rejected=mali["messages_rejected"],
              repeated=repeated["objects_repeated"])
    checks += [compare(told.say("check.accepted", who=told.name(MALI)), 2, mali["messages_accepted"]),
               compare(told.say("check.rejected", who=told.name(MALI)), 1, mali["messages_rejected"]),
               compare(told.say("check.repeated", who=told.name(BURKINA)), 1, repeated["objects_repeated"]),
               compare(told.say("check.twice"), 0, repeated["messages_accepted"] + repeated["messages_rejected"])]

    command(told, TOGO, "edi-receive")
    _name_movements(told)
    told.tell("answers", first=told.mrns["first"], third=told.mrns["third"])

    for who in ALL:
        for template in sorted((stories() / who.gateway.lower()).glob("[0-9]-*.json")):
            _drop_event(told, who, template)
        command(told, who, "edi-send")
        for other in world.others(who):
            command(told, other, "edi-receive")
        command(told, who, "edi-receive")
    for who in (*ALL, *ALL):  # cron comes round until every receipt is in
        command(told, who, "edi-receive")
    told.tell("events", mrn=told.mrns["first"])
    return checks + judge(told.root, told.mrns, told.say, told.name, lambda who, kind: listing(told, who, kind))


def command(told: Told, who: Administration, program: str) -> dict[str, int]:
    """Run one program of an office as cron would, and return its counts."""
    outcome, lines, _ = _call(told, who, program, ["--json"])
    counts: dict[str, int] = json.loads(lines[-1]) if lines else {}
    counts["exit"] = outcome
    return counts


def edi(told: Told, who: Administration, *words: str) -> list[str]:
    """Run `edi` for a person of an office and return what it printed."""
    return _call(told, who, "edi", list(words))[1]


def listing(told: Told, who: Administration, kind: str) -> list[dict[str, str]]:
    """What `edi status --json` lists of one kind."""
    lines = [json.loads(line) for line in edi(told, who, "status", "--json")]
    return [line for line in lines if line["kind"] == kind]


def codes(told: Told, who: Administration) -> list[str]:
    """The codes in an office's quarantine."""
    return [json.loads(line)["code"] for line in edi(told, who, "quarantine", "--json")
            if json.loads(line)["kind"] == "quarantined"]


def _call(told: Told, who: Administration, program: str, words: list[str]) -> tuple[int, list[str], str]:
    config = str(who.home(told.root) / "settings.yaml")
    out, err = io.StringIO(), io.StringIO()
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        outcome = run_program(program, [*words, "--config", config, "--lang", told.language.value])
    with told.log.open("a", encoding="utf-8") as log:
        log.write(f"$ {who.folder}: {program} {' '.join(words)}   [{outcome}]\n{out.getvalue()}{err.getvalue()}")
    return outcome, out.getvalue().splitlines(), err.getvalue()


def stories() -> Path:
    """The folder with the records of the story: in the checkout, or packaged."""
    here = Path(__file__).parents[1]
    for folder in (here.parent / "samples", here / "_samples"):
        if (folder / "story").is_dir():
            return folder / "story"
    raise FileNotFoundError("samples/story")


def _drop_declarations(told: Told) -> None:
    target = TOGO.home(told.root) / "national" / "out" / "declarations"
    for path in sorted((stories() / "tgotr").glob("declaration-*")):
        _place(path.read_bytes(), target / path.name)
    told.tell("declarations", folder=target)


def _drop_event(told: Told, who: Administration, template: Path) -> None:
    """Write an event file of an office as its national system would; the template lacks only the MRN."""
    target = who.home(told.root) / "national" / "out" / "events" / template.name
    _place(template.read_text("utf-8").replace("{mrn}", told.mrns["first"]).encode(), target)


def _place(content: bytes, target: Path) -> None:
    temporary = target.with_name("." + target.name)
    temporary.write_bytes(content)
    temporary.rename(target)


def _new_mail(root: Path, who: Administration, sender: Administration) -> list[Path]:
    return sorted((who.home(root) / "mailbox" / sender.gateway / "v1" / "in" / "new").glob("*.p7m"))


def _copy_of_mail(root: Path, who: Administration, sender: Administration) -> Path:
    """A hostile host keeps a copy of what lies in a mailbox."""
    mail = _new_mail(root, who, sender)[0]
    kept = root / "kept" / mail.name
    kept.parent.mkdir(exist_ok=True)
    shutil.copy(mail, kept)
    return kept


def _put_back(root: Path, who: Administration, sender: Administration, kept: Path) -> None:
    """… and puts it back after it was collected."""
    shutil.copy(kept, who.home(root) / "mailbox" / sender.gateway / "v1" / "in" / "new" / kept.name)


def _alter_mail(root: Path, who: Administration, sender: Administration) -> str:
    """A hostile host turns one bit of a file and gives it the name that fits its new content."""
    from gateway.security import file_name

    mail = _new_mail(root, who, sender)[0]
    content = bytearray(mail.read_bytes())
    content[len(content) // 2] ^= 0x01
    name = file_name(bytes(content))
    mail.unlink()
    mail.with_name(name).write_bytes(bytes(content))
    return name


def _name_movements(told: Told) -> None:
    """Which movement is which: the first has an MRN of its own, the two others got theirs from the gateway."""
    for name, file in (("first", "declaration-1.xml"), ("second", "declaration-2.csv"),
                       ("third", "declaration-3.json")):
        lines = [json.loads(line) for line in edi(told, TOGO, "show", file, "--json")]
        told.mrns[name] = next(line["mrn"] for line in lines if line["kind"] == "message")


def _end(told: Told, checks: list[Check]) -> int:
    told.tell("table")
    width = max(len(check.subject) for check in checks)
    print(f"     {told.say('column.subject').ljust(width)}  {told.say('column.expected').ljust(26)}"
          f"  {told.say('column.happened')}")
    for check in checks:
        mark = told.say("mark.right" if check.holds else "mark.wrong")
        print(f"     {check.subject.ljust(width)}  {check.expected.ljust(26)}  {check.happened.ljust(26)}  {mark}")
    seconds = round(time.monotonic() - told.started)
    missed = [check for check in checks if not check.holds]
    if missed:
        print(told.say("failed", n=len(missed), log=told.log))
        return DEFECT
    print(told.say("succeeded", n=len(checks), seconds=seconds))
    here = told.root.relative_to(Path.cwd()) if told.root.is_relative_to(Path.cwd()) else told.root
    option = "" if str(here) == ".demo" else f" --dir {shlex.quote(str(here))}"
    for key in ("see.status", "see.rejection", "see.trace", "see.file", "see.clean"):
        print(f" {told.say(key, dir=here, option=option, first=told.mrns['first'], third=told.mrns['third'])}")
    return 0


