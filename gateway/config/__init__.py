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

from typing import TYPE_CHECKING

from gateway.lazily import lazily

if TYPE_CHECKING:
    from gateway.config.loading import Settings, load_settings
    from gateway.config.model import Model
    from gateway.config.partner import Agreement, Chase, DirectoryMailbox, Partner, SftpMailbox
    from gateway.config.resolution import Resolved, resolved
    from gateway.config.settings import NationalSource, address_fault, ledger_file, sqlite_address
    from gateway.config.starting import MailboxAnswers, PartnerAnswers, SettingsAnswers, partner_text, settings_text
    from gateway.config.validation import load_model, validate_node
    from gateway.config.yaml import language_of, parse_document, read_document
else:
    __getattr__ = lazily(__name__, {
        "loading": ["Settings", "load_settings"],
        "model": ["Model"],
        "partner": ["Agreement", "Chase", "DirectoryMailbox", "Partner", "SftpMailbox"],
        "resolution": ["Resolved", "resolved"],
        "settings": ["NationalSource", "address_fault", "ledger_file", "sqlite_address"],
        "starting": ["MailboxAnswers", "PartnerAnswers", "SettingsAnswers", "partner_text", "settings_text"],
        "validation": ["load_model", "validate_node"],
        "yaml": ["language_of", "parse_document", "read_document"],
    })

__all__ = [
    "Agreement", "Chase", "DirectoryMailbox", "MailboxAnswers", "Model", "NationalSource", "Partner",
    "PartnerAnswers", "Resolved", "Settings", "SettingsAnswers", "SftpMailbox", "address_fault",
    "language_of", "ledger_file", "load_model", "load_settings", "parse_document", "partner_text", "read_document",
    "resolved", "settings_text", "sqlite_address", "validate_node",
]
