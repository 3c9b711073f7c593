"""What makes an installed gateway run by itself: systemd units and timers, lines for cron, log rotation, a container.

The forms lie in `gateway/services`; here they are filled in with the paths, the account and the times of one gateway.
Retry codes (4: a partner is unreachable, 75: another run is at work) are no failure to the service manager; everything
else is told by ``edi-failed@.service``. Alerts have a timer of their own beside the end of each run: it tells that the
runs themselves have stopped. What the settings do not ask for (alerts, live pages) gets no unit.

Sources: systemd.service(5), systemd.exec(5) (section Sandboxing), systemd.timer(5), systemd.syntax(7) for the quoting;
crontab(5) for ``%``; logrotate(8).
"""

from __future__ import annotations

import re
import shlex
from collections.abc import Mapping
from datetime import timedelta
from pathlib import Path
from typing import Literal

from msgspec import Struct

from gateway.config.daemon import Daemon
from gateway.config.loading import Settings
from gateway.config.partner import DirectoryMailbox
from gateway.config.settings import ledger_file
from gateway.texts import Language, say

_FORMS = Path(__file__).parents[1] / "services"
_HOMES, _SCRATCH = ("/home", "/root", "/run/user"), ("/tmp", "/var/tmp")  # noqa: S108 -- recognised, not written to
_CREDENTIAL = "credential:"
_STORE = "/etc/credstore"
_CONTAINER = {"uid": "10001", "gid": "10001"}
_CONVENTIONS = ("/var/log/edi-gateway", "/var/backups/edi-gateway", "/var/lib/edi-gateway/pages")


class Job(Struct, frozen=True):
    """Something that a gateway does by itself.

    name      of its unit: ``edi-send`` gives ``edi-send.service`` and ``edi-send.timer``
    words     the program, and what follows it
    calendar  when, for systemd.time(7)
    cron      the same for crontab(5)
    spread    how far the timers of different machines are apart at most, for the partners' servers
    quiet     what it prints is for who asks: its exit status and its errors are the news
    logged    it ends with one line of JSON, which a log keeps
    writes    folders of the plan that it alone writes to, by the name of their field
    long      how long it may take, where that is more than a run
    wants     what the settings must have for it to make sense: ``alerts``
    """

    name: str
    words: tuple[str, ...]
    calendar: str
    cron: str
    spread: timedelta
    quiet: bool = False
    logged: bool = False
    writes: Literal["", "backups", "pages"] = ""
    long: timedelta = timedelta()
    wants: Literal["", "alerts"] = ""


JOBS = (
    Job("edi-send", ("edi-send",), "*:0/5", "*/5 * * * *", timedelta(minutes=1), logged=True),
    Job("edi-receive", ("edi-receive",), "*:2/5", "2-59/5 * * * *", timedelta(minutes=1), logged=True),
    Job("edi-retention", ("edi", "retention"), "*-*-* 03:17:00", "17 3 * * *", timedelta(minutes=15)),
    Job("edi-crl", ("edi", "keys", "crl"), "*-*-* 0/4:41:00", "41 */4 * * *", timedelta(minutes=15), quiet=True),
    Job("edi-keys-check", ("edi", "keys", "check"), "*-*-* 06:07:00", "7 6 * * *", timedelta(minutes=15), quiet=True),
    Job("edi-alerts", ("edi", "alerts", "send"), "*:8/15", "8-59/15 * * * *", timedelta(minutes=1), quiet=True,
        wants="alerts"),
    Job("edi-report", ("edi", "report", "--out", "{pages}", "--every", "20m"), "*:11/15", "11-59/15 * * * *",
        timedelta(minutes=1), quiet=True, writes="pages"),
    Job("edi-backup", ("edi", "backup", "--to", "{backups}", "--keep", "14"), "*-*-* 02:27:00", "27 2 * * *",
        timedelta(minutes=15), quiet=True, writes="backups", long=timedelta(hours=4)),
)
DAEMON = Job("edi-daemon", ("edi", "daemon"), "", "@reboot", timedelta())
"""In place of all timers, where the settings have `daemon:`."""
SERVE = Job("edi-serve", ("edi", "serve"), "", "@reboot", timedelta())
"""The live pages: no timer starts them, and they are at work until they are told to go."""


class Plan(Struct, frozen=True, kw_only=True):
    """One gateway on one machine.

    settings    the settings file, absolute
    user, group the account that runs it
    programs    program -> the words that start it, the first an absolute path: ``{"edi-send": ("/usr/bin/edi-send",)}``
    writable    folders that a run writes to, absolute; all else is read-only to it
    logs        where cron leaves one line for each run
    backups     where each day's backup goes: better a disk that is not the gateway's
    pages       the folder of pages that is made anew again and again; its own folder is writable with it
    alerts      whether the settings have ways of telling people; web: whether they have live pages
    daemon      whether a daemon does what timers would start, stop: how long it may take to come to its end
    run         how long a run may take at most (`limits.run`); kept: how long logs are kept (`retention.logs`)
    credential  name of the credential with the passphrase of the keys, "" where they have none
    mail        who is written to when something fails
    """

    settings: Path
    user: str
    group: str
    programs: Mapping[str, tuple[str, ...]]
    writable: tuple[Path, ...]
    logs: Path
    backups: Path
    pages: Path
    alerts: bool = False
    web: bool = False
    daemon: bool = False
    stop: timedelta = timedelta(minutes=1)
    run: timedelta = timedelta(minutes=15)
    kept: timedelta = timedelta(days=730)
    credential: str = ""
    mail: str = "root"

    @property
    def jobs(self) -> tuple[Job, ...]:
        """What is started again and again for this gateway, by timers, cron or the daemon."""
        return tuple(job for job in JOBS if job.wants != "alerts" or self.alerts)

    @property
    def timed(self) -> tuple[Job, ...]:
        """What a timer or a line of cron starts."""
        return () if self.daemon else self.jobs

    @property
    def steady(self) -> tuple[Job, ...]:
        """What starts with the machine and is at work until it is told to go."""
        return (*((DAEMON,) if self.daemon else ()), *((SERVE,) if self.web else ()))

    def words(self, job: Job) -> tuple[str, ...]:
        """The program of a job and what follows it, with this gateway's folders."""
        places = {"{backups}": str(self.backups), "{pages}": str(self.pages)}
        return tuple(places.get(word, word) for word in job.words)


def planned(settings: Settings, *, user: str, group: str, programs: Mapping[str, tuple[str, ...]]) -> Plan:
    """The plan for a gateway with these settings: what it writes to follows from its paths and its mailboxes.

    What follows the conventions of the file system (settings under ``/etc``) logs to ``/var/log/edi-gateway``, keeps
    backups in ``/var/backups/edi-gateway`` and pages in ``/var/lib/edi-gateway/pages``; any other gateway has ``log``,
    ``backup`` and ``pages`` beside its settings.
    """
    paths = settings.paths
    folders = {paths.state, paths.national}
    if (file := ledger_file(settings.ledger)) is not None:
        folders.add(file.parent)
    for partner in settings.partners.values():
        lanes = (partner.mailbox.outbound, partner.mailbox.inbound)
        folders |= {lane.path for lane in lanes if isinstance(lane, DirectoryMailbox)}
    phrase = str(settings.keys.passphrase or "")
    logs, backups, pages = (settings.folder / name for name in ("log", "backup", "pages"))
    if settings.folder.is_relative_to("/etc"):
        logs, backups, pages = map(Path, _CONVENTIONS)
    return Plan(settings=settings.file, user=user, group=group, programs=programs, writable=_outermost(folders),
                logs=logs, backups=backups, pages=pages / "corridors", alerts=bool(settings.alerts),
                web=settings.web is not None, daemon=settings.daemon is not None,
                stop=(settings.daemon or Daemon()).stop, run=settings.limits.run, kept=settings.retention.logs,
                credential=phrase.removeprefix(_CREDENTIAL) if phrase.startswith(_CREDENTIAL) else "")


def service_files(plan: Plan, language: Language) -> dict[str, str]:
    """Every file, by its name: ``systemd/edi-send.service``, ``cron.d/edi-gateway``, ``logrotate.d/edi-gateway``…"""
    files: dict[str, str] = {}
    for job in plan.timed:
        files[f"systemd/{job.name}.service"] = _unit(plan, job, "run.service", language)
        files[f"systemd/{job.name}.timer"] = _filled("run.timer", language, {
            "description": say(f"services.{job.name}", language), "calendar": job.calendar,
            "delay": str(int(job.spread.total_seconds())),
            "persistent": "no" if job.calendar.startswith("*:") else "yes"})
    for job in plan.steady:
        files[f"systemd/{job.name}.service"] = _unit(
            plan, job, f"{job.name.removeprefix('edi-')}.service", language)
    account = {"user": plan.user, "group": plan.group}
    files["systemd/edi-failed@.service"] = _filled("edi-failed@.service", language, {"mail": _unit_word(plan.mail)})
    files["cron.d/edi-gateway"] = _filled("cron", language, {
        "mail": plan.mail, "settings": f'"{plan.settings}"',
        "lines": "\n".join(f"{job.cron} {plan.user} {_cron(plan, job)}" for job in (*plan.timed, *plan.steady))})
    files["logrotate.d/edi-gateway"] = _filled("logrotate", language, {
        "logs": f'"{plan.logs}/*.log"', "days": str(max(1, plan.kept.days)), **account})
    whole = _outermost({*plan.writable, plan.backups, plan.pages.parent})
    volumes = [(plan.settings.parent, ":ro"), *((folder, "") for folder in whole)]
    files["Containerfile"] = _filled("Containerfile", language, {
        **account, **_CONTAINER, "settings": _container_word(str(plan.settings)), "program": "edi-sync",
        "jobs": "\n".join(f"#   {job.calendar:22} {shlex.join(plan.words(job))}" for job in plan.jobs
                          if not job.logged),
        "volumes": " ".join(f"-v {shlex.quote(f'{folder}:{folder}{mode}')}" for folder, mode in volumes)})
    return files


def crontab(plan: Plan) -> list[str]:
    """The lines for ``crontab -e`` of the account itself: cron mails what a run has to say."""
    config = _cron_word(str(plan.settings))
    return [f"{job.cron} EDI_CONFIG={config} {_command(plan, job)}{' >/dev/null' if job.quiet else ''}"
            for job in (*plan.timed, *((DAEMON,) if plan.daemon else ()))]


def _unit(plan: Plan, job: Job, form: str, language: Language) -> str:
    writable = _outermost({*plan.writable, *_own_folders(plan, job)})
    places = (*writable, plan.settings, *(Path(words[0]) for words in plan.programs.values()))
    line = f"LoadCredential={plan.credential}:{_STORE}/{plan.credential}\n" if plan.credential else ""
    sandbox = _filled("sandbox", language, {
        "credential": line, "writable": " ".join(_unit_word(str(folder)) for folder in writable),
        "home": "read-only" if _under(places, _HOMES) else "yes", "tmp": "no" if _under(places, _SCRATCH) else "yes"})
    return _filled(form, language, {
        "description": say(f"services.{job.name}", language), "page": _page(job), "user": plan.user,
        "group": plan.group, "settings": str(plan.settings).replace("%", "%%"),
        "environment": _unit_word(f"EDI_CONFIG={plan.settings}"),
        "command": _unit_command(_words(plan, job)), "sandbox": sandbox,
        "stop": str(int(plan.stop.total_seconds()) + 15),
        "seconds": str(int((max(plan.run, job.long) + timedelta(minutes=1)).total_seconds()))})


def _own_folders(plan: Plan, job: Job) -> tuple[Path, ...]:
    """What a job writes to beside the folders of runs. Pages are made beside the old ones and take their place: that
    wants the folder above."""
    if job is DAEMON:
        return (plan.backups, plan.pages.parent)
    return {"": (), "backups": (plan.backups,), "pages": (plan.pages.parent,)}[job.writes]


def _page(job: Job) -> str:
    """The manual page that speaks of a job."""
    return "-".join(job.words[:2])


def _words(plan: Plan, job: Job) -> tuple[str, ...]:
    program, *others = plan.words(job)
    return (*plan.programs[program], *others)


def _command(plan: Plan, job: Job) -> str:
    return " ".join(_cron_word(word) for word in _words(plan, job))


def _cron(plan: Plan, job: Job) -> str:
    """One command of ``cron.d``: a run's counts go to the log, its news to whoever gets cron's mail."""
    if job.logged:
        return f"{_command(plan, job)} --json >>{_cron_word(f'{plan.logs}/runs.log')}"
    if job in (SERVE, DAEMON):  # it tells each event, for as long as it is at work: nothing for a mail
        return f"{_command(plan, job)} >>{_cron_word(f'{plan.logs}/{job.words[1]}.log')} 2>&1"
    return _command(plan, job) + (" >/dev/null" if job.quiet else "")


def _cron_word(word: str) -> str:
    """A word for the shell on a line of crontab(5), where a bare ``%`` would end the line."""
    return shlex.quote(word).replace("%", "\\%")


def _unit_command(words: tuple[str, ...]) -> str:
    """A command of a unit. A path with signs that systemd takes for no program's name is left to env(1) to start."""
    if re.search(r"[$\"'\\]", words[0]):
        words = ("/usr/bin/env", *words)
    return " ".join(_unit_word(word, command=True) for word in words)


def _unit_word(word: str, *, command: bool = False) -> str:
    """A word of a unit: ``%`` begins a specifier, in commands ``$`` a variable (systemd.service(5))."""
    text = word.replace("%", "%%")
    if command:
        text = text.replace("$", "$$")
    if re.fullmatch(r"[\w@%$+=:,./-]+", text, re.ASCII):
        return text
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'


def _container_word(word: str) -> str:
    """A value of ``ENV`` in a container file: a blank would begin the next variable, ``$`` names one."""
    return word if re.fullmatch(r"[\w@%+=:,./-]+", word, re.ASCII) else '"' + re.sub(r'(["\\$])', r"\\\1", word) + '"'


def _under(paths: tuple[Path, ...], roots: tuple[str, ...]) -> bool:
    return any(path.is_relative_to(root) for path in paths for root in roots)


def _outermost(folders: set[Path]) -> tuple[Path, ...]:
    """Folders without those that lie in another of them, sorted."""
    return tuple(sorted(one for one in folders if not any(one != other and one.is_relative_to(other)
                                                          for other in folders)))


def _filled(name: str, language: Language, values: Mapping[str, str]) -> str:
    """A form with its places filled in: ``{{name}}`` with a value, ``{{say:key}}`` with a sentence of the catalogue."""
    def value(found: re.Match[str]) -> str:
        key = found[1]
        return say(key.removeprefix("say:"), language) if key.startswith("say:") else values[key]

    return re.sub(r"\{\{([\w.:-]+)\}\}", value, (_FORMS / name).read_text("utf-8"))
