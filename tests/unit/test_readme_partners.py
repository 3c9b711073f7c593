"""Do the commands by which the README introduces two administrations work as they stand there?"""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import pytest

from gateway.config import load_settings
from tests.tools.newcomers import HOST_KEY, PEOPLE, edi, new_gateway, pack_of

ROOT = Path(__file__).parents[2]


def block(before: str) -> list[list[str]]:
    """The words of each command in the first code block after some words of the README, without `edi`."""
    rest = (ROOT / "README.md").read_text("utf-8").split(before, 1)[1]
    lines = re.search(r"^ *```\n(.*?)^ *```$", rest, re.MULTILINE | re.DOTALL)
    assert lines is not None
    return [shlex.split(line) for line in lines[1].splitlines()]


def test_packs_cross_and_each_side_knows_the_other(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    new_gateway(tmp_path / "togo", "TGOTR", "TG")
    burkina = new_gateway(tmp_path / "burkina", "BFDGD", "BF")
    (tmp_path / "togo-host-keys").write_text(f"{HOST_KEY}\n", "ascii")
    (tmp_path / "received").mkdir()
    pack_of(burkina, tmp_path / "received" / "burkina.tar", "--mailbox", "sftp://TGOTR@edi.example.bf:22/v1/in",
            "--host-keys", tmp_path / "togo-host-keys")
    told = [edi(*words[1:]) for words in block("2. **Exchange packs**")]
    assert [status for status, _, _ in told] == [0, 1, 0], told
    assert load_settings(tmp_path / "togo" / "settings.yaml").partners["BFDGD"].partner == "BFDGD"
    assert edi("partner", "import", tmp_path / "for-burkina.tar", *PEOPLE, "--config", burkina)[0] == 0
    partner = load_settings(burkina).partners["TGOTR"]
    assert partner.mailbox.outbound.kind == "sftp"
    assert (partner.mailbox.outbound.host, partner.mailbox.outbound.user) == ("edi.example.tg", "BFDGD")
    checks = [words[1:] for words in block("5. **Check**") if words[0] == "edi"]
    assert [edi(*words)[0] for words in checks[:2]] == [0, 0]
    assert checks[2][:2] == ["partner", "test"]
