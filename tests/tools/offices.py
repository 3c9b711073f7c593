"""Two or three real gateways for tests: own folders, keys, settings and ledgers, with mailboxes on a real sshd or here.

    togo, burkina = offices(tmp_path, sshd)
    togo.drop("declarations", {"d1.json": content})
    assert togo.run("edi-send").exit == 0

Runs go through the command line's own entry, in this process; `killed` runs one as a process of its own, forked from
one that has everything loaded, that a failpoint ends.
"""

from __future__ import annotations

import atexit
import contextlib
import io
import json
import os
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from gateway.cli.entry import run as run_program
from gateway.config import MailboxAnswers, PartnerAnswers, SettingsAnswers, partner_text, settings_text
from gateway.security import make_identity, ssh_public_line
from tests.tools.sshd import Sshd

if TYPE_CHECKING:
    from tests.campaigns.mailbox_forks import Forks

COUNTRIES = {"TGOTR": "TG", "BFDGD": "BF", "MLDGD": "ML", "NEDGD": "NE"}
ROOT = Path(__file__).parents[2]
DIALECTS = (("*.xml", "tgotr/asycuda"), ("*-t1.csv", "tgotr/asycuda"), ("*.csv", "tgotr/csv"),
            ("*.json", "neutral/json"))


@dataclass(frozen=True)
class Ran:
    """How a run ended."""

    exit: int
    out: str
    err: str

    @property
    def counts(self) -> dict[str, Any]:
        """The counts of a run with --json."""
        line: dict[str, Any] = json.loads(self.out.splitlines()[-1])
        return line


@dataclass(frozen=True)
class Office:
    """One gateway."""

    name: str
    home: Path
    mail: Path

    @property
    def settings(self) -> Path:
        """Its settings file."""
        return self.home / "settings.yaml"

    def run(self, program: str, *words: str) -> Ran:
        """Run a program of this office in this process; programs of cron answer with --json."""
        given = [*words, *(["--json"] if program != "edi" else []), "--config", str(self.settings), "--lang", "en"]
        out, err = io.StringIO(), io.StringIO()
        with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
            status = run_program(program, given)
        return Ran(status, out.getvalue(), err.getvalue())

    def killed(self, program: str, failpoint: str, *words: str) -> int:
        """Run a program as a process of its own with a failpoint armed; its exit status (-9 when it was killed)."""
        with tempfile.TemporaryDirectory() as said:
            return _forks().start(program, [*words, "--config", str(self.settings), "--lang", "en"], Path(said),
                                  failpoint=failpoint, environment=os.environ).wait().exit

    def lines(self, *words: str) -> list[dict[str, Any]]:
        """What a reading command prints as JSON Lines."""
        return [json.loads(line) for line in self.run("edi", *words, "--json").out.splitlines()]

    def movements(self) -> dict[str, dict[str, Any]]:
        """Movements by MRN."""
        return {line["mrn"]: line for line in self.lines("status") if line["kind"] == "movement"}

    def interchanges(self, direction: str) -> list[dict[str, Any]]:
        """Interchanges of one direction, oldest first."""
        return [line for line in self.lines("status") if line["kind"] == "interchange"
                and line["direction"] == direction][::-1]

    def drop(self, kind: str, files: Mapping[str, bytes]) -> None:
        """What the national side puts out."""
        for name, content in files.items():
            (self.home / "national" / "out" / kind / name).write_bytes(content)

    def inbox(self, kind: str) -> dict[str, bytes]:
        """What the national side finds in its inbox."""
        folder = self.home / "national" / "in" / kind
        return {path.name: path.read_bytes() for path in sorted(folder.iterdir())} if folder.is_dir() else {}

    def mailbox(self, partner: str) -> Path:
        """The folder where a partner's sealed files arrive."""
        return self.mail / self.name / partner / "v1" / "in" / "new"


@cache
def _forks() -> Forks:
    """What forks programs of all offices: to load it takes longer than a run."""
    from tests.campaigns.mailbox_forks import Forks  # itself it plays two offices first

    forks = Forks()
    atexit.register(forks.close)
    return forks


def offices(root: Path, sshd: Sshd | None = None, *, names: Sequence[str] = ("TGOTR", "BFDGD"),
            environment: str = "test", valid: timedelta = timedelta(days=30), now: datetime | None = None,
            **options: Any) -> list[Office]:
    """Make gateways that know each other. With an sshd every push goes over SFTP; without, into local folders.

    Each reads its own mailboxes as local directories, as a gateway that hosts them does.

    now  from when their keys are good; this moment when None
    """
    now = now or datetime.now(UTC).replace(microsecond=0)
    mail = root / "mail" if sshd is None else sshd.root
    made = [Office(name, root / name.lower(), mail) for name in names]
    for office in made:
        for folder in ("partners", "national/out/declarations", "national/out/events", "state"):
            (office.home / folder).mkdir(parents=True, mode=0o700)
        make_identity(office.home / "keys", gateway=office.name, environment=environment, now=now,
                      valid=valid, passphrase=None)
        for sender in names:
            for box in ("tmp", "new"):
                (mail / office.name / sender / "v1" / "in" / box).mkdir(parents=True)
    if sshd is not None:
        with (sshd.root.parent / "authorized").open("a", encoding="ascii") as authorized:
            authorized.writelines(f"{ssh_public_line(office.home / 'keys' / 'ssh')}\n" for office in made)
    for office in made:
        office.settings.write_text(settings_text(SettingsAnswers(
            gateway=office.name, environment=environment, country=COUNTRIES[office.name], time_zone="Africa/Lome",
            declarations=DIALECTS, **options)), "utf-8")
        for partner in made:
            if partner is not office:
                _introduce(office, partner, sshd, now, valid)
    return made


def _introduce(office: Office, partner: Office, sshd: Sshd | None, now: datetime, valid: timedelta) -> None:
    folder = office.home / "partners"
    for part in ("authority", "signing", "encryption"):
        (folder / f"{partner.name}-{part}.crt").write_bytes((partner.home / "keys" / f"{part}.crt").read_bytes())
    outbound = MailboxAnswers(path=str(partner.mailbox(office.name).parent)) if sshd is None else MailboxAnswers(
        host=sshd.host, port=sshd.port, user=sshd.user, host_keys=sshd.host_keys,
        base=f"{partner.name}/{office.name}/v1/in")
    (folder / f"{partner.name}.yaml").write_text(partner_text(PartnerAnswers(
        partner=partner.name, name_fr=partner.name, name_en=partner.name, country=COUNTRIES[partner.name],
        folder=folder, valid_from=now - timedelta(minutes=5), valid_until=now + valid, outbound=outbound,
        inbound=MailboxAnswers(path=str(office.mailbox(partner.name).parent)))), "utf-8")
