"""Does a passphrase that cannot be read stop more than the mailbox it opens?"""

from __future__ import annotations

import re
from pathlib import Path

from tests.tools.malice import codes
from tests.tools.offices import offices
from tests.tools.records import declaration_json

INBOUND = """  inbound:
    kind: sftp
    host: 127.0.0.1
    port: 1
    user: office
    key: ../keys/ssh
    passphrase: ../keys/unreadable
    host_keys:
      - ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIDB22CJhnCR83Sy4mYSRFgmfGyyTfYaBi5Vk9X6OuQcF
    base: in
"""


def test_what_is_due_leaves_though_the_account_to_collect_from_cannot_be_opened(tmp_path: Path) -> None:
    togo, _ = offices(tmp_path)
    partner = togo.home / "partners" / "BFDGD.yaml"
    text, count = re.subn(r"(?m)^  inbound:\n(?:    .*\n)+", INBOUND, partner.read_text("utf-8"))
    assert count == 1
    partner.write_text(text, "utf-8")
    secret = togo.home / "keys" / "unreadable"
    secret.write_text("secret", "ascii")
    secret.chmod(0o644)
    togo.drop("declarations", {"d1.json": declaration_json("A")})
    ran = togo.run("edi-sync")
    assert (codes(ran), ran.counts["objects_dispatched"]) == (["E_KEYFILE"], 1), ran.err
