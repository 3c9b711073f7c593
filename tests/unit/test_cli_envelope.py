"""Does `edi open` give back what `edi seal` was given, and refuse everything else with its code and nothing written?"""

from __future__ import annotations

import gzip
import json
import stat
from collections.abc import Callable
from pathlib import Path

import pytest

from gateway.edifact import read_interchanges, write_interchange
from tests.golden.profile.samples import wire
from tests.tools.offices import Office, Ran, offices
from tests.tools.outputs import checked
from tests.unit.test_cli_files import HEADER

PAYLOAD = write_interchange(HEADER, [("1", wire("cusdec_transit_original"))])


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> list[Office]:
    """Three offices that know each other."""
    return offices(tmp_path_factory.mktemp("world"), names=("TGOTR", "BFDGD", "MLDGD"))


@pytest.fixture
def sealed(world: list[Office], tmp_path: Path) -> Path:
    """An interchange of Togo's, sealed for Burkina Faso."""
    plain = tmp_path / "plain.edi"
    plain.write_bytes(PAYLOAD)
    out = tmp_path / "sealed"
    out.mkdir()
    told = world[0].run("edi", "seal", str(plain), "--to", "BFDGD", "-o", str(out), "--json")
    assert (told.exit, told.err) == (0, "")
    line = checked("seal", told.out)[0]
    assert (line["sequence"], line["file"]) == (1, str(out / line["name"]))
    return out / str(line["name"])


def opened(office: Office, path: Path, *words: str) -> Ran:
    return office.run("edi", "open", str(path), "-o", str(path.parent / "opened.edi"), "--json", *words)


def refused(told: Ran, path: Path, code: str) -> None:
    """Exit 5, the code in words and in both JSON objects, and nothing written."""
    assert told.exit == 5, told
    assert checked("open", told.out) == [{"schema": 1, "kind": "opened", "file": str(path), "ok": False, "code": code}]
    *words, last = told.err.splitlines()
    assert f"{code}: " in words[0]
    fatal = checked("error", last + "\n")[0]
    assert (fatal["code"], fatal["exit"]) == (code, 5)
    assert fatal["hint"]
    assert not (path.parent / "opened.edi").exists()


def test_what_was_sealed_is_opened_byte_for_byte(world: list[Office], sealed: Path) -> None:
    told = opened(world[1], sealed)
    line = checked("open", told.out)[0]
    assert (told.exit, told.err, line["ok"], line["code"]) == (0, "", True, None)
    assert (line["header"]["sender"], line["header"]["recipient"], line["header"]["filename"]) == \
        ("TGOTR", "BFDGD", "plain.edi")
    assert (line["header"]["content_type"], line["inflated"]) == ("application/EDIFACT", False)
    result = sealed.parent / "opened.edi"
    assert result.read_bytes() == PAYLOAD
    assert stat.S_IMODE(result.stat().st_mode) == 0o600
    assert next(read_interchanges(result.read_bytes())).header == HEADER


@pytest.mark.parametrize("name", ["plain.edi", "n" * 61, "n" * 62, "a b.edi"])
def test_where_it_is_agreed_a_file_is_sealed_compressed_and_opened_inflated_or_as_it_came(tmp_path: Path,
                                                                                          name: str) -> None:
    togo, burkina = offices(tmp_path)
    partner = togo.home / "partners" / "BFDGD.yaml"
    partner.write_text(partner.read_text("utf-8").replace("agreement:\n", "agreement:\n  gzip: yes\n"), "utf-8")
    (tmp_path / name).write_bytes(PAYLOAD)
    told = togo.run("edi", "seal", str(tmp_path / name), "--to", "BFDGD", "-o", str(tmp_path / "x.p7m"), "--json")
    assert (told.exit, checked("seal", told.out)[0]["content_type"]) == (0, "application/EDIFACT+gzip")
    forms = []
    for words in ((), ("--raw",)):
        line = checked("open", opened(burkina, tmp_path / "x.p7m", *words).out)[0]
        assert (line["header"]["content_type"], line["inflated"]) == ("application/EDIFACT+gzip", not words)
        assert line["header"]["filename"] == f"{name if len(name) < 62 and ' ' not in name else 'interchange.edi'}.gz"
        forms.append((tmp_path / "opened.edi").read_bytes())
    assert forms[0] == gzip.decompress(forms[1]) == PAYLOAD
    assert len(forms[1]) < len(PAYLOAD)


def test_people_get_the_path_on_stdout_and_the_rest_on_stderr(world: list[Office], tmp_path: Path) -> None:
    plain, out = tmp_path / "a b.edi", tmp_path / "x.p7m"
    plain.write_bytes(PAYLOAD)
    told = world[0].run("edi", "seal", str(plain), "--to", "BFDGD", "-o", str(out))
    assert (told.exit, told.out) == (0, f"{out}\n")
    assert told.err.startswith("sealed under the name ")
    back = world[1].run("edi", "open", str(out), "-o", str(tmp_path / "y.edi"), "--from", "TGOTR")
    assert (back.exit, back.out) == (0, f"{tmp_path / 'y.edi'}\n")
    assert back.err.startswith("signed by TGOTR, number 1, MIC ")


def test_sequence_and_predecessor_are_those_given(world: list[Office], tmp_path: Path) -> None:
    plain, out = tmp_path / "a.edi", tmp_path / "x.p7m"
    plain.write_bytes(PAYLOAD)
    told = world[0].run("edi", "seal", str(plain), "--to", "BFDGD", "-o", str(out), "--sequence", "7", "--previous",
                        "AB" * 32)
    assert told.exit == 0
    header = checked("open", opened(world[1], out).out)[0]["header"]
    assert (header["sequence"], header["previous"]) == (7, "ab" * 32)


def _alter(content: bytes) -> bytes:
    place = len(content) // 2
    return content[:place] + bytes([content[place] ^ 1]) + content[place + 1:]


@pytest.mark.parametrize(("change", "code"), [
    (_alter, "E_DECRYPT"), (lambda content: content[:-1], "E_ASN1"), (lambda content: content + b"x", "E_ASN1"),
    (lambda content: b"", "E_ASN1"), (lambda content: PAYLOAD, "E_ASN1")],
    ids=["a bit turned", "cut", "longer", "empty", "clear text"])
def test_an_altered_file_is_refused(world: list[Office], sealed: Path, change: Callable[[bytes], bytes],
                                    code: str) -> None:
    path = sealed.with_name("altered.p7m")
    path.write_bytes(change(sealed.read_bytes()))
    told = opened(world[1], path)
    refused(told, path, json.loads(told.out)["code"])
    assert json.loads(told.out)["code"] == code


def test_a_file_under_another_name_of_a_mailbox_is_refused(world: list[Office], sealed: Path) -> None:
    path = sealed.with_name("0" * 32 + ".p7m")
    sealed.rename(path)
    refused(opened(world[1], path), path, "E_NAME")


def test_a_file_for_somebody_else_is_refused(world: list[Office], sealed: Path) -> None:
    refused(opened(world[2], sealed), sealed, "E_NOT_FOR_US")


def test_a_file_of_another_partner_than_the_one_named_is_refused(world: list[Office], sealed: Path) -> None:
    refused(opened(world[1], sealed, "--from", "MLDGD"), sealed, "E_SIGNER_UNKNOWN")


def test_a_file_of_a_stranger_is_refused(world: list[Office], sealed: Path, tmp_path: Path) -> None:
    path = world[1].home / "partners" / "TGOTR.yaml"
    content = path.read_bytes()
    path.unlink()
    try:
        refused(opened(world[1], sealed), sealed, "E_SIGNER_UNKNOWN")
    finally:
        path.write_bytes(content)


def test_a_test_interchange_without_its_flag_is_refused(world: list[Office], tmp_path: Path) -> None:
    plain, out = tmp_path / "a.edi", tmp_path / "x.p7m"
    plain.write_bytes(PAYLOAD.replace(b"++++++1'", b"'", 1))
    assert world[0].run("edi", "seal", str(plain), "--to", "BFDGD", "-o", str(out)).exit == 0
    refused(opened(world[1], out), out, "E_TEST_FLAG")


def test_keys_of_another_environment_neither_seal_nor_open(world: list[Office], sealed: Path) -> None:
    for office, words in ((world[1], ["open", str(sealed)]), (world[0], ["seal", str(sealed), "--to", "BFDGD"])):
        text = office.settings.read_text("utf-8")
        office.settings.write_text(text.replace("environment: test", "environment: production"), "utf-8")
        try:
            told = office.run("edi", *words, "-o", str(sealed.parent / "opened.edi"), "--json")
        finally:
            office.settings.write_text(text, "utf-8")
        assert (told.exit, told.out, checked("error", told.err.splitlines()[-1] + "\n")[0]["code"]) == (5, "", "K024")
        assert not (sealed.parent / "opened.edi").exists()


def test_an_unknown_partner_and_a_folder_that_is_absent_write_nothing(world: list[Office], tmp_path: Path) -> None:
    plain = tmp_path / "a.edi"
    plain.write_bytes(PAYLOAD)
    told = world[0].run("edi", "seal", str(plain), "--to", "NOBODY", "-o", str(tmp_path / "x.p7m"), "--json")
    assert (told.exit, told.out, json.loads(told.err.splitlines()[-1])["code"]) == (3, "", "X010")
    told = world[0].run("edi", "seal", str(plain), "--to", "BFDGD", "-o", str(tmp_path / "no" / "x.p7m"), "--json")
    assert (told.exit, told.out, json.loads(told.err.splitlines()[-1])["code"]) == (1, "", "B006")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a.edi"]
