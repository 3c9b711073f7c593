"""A kit against a real gateway of ours in the partner's place: its keys are on file there, both boxes are folders."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

from gateway.config import MailboxAnswers, PartnerAnswers, load_settings, partner_text
from gateway.exchange.assembly import Assembly
from gateway.kit.folder import Kit, Plan, make_kit
from gateway.kit.judging import Verdict
from gateway.kit.running import Line, Running, line_of, maker_of, prepare
from gateway.mapping import load_corridors, search_path
from gateway.security import ssh_public_line
from gateway.simulation import Office, make_offices
from tests.tools.sshd import Sshd

NOW = datetime(2026, 11, 27, 8, 0, tzinfo=UTC)
COUNTRY = "TG"


@dataclass
class Bench:
    """A kit of TGOTR, and BFDGD whom it tries."""

    ours: Office
    theirs: Office
    kit: Kit
    assembly: Assembly
    now: datetime = NOW
    numbers: itertools.count[int] = field(default_factory=itertools.count)

    def running(self, partner: Callable[[], object], rounds: int = 6, line: Line | None = None) -> Running:
        """A run; at every pause the partner does something, `rounds` times."""
        left = iter(range(rounds, -1, -1))

        def pause() -> float:
            self.now += timedelta(minutes=1)
            partner()
            return next(left) / rounds

        maker = maker_of(self.kit, self.assembly, self.now)
        return Running(kit=self.kit, assembly=self.assembly, corridor=maker.corridor, maker=maker,
                       line=line or line_of(self.kit, self.assembly, lambda: 0.0), now=lambda: self.now, pause=pause,
                       identifier=(f"{number:032x}" for number in self.numbers))

    def answers(self) -> None:
        """The partner as it should be."""
        self.theirs.run("edi-receive", self.now)


def bench(root: Path, sshd: Sshd | None = None) -> Bench:
    """Everything made, nothing put yet. With an sshd both boxes are reached over SFTP; without, as folders."""
    if sshd is not None:
        (root / "mail").symlink_to(sshd.root)
    ours, theirs = make_offices(root, load_corridors(search_path()).named("tg-bf"), NOW)
    if sshd is not None:
        over_sftp(ours, theirs, sshd)
    assembly = Assembly(load_settings(ours.settings))
    kit = make_kit(root / "kit", Plan(partner="BFDGD", gateway="TGOTR", environment="demo", corridor="tg-bf"), NOW)
    on_file(theirs, ours, kit)
    made = Bench(ours, theirs, kit, assembly)
    prepare(kit, maker_of(kit, assembly, NOW), (f"{number:032x}" for number in made.numbers), NOW)
    return made


def over_sftp(ours: Office, theirs: Office, sshd: Sshd) -> None:
    """Our settings name the partner's server for both boxes."""
    with (sshd.root.parent / "authorized").open("a", encoding="ascii") as authorized:
        authorized.write(f"{ssh_public_line(ours.home / 'keys' / 'ssh')}\n")
    outbound, inbound = (MailboxAnswers(host="127.0.0.1", port=sshd.port, user=sshd.user, host_keys=sshd.host_keys,
                                        base=f"{box}/v1/in") for box in ("BFDGD/TGOTR", "TGOTR/BFDGD"))
    folder = ours.home / "partners"
    (folder / f"{theirs.name}.yaml").write_text(partner_text(PartnerAnswers(
        partner=theirs.name, name_fr=theirs.name, name_en=theirs.name, country="BF", folder=folder,
        valid_from=NOW - timedelta(minutes=5), valid_until=NOW + timedelta(days=60), outbound=outbound,
        inbound=inbound)), "utf-8")


def on_file(theirs: Office, ours: Office, kit: Kit, now: datetime = NOW) -> None:
    """What the first step of the kit's README asks of the partner."""
    folder = theirs.home / "partners"
    for part in ("authority", "signing", "encryption"):
        (folder / f"{ours.name}-{part}.crt").write_bytes((kit.keys / f"{part}.crt").read_bytes())
    (folder / f"{ours.name}.yaml").write_text(partner_text(PartnerAnswers(
        partner=ours.name, name_fr=ours.name, name_en=ours.name, country=COUNTRY, folder=folder,
        valid_from=now - timedelta(minutes=5), valid_until=now + timedelta(days=60),
        outbound=MailboxAnswers(path=str(ours.mailbox(theirs.name).parent)),
        inbound=MailboxAnswers(path=str(theirs.mailbox(ours.name).parent)))), "utf-8")


def wrong(verdicts: list[Verdict]) -> list[tuple[str, str, str, str]]:
    """Every line that is not passed."""
    return [(one.case, one.check, one.result, one.reason) for one in verdicts if one.result != "pass"]
