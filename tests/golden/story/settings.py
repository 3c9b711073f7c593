"""The settings of the story as a person would begin with them: Togo's gateway and its two partners, commented.

The certificates beside them are made once (`--certificates` of this module) and kept: keys differ every time. They
are the partners' public halves; no private key of theirs was kept.
"""

from __future__ import annotations

import shutil
import sys
import tempfile
from datetime import UTC, datetime, timedelta
from pathlib import Path

from gateway.config import MailboxAnswers, PartnerAnswers, SettingsAnswers, partner_text, settings_text
from gateway.security import make_identity
from gateway.texts import Language
from tests.golden.story.offices import DIALECTS, ENVIRONMENT
from tests.golden.story.scenarios import BURKINA, MALI, SAMPLES, TOGO, Participant

SETTINGS = SAMPLES / "settings"
KEPT = ".crt"
"""What is not made again."""

_FROM = datetime(2026, 11, 1, tzinfo=UTC)
_LIFE = timedelta(days=365)
_HOST_KEY = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8g"
_CONTACTS = {"BFDGD": ("Bureau des échanges inventé", "+226 00 00 00 00", "echanges@douanes.example"),
             "MLDGD": ("Cellule informatique inventée", "+223 00 00 00 00", "cellule@douanes.example")}


def settings_files() -> dict[str, bytes]:
    """``settings.yaml`` in French, the same in English, and the partners' files."""
    answers = SettingsAnswers(
        gateway=TOGO.gateway, environment=ENVIRONMENT, country=TOGO.country, time_zone=TOGO.zone,
        declarations=DIALECTS, inbox_declarations=TOGO.inbox)
    files = {"settings.yaml": settings_text(answers, schema="../../gateway/schema/settings.json"),
             "settings.en.yaml": settings_text(answers, language=Language.ENGLISH,
                                               schema="../../gateway/schema/settings.json")}
    for partner in (BURKINA, MALI):
        files[f"partners/{partner.gateway}.yaml"] = partner_text(
            _answers(partner), schema="../../../gateway/schema/partner.json")
    return {name: text.encode() for name, text in files.items()}


def _answers(partner: Participant) -> PartnerAnswers:
    """Burkina Faso is reached over SFTP; what it sends arrives in a folder of Togo's own server."""
    return PartnerAnswers(
        partner=partner.gateway, name_fr=partner.name[0], name_en=partner.name[1], country=partner.country,
        folder=SETTINGS / "partners", valid_from=_FROM, valid_until=_FROM + _LIFE,
        outbound=MailboxAnswers(host=f"edi.{partner.country.lower()}.example", user=TOGO.gateway,
                                host_keys=(_HOST_KEY,), base="v1/in"),
        inbound=MailboxAnswers(path=f"../mailbox/{partner.gateway}/v1/in"),
        contact=_CONTACTS[partner.gateway])


def make_certificates() -> None:
    """New certificates for both partners; their keys go with the temporary folder."""
    (SETTINGS / "partners").mkdir(parents=True, exist_ok=True)
    for partner in (BURKINA, MALI):
        with tempfile.TemporaryDirectory() as folder:
            make_identity(Path(folder) / "keys", gateway=partner.gateway, environment=ENVIRONMENT, now=_FROM,
                          valid=_LIFE, passphrase=None)
            for use in ("authority", "signing", "encryption"):
                shutil.copyfile(Path(folder) / "keys" / f"{use}.crt",
                                SETTINGS / "partners" / f"{partner.gateway}-{use}.crt")


if __name__ == "__main__" and sys.argv[1:] == ["--certificates"]:
    make_certificates()
