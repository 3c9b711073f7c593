"""Are pip's answers told in plain words, with the right exit code, and is the locked list whole?"""

from __future__ import annotations

import hashlib
import platform
import re
import sys
import time
import tomllib
from importlib import metadata
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from gateway.launcher import index, needs, pip
from gateway.launcher.words import Options, Stop
from tests.tools.lock import Release, closure

ROOT = Path(__file__).parents[2]
FRENCH = Options(["demo", "--lang", "fr"], {})
RETRY = "WARNING: Retrying (Retry(total=0, connect=None)) after connection broken by '{}': /simple/click/\n"
NO_MATCH = "ERROR: Could not find a version that satisfies the requirement click==8.5.1 (from versions: none)\n" \
           "ERROR: No matching distribution found for click==8.5.1\n"
MISMATCH = """\
ERROR: THESE PACKAGES DO NOT MATCH THE HASHES FROM THE REQUIREMENTS FILE. If you have updated the package versions,
    click==8.5.1 from http://127.0.0.1/click-8.5.1-py3-none-any.whl (from -r requirements.txt (line 1)):
        Expected sha256 aaaa
             Got        bbbb
"""


@pytest.mark.parametrize(("reason", "cause"), [
    ("NewConnectionError('[Errno -2] Name or service not known')", "nom introuvable, 3 essais"),
    ("NewConnectionError('[Errno 111] Connection refused')", "connexion refusée, 3 essais"),
    ("ConnectTimeoutError(<x>, 'Connection timed out. (connect timeout=15)')", "délai dépassé, 3 essais"),
    ("SSLError(SSLCertVerificationError(1, '[SSL: CERTIFICATE_VERIFY_FAILED] certificate verify failed'))",
     "certificat non reconnu : installer ca-certificates ou nommer PIP_CERT"),
    ("ProxyError('Cannot connect to proxy.', OSError('Tunnel connection failed: 407 Proxy Authentication Required'))",
     "le mandataire demande un mot de passe : le donner dans HTTPS_PROXY"),
    ("ProtocolError('Connection aborted.')", "liaison rompue, 3 essais"),
])
def test_an_index_out_of_reach_is_told_with_its_cause(reason: str, cause: str) -> None:
    with pytest.raises(Stop) as stop:
        pip.judge(FRENCH, RETRY.format(reason) + NO_MATCH)
    assert (stop.value.status, stop.value.key, stop.value.values["cause"]) == (4, "launcher.unreachable", cause)


def test_a_wrong_clock_is_suspected_when_a_certificate_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(time, "gmtime", lambda: time.struct_time((1970, 1, 1, 0, 0, 0, 0, 1, 0)))
    assert pip.unreachable(FRENCH, "CERTIFICATE_VERIFY_FAILED").values["cause"] == \
        "certificat non reconnu : l'horloge de cet ordinateur semble fausse"


def test_a_wrong_hash_names_the_file_and_both_hashes() -> None:
    with pytest.raises(Stop) as stop:
        pip.judge(FRENCH, MISMATCH)
    assert (stop.value.status, stop.value.values) == (5, {"file": "click==8.5.1", "expected": "aaaa", "found": "bbbb"})


def test_a_version_that_the_index_lacks_is_no_fault_of_the_link() -> None:
    pip.judge(FRENCH, "Downloading pytest_timeout-2.4.0-py3-none-any.whl\n" + NO_MATCH)
    assert pip.missing(NO_MATCH) == "click==8.5.1"
    assert pip.missing("ERROR: broken\nlast word\n") == "last word"


def test_the_index_travels_in_the_environment_and_an_offline_folder_shuts_every_other_source() -> None:
    environ = {"PIP_INDEX_URL": "http://environment/", "PIP_FIND_LINKS": "/x", "PIP_EXTRA_INDEX_URL": "http://y/",
               "PYTHONPATH": "/z", "PIP_USER": "1", "HOME": "/root"}
    assert pip.child_environment(environ, {"--index-url": "http://typed/"}, False) == {
        "PIP_INDEX_URL": "http://typed/", "PIP_FIND_LINKS": "/x", "PIP_EXTRA_INDEX_URL": "http://y/", "HOME": "/root"}
    assert pip.child_environment({"UV_DEFAULT_INDEX": "http://uv/"}, {}, False)["PIP_INDEX_URL"] == "http://uv/"
    assert pip.child_environment(environ, {}, True) == {
        "PIP_INDEX_URL": "http://environment/", "PIP_CONFIG_FILE": "/dev/null", "HOME": "/root"}


def test_a_wheelhouse_of_another_python_is_recognised_before_anything_is_installed(tmp_path: Path) -> None:
    other = sys.version_info[1] + 1
    (tmp_path / f"lxml-6.1.3-cp3{other}-cp3{other}-manylinux_2_28_x86_64.whl").touch()
    (tmp_path / "bcrypt-5.0.0-cp39-abi3-manylinux_2_28_x86_64.whl").touch()
    with pytest.raises(Stop) as stop:
        pip.check_house(tmp_path)
    assert (stop.value.status, stop.value.key, stop.value.values) == \
        (4, "launcher.house_other", {"made_for": f"3.{other}", "this": f"3.{sys.version_info[1]}"})
    with pytest.raises(Stop) as stop:
        pip.check_house(tmp_path / "absent")
    assert stop.value.key == "launcher.house_absent"


def test_pip_is_looked_for_here_then_in_the_environment_then_in_folders_then_on_the_index(
        monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    house, system = tmp_path / "house", tmp_path / "system"
    for folder, name in ((house, index.WHEEL), (system, "pip-23.0.1-py3-none-any.whl")):
        folder.mkdir()
        (folder / name).write_bytes(b"wheel")
    monkeypatch.setattr(pip, "SYSTEM_WHEELS", system)
    monkeypatch.setattr(index, "SHA256", hashlib.sha256(b"wheel").hexdigest())
    options = Options(["demo", "--wheelhouse", str(house)], {})
    tried: list[list[str]] = []

    def never(command: list[str]) -> bool:
        tried.append(command)
        return False

    monkeypatch.setattr(pip, "runs", never)
    with pytest.raises(Stop) as stop:
        pip.find(options, Path("/env/python"), tmp_path)
    assert stop.value.values == {"what": index.WHEEL}
    assert tried == [[sys.executable, "-I", "-m", "pip", "--python", "/env/python", "--version"],
                     ["/env/python", "-I", "-m", "ensurepip", "--default-pip"],
                     ["/env/python", "-I", str(house / index.WHEEL / "pip"), "--version"],
                     ["/env/python", "-I", str(system / "pip-23.0.1-py3-none-any.whl" / "pip"), "--version"]]
    (house / index.WHEEL).write_bytes(b"altered")
    with pytest.raises(Stop) as stop:
        pip.find(options, Path("/env/python"), tmp_path)
    assert (stop.value.status, stop.value.key) == (5, "launcher.hash")


@pytest.mark.parametrize(("address", "key"), [("", "launcher.no_pip"), ("http://127.0.0.1:9/", "launcher.unreachable")])
def test_without_any_pip_the_message_says_what_to_configure(address: str, key: str, tmp_path: Path,
                                                            monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pip, "runs", lambda command: False)
    monkeypatch.setattr(time, "sleep", lambda seconds: None)
    environ = {"PIP_CONFIG_FILE": "/dev/null", "PIP_INDEX_URL": address}
    with pytest.raises(Stop) as stop:
        pip.find(Options(["demo"], environ), Path("/env/python"), tmp_path)
    assert (stop.value.status, stop.value.key) == (4, key)


def test_the_locked_list_has_a_hashed_release_in_range_for_every_requirement() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    for extra, requirements in (("", project["dependencies"]), ("test", project["optional-dependencies"]["test"])):
        text = pip.locked(extra).replace(" \\\n   ", "")
        pins = dict(re.findall(r"^(\S+)==(\S+) --hash=sha256:[0-9a-f]{64}", text, re.MULTILINE))
        assert len(pins) == len([line for line in text.splitlines() if line and not line.startswith("#")])
        for line in requirements:
            requirement = Requirement(line)
            version = pins.get(canonicalize_name(requirement.name))
            assert version, f"{requirement.name} is not locked: python -m tests.tools.lock"
            assert requirement.specifier.contains(version), f"{line} is locked at {version}: python -m tests.tools.lock"
    assert "pytest==" not in pip.locked("")


def test_two_that_want_other_extras_of_one_library_get_both_locked() -> None:
    releases = {name: Release(name, "1", requires) for name, requires in {
        "queue": ("driver[pool]",), "driver": ('driver-pool; extra == "pool"', 'driver-binary; extra == "binary"'),
        "driver-pool": (), "driver-binary": ()}.items()}
    assert closure(["driver[binary]", "queue"], releases) == {"driver", "driver-binary", "driver-pool", "queue"}


def test_the_locked_list_serves_the_pythons_of_the_project_and_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "platform", "linux")
    monkeypatch.setattr(platform, "machine", lambda: "aarch64")
    fits = {}
    for minor in (10, 11, 12, 13, 14, 15):
        monkeypatch.setattr(sys, "version_info", (3, minor, 0, "final", 0))
        fits[minor] = pip.lock_fits()
    assert fits == {10: False, 11: True, 12: True, 13: True, 14: True, 15: False}
    monkeypatch.setattr(sys, "version_info", (3, 13, 0, "final", 0))
    monkeypatch.setattr(platform, "machine", lambda: "riscv64")
    assert not pip.lock_fits()


@pytest.mark.parametrize(("version", "numbers"), [
    ("8.5.1", (8, 5, 1)), ("50.0", (50,)), ("2.10.0rc1", (2, 10)), ("0", (0,)), ("26.1.0.post1", (26, 1)),
    ("unknown", ()),
])
def test_the_release_of_a_version_is_read_without_a_library(version: str, numbers: tuple[int, ...]) -> None:
    assert needs.release(version) == numbers


def test_a_requirement_is_met_within_its_range_only(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(metadata, "version", lambda name: "8.10.0")
    verdicts = {line: needs.satisfied(line) for line in
                ("click", "click>=8.5,<9", "click>=8.10", "click>=8.10.1", "click<8.10", "click>=9,<10")}
    assert verdicts == {"click": True, "click>=8.5,<9": True, "click>=8.10": True, "click>=8.10.1": False,
                        "click<8.10": False, "click>=9,<10": False}
