"""A store of contents that loses, alters or refuses what was put there: runs go on, and people learn what to do."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from gateway.exchange.summary import Exit
from tests.pair.test_contents_outside import in_a_bucket, in_a_folder
from tests.pair.test_erasure import rows
from tests.tools.malice import codes, well
from tests.tools.offices import Office, offices
from tests.tools.records import declaration_json, numbered_mrn
from tests.tools.s3server import SECRET, running_s3

MRN = numbered_mrn(1)


@pytest.fixture
def togo(tmp_path: Path) -> Office:
    """Togo with a store in a folder, after one declaration."""
    togo, _ = offices(tmp_path)
    in_a_folder(togo, tmp_path / "store")
    declare(togo, "A", 1)
    well(togo.run("edi-send"))
    return togo


def declare(office: Office, key: str, number: int) -> None:
    office.drop("declarations", {f"{key}.json": declaration_json(key, mrn=numbered_mrn(number))})


def source_in(office: Office, store: Path) -> Path:
    """The file in which the store keeps the first national file."""
    [(number, digest)] = rows(office, "SELECT s.id, c.digest FROM stored s JOIN content c ON c.id = s.content_id JOIN "
                                      "source_file f ON f.content_id = c.id")
    return store / str(digest)[:2] / f"{digest}-{number}"


@pytest.mark.parametrize(("damage", "code"), [("removed", "L061"), ("altered", "L062"), ("cut", "L062"),
                                              ("folder", "L063")])
def test_a_content_that_is_gone_or_altered_is_named_and_nothing_else_stops(damage: str, code: str, togo: Office,
                                                                          tmp_path: Path) -> None:
    store = tmp_path / "store"
    path = source_in(togo, store)
    octets = path.read_bytes()
    if damage == "removed":
        path.unlink()
    elif damage == "folder":
        store.rename(tmp_path / "elsewhere")
    else:
        path.write_bytes(octets[:-1] + b"!" if damage == "altered" else octets[:-1])
    ran = togo.run("edi", "show", MRN, "--raw", "source")
    assert (code in ran.err, "Traceback" in ran.err, ran.out) == (True, False, "")
    ran = togo.run("edi", "ledger", "contents", "--check")
    assert (ran.exit, code in ran.err) == (Exit.LATER if code == "L063" else Exit.PERSON, True)
    ran = togo.run("edi", "audit", "verify")
    if code == "L063":
        assert (ran.exit, ran.err.count("L063")) == (Exit.LATER, 1)
    else:
        assert (ran.exit, ran.err.count("L014"), "store" in ran.err) == (Exit.TRUST, 1, True)
    declare(togo, "B", 2)
    ran = togo.run("edi-send")
    assert ran.counts["records_taken"] == 1 and ran.counts["objects_dispatched"] == 1
    assert codes(ran) == (["L063"] if code == "L063" else [])
    if damage == "folder":
        (tmp_path / "elsewhere").rename(store)
    else:
        path.write_bytes(octets)
    well(togo.run("edi-send"))
    assert togo.run("edi", "ledger", "contents", "--check").err == ""
    assert togo.run("edi", "audit", "verify").exit == Exit.DONE


def test_a_disk_that_is_not_mounted_takes_nothing_although_its_folder_is_there(togo: Office, tmp_path: Path) -> None:
    store = tmp_path / "store"
    store.rename(tmp_path / "disk")
    store.mkdir(mode=0o700)
    declare(togo, "B", 2)
    ran = togo.run("edi-send")
    assert (codes(ran), ran.counts["objects_dispatched"], list(store.iterdir())) == (["L065"], 1, [])
    store.rmdir()
    (tmp_path / "disk").rename(store)
    well(togo.run("edi-send"))
    assert rows(togo, "SELECT count(*) FROM stored WHERE state = 'held'") != [(0,)]


def test_two_gateways_never_share_a_store(togo: Office, tmp_path: Path) -> None:
    burkina = Office("BFDGD", togo.home.parent / "bfdgd", togo.mail)
    text = togo.settings.read_text("utf-8")
    with burkina.settings.open("a", encoding="utf-8") as settings:
        settings.write(text[text.index("\ncontents:"):])
    ran = burkina.run("edi-receive")
    assert (codes(ran), ran.counts["messages_accepted"]) == (["L065"], 1)


def test_a_link_in_the_place_of_a_content_is_not_followed(togo: Office, tmp_path: Path) -> None:
    path = source_in(togo, tmp_path / "store")
    path.rename(tmp_path / "moved")
    path.symlink_to(tmp_path / "moved")
    ran = togo.run("edi", "show", MRN, "--raw", "source")
    assert ("B002" in ran.err or "B006" in ran.err, "Traceback" in ran.err, ran.out) == (True, False, "")


def test_what_lies_in_the_store_is_for_our_own_user_alone(togo: Office, tmp_path: Path) -> None:
    found = list((tmp_path / "store").rglob("*"))
    assert found and {path.stat().st_mode & 0o077 for path in found} == {0}


def test_settings_that_no_longer_name_the_store_are_told_and_what_is_new_goes_on(togo: Office) -> None:
    text = togo.settings.read_text("utf-8")
    togo.settings.write_text(text[:text.index("\ncontents:")], "utf-8")
    assert "L060" in togo.run("edi", "show", MRN, "--raw", "source").err
    declare(togo, "B", 2)
    well(togo.run("edi-send"))


def test_a_key_that_no_row_knows_is_told_and_removed_by_people_alone(togo: Office, tmp_path: Path) -> None:
    path = source_in(togo, tmp_path / "store")
    stray = path.with_name(path.name.partition("-")[0] + "-4711")
    shutil.copy(path, stray)
    (path.parent / "some.file").write_bytes(b"x")
    ran = togo.run("edi", "ledger", "contents", "--check")
    assert (ran.exit, ran.err.count("L066")) == (Exit.DONE, 2)
    well(togo.run("edi-send"))
    assert stray.exists()
    assert togo.run("edi", "ledger", "contents", "--sweep").exit == Exit.DONE
    assert (stray.exists(), path.exists()) == (False, True)


def test_a_server_that_is_down_refuses_or_comes_back_in_mid_run_stops_nothing(tmp_path: Path) -> None:
    togo, _ = offices(tmp_path)
    with running_s3(tmp_path / "s3") as server:
        in_a_bucket(togo, server, "togo")
        server.stop()
        declare(togo, "A", 1)
        ran = togo.run("edi-send")
        assert (codes(ran), ran.exit, ran.counts["objects_dispatched"]) == (["L063"], Exit.LATER, 1)
        assert SECRET not in ran.err + ran.out
        assert rows(togo, "SELECT count(*) FROM content WHERE size > 0 AND bytes = x''") == [(0,)]
        server.start()
        well(togo.run("edi-send"))
        assert rows(togo, "SELECT count(*) FROM stored WHERE state = 'held'") != [(0,)]
        (togo.home / "keys" / "s3").write_text("another secret\n")
        ran = togo.run("edi", "show", MRN, "--raw", "source")
        assert ("L063" in ran.err, "403" in ran.err, "another secret" in ran.err) == (True, True, False)
        ran = togo.run("edi", "config", "show")
        assert (str(togo.home / "keys" / "s3") in ran.out, "another secret" in ran.out) == (True, False)


@pytest.mark.parametrize(("line", "code"), [
    ("address: http://store.example.org", "S164"), ("bucket: Contents_1", "S165"), ("bucket: ab", "S165"),
    ("address: https://user:word@store.example.org", "S088"), ("above: 1B", "S0"), ("password: x", "S0")])
def test_settings_that_would_send_contents_in_the_clear_or_nowhere_are_refused(line: str, code: str,
                                                                              tmp_path: Path) -> None:
    togo, _ = offices(tmp_path)
    lines = {"store": "s3", "address": "https://store.example.org", "bucket": "contents", "access_key": "K",
             "secret": "keys/s3"}
    name, _, value = line.partition(": ")
    lines[name] = value
    with togo.settings.open("a", encoding="utf-8") as settings:
        settings.write("\ncontents:\n" + "".join(f"  {key}: {one}\n" for key, one in lines.items()))
    ran = togo.run("edi", "config", "check")
    assert (ran.exit, code in ran.err) == (Exit.SETTINGS, True), ran.err
