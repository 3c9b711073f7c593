"""Do the first files that the gateway writes for people load, and say in French what they mean?"""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from pathlib import Path

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from gateway.config import (
    MailboxAnswers,
    PartnerAnswers,
    SettingsAnswers,
    load_settings,
    partner_text,
    read_document,
    settings_text,
)
from gateway.config.nodes import MappingNode, TextNode
from gateway.config.rendering import quoted
from gateway.errors import LocalError
from gateway.texts import Language
from tests.unit.test_config_settings import HOST_KEY

TOGO = SettingsAnswers(gateway="TGOTR", environment="demo", country="TG", time_zone="Africa/Lome")
SFTP = MailboxAnswers(host="127.0.0.1", port=40713, user="TGOTR", host_keys=(HOST_KEY,), base="v1/in")
PEM = "-----BEGIN CERTIFICATE-----\nAQID\n-----END CERTIFICATE-----\n"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "partners").mkdir()
    for use in ("authority", "signing", "encryption"):
        (tmp_path / "partners" / f"NOTOLL-{use}.crt").write_text(PEM, "ascii")
    return tmp_path


def norway(folder: Path) -> PartnerAnswers:
    return PartnerAnswers(partner="NOTOLL", name_fr="Douanes : « Norvège »", name_en="Norway's customs", country="NO",
                          folder=folder / "partners", valid_from=datetime(2026, 11, 1, tzinfo=UTC),
                          valid_until=datetime(2027, 11, 1, tzinfo=UTC), outbound=SFTP,
                          inbound=MailboxAnswers(path="../mailbox/NOTOLL/v1/in"))


def test_what_init_writes_is_loaded_with_the_answers_in_it(folder: Path) -> None:
    answers = replace(TOGO, state="/var/lib/edi", mappings=("our mappings",), passphrase="keys/passphrase", run="10m",
                      declarations=(("*.xml", "tgotr/asycuda"), ("*.json", "neutral/json")), identifier="TG OTR")
    (folder / "edi.yaml").write_text(settings_text(answers), "utf-8")
    (folder / "partners" / "NOTOLL.yaml").write_text(partner_text(norway(folder)), "utf-8")
    settings = load_settings(folder / "edi.yaml", strict=True)
    assert (settings.gateway, settings.unb.identifier) == ("TGOTR", "TG OTR")
    assert (settings.paths.state, settings.paths.mappings) == (Path("/var/lib/edi"), (folder / "our mappings",))
    assert settings.keys.passphrase == folder / "keys/passphrase"
    assert [(one.match, one.dialect) for one in settings.national.declarations] == list(answers.declarations)
    assert settings.limits.run == timedelta(minutes=10)
    partner = settings.partners["NOTOLL"]
    assert (partner.name.fr, partner.name.en, partner.country) == ("Douanes : « Norvège »", "Norway's customs", "NO")
    assert [(one.file, one.sha256, one.use) for one in partner.certificates] == [
        (folder / f"partners/NOTOLL-{use}.crt", "039058c6f2c0cb492c533b0a4d14ef77cc0f78abccced5287d84a1a2011cfb81", use)
        for use in ("signing", "encryption")]
    assert (partner.authority.revocation, partner.authority.reason) == (
        None, "L'autorité ne publie pas de liste de révocation à ce jour")
    assert partner.mailbox.outbound.kind == "sftp"
    assert partner.mailbox.inbound.kind == "directory"
    assert (partner.agreement.reference, partner.agreement.deadlines.contrl) == ("à convenir", timedelta(minutes=30))


def test_the_first_line_names_the_schema_for_editors(folder: Path) -> None:
    assert settings_text(TOGO).splitlines()[0] == "# yaml-language-server: $schema=schema/settings.json"
    assert partner_text(norway(folder)).splitlines()[0] == "# yaml-language-server: $schema=../schema/partner.json"
    assert settings_text(TOGO, schema="/x/s.json").splitlines()[0] == "# yaml-language-server: $schema=/x/s.json"


def test_comments_are_french_unless_asked_otherwise(folder: Path) -> None:
    french = settings_text(TOGO)
    assert "# Fuseau horaire de l'administration, par exemple Africa/Lome\ntime_zone: Africa/Lome\n" in french
    english = settings_text(TOGO, language=Language.ENGLISH)
    assert "# Time zone of the administration, for example Africa/Lome\ntime_zone: Africa/Lome\n" in english
    assert "    # Name or address of the server\n    host: 127.0.0.1\n" in partner_text(norway(folder),
                                                                                      language=Language.ENGLISH)
    assert max(len(line) for line in partner_text(norway(folder)).splitlines() if "#" in line) <= 130


def test_every_key_has_a_comment_above_it(folder: Path) -> None:
    lines = settings_text(TOGO).splitlines()
    bare = [line for before, line in pairwise(lines)
            if re.match(r" *[a-z_]+:", line) and not before.lstrip().startswith("#")]
    assert [line.strip() for line in bare] == ["certificate: keys/encryption.crt", "dialect: neutral/json",
                                               "dialect: neutral/event-json"]  # explained above their list


def test_an_answer_that_does_not_fit_is_a_finding_and_no_file(folder: Path) -> None:
    with pytest.raises(LocalError) as error:
        settings_text(replace(TOGO, gateway="togo", country="TOGO", time_zone="Lome"))
    assert [(one.code, one.values["value"]) for one in error.value.findings] == [
        ("S059", "togo"), ("S060", "TOGO"), ("S061", "Lome")]
    with pytest.raises(LocalError) as error:
        partner_text(replace(norway(folder), deadlines={"receipt": "4h", "telepathy": "1s"}))
    assert [one.code for one in error.value.findings] == ["S048"]


@pytest.mark.parametrize("content", ["no certificate", "", PEM + PEM, PEM.replace("AQID", "A"), None])
def test_a_fingerprint_is_of_exactly_one_certificate(folder: Path, content: str | None) -> None:
    path = folder / "partners" / "NOTOLL-signing.crt"
    path.unlink()
    if content is not None:
        path.write_text(content, "ascii")
    with pytest.raises(LocalError) as error:
        partner_text(norway(folder))
    assert [(one.code, one.place.file) for one in error.value.findings] == [("S087", str(path))]


def test_a_fingerprint_is_that_of_the_certificate_whatever_stands_around_it(folder: Path) -> None:
    expected = partner_text(norway(folder))
    (folder / "partners" / "NOTOLL-signing.crt").write_text(f"subject=NOTOLL\n{PEM}\n", "ascii")
    assert partner_text(norway(folder)) == expected


def test_a_revocation_list_needs_no_reason(folder: Path) -> None:
    assert "reason" not in partner_text(replace(norway(folder), revocation="NOTOLL.crl"))


@given(st.text(st.characters(exclude_categories=["Cs"])))
def test_any_text_is_written_so_that_every_reader_finds_it_again(text: str) -> None:
    written = f"key: {quoted(text)}\n"
    node = read_document(written.encode(), "x.yaml")
    assert isinstance(node, MappingNode)
    value = node.get("key")
    assert isinstance(value, TextNode)
    assert value.text == text
    assert yaml.safe_load(written) == {"key": text}


@pytest.mark.parametrize("text", ["NO", "0466", "1E3", "12:30", "~", "", "2026-11-23", "true", "*", "a: b", "a #b", "é",
                                  "-"])
def test_what_could_be_misread_is_quoted(text: str) -> None:
    assert quoted(text) == f'"{text}"'
