"""What did the people write: settings, partners, agreements, and the one loader that reads their files.

    yaml          bytes to nodes with places
    scalars       the strict scalar types of our models
    validation    nodes to models, every fault with its place
    settings, partner   the models
    loading       the settings with all their partners
    schema        JSON Schemas for editors
    starting      the first settings files, for ``edi init``

Names are fetched when they are first asked for, so that a command that only peeks at a file does not load pydantic.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from gateway.config.loading import Settings, load_settings
    from gateway.config.model import Model
    from gateway.config.partner import Agreement, Chase, DirectoryMailbox, Partner, SftpMailbox
    from gateway.config.resolved import Resolved, resolved
    from gateway.config.settings import NationalSource
    from gateway.config.starting import MailboxAnswers, PartnerAnswers, SettingsAnswers, partner_text, settings_text
    from gateway.config.validation import load_model, validate_node
    from gateway.config.yaml import language_of, parse_document, read_document

_HOMES = {name: home for home, names in {
    "loading": ["load_settings", "Settings"],
    "model": ["Model"],
    "partner": ["Agreement", "Chase", "DirectoryMailbox", "Partner", "SftpMailbox"],
    "resolved": ["Resolved", "resolved"],
    "settings": ["NationalSource"],
    "starting": ["MailboxAnswers", "PartnerAnswers", "SettingsAnswers", "partner_text", "settings_text"],
    "validation": ["load_model", "validate_node"],
    "yaml": ["language_of", "parse_document", "read_document"],
}.items() for name in names}

__all__ = [
    "Agreement", "Chase", "DirectoryMailbox", "MailboxAnswers", "Model", "NationalSource", "Partner", "PartnerAnswers",
    "Resolved", "Settings", "SettingsAnswers", "SftpMailbox", "language_of", "load_model", "load_settings",
    "parse_document", "partner_text", "read_document", "resolved", "settings_text", "validate_node",
]


def __getattr__(name: str) -> object:
    home = _HOMES.get(name)
    if home is None:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value: object = getattr(import_module(f"{__name__}.{home}"), name)
    globals()[name] = value
    return value
