"""Is the specification that partners implement from the one that the program keeps, in both languages?"""

from __future__ import annotations

import base64
import hashlib
import re
import subprocess
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from gateway.exchange import own_keys, repeats
from gateway.security import (
    EDIFACT,
    FIRST_PREVIOUS,
    KINDS,
    LARGEST_FILE,
    LEAF,
    NEGATIVE_RECEIPT,
    RELEASABLE,
    Header,
    algorithms,
    asn1,
    check_payload_kind,
    expiry,
    header,
    key_notice,
    leaf,
    leaf_hash,
    link_texts,
    open_envelope,
    opening,
    paths,
    payloads,
    receipts,
    revocation,
    root,
)
from gateway.security.asn1 import large
from gateway.security.certificates import MARKERS, UNITS
from gateway.security.header import build_entity, read_entity
from gateway.security.keys import FileDecryptionKey
from gateway.texts import Language, known
from gateway.transit.reference_text import read_reference
from tests.tools import loose_sealer as loose
from tests.tools.security_world import PAYLOAD, product, world

ROOT = Path(__file__).parents[2]
PAGES = {Language.ENGLISH: ROOT / "gateway/docs/en/envelope.md", Language.FRENCH: ROOT / "gateway/docs/fr/enveloppe.md"}
YES = {Language.ENGLISH: "yes", Language.FRENCH: "oui"}
both = pytest.mark.parametrize("language", PAGES)


def text(language: Language) -> str:
    """The page."""
    return PAGES[language].read_text("utf-8")


def section(language: Language, number: str) -> str:
    """One section of the page."""
    found = re.search(rf"(?ms)^##+ {re.escape(number)} .*?(?=^##+ [0-9]|\Z)", text(language))
    assert found is not None, number
    return found[0]


def cells(part: str) -> list[list[str]]:
    """The rows of the tables of a part, heads and lines left out."""
    rows = [[cell.strip() for cell in line.strip("|").split("|")] for line in re.findall(r"(?m)^\|.*\|$", part)]
    lines = [number for number, row in enumerate(rows) if set("".join(row)) <= set("-")]
    return [row for number, row in enumerate(rows) if number not in lines and number + 1 not in lines]


def fences(part: str) -> list[str]:
    """The code of a part."""
    return re.findall(r"(?ms)^```\n(.*?)^```$", part)


@both
def test_the_table_of_codes_says_what_the_program_does(language: Language) -> None:
    table = {row[0]: row for row in cells(section(language, "6."))}
    yes = YES[language]
    assert {code for code, row in table.items() if row[3] == yes} == NEGATIVE_RECEIPT
    assert {code for code, row in table.items() if row[4] == yes} == LEAF
    assert {code for code, row in table.items() if row[5] == yes} == RELEASABLE
    elsewhere = set(re.findall(r"`(E_[A-Z0-9_]+)`", section(language, "6."))) - table.keys()
    assert elsewhere == {"E_GAP", "E_LEDGER", "E_INTERNAL", "E_HOSTKEY", "E_SSH", "E_KEYFILE", "E_VERSION"}
    told = {*table, *elsewhere}
    assert [code for code in told if not (known(code, language) and known(f"{code}.hint", language))] == []
    assert raised() <= table.keys() | elsewhere


def raised() -> set[str]:
    """Every code of an envelope in the sources of the program."""
    return {code for path in (ROOT / "gateway" / "security").rglob("*.py")
            for code in re.findall(r'EnvelopeError\(\s*"(E_[A-Z0-9_]+)"', path.read_text("utf-8"))}


@both
def test_the_rules_are_all_there_in_their_order_and_name_the_codes_of_the_table(language: Language) -> None:
    opened = section(language, "5.")
    assert re.findall(r"(?m)^- \*\*V([0-9]+)\*\*", opened) == [str(number) for number in range(1, 37)]
    for letter, number, last in (("R", "8.", 8), ("O", "9.", 6), ("K", "10.", 8), ("C", "11.", 6)):
        assert re.findall(rf"(?m)^- \*\*{letter}([0-9]+)\*\*", section(language, number)) == [
            str(one) for one in range(1, last + 1)]
    by_rule = {(rule, code) for rule, said in re.findall(r"(?m)^- \*\*(V[0-9]+)\*\* (.*)$", opened)
               for code in re.findall(r"`(E_[A-Z0-9_]+)`", said)}
    by_table = {(rule, row[0]) for row in cells(section(language, "6.")) for rule in row[1].split(", ")}
    assert by_rule - {("V34", "E_LEDGER")} == by_table


@both
def test_the_octets_of_the_algorithms_are_those_that_are_written(language: Language) -> None:
    schemes = algorithms.SCHEMES
    written = [row[1].strip("`") for row in cells(section(language, "3.3")) if row[1].startswith("`3")]
    curves = [curve.key_identifier for curve in algorithms.CURVES.values()]
    expected = [*dict.fromkeys(scheme.digest_identifier for scheme in (
                    schemes[algorithms.Signature.ECDSA_P_256], schemes[algorithms.Signature.ECDSA_P_384],
                    schemes[algorithms.Signature.ED25519])),
                *(schemes[one].identifier for one in (
                    algorithms.Signature.ECDSA_P_256, algorithms.Signature.ECDSA_P_384, algorithms.Signature.ED25519,
                    algorithms.Signature.RSA_PSS)),
                algorithms.OAEP_IDENTIFIER, algorithms.ECDH_IDENTIFIER, algorithms.SHARED_INFO, *curves]
    assert written[:-1] == [one.hex() for one in expected]
    before, after = re.findall(r"`([0-9a-f]+)`", next(
        line for line in section(language, "3.3").splitlines() if line.startswith("| aes256-GCM")))
    sealed = world().outer()
    start = sealed.index(bytes.fromhex(before)) + len(bytes.fromhex(before))
    assert sealed[start + 12:].startswith(bytes.fromhex(after))
    words = set(re.findall(r"`([^`]+)`", "".join(row[2] for row in cells(section(language, "3.3")) if len(row) == 4)))
    assert words == {agreement.value for agreement in algorithms.Agreement}
    for identifier in (loose.AUTH_ENVELOPED_DATA, "1.2.840.113549.1.1.7", loose.ECDH_SHA_256, loose.AES_256_WRAP,
                       loose.AES_256_GCM, loose.DATA):
        assert identifier in section(language, "3.1"), identifier


@both
def test_the_limits_are_those_of_the_program(language: Language) -> None:
    numbers = [int(re.search(r"[0-9]+", row[1])[0]) for row in cells(section(language, "3.4"))]  # type: ignore[index]
    assert numbers == [
        LARGEST_FILE, header.LONGEST_HEADER, asn1.MOST_RECIPIENTS, 8, large.LARGEST_STRUCTURE, 21, 18,
        opening.MOST_AHEAD // timedelta(minutes=1), opening.OLDEST // timedelta(days=1),
        opening.DATE_TOLERANCE // timedelta(hours=1), payloads.UNB_WITHIN, payloads.MOST_RATIO]
    assert "gw-resend/1`" in text(language) and str(link_texts.MOST_RANGES) in section(language, "4.")
    assert str(link_texts.MOST_LEAVES) in section(language, "4.")
    keys = section(language, "10.")
    for count in (key_notice.AHEAD.days, key_notice.OVERLAP.days, own_keys.ON_ITS_WAY.days,
                  revocation.LONGEST_GRACE.days, revocation.GRACE // timedelta(hours=1)):
        assert re.search(rf"\b{count}\b", keys), count
    assert ", ".join(map(str, expiry.LEVELS[:0:-1])) in keys
    assert paths.MOST_BETWEEN + 2 == 3
    assert repeats.QUICK == 3
    assert all(f"`{MARKERS[name].dotted_string}`" in keys and f"`OU={UNITS[name]}`" in keys for name in UNITS)


@both
def test_the_header_and_the_receipt_that_are_shown_are_read_by_the_program(language: Language) -> None:
    shown, rows = fences(section(language, "4."))
    head = "gw-reference/1\nversion,7\nfrom,2026-12-01T00:00:00Z\nzone,Africa/Niamey\n"
    assert [office.code for office in read_reference(f"{head}{rows.strip()}\n".encode("ascii")).offices] == ["NETRD"]
    entity = shown.replace("\n", "\r\n").encode("ascii") + b"\r\n" + PAYLOAD
    told, payload = read_entity(entity)
    assert (told.sender, told.recipient, told.sequence, payload) == ("XA", "XB", 123, PAYLOAD)
    assert build_entity(told, PAYLOAD) == entity
    assert [row[0] for row in cells(section(language, "4.")) if "/" in row[0]] == list(KINDS)
    [receipt] = fences(section(language, "8."))
    read = receipts.read_receipt(receipt.replace("\n", "\r\n").encode("ascii"))
    assert (read.gateway, read.sequence, read.disposition) == ("XB", 123, "processed")


@both
def test_the_texts_of_the_ledger_and_the_computed_vectors_are_true(language: Language) -> None:
    shown, head = fences(section(language, "11."))
    sequence, message, mic, signature = shown.splitlines()[1:]
    assert leaf(int(sequence), message, mic.removeprefix("sha-256="), signature.removeprefix("sha-256=")) == (
        shown.encode("ascii"))
    assert len(base64.b64decode(head.splitlines()[2])) == 32
    values = [re.findall(r"`([0-9a-f]{64})`", line) for line in section(language, "15.").splitlines()
              if line.startswith("|")]
    nothing, empty, computed, hashed = [found for found in values if found]
    first = Header(f"<{1:032d}@XA>", "XA", "XB", datetime(2026, 1, 1, tzinfo=UTC), 1, FIRST_PREVIOUS, EDIFACT, "v1.edi")
    entity = build_entity(first, b"UNB+UNOC:3+XA+XB+260101:0000+1'UNZ+0+1'")
    digest = hashlib.sha256(entity).hexdigest()
    assert (len(entity), [digest]) == (377, computed)
    assert nothing == [root([]).hex()]
    assert empty == [root([leaf_hash(b"")]).hex()]
    assert hashed[1] == leaf_hash(leaf(1, first.message_id, digest, hashed[0])).hex()


@pytest.mark.needs_openssl
@both
@pytest.mark.parametrize("compressed", [False, True], ids=["plain", "compressed"])
def test_the_commands_make_a_file_that_is_opened_and_open_it(language: Language, compressed: bool,
                                                             tmp_path: Path) -> None:
    w = world()
    for name, author in (("xa-signing", w.ec), ("xb-encryption", w.ours_ec)):
        (tmp_path / f"{name}.crt").write_bytes(author.certificate.public_bytes(Encoding.PEM))
        (tmp_path / f"{name}.key").write_bytes(author.key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8,
                                                                        NoEncryption()))
    (tmp_path / "xa-authority.crt").write_bytes(w.ca.certificate.public_bytes(Encoding.PEM))
    (tmp_path / "interchange.edi").write_bytes(PAYLOAD)
    make, read = fences(section(language, "13."))
    if compressed:
        pack, unpack = re.findall(r"`([^`]*(?:gzip -nc|gunzip)[^`]*)`", section(language, "13."))
        make = make.replace('Type: application/EDIFACT"', 'Type: application/EDIFACT+gzip"').replace(
            "cat interchange.edi >> entity", pack)
        read = read.replace("tail -n +12 read", unpack)
    attime = f"cms -verify -attime {int(datetime.now(UTC).timestamp())}"
    for block in (make, read.replace("cms -verify", attime)):
        done = subprocess.run(["bash", "-e", "-c", block], cwd=tmp_path, capture_output=True, check=True)
    [made] = tmp_path.glob("*.p7m")
    now = datetime.now(UTC)
    opened = open_envelope(made.name, made.read_bytes(), recipient="XB", trust=w.trust(), now=now,
                           keys=[FileDecryptionKey(w.ours_ec.key, product(w.ours_ec.certificate))],
                           environment="production")
    assert check_payload_kind(opened, gzip_agreed=compressed) == PAYLOAD
    assert (opened.payload == PAYLOAD) is not compressed
    assert done.stdout.endswith(f"{opened.mic}\n".encode("ascii"))
    assert PAYLOAD in done.stdout
    assert loose.named(made.read_bytes()) == made.name
