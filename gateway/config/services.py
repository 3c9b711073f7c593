"""What makes an installed gateway run by itself: systemd units and timers, lines for cron, log rotation, a container.

The forms lie in `gateway/services`; here they are filled in with the paths, the account and the times of one gateway.
Retry codes (4: a partner is unreachable, 75: another run is at work) are no failure to the service manager; everything
else is told by ``edi-failed@.service``.

Sources: systemd.service(5), systemd.exec(5) (section Sandboxing), systemd.timer(5), systemd.syntax(7) for the quoting;
crontab(5) for ``%``; logrotate(8).
"""

from __future__ import annotations

import re
import shlex
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

from gateway.config.loading import Settings
from gateway.config.partner import DirectoryMailbox
from gateway.texts import Language, say

_FORMS = Path(__file__).parents[1] / "services"
_HOMES, _SCRATCH = ("/home", "/root", "/run/user"), ("/tmp", "/var/tmp")  # noqa: S108 -- recognised, not written to
_CREDENTIAL = "credential:"
_STORE = "/etc/credstore"
_CONTAINER = {"uid": "10001", "gid": "10001"}


@dataclass(frozen=True, slots=True)
class Job:
    """Something that a gateway does by itself.

    name      of its unit: ``edi-send`` gives ``edi-send.service`` and ``edi-send.timer``
    words     the program, and what follows it
    calendar  when, for systemd.time(7)
    cron      the same for crontab(5)
    spread    how far the timers of different machines are apart at most, for the partners' servers
    quiet     what it prints is for who asks: its exit status and its errors are the news
    logged    it ends with one line of JSON, which a log keeps
    """

    name: str
    words: tuple[str, ...]
    calendar: str
    cron: str
    spread: timedelta
    quiet: bool = False
    logged: bool = False


JOBS = (
    Job("edi-send", ("edi-send",), "*:0/5", "*/5 * * * *", timedelta(minutes=1), logged=True),
    Job("edi-receive", ("edi-receive",), "*:2/5", "2-59/5 * * * *", timedelta(minutes=1), logged=True),
    Job("edi-retention", ("edi", "retention"), "*-*-* 03:17:00", "17 3 * * *", timedelta(minutes=15)),
    Job("edi-crl", ("edi", "keys", "crl"), "*-*-* 0/4:41:00", "41 */4 * * *", timedelta(minutes=15), quiet=True),
    Job("edi-keys-check", ("edi", "keys", "check"), "*-*-* 06:07:00", "7 6 * * *", timedelta(minutes=15), quiet=True),
)


@dataclass(frozen=True, kw_only=True)
class Plan:
    """One gateway on one machine.

    settings    the settings file, absolute
    user, group the account that runs it
    programs    program -> the words that start it, the first an absolute path: ``{"edi-send": ("/usr/bin/edi-send",)}``
    writable    folders that a run writes to, absolute; all else is read-only to it
    logs        where cron leaves one line for each run
    run         how long a run may take at most (`limits.run`)
    credential  name of the credential with the passphrase of the keys, "" where they have none
    mail        who is written to when something fails
    """

    settings: Path
    user: str
    group: str
    programs: Mapping[str, tuple[str, ...]]
    writable: tuple[Path, ...]
    logs: Path
    run: timedelta = timedelta(minutes=15)
    credential: str = ""
    mail: str = "root"


def planned(settings: Settings, *, user: str, group: str, programs: Mapping[str, tuple[str, ...]]) -> Plan:
    """The plan for a gateway with these settings: what it writes to follows from its paths and its mailboxes.

    What follows the conventions of the file system (settings under ``/etc``) logs to ``/var/log/edi-gateway``, any
    other gateway to ``log`` beside its settings.
    """
    paths = settings.paths
    folders = {paths.state, paths.national}
    if settings.ledger.startswith("sqlite:///"):
        folders.add(Path(settings.ledger.removeprefix("sqlite:///")).parent)
    for partner in settings.partners.values():
        lanes = (partner.mailbox.outbound, partner.mailbox.inbound)
        folders |= {lane.path for lane in lanes if isinstance(lane, DirectoryMailbox)}
    phrase = str(settings.keys.passphrase or "")
    at_home = settings.folder / "log"
    return Plan(settings=settings.file, user=user, group=group, programs=programs, writable=_outermost(folders),
                logs=Path("/var/log/edi-gateway") if settings.folder.is_relative_to("/etc") else at_home,
                run=settings.limits.run,
                credential=phrase.removeprefix(_CREDENTIAL) if phrase.startswith(_CREDENTIAL) else "")


def service_files(plan: Plan, language: Language) -> dict[str, str]:
    """Every file, by its name: ``systemd/edi-send.service``, ``cron.d/edi-gateway``, ``logrotate.d/edi-gateway``…"""
    files: dict[str, str] = {}
    for job in JOBS:
        files[f"systemd/{job.name}.service"] = _filled("run.service", language, _unit(plan, job, language))
        files[f"systemd/{job.name}.timer"] = _filled("run.timer", language, {
            "description": say(f"services.{job.name}", language), "calendar": job.calendar,
            "delay": str(int(job.spread.total_seconds())),
            "persistent": "no" if job.calendar.startswith("*:") else "yes"})
    account = {"user": plan.user, "group": plan.group}
    files["systemd/edi-failed@.service"] = _filled("edi-failed@.service", language, {"mail": _unit_word(plan.mail)})
    files["cron.d/edi-gateway"] = _filled("cron", language, {
        "mail": plan.mail, "settings": f'"{plan.settings}"',
        "lines": "\n".join(f"{job.cron} {plan.user} {_cron(plan, job)}" for job in JOBS)})
    files["logrotate.d/edi-gateway"] = _filled("logrotate", language, {"logs": f'"{plan.logs}/*.log"', **account})
    volumes = [(plan.settings.parent, ":ro"), *((folder, "") for folder in plan.writable)]
    files["Containerfile"] = _filled("Containerfile", language, {
        **account, **_CONTAINER, "settings": str(plan.settings), "program": "edi-sync",
        "volumes": " ".join(f"-v {shlex.quote(f'{folder}:{folder}{mode}')}" for folder, mode in volumes)})
    return files


def crontab(plan: Plan) -> list[str]:
    """The lines for ``crontab -e`` of the account itself: cron mails what a run has to say."""
    config = _cron_word(str(plan.settings))
    return [f"{job.cron} EDI_CONFIG={config} {_command(plan, job)}{' >/dev/null' if job.quiet else ''}" for job in JOBS]


def _unit(plan: Plan, job: Job, language: Language) -> dict[str, str]:
    places = (*plan.writable, plan.settings, *(Path(words[0]) for words in plan.programs.values()))
    line = f"LoadCredential={plan.credential}:{_STORE}/{plan.credential}\n" if plan.credential else ""
    return {
        "description": say(f"services.{job.name}", language), "page": _page(job), "user": plan.user,
        "group": plan.group, "settings": str(plan.settings).replace("%", "%%"),
        "environment": _unit_word(f"EDI_CONFIG={plan.settings}"),
        "command": _unit_command(_words(plan, job)),
        "seconds": str(int((plan.run + timedelta(minutes=1)).total_seconds())), "credential": line,
        "writable": " ".join(_unit_word(str(folder)) for folder in plan.writable),
        "home": "read-only" if _under(places, _HOMES) else "yes", "tmp": "no" if _under(places, _SCRATCH) else "yes"}


def _page(job: Job) -> str:
    """The manual page that speaks of a job."""
    return "-".join(job.words[:2])


def _words(plan: Plan, job: Job) -> tuple[str, ...]:
    return (*plan.programs[job.words[0]], *job.words[1:])


def _command(plan: Plan, job: Job) -> str:
    return " ".join(_cron_word(word) for word in _words(plan, job))


def _cron(plan: Plan, job: Job) -> str:
    """One command of ``cron.d``: a run's counts go to the log, its news to whoever gets cron's mail."""
    if job.logged:
        return f"{_command(plan, job)} --json >>{_cron_word(f'{plan.logs}/runs.log')}"
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
