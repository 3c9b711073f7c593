"""Do the units, the lines of cron and the other service files start this gateway, and nothing more?"""

from __future__ import annotations

import ctypes
import os
import re
import shlex
import shutil
import socket
import subprocess
import sys
import urllib.request
from datetime import timedelta
from pathlib import Path

import pytest
from msgspec.structs import replace

from gateway.config import load_settings
from gateway.config.partner import DirectoryMailbox
from gateway.config.services import JOBS, SERVE, Job, Plan, crontab, planned, service_files
from gateway.texts import Language
from tests.tools.command import ROOT
from tests.tools.offices import offices

needs_systemd = pytest.mark.skipif(shutil.which("systemd-analyze") is None and not os.environ.get("CI"),
                                   reason="needs systemd-analyze (Debian: systemd)")
PROGRAMS = {name: (f"/usr/bin/{name}",) for name in ("edi", "edi-send", "edi-receive", "edi-sync")}


def plan(settings: Path = Path("/etc/edi-gateway/settings.yaml"), **values: object) -> Plan:
    given: dict[str, object] = {
        "settings": settings, "user": "edi", "group": "edi", "programs": PROGRAMS,
        "writable": (Path("/var/lib/edi-gateway"),), "logs": Path("/var/log/edi-gateway"),
        "backups": Path("/var/backups/edi-gateway"), "pages": Path("/srv/pages/corridors"), "alerts": True, "web": True,
        **values}
    return Plan(**given)  # type: ignore[arg-type]


def unit(text: str) -> dict[str, dict[str, list[str]]]:
    """Sections of a unit with every value of each key: a key may stand there more than once."""
    sections: dict[str, dict[str, list[str]]] = {}
    for line in text.splitlines():
        if found := re.fullmatch(r"\[(\w+)\]", line):
            sections[found[1]] = {}
        elif line and not line.startswith("#"):
            key, _, value = line.partition("=")
            list(sections.values())[-1].setdefault(key, []).append(value)
    return sections


@pytest.mark.parametrize("language", Language)
def test_each_job_has_a_unit_and_a_timer_and_no_place_of_a_form_is_left_open(language: Language) -> None:
    files = service_files(plan(), language)
    assert sorted(files) == sorted([
        "Containerfile", "cron.d/edi-gateway", "logrotate.d/edi-gateway", "systemd/edi-failed@.service",
        "systemd/edi-serve.service", *(f"systemd/{job.name}.{kind}" for job in JOBS for kind in ("service", "timer"))])
    assert [name for name, text in files.items() if "{{" in text or "}}" in text] == []


def test_what_the_settings_do_not_ask_for_has_no_unit_and_no_line(tmp_path: Path) -> None:
    togo, *_ = offices(tmp_path)

    def started() -> set[str]:
        made = planned(load_settings(togo.settings), user="edi", group="edi", programs=PROGRAMS)
        files = service_files(made, Language.FRENCH)
        lines = [line for line in files["cron.d/edi-gateway"].splitlines() if re.match(r"[*\d@]", line)]
        units = [name for name in files if name.endswith((".timer", "edi-serve.service"))]
        assert len(lines) == len(units)
        return {Path(name).stem for name in units}

    everybody = {"edi-send", "edi-receive", "edi-retention", "edi-crl", "edi-keys-check", "edi-report", "edi-backup"}
    assert started() == everybody
    settings = togo.settings.read_text("utf-8")
    asked = "alerts:\n  - by: command\n    command: /usr/bin/logger\nweb: {}\n"
    togo.settings.write_text(f"{settings}\n{asked}", "utf-8")
    assert started() == everybody | {"edi-alerts", "edi-serve"}


def test_pages_and_backups_are_written_by_their_own_jobs_alone_and_outlast_no_hang() -> None:
    files = service_files(plan(), Language.FRENCH)
    own = {job.name: unit(files[f"systemd/{job.name}.service"])["Service"] for job in (*JOBS, SERVE)}
    usual = ["/var/lib/edi-gateway"]
    assert {name: one["ReadWritePaths"] for name, one in own.items() if one["ReadWritePaths"] != usual} == {
        "edi-backup": ["/var/backups/edi-gateway /var/lib/edi-gateway"],
        "edi-report": ["/srv/pages /var/lib/edi-gateway"]}
    assert own["edi-backup"]["ExecStart"] == ["/usr/bin/edi backup --to /var/backups/edi-gateway --keep 14"]
    assert own["edi-report"]["ExecStart"] == ["/usr/bin/edi report --out /srv/pages/corridors --every 20m"]
    assert {name: one["TimeoutStartSec"][0] for name, one in own.items() if "TimeoutStartSec" in one} == {
        **dict.fromkeys((job.name for job in JOBS), "960"), "edi-backup": "14460"}


def test_the_live_pages_start_with_the_machine_again_after_a_fault_and_not_for_one_of_the_settings() -> None:
    files = service_files(plan(), Language.FRENCH)
    sections = unit(files["systemd/edi-serve.service"])
    service = sections["Service"]
    assert (service["Type"], service["ExecStart"], sections["Install"]) == (
        ["exec"], ["/usr/bin/edi serve"], {"WantedBy": ["multi-user.target"]})
    assert (service["Restart"], service["RestartPreventExitStatus"], service["SuccessExitStatus"]) == (
        ["on-failure"], ["2 3"], ["143"])
    assert "@reboot edi /usr/bin/edi serve >>/var/log/edi-gateway/serve.log 2>&1" in \
        files["cron.d/edi-gateway"].splitlines()
    assert Path("/var/log/edi-gateway/serve.log").match(
        shlex.split(files["logrotate.d/edi-gateway"].splitlines()[1])[0])


def test_a_daemon_takes_the_place_of_all_timers_and_may_write_what_its_jobs_write() -> None:
    files = service_files(plan(daemon=True, stop=timedelta(seconds=90)), Language.FRENCH)
    assert sorted(name for name in files if name.startswith("systemd/")) == [
        "systemd/edi-daemon.service", "systemd/edi-failed@.service", "systemd/edi-serve.service"]
    sections = unit(files["systemd/edi-daemon.service"])
    service = sections["Service"]
    assert {key: service[key] for key in ("Type", "WatchdogSec", "ExecStart", "KillMode", "TimeoutStopSec", "Restart",
                                          "RestartPreventExitStatus", "ReadWritePaths")} == {
        "Type": ["notify"], "WatchdogSec": ["60"], "ExecStart": ["/usr/bin/edi daemon"], "KillMode": ["mixed"],
        "TimeoutStopSec": ["105"], "Restart": ["on-failure"], "RestartPreventExitStatus": ["2 3"],
        "ReadWritePaths": ["/srv/pages /var/backups/edi-gateway /var/lib/edi-gateway"]}
    assert sections["Install"] == {"WantedBy": ["multi-user.target"]}
    assert [line for line in files["cron.d/edi-gateway"].splitlines() if re.match(r"[*\d@]", line)] == [
        "@reboot edi /usr/bin/edi daemon >>/var/log/edi-gateway/daemon.log 2>&1",
        "@reboot edi /usr/bin/edi serve >>/var/log/edi-gateway/serve.log 2>&1"]
    assert crontab(plan(daemon=True)) == ["@reboot EDI_CONFIG=/etc/edi-gateway/settings.yaml /usr/bin/edi daemon"]


def test_both_languages_say_the_same_to_the_machine() -> None:
    def told(language: Language) -> dict[str, list[str]]:
        return {name: [line for line in text.splitlines() if not line.startswith(("#", "Description="))]
                for name, text in service_files(plan(), language).items()}

    assert told(Language.FRENCH) == told(Language.ENGLISH)


@pytest.mark.parametrize("job", JOBS, ids=lambda job: job.name)
def test_what_will_be_tried_again_is_no_failure_and_everything_else_is_told(job: Job) -> None:
    sections = unit(service_files(plan(), Language.FRENCH)[f"systemd/{job.name}.service"])
    assert sections["Service"]["SuccessExitStatus"] == ["4 75"]
    assert sections["Unit"]["OnFailure"] == ["edi-failed@%n.service"]


def test_a_unit_outlasts_the_run_that_ends_itself() -> None:
    sections = unit(service_files(plan(run=timedelta(minutes=30)), Language.FRENCH)["systemd/edi-send.service"])
    assert sections["Service"]["TimeoutStartSec"] == ["1860"]


def test_a_run_may_write_to_its_own_folders_and_to_the_mailboxes_on_this_machine_only(tmp_path: Path) -> None:
    togo, *_ = offices(tmp_path)
    settings = load_settings(togo.settings)
    made = planned(settings, user="edi", group="edi", programs=PROGRAMS)
    lanes = {lane.path for partner in settings.partners.values()
             for lane in (partner.mailbox.outbound, partner.mailbox.inbound) if isinstance(lane, DirectoryMailbox)}
    assert lanes
    assert {settings.paths.state, settings.paths.national} <= set(made.writable)
    assert all(any(lane.is_relative_to(folder) for folder in made.writable) for lane in lanes)
    assert all(not settings.file.is_relative_to(folder) for folder in made.writable)
    assert all(not settings.paths.keys.is_relative_to(folder) for folder in made.writable)


@pytest.mark.parametrize(("writable", "home", "tmp"), [
    ("/var/lib/edi-gateway", "yes", "yes"), ("/home/edi/state", "read-only", "yes"), ("/tmp/edi", "yes", "no")])
def test_homes_and_temporary_files_are_hidden_unless_the_gateway_lives_there(writable: str, home: str,
                                                                           tmp: str) -> None:
    files = service_files(plan(writable=(Path(writable),)), Language.FRENCH)
    service = unit(files["systemd/edi-send.service"])["Service"]
    assert (service["ProtectHome"], service["PrivateTmp"]) == ([home], [tmp])


def test_a_passphrase_of_the_service_manager_is_asked_of_it() -> None:
    files = service_files(plan(credential="edi-phrase"), Language.FRENCH)
    assert unit(files["systemd/edi-send.service"])["Service"]["LoadCredential"] == [
        "edi-phrase:/etc/credstore/edi-phrase"]
    assert "LoadCredential" not in service_files(plan(), Language.FRENCH)["systemd/edi-send.service"]


def test_a_line_of_cron_survives_blanks_quotes_and_percent_signs(tmp_path: Path) -> None:
    settings = tmp_path / "100% to'go" / "settings.yaml"
    settings.parent.mkdir()
    words = (sys.executable, "-c", "import os, sys; print(os.environ['EDI_CONFIG'], *sys.argv[1:])", "100% $HOME")
    line = crontab(plan(settings, programs=dict.fromkeys(PROGRAMS, words)))[2].split(" ", 5)[5]
    assert re.findall(r"(?<!\\)%", line) == []
    done = subprocess.run(["/bin/sh", "-c", line.replace("\\%", "%")], capture_output=True, text=True, check=True)
    assert done.stdout == f"{settings} 100% $HOME retention\n"


def test_under_cron_a_run_logs_its_counts_and_leaves_its_news_to_the_mail() -> None:
    text = service_files(plan(), Language.FRENCH)["cron.d/edi-gateway"]
    lines = [line.split(None, 6) for line in text.splitlines() if re.match(r"[*\d]", line)]
    assert [line[5] for line in lines] == ["edi"] * len(JOBS)
    assert [line[6] for line in lines if "edi alerts" in line[6]] == ["/usr/bin/edi alerts send >/dev/null"]
    assert lines[0][6] == "/usr/bin/edi-send --json >>/var/log/edi-gateway/runs.log"
    assert [line for line in lines if "2>" in line[6]] == []


def test_the_log_that_is_rotated_is_the_one_that_cron_writes() -> None:
    text = service_files(plan(), Language.FRENCH)["logrotate.d/edi-gateway"]
    pattern = shlex.split(text.splitlines()[1])[0]
    assert Path("/var/log/edi-gateway/runs.log").match(pattern)


def test_the_container_runs_without_rights_and_with_the_folders_of_the_gateway() -> None:
    text = service_files(plan(), Language.FRENCH)["Containerfile"]
    steps = [line.split(None, 1) for line in re.sub(r"\\\n", "", text).splitlines() if line and line[0] != "#"]
    assert [word for word, _ in steps] == ["ARG", "FROM", "RUN", "COPY", "RUN", "FROM", "RUN", "COPY", "ENV", "USER",
                                           "CMD"]
    assert ["USER", "edi"] in steps
    assert "--cap-drop ALL" in text
    assert ("-v /etc/edi-gateway:/etc/edi-gateway:ro -v /srv/pages:/srv/pages "
            "-v /var/backups/edi-gateway:/var/backups/edi-gateway -v /var/lib/edi-gateway:/var/lib/edi-gateway") in text
    told = [line.split() for line in text.splitlines() if re.match(r"#   [*]", line)]
    assert [" ".join(words[-2:]) for words in told if "backup" in words] == ["--keep 14"]
    assert len(told) == len([job for job in JOBS if not job.logged]), "every other job is named with its time"
    blank = service_files(plan(Path('/etc/a b/$x"/settings.yaml')), Language.FRENCH)["Containerfile"]
    assert ' EDI_CONFIG="/etc/a b/\\$x\\"/settings.yaml"\n' in blank


@needs_systemd
@pytest.mark.parametrize("odd", [False, True], ids=["conventions", "odd-paths"])
def test_systemd_finds_no_fault_in_the_units(odd: bool, tmp_path: Path) -> None:
    base = tmp_path / ("é 100% $x 'q' \"d\" \\b" if odd else "plain")
    base.mkdir()
    program = base / "edi"
    program.write_text("#!/bin/sh\n", "utf-8")
    program.chmod(0o755)
    made = plan(base / "settings.yaml", programs=dict.fromkeys(PROGRAMS, (str(program),)), writable=(base,),
                credential="edi-phrase", user="root", group="root")
    units = []
    files = {**service_files(made, Language.FRENCH), **service_files(replace(made, daemon=True), Language.FRENCH)}
    for name, text in files.items():
        if name.startswith("systemd/"):
            path = tmp_path / name.removeprefix("systemd/")
            path.write_text(re.sub("^Documentation=.*$", "", text, flags=re.MULTILINE), "utf-8")
            units.append(path)
    done = subprocess.run(["systemd-analyze", "verify", "--man=no", *map(str, units)], capture_output=True, text=True,
                          check=False)
    assert (done.returncode, [line for line in done.stderr.splitlines() if "edi-" in line]) == (0, [])


@needs_systemd
@pytest.mark.parametrize("name", ["edi-send", "edi-serve"])
def test_systemd_calls_the_exposure_low(name: str, tmp_path: Path) -> None:
    path = tmp_path / f"{name}.service"
    path.write_text(service_files(plan(), Language.FRENCH)[f"systemd/{name}.service"], "utf-8")
    done = subprocess.run(["systemd-analyze", "security", "--offline=true", "--threshold=15", "--no-pager", str(path)],
                          capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout


@needs_systemd
def test_systemd_understands_when_each_timer_is_due() -> None:
    for job in JOBS:
        done = subprocess.run(["systemd-analyze", "calendar", job.calendar], capture_output=True, text=True,
                              check=False)
        assert done.returncode == 0, done.stderr


def forbid() -> None:
    """What MemoryDenyWriteExecute forbids, the kernel forbids here too (prctl PR_SET_MDWE, Linux 6.3)."""
    if ctypes.CDLL(None).prctl(65, 1, 0, 0, 0) != 0:
        os._exit(86)


@pytest.mark.parametrize("words", [("edi-sync", "--json"), ("report", "--out", "{}/pages"),
                                   ("backup", "--to", "{}/backups", "--keep", "14")], ids=lambda words: words[0])
def test_a_job_needs_no_memory_that_is_written_and_executed(words: tuple[str, ...], tmp_path: Path) -> None:
    togo, *_ = offices(tmp_path)
    done = subprocess.run([sys.executable, "-m", "gateway.cli", *(word.format(tmp_path) for word in words), "--config",
                           str(togo.settings)], preexec_fn=forbid, capture_output=True, text=True, check=False,
                          env={**os.environ, "PYTHONPATH": str(ROOT), "EDI_LANG": "en"})
    if done.returncode == 86:
        pytest.skip("this kernel is older than Linux 6.3")
    assert done.returncode == 0, done.stderr


def test_the_live_pages_come_up_without_such_memory_and_go_in_order_when_told(tmp_path: Path) -> None:
    togo, *_ = offices(tmp_path)
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        address = f"127.0.0.1:{free.getsockname()[1]}"
    settings = togo.settings.read_text("utf-8")
    togo.settings.write_text(f"{settings}\nweb:\n  listen: {address}\n", "utf-8")
    assert togo.run("edi-sync").exit == 0
    with subprocess.Popen([sys.executable, "-m", "gateway.cli", "serve", "--config", str(togo.settings)],
                          preexec_fn=forbid, stderr=subprocess.PIPE, text=True,
                          env={**os.environ, "PYTHONPATH": str(ROOT), "EDI_LANG": "en"}) as served:
        assert served.stderr is not None
        line = served.stderr.readline()
        if served.poll() == 86:
            pytest.skip("this kernel is older than Linux 6.3")
        assert address in line
        with urllib.request.urlopen(f"http://{address}/health", timeout=10) as answer:
            assert answer.status == 200
        served.terminate()
        served.stderr.read()
    sections = unit(service_files(plan(), Language.FRENCH)["systemd/edi-serve.service"])
    assert [str(served.returncode)] == sections["Service"]["SuccessExitStatus"]
