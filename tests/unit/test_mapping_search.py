"""Where are mappings looked for, and which folder wins?"""

from __future__ import annotations

import os
from pathlib import Path

from gateway.mapping import load_corridors, load_mapping, search_path
from tests.golden.profile.samples import MAPPINGS


def test_settings_come_first_then_the_environment_then_the_checkout(tmp_path: Path) -> None:
    settings, one, other = (tmp_path / name for name in ("settings", "one", "other"))
    for folder in (settings, one, other):
        folder.mkdir()
    environment = {"EDI_MAPPINGS": os.pathsep.join([str(one), str(tmp_path / "missing"), str(other)])}
    assert search_path([settings], environment)[:4] == [settings, one, other, MAPPINGS]


def test_the_first_folder_that_has_a_mapping_wins(tmp_path: Path) -> None:
    own = tmp_path / "corridors" / "tg-ml"
    own.mkdir(parents=True)
    text = (MAPPINGS / "corridors/tg-ml/cusdec.yaml").read_text("utf-8").replace('version: "2"', 'version: "7"')
    (own / "cusdec.yaml").write_text(text, "utf-8")
    assert load_mapping("corridors/tg-ml/cusdec", [tmp_path, MAPPINGS]).version == "7"
    assert load_mapping("corridors/tg-ml/cusdec", [MAPPINGS, tmp_path]).version == "2"


def test_a_corridor_may_have_an_event_of_its_own(tmp_path: Path) -> None:
    own = tmp_path / "corridors" / "tg-ml" / "cusres"
    own.mkdir(parents=True)
    (own / "accepted.yaml").write_text('''format: "1"
id: corridors/tg-ml/cusres/accepted
extends: base/cusres-d96b/accepted
override: {word: "GIS+AKZ:120:ZZZ'"}
''', "utf-8")
    corridors = load_corridors([tmp_path, MAPPINGS])
    assert corridors.named("tg-ml").cusres("ACCEPTED").identifier == "corridors/tg-ml/cusres/accepted"
    assert corridors.named("tg-bf").cusres("ACCEPTED").identifier == "base/cusres-d96b/accepted"
    assert corridors.faults == {}
