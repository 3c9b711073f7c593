"""Does a secret ever leave the files it stands in? A canary is looked for wherever the gateway writes or shows itself.

Passphrases, private keys, and the payload of what was not authentic: in outputs (-vv, --json), in reports of defects,
tracebacks, the state folder and the national folders, and in what other processes may read of ours.
"""

from __future__ import annotations

import base64
import contextlib
import itertools
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import click
import pytest
from cryptography.hazmat.primitives.asymmetric import ec

from gateway.cli.commands import program_of
from gateway.config import load_settings
from gateway.exchange.summary import Exit
from gateway.ledger import Ledger
from gateway.security import Opened, load_signer
from gateway.security.keys import load_private_key
from gateway.security.privatekeys import private_pem
from tests.tools.malice import Puppet, later, well
from tests.tools.offices import ROOT, Office, Ran, offices
from tests.tools.records import declaration, declaration_json, numbered_mrn

PHRASE = "canary-passphrase-4711"
GOODS = "CANARY GOODS 4711"


@dataclass(frozen=True)
class World:
    """Togo, in the hands of a test where it must be, and Burkina Faso, whose keys lie under the canary."""

    root: Path
    togo: Office
    burkina: Office
    malice: Puppet

    def secrets(self) -> list[bytes]:
        """What must never be seen: the passphrase, and the private keys in every usual spelling."""
        found = [PHRASE.encode(), PHRASE.encode("utf-16-le"), base64.b64encode(PHRASE.encode())]
        for name in ("signing", "encryption"):
            key = load_private_key(self.burkina.home / "keys" / f"{name}.key", PHRASE.encode())
            assert isinstance(key, ec.EllipticCurvePrivateKey)
            number = key.private_numbers().private_value
            found += [number.to_bytes(32, "big"), f"{number:064x}".encode(), str(number).encode(),
                      base64.b64encode(number.to_bytes(32, "big"))[:40]]
        return found


@pytest.fixture
def world(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> World:
    """Two offices; temporary files of the system land where the test looks."""
    togo, burkina = offices(tmp_path)
    (tmp_path / "system").mkdir()
    monkeypatch.setenv("TMPDIR", str(tmp_path / "system"))
    monkeypatch.setattr("tempfile.tempdir", None)
    keys = burkina.home / "keys"
    for name in ("signing", "encryption"):
        key = load_private_key(keys / f"{name}.key", None)
        (keys / f"{name}.key").write_bytes(private_pem(key, PHRASE.encode()))
    (keys / "passphrase").write_text(PHRASE, "ascii")
    (keys / "passphrase").chmod(0o600)
    settings = burkina.settings.read_text("utf-8")
    burkina.settings.write_text(settings.replace("\nkeys:\n", "\nkeys:\n  passphrase: keys/passphrase\n"), "utf-8")
    assert load_settings(burkina.settings).keys.passphrase is not None
    return World(tmp_path, togo, burkina, Puppet(togo, burkina))


def traces(world: World, secrets: list[bytes], *told: Ran) -> list[str]:
    """Where a secret is seen: outputs, and files beside those that hold it by right."""
    by_right = world.burkina.home / "keys"
    found = [f"output of {number}" for number, ran in enumerate(told)
             for secret in secrets if secret in (ran.out + ran.err).encode()]
    return found + [str(path) for path in world.root.rglob("*")
                    if path.is_file() and not path.is_symlink() and by_right not in path.parents
                    for content in [path.read_bytes()] if any(secret in content for secret in secrets)]


def loud(office: Office, *words: str) -> Iterator[Ran]:
    """A command, in every loudness."""
    for more in ((), ("-vv",)):
        yield office.run("edi", *words, *more)
        yield office.run("edi", *words, "--json", *more)


def test_t35_a_canary_passphrase_is_seen_nowhere_after_a_day_of_work(world: World) -> None:
    """Passphrase and private keys are in no output, log, report, ledger or inbox after whole runs at every loudness."""
    world.togo.drop("declarations", {"a.json": declaration_json("A", mrn=numbered_mrn(1))})
    well(world.togo.run("edi-send"))
    told = [world.burkina.run("edi-receive", "-vv"), world.burkina.run("edi-send", "-vv"),
            world.burkina.run("edi-sync", "-vv", "--dry-run")]
    assert world.burkina.inbox("declarations")
    for words in (("config", "show"), ("config", "check"), ("keys", "check"), ("keys", "list"), ("status",),
                  ("quarantine",), ("partner", "show")):
        told += loud(world.burkina, *words)
    file = world.root / "d.edi"
    file.write_bytes(b"x")
    told += loud(world.burkina, "seal", str(file), "--to", "TGOTR", "-o", str(world.root / "sealed.p7m"))
    assert traces(world, world.secrets(), *told) == []


@pytest.mark.parametrize("what", ["wrong passphrase", "no key", "key of another kind", "no passphrase", "loose mode"])
def test_t35_what_is_wrong_with_a_key_file_quotes_nothing_of_it(world: World, what: str) -> None:
    """A key or passphrase that cannot be used is refused in words that quote neither."""
    secrets = world.secrets()
    keys = world.burkina.home / "keys"
    if what == "wrong passphrase":
        (keys / "passphrase").write_text(f"{PHRASE}-wrong", "ascii")
    elif what == "no key":
        (keys / "signing.key").write_text(f"not a key: {PHRASE}", "ascii")
    elif what == "key of another kind":
        (keys / "signing.key").write_bytes((keys / "encryption.key").read_bytes())
    elif what == "no passphrase":
        (keys / "passphrase").unlink()
    else:
        (keys / "passphrase").chmod(0o644)
    world.malice.send(world.malice.cusdec(declaration("A", mrn=numbered_mrn(1))))
    told = [world.burkina.run("edi-receive", "-vv"), *loud(world.burkina, "config", "check")]
    assert {ran.exit for ran in told} <= {Exit.TRUST, Exit.SETTINGS}, [ran.err for ran in told]
    assert all(ran.err for ran in told)
    assert traces(world, secrets, *told) == []
    assert list((world.burkina.home / "state").rglob("edi-defect-*")) == []


@pytest.mark.parametrize("where", [
    "gateway.exchange.collect.open_envelope", "gateway.exchange.collect.seal_receipt",
    "gateway.security.read_passphrase", "gateway.security.load_signer",
    "gateway.exchange.collect.look_at"])
def test_t35_a_defect_of_ours_is_reported_without_a_word_of_what_it_was_about(
        world: World, where: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """An unforeseen exception that carries secrets in its words, causes and locals shows none of them anywhere."""
    def broken(*values: object, **named: object) -> Opened:
        phrase, goods = PHRASE, GOODS  # in the locals of the frame that fails
        try:
            raise ValueError(f"cause {phrase} {goods}")
        except ValueError as cause:
            raise RuntimeError(f"defect {phrase} {goods} {values} {named}") from cause

    tree = declaration("A", mrn=numbered_mrn(1))
    tree["items"][0]["description"] = GOODS
    secrets = [*world.secrets(), GOODS.encode()]
    told = []
    for more in ((), ("-vv",)):  # a file that met the defect is in quarantine: each run has one of its own
        world.malice.send(world.malice.cusdec(tree))
        with monkeypatch.context() as patched:
            patched.setattr(where, broken)
            told.append(world.burkina.run("edi-receive", *more))
    assert {ran.exit for ran in told} == {Exit.DEFECT}, [ran.err for ran in told]
    assert "Traceback" in told[1].err and "RuntimeError" in told[1].err
    reports = list((world.burkina.home / "state" / "defects").iterdir())
    assert reports and all(report.stat().st_mode & 0o077 == 0 for report in reports)
    assert traces(world, secrets, *told) == []


def test_t35_the_payload_of_what_is_not_authentic_is_shown_nowhere(world: World) -> None:
    """Neither payload nor header of an object that is not authentic is in any output, note or report."""
    tree = declaration("A", mrn=numbered_mrn(1))
    tree["items"][0]["description"] = GOODS
    keys = world.burkina.home / "keys"
    stranger = load_signer(keys / "signing.key", keys / "signing.crt", PHRASE.encode())
    sealed = world.malice.seal(world.malice.interchange(world.malice.cusdec(tree)), signer=stranger,
                               filename="CANARY-FILE.edi")
    world.malice.put(sealed.content)
    told = [world.burkina.run("edi-receive", "-vv"), *loud(world.burkina, "quarantine"),
            *loud(world.burkina, "status")]
    kept = next((world.burkina.home / "state" / "quarantine").glob("*.bin"))
    told += loud(world.burkina, "quarantine", "show", kept.stem)
    told += loud(world.burkina, "open", str(kept), "--from", "TGOTR", "-o", str(world.root / "out"))
    assert told[0].exit == Exit.TRUST
    assert traces(world, [GOODS.encode(), b"CANARY-FILE", numbered_mrn(1).encode()], *told) == []


def test_t35_other_processes_see_no_secret_in_the_arguments_and_the_environment_of_a_run(world: World) -> None:
    """While a run works, /proc shows no secret in its arguments or environment, and no core file may be written."""
    for number in range(1, 6):
        world.malice.send(world.malice.cusdec(declaration(f"A{number}", mrn=numbered_mrn(number))))
    secrets = world.secrets()
    run = subprocess.Popen([sys.executable, "-m", "gateway.cli", "edi-receive", "-vv", "--config",
                            str(world.burkina.settings)], cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    looks, limits = 0, ""
    while run.poll() is None:
        with contextlib.suppress(OSError):  # it has just ended
            shown = b"".join(Path(f"/proc/{run.pid}/{name}").read_bytes() for name in ("cmdline", "environ"))
            limits = Path(f"/proc/{run.pid}/limits").read_text() or limits
            assert not any(secret in shown for secret in secrets)
            looks += 1
        time.sleep(0.005)
    out, err = run.communicate()
    assert (run.returncode, looks > 5) == (0, True), err
    (core,) = [line.split() for line in limits.splitlines() if line.startswith("Max core file size")]
    assert core[4:6] == ["0", "0"]
    assert not any(secret in out + err for secret in secrets)


def test_t35_a_process_that_read_keys_leaves_no_dump_and_is_closed_to_others(world: World) -> None:
    """Before keys are read, the core limit is nought, the process is undumpable and the umask is 077."""
    script = (
        "import ctypes, os, resource, sys\n"
        "from datetime import UTC, datetime\n"
        "from pathlib import Path\n"
        "from gateway.exchange.assembly import open_gateway\n"
        "os.umask(0o022)\n"
        "with open_gateway(Path(sys.argv[1]), datetime.now(UTC)) as gateway:\n"
        "    gateway.signer, gateway.decryption_keys\n"
        "    print(ctypes.CDLL(None).prctl(3, 0, 0, 0, 0), resource.getrlimit(resource.RLIMIT_CORE),"
        " oct(os.umask(0)))\n")
    done = subprocess.run([sys.executable, "-c", script, str(world.burkina.settings)], cwd=ROOT, capture_output=True,
                          text=True, check=False)
    assert (done.stdout, done.stderr) == ("0 (0, 0) 0o77\n", "")


@pytest.mark.parametrize("touch", [
    "load_private_key(keys / 'signing.key', b'canary-passphrase-4711')", "read_passphrase(keys / 'passphrase')",
    "make_key('ec')"])
def test_t35_whichever_way_a_secret_comes_into_a_process_it_is_closed_before(world: World, touch: str) -> None:
    """Reading a key or a passphrase, and making a key, close the process first, whatever command it is for."""
    script = (
        "import ctypes, resource, sys\n"
        "from pathlib import Path\n"
        "from gateway.security import read_passphrase\n"
        "from gateway.security.keys import load_private_key\n"
        "from gateway.security.privatekeys import make_key\n"
        f"keys = Path(sys.argv[1])\n{touch}\n"
        "print(ctypes.CDLL(None).prctl(3, 0, 0, 0, 0), resource.getrlimit(resource.RLIMIT_CORE))\n")
    done = subprocess.run([sys.executable, "-c", script, str(world.burkina.home / "keys")], cwd=ROOT,
                          capture_output=True, text=True, check=False)
    assert (done.stdout, done.stderr) == ("0 (0, 0)\n", "")


def commands(command: click.Command, above: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], click.Command]]:
    """Every command below a group."""
    if isinstance(command, click.Group):
        for name in command.list_commands(click.Context(command)):
            inner = command.get_command(click.Context(command), name)
            assert inner is not None
            yield from commands(inner, (*above, name))
    else:
        yield above, command


def test_t35_no_command_takes_a_secret_as_an_argument() -> None:
    """No option and no argument of any command is a secret: passphrases and PINs come from files and credentials."""
    found = list(itertools.chain.from_iterable(
        [(name, parameter) for parameter in command.params] for program in ("edi", "edi-send", "edi-receive")
        for name, command in commands(program_of(program))))
    assert len(found) > 100
    for name, parameter in found:
        if any(word in (parameter.name or "") for word in ("pass", "phrase", "pin", "secret", "password")):
            assert parameter.name != "pin" and isinstance(parameter.type, click.Path), (name, parameter.name)


def test_t35_the_environment_gives_no_passphrase(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """A passphrase in the environment is not looked at: without its file the key stays closed."""
    (world.burkina.home / "keys" / "passphrase").unlink()
    for name in ("EDI_PASSPHRASE", "PASSPHRASE", "EDI_PASSWORD", "EDI_KEY", "EDI_PIN"):
        monkeypatch.setenv(name, PHRASE)
    world.malice.send(world.malice.cusdec(declaration("A", mrn=numbered_mrn(1))))
    ran = world.burkina.run("edi-receive", "-vv")
    assert ran.exit == Exit.TRUST, ran.err
    assert world.burkina.inbox("declarations") == {}
    assert traces(world, world.secrets(), ran) == []


def test_t35_the_search_finds_a_canary_that_is_there(world: World) -> None:
    """The search for canaries is itself tried: a secret in an output, a file or the ledger is found."""
    secrets = world.secrets()
    assert traces(world, secrets, Ran(0, "", f"x {PHRASE}")) == ["output of 0"]
    leak = world.root / "system" / "leak"
    leak.write_bytes(b"x" + secrets[3] + b"y")
    assert traces(world, secrets) == [str(leak)]
    leak.unlink()
    well(world.burkina.run("edi-receive"))
    ledger = next((world.burkina.home / "state").glob("*.sqlite"))
    opened = Ledger.open(f"sqlite:///{ledger}", now=later(), create=False)
    with opened.transaction() as transaction:
        transaction.journal(subject="test", reference="x", text=PHRASE, at=later())
    opened.close()
    assert traces(world, secrets)
