"""GW-1: keys, sealed files, receipts, the tree over a link. What it must do is GW-1; what for, the threat table.

Sealing and opening are `seal` and `open_envelope` (with the ledger at hand: `open_from_link`). Nothing here reads a
clock; randomness is drawn here and nowhere else; nothing here knows EDIFACT, mailboxes or the ledger.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from gateway.lazily import lazily

if TYPE_CHECKING:
    from gateway.security.certificates import (
        ENCRYPTION,
        SIGNING,
        Certificate,
        check_environment,
        fingerprint,
        load_certificate,
        read_certificate,
    )
    from gateway.security.expiry import certificate_level
    from gateway.security.hardening import forbid_dumps
    from gateway.security.header import (
        CHECKPOINT,
        EDIFACT,
        EDIFACT_GZIP,
        FIRST_PREVIOUS,
        INTERCHANGES,
        KEYS,
        KINDS,
        LEAVES,
        RECEIPT,
        REFERENCE,
        RESEND,
        ROOTS,
        WITHDRAW,
        Header,
        is_gateway_id,
    )
    from gateway.security.identity import Identity, make_identity, read_passphrase, ssh_public_line
    from gateway.security.keys import DecryptionKey, Signer, load_decryption_key, load_signer
    from gateway.security.merkle import head_text, inclusion_proof, leaf, leaf_hash, proves_inclusion, root
    from gateway.security.opening import Opened, is_file_name, open_again, open_envelope
    from gateway.security.order import Known, LinkView, judge_order, open_from_link
    from gateway.security.payloads import check_payload_kind, deflate, inflate, unb_prefix_ok
    from gateway.security.receipts import PROCESSED, Receipt, disposition_of, read_receipt, receipt_payload
    from gateway.security.refusals import LEAF, NEGATIVE_RECEIPT, RELEASABLE, EnvelopeError
    from gateway.security.revocation import JudgedList, RevocationLists, judge_list, list_issuers
    from gateway.security.sealing import LARGEST_FILE, Sealed, encrypt, file_name, seal
    from gateway.security.trust import Trust, TrustedCertificate, recipients_of, trusted_certificate
    from gateway.security.versions import check_versions
else:
    __getattr__ = lazily(__name__, {
        "certificates": ["ENCRYPTION", "SIGNING", "Certificate", "check_environment", "fingerprint", "load_certificate",
                         "read_certificate"],
        "expiry": ["certificate_level"],
        "hardening": ["forbid_dumps"],
        "header": ["CHECKPOINT", "EDIFACT", "EDIFACT_GZIP", "FIRST_PREVIOUS", "INTERCHANGES", "KEYS", "KINDS",
                   "LEAVES", "RECEIPT", "REFERENCE", "RESEND", "ROOTS", "WITHDRAW", "Header", "is_gateway_id"],
        "identity": ["Identity", "make_identity", "read_passphrase", "ssh_public_line"],
        "keys": ["DecryptionKey", "Signer", "load_decryption_key", "load_signer"],
        "merkle": ["head_text", "inclusion_proof", "leaf", "leaf_hash", "proves_inclusion", "root"],
        "opening": ["Opened", "is_file_name", "open_again", "open_envelope"],
        "order": ["Known", "LinkView", "judge_order", "open_from_link"],
        "payloads": ["check_payload_kind", "deflate", "inflate", "unb_prefix_ok"],
        "receipts": ["PROCESSED", "Receipt", "disposition_of", "read_receipt", "receipt_payload"],
        "refusals": ["LEAF", "NEGATIVE_RECEIPT", "RELEASABLE", "EnvelopeError"],
        "revocation": ["JudgedList", "RevocationLists", "judge_list", "list_issuers"],
        "sealing": ["LARGEST_FILE", "Sealed", "encrypt", "file_name", "seal"],
        "trust": ["Trust", "TrustedCertificate", "recipients_of", "trusted_certificate"],
        "versions": ["check_versions"],
    })

__all__ = [
    "CHECKPOINT", "EDIFACT", "EDIFACT_GZIP", "ENCRYPTION", "FIRST_PREVIOUS", "INTERCHANGES", "KEYS", "KINDS",
    "LARGEST_FILE", "LEAF", "LEAVES", "NEGATIVE_RECEIPT", "PROCESSED", "RECEIPT", "REFERENCE", "RELEASABLE",
    "RESEND", "ROOTS", "SIGNING", "WITHDRAW", "Certificate", "DecryptionKey", "EnvelopeError", "Header", "Identity",
    "JudgedList", "Known", "LinkView", "Opened", "Receipt", "RevocationLists", "Sealed", "Signer", "Trust",
    "TrustedCertificate", "certificate_level", "check_environment", "check_payload_kind", "check_versions",
    "deflate", "disposition_of", "encrypt", "file_name", "fingerprint", "forbid_dumps", "head_text",
    "inclusion_proof", "inflate", "is_file_name", "is_gateway_id", "judge_list", "judge_order", "leaf", "leaf_hash",
    "list_issuers", "load_certificate", "load_decryption_key", "load_signer", "make_identity", "open_again",
    "open_envelope", "open_from_link", "proves_inclusion", "read_certificate", "read_passphrase", "read_receipt",
    "receipt_payload", "recipients_of", "root", "seal", "ssh_public_line", "trusted_certificate", "unb_prefix_ok",
]
