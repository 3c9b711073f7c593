"""Do the openssl commands of the README, as they are printed, open what we seal and make what we open?

They are taken from the text of both languages and run by a shell beside a fresh demonstration, where the README says to
run them. Where openssl is missing or older than 3.0 the tests are skipped; with CI=true that is a failure.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest

from gateway.demo import main as demonstration

pytestmark = pytest.mark.needs_openssl

ROOT = Path(__file__).parents[2]
CHAPTERS = {"en": ("README.md", "## By hand, with openssl"),
            "fr": ("gateway/docs/fr/README.md", "## À la main, avec openssl")}


def blocks(language: str) -> list[str]:
    """The code blocks of the chapter, in order."""
    file, heading = CHAPTERS[language]
    chapter = (ROOT / file).read_text("utf-8").split(f"\n{heading}\n")[1].split("\n## ")[0]
    return re.findall(r"^```\n(.*?)^```$", chapter, re.MULTILINE | re.DOTALL)


def acts(block: str) -> list[str]:
    """What the openssl commands of a block do."""
    return [line.split()[2] for line in block.splitlines() if line.startswith("openssl cms")]


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a demonstration in it that has just ended well."""
    path = shutil.which("openssl")
    found = subprocess.run([path, "version"], capture_output=True, text=True, check=True).stdout if path else "none"
    match = re.match(r"OpenSSL ([0-9]+)\.", found)
    if match is None or int(match[1]) < 3:
        reason = f"needs the openssl command 3.0 or later, found: {found.strip()}"
        if os.environ.get("CI") == "true":
            pytest.fail(reason)
        pytest.skip(reason)
    folder = tmp_path_factory.mktemp("readme")
    assert demonstration(["--dir", str(folder / ".demo"), "--lang", "en"]) == 0
    return folder


def typed(text: str, place: Path) -> str:
    """What a person sees who types these lines; each must succeed."""
    done = subprocess.run(["bash", "-euo", "pipefail", "-c", text], cwd=place, capture_output=True, check=False,
                          env={**os.environ, "EDI_LANG": "en"})
    assert done.returncode == 0, done.stdout.decode("utf-8", "replace") + done.stderr.decode("utf-8", "replace")
    return (done.stdout + done.stderr).decode("utf-8", "replace")


@pytest.mark.parametrize("language", CHAPTERS)
def test_two_commands_open_a_sealed_file_and_give_exactly_the_interchange(place: Path, language: str) -> None:
    opening, comparing = blocks(language)[:2]
    assert acts(opening) == ["-decrypt", "-verify"]
    shown = typed(opening, place)
    assert "Gateway-Profile: 1" in shown
    held = subprocess.run([place / ".demo/burkina/edi", "show", "TG0000000001", "--raw", "edi"], capture_output=True,
                          check=True).stdout
    assert held.startswith(b"UNA")
    assert (place / "hand" / "interchange.edi").read_bytes() == held
    digest = re.search(r"entity\)= ([0-9a-f]{64})", shown)
    assert digest is not None
    assert f"MIC {digest[1]}: authentic" in typed(comparing, place)


@pytest.mark.parametrize("language", CHAPTERS)
@pytest.mark.parametrize(("number", "sender", "source"), [
    (2, "TGOTR", "interchange.edi"), (3, "MLDGD", "from-mali.edi"), (4, "TGOTR", "to-mali.edi")],
    ids=["EC to EC", "RSA to EC", "EC to RSA"])
def test_two_commands_make_a_sealed_file_that_edi_open_accepts(place: Path, language: str, number: int, sender: str,
                                                               source: str) -> None:
    texts = blocks(language)
    typed(texts[0], place)
    (place / "hand" / "received.edi").unlink(missing_ok=True)
    assert acts(texts[number])[:2] == ["-sign", "-encrypt"]
    assert f"signed by {sender}, number 1, MIC " in typed(texts[number], place)
    payload = (place / "hand" / "received.edi").read_bytes()
    assert payload == (place / "hand" / source).read_bytes()
    assert payload.startswith(b"UNA")
    assert payload.endswith(b"'")


def test_the_chapter_has_no_command_that_is_not_tried() -> None:
    for language in CHAPTERS:
        assert [("openssl cms" in block, "edi open" in block) for block in blocks(language)] == [
            (True, False), (False, True), (True, True), (True, True), (True, True)]
