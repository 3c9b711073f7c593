"""Is compression agreed exactly where both gateways offer it, and is it used only where it makes the file smaller?"""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest
from msgspec.structs import replace

from gateway.config import Partner, load_settings
from gateway.config.pack import read_pack
from gateway.exchange.introduction import MANIFEST
from gateway.exchange.pack_archive import unarchive
from gateway.exchange.payload import Packed, pack, takes_gzip
from gateway.security import EDIFACT, EDIFACT_GZIP, FIRST_PREVIOUS, Header, inflate
from gateway.security.header import build_entity
from tests.tools.newcomers import NAMES, PEOPLE, edi, new_gateway, pack_of
from tests.tools.outputs import checked
from tests.tools.security_world import PAYLOAD

LONG = PAYLOAD * 40


@pytest.fixture
def togo(tmp_path: Path) -> Path:
    """Togo's settings."""
    return new_gateway(tmp_path / "togo", "TGOTR", "TG")


@pytest.fixture
def mali(tmp_path: Path) -> Path:
    """Mali's settings."""
    return new_gateway(tmp_path / "mali", "MLDGD", "ML")


def _offers_none(settings: Path) -> None:
    settings.write_text(settings.read_text("utf-8") + "gzip: no\n", "utf-8")


def _imported(togo: Path, source: Path, *words: object) -> str:
    status, out, err = edi("partner", "import", source, "--outbound", togo.parent / "mail", *words, *PEOPLE, "--config",
                           togo)
    assert status == 0, err
    return out


def _agreed(togo: Path) -> bool | None:
    return load_settings(togo).partners["MLDGD"].agreement.gzip


@pytest.mark.parametrize(("theirs", "ours"), [(True, True), (True, False), (False, True), (False, False)])
def test_a_pack_carries_the_offer_and_its_import_agrees_where_both_offer_it(togo: Path, mali: Path, theirs: bool,
                                                                            ours: bool) -> None:
    for settings, offers in ((mali, theirs), (togo, ours)):
        if not offers:
            _offers_none(settings)
    packed = pack_of(mali, mali.parent / "mali.tar")
    manifest = unarchive(packed.read_bytes())[MANIFEST]
    assert f"  gzip: {'yes' if theirs else 'no'}\n" in manifest.decode()
    assert read_pack(manifest).offer.gzip is theirs
    both = theirs and ours
    assert f"  {'compressed (gzip)':24} {'yes' if both else 'no'}\n" in _imported(togo, packed)
    assert _agreed(togo) is both
    assert takes_gzip(load_settings(togo), "MLDGD") is both
    assert f"  gzip: {'yes' if both else 'no'}\n" in (togo.parent / "partners" / "MLDGD.yaml").read_text("utf-8")


@pytest.mark.parametrize("ours", [True, False])
def test_a_folder_of_plain_files_says_nothing_of_it_and_our_own_offer_counts(togo: Path, mali: Path,
                                                                             ours: bool) -> None:
    if not ours:
        _offers_none(togo)
    _imported(togo, mali.parent / "keys" / "public", "--partner", "MLDGD", *NAMES)
    assert _agreed(togo) is None
    assert takes_gzip(load_settings(togo), "MLDGD") is ours


def test_an_offer_that_comes_later_is_told_and_changes_nothing(togo: Path, mali: Path) -> None:
    _imported(togo, mali.parent / "keys" / "public", "--partner", "MLDGD", *NAMES)
    packed = pack_of(mali, mali.parent / "mali.tar")
    status, out, _ = edi("partner", "import", packed, "--config", togo, "--dry-run", "--json")
    assert status == 0
    assert {"what": "agreement.gzip", "held": "no", "said": "yes"} in checked("partner-import", out)[0]["differences"]
    _offers_none(togo)
    _, out, _ = edi("partner", "import", packed, "--config", togo, "--dry-run", "--json")
    assert "agreement.gzip" not in {one["what"] for one in checked("partner-import", out)[0]["differences"]}
    assert _agreed(togo) is None


def test_every_value_of_it_is_shown_with_where_it_stands(togo: Path, mali: Path) -> None:
    _imported(togo, pack_of(mali, mali.parent / "mali.tar"))
    told = {line["key"]: (line["value"], line["origin"] is None)
            for line in checked("config-show", edi("config", "show", "--config", togo, "--json")[1])
            if line["kind"] == "setting" and line["key"].endswith("gzip")}
    assert told == {"gzip": ("yes", True), "partners.MLDGD.agreement.gzip": ("yes", False)}


# --- when it is used --------------------------------------------------------------------------------------------------


@pytest.fixture
def partner(togo: Path, mali: Path) -> Partner:
    """Mali, with whom it is agreed."""
    _imported(togo, pack_of(mali, mali.parent / "mali.tar"))
    return load_settings(togo).partners["MLDGD"]


@pytest.mark.parametrize("word", [None, False])
def test_nothing_is_compressed_that_is_not_agreed(partner: Partner, word: bool | None) -> None:
    other = partner.model_copy(update={"agreement": partner.agreement.model_copy(update={"gzip": word})})
    assert pack(other, LONG, "a.edi") == Packed(EDIFACT, LONG, "a.edi")


def test_what_is_agreed_is_compressed_and_named_so(partner: Partner) -> None:
    made = pack(partner, LONG, "a.edi")
    assert (made.kind, made.filename, inflate(made.payload)) == (EDIFACT_GZIP, "a.edi.gz", LONG)


def test_what_would_not_become_smaller_or_inflates_too_much_travels_plain(partner: Partner) -> None:
    for interchange in (b"UNB+'", PAYLOAD[:40], PAYLOAD + b" " * 1_000_000):
        assert pack(partner, interchange, "a.edi") == Packed(EDIFACT, interchange, "a.edi")


def test_the_file_is_never_larger_than_the_plain_one(partner: Partner) -> None:
    """At every length about the one at which it begins to pay; what surrounds the entity has one length for both."""
    plain = Header(f"<{'0f' * 16}@XA>", "XA", "XB", datetime(2026, 11, 26, tzinfo=UTC), 1, FIRST_PREVIOUS, EDIFACT, "a")
    kinds = []
    for size in range(20, 200):
        made = pack(partner, LONG[:size], "a")
        kinds.append(made.kind)
        header = replace(plain, content_type=made.kind, filename=made.filename)
        saved = len(build_entity(plain, LONG[:size])) - len(build_entity(header, made.payload))
        assert saved > 0 if made.kind == EDIFACT_GZIP else saved == 0
    assert (kinds[0], kinds[-1]) == (EDIFACT, EDIFACT_GZIP)
