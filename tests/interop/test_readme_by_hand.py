"""Do the openssl commands of the README, as they are printed, talk with the gateway in both directions?

They are taken from the text and run by a shell beside a fresh demonstration, where the README says to run them. What
the partner who has only a shell does is run by `sh` with the tools of every Unix and openssl on its path, and nothing
else. The French text has the same commands, letter for letter.
"""

from __future__ import annotations

import base64
import gzip
import hashlib
import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest

from gateway.demo import main as demonstration
from tests.tools.stock import openssl

pytestmark = pytest.mark.needs_openssl

ROOT = Path(__file__).parents[2]
CHAPTERS = {"en": ("README.md", "## Talk to us with openssl"),
            "fr": ("gateway/docs/fr/README.md", "## Nous parler avec openssl")}
TOOLS = ("openssl", "cat", "cmp", "cut", "date", "gunzip", "gzip", "head", "mkdir", "mv", "sed", "tail", "tr")
"""All that a partner's shell has here; printf, umask and the rest are the shell's own."""

OPENING, COMPARING, EC_TO_EC, RSA_TO_EC, EC_TO_RSA, GZIP, KEYS, IMPORT, SEND, TAKE, CHECK, RECEIPTS = range(12)


def blocks(language: str) -> list[str]:
    """The code blocks of the chapter, in order."""
    file, heading = CHAPTERS[language]
    chapter = (ROOT / file).read_text("utf-8").split(f"\n{heading}\n")[1].split("\n## ")[0]
    return re.findall(r"^```\n(.*?)^```$", chapter, re.MULTILINE | re.DOTALL)


TEXTS = blocks("en")


def acts(block: str) -> list[str]:
    """What the openssl commands of a block do."""
    return [line.split()[2] for line in block.splitlines() if line.startswith("openssl cms")]


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a demonstration in it that has just ended well, and the first block done."""
    openssl()
    folder = tmp_path_factory.mktemp("readme")
    assert demonstration(["--dir", str(folder / ".demo"), "--lang", "en"]) == 0
    return folder


def typed(text: str, place: Path) -> str:
    """What a person sees who types these lines; each must succeed."""
    return _shown(["bash", "-euo", "pipefail", "-c", text], place, os.environ["PATH"])


def _shown(command: list[str], place: Path, path: str) -> str:
    done = subprocess.run(command, cwd=place, capture_output=True, check=False,
                          env={**os.environ, "EDI_LANG": "en", "PATH": path})
    shown = (done.stdout + done.stderr).decode("utf-8", "replace")
    assert done.returncode == 0, shown
    return shown


def by_the_partner(text: str, place: Path) -> str:
    """What the partner's own shell shows for the lines of a block that are not ours."""
    tools = place / "tools"
    tools.mkdir(exist_ok=True)
    for name in TOOLS:
        found = shutil.which(name)
        assert found is not None
        if not (tools / name).exists():
            (tools / name).symlink_to(found)
    shell = shutil.which("sh")
    assert shell is not None
    return _shown([shell, "-euc", text], place, str(tools))


def parts(block: str) -> tuple[str, str]:
    """The lines of a block that call our program at its beginning or end, and the partner's own."""
    lines = block.splitlines(keepends=True)
    ours = [line for line in lines if line.startswith(".demo/togo/edi")]
    return "".join(ours), "".join(line for line in lines if line not in ours)


def test_the_commands_are_the_same_in_both_languages_and_each_block_is_tried() -> None:
    assert blocks("en") == blocks("fr")
    assert len(TEXTS) == RECEIPTS + 1
    assert [("openssl cms" in block, re.search(r"/edi(-receive)? ", block) is not None) for block in TEXTS] == [
        (True, False), (False, True), (True, True), (True, True), (True, True), (True, True),
        (False, False), (False, True), (True, False), (True, True), (False, False), (True, True)]


def test_two_commands_open_a_sealed_file_and_give_exactly_the_interchange(place: Path) -> None:
    assert acts(TEXTS[OPENING]) == ["-decrypt", "-verify"]
    shown = typed(TEXTS[OPENING], place)
    assert "Gateway-Profile: 1" in shown
    held = subprocess.run([place / ".demo/burkina/edi", "show", "TG0000000001", "--raw", "edi"], capture_output=True,
                          check=True).stdout
    assert held.startswith(b"UNA")
    assert (place / "hand" / "interchange.edi").read_bytes() == held
    digest = re.search(r"entity\)= ([0-9a-f]{64})", shown)
    assert digest is not None
    assert f"MIC {digest[1]}: authentic" in typed(TEXTS[COMPARING], place)


@pytest.mark.parametrize(("number", "sender", "source"), [
    (EC_TO_EC, "TGOTR", "interchange.edi"), (RSA_TO_EC, "MLDGD", "from-mali.edi"), (EC_TO_RSA, "TGOTR", "to-mali.edi")],
    ids=["EC to EC", "RSA to EC", "EC to RSA"])
def test_two_commands_make_a_sealed_file_that_edi_open_accepts(place: Path, number: int, sender: str,
                                                               source: str) -> None:
    typed(TEXTS[OPENING], place)
    (place / "hand" / "received.edi").unlink(missing_ok=True)
    assert acts(TEXTS[number])[:2] == ["-sign", "-encrypt"]
    assert f"signed by {sender}, number 1, MIC " in typed(TEXTS[number], place)
    payload = (place / "hand" / "received.edi").read_bytes()
    assert payload == (place / "hand" / source).read_bytes()
    assert payload.startswith(b"UNA")
    assert payload.endswith(b"'")


def test_a_shell_makes_and_opens_a_compressed_interchange(place: Path) -> None:
    """Only one line of it is ours; the others are run with the tools of a partner who has only a shell."""
    typed(TEXTS[OPENING], place)
    (place / "hand" / "received.edi").unlink(missing_ok=True)
    assert acts(TEXTS[GZIP]) == ["-sign", "-encrypt", "-decrypt", "-verify"]
    before, ours, after = re.split(r"(?m)^(\.demo/.*\n)", TEXTS[GZIP])
    by_the_partner(before, place)
    interchange = (place / "hand" / "interchange.edi").read_bytes()
    shown = typed(ours, place)
    assert re.search(rf"compressed by agreement: [0-9]+ octets, {len(interchange)} written", shown)
    assert (place / "hand" / "received.edi").read_bytes() == interchange
    by_the_partner(after, place)
    assert (place / "hand" / "gunzipped.edi").read_bytes() == interchange
    typed(ours.replace("received.edi", "received.edi.gz --raw"), place)
    assert gzip.decompress((place / "hand" / "received.edi.gz").read_bytes()) == interchange


def test_a_partner_who_has_only_a_shell_makes_keys_sends_reads_the_receipt_and_gives_receipts(place: Path) -> None:
    """The whole of the chapter's second part, in the order of the text."""
    typed(TEXTS[OPENING], place)
    hand = place / "hand" / "niger"
    by_the_partner(TEXTS[KEYS], place)
    assert {path.name for path in (hand / "public").iterdir()} == {"authority.crt", "signing.crt", "encryption.crt"}
    assert [path.stat().st_mode & 0o777 for path in hand.glob("*.key")] == [0o600] * 3

    shown = typed(TEXTS[IMPORT], place)
    fingerprint = re.findall(r"Fingerprint=([0-9A-F:]{95})", shown)[1].replace(":", "")[:32]
    assert f"signing: {' '.join(fingerprint[at:at + 4] for at in range(0, 32, 4))}" in shown
    assert (place / ".demo/togo/partners/NEDGD.yaml").is_file()

    by_the_partner(TEXTS[SEND], place)
    ours, theirs = parts(TEXTS[TAKE])
    typed(ours, place)
    shown = by_the_partner(theirs, place)
    assert re.findall(r"^Content-Type: (\S+)", shown, re.MULTILINE) == [
        "message/disposition-notification", "application/EDIFACT", "application/EDIFACT"]
    assert re.findall(r"^(?:From|To)-Gateway: (\S+)", shown, re.MULTILINE) == ["TGOTR", "NEDGD"] * 3
    assert b"+CONTRL:" in (hand / "received-2").read_bytes()
    assert b"+CUSRES:" in (hand / "received-3").read_bytes()

    shown = by_the_partner(TEXTS[CHECK], place)
    mic = base64.b64encode(hashlib.sha256((hand / "entity-1").read_bytes()).digest()).decode()
    signature = hashlib.sha256((hand / "signature").read_bytes()).hexdigest()
    assert f"Received-Content-MIC: {mic}, sha-256\r\n" in shown
    assert f"\r\nOriginal-Signature-Digest: sha-256={signature}\r\n" in shown
    assert f"\n{mic}\n" in shown
    assert shown.endswith(f"= {signature}\n")
    assert "Disposition: automatic-action/MDN-sent-automatically; processed\r\n" in shown

    ours, theirs = parts(TEXTS[RECEIPTS])
    states = _of_niger(typed(".demo/togo/edi status", place))
    assert "Received by the partner" not in (states["sent CONTRL"], states["sent CUSRES"])
    by_the_partner(theirs, place)
    states = _of_niger(typed(ours, place))
    assert (states["sent CONTRL"], states["sent CUSRES"]) == ("Received by the partner", "Received by the partner")
    assert typed(".demo/togo/edi quarantine", place) == "the quarantine is empty\n"


def _of_niger(shown: str) -> dict[str, str]:
    """Direction and kind of each interchange with Niger -> its state."""
    rows = re.findall(r"^\S+ \S+  \S+ +NEDGD +(\w+) +(\w+)  (.*?)(?:  .*)?$", shown, re.MULTILINE)
    return {f"{direction} {kind}": state for direction, kind, state in rows}
