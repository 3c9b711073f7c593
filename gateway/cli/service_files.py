"""The files that make a gateway run by itself, written where the administrator says, and how to put them to use."""

from __future__ import annotations

import os
import pwd
import shlex
import sys
from pathlib import Path

from gateway.cli.context import emit, language, rehearsing, t
from gateway.config import Settings, load_settings
from gateway.config.services import crontab, planned, service_files
from gateway.errors import LocalError
from gateway.findings import Finding

_PROGRAMS = ("edi", "edi-send", "edi-receive", "edi-sync")
_ACCOUNT = "edi"
"""Who runs a gateway by convention, where root has set it up."""

Account = tuple[str, str]
"""A user and its group, by name."""


def program(name: str) -> tuple[str, ...]:
    """The words that start an installed program; where none is installed, by way of this Python."""
    for folder in (Path(sys.argv[0]).parent, Path(sys.executable).parent):
        if (folder / name).is_file():
            return (str((folder / name).absolute()),)
    return (sys.executable, "-m", "gateway.cli", *(() if name == "edi" else (name,)))


def quoted_program(name: str) -> str:
    """A program as it is typed: its bare name where a shell finds it by that."""
    words = program(name)
    path = os.environ.get("PATH", "").split(os.pathsep)
    return name if len(words) == 1 and str(Path(words[0]).parent) in path else shlex.join(words)


def account_of(settings: Path, user: str | None) -> Account:
    """Who will run the gateway: whoever is named, else the owner of the settings; ``edi`` where that is root.

    Raises LocalError C091: the account that was named is not one of this machine's.
    """
    if user is None:
        owner = settings.stat().st_uid if settings.exists() else os.geteuid()
        try:
            user = pwd.getpwuid(owner).pw_name if owner else _ACCOUNT
        except KeyError:  # an owner without a name: a container
            user = str(owner)
    elif not _known(user):
        raise LocalError(Finding(code="C091", values={"user": user}))
    return user, _group(user)


def _known(user: str) -> bool:
    try:
        pwd.getpwnam(user)
    except KeyError:
        return False
    return True


def _group(user: str) -> str:
    import grp

    try:
        return grp.getgrgid(pwd.getpwnam(user).pw_gid).gr_name
    except KeyError:
        return user


def cron_lines(settings: Settings, account: Account) -> list[str]:
    """The lines for the account's own crontab, with the real paths."""
    return crontab(planned(settings, user=account[0], group=account[1],
                           programs={name: program(name) for name in _PROGRAMS}))


def write_services(file: Path, folder: Path, user: str | None) -> None:
    """Units, timers, cron, log rotation and a container file for the gateway of these settings, and how to use them.

    A file that is there already is written anew: nothing in the folder is somebody's own work.
    Raises LocalError: settings that are not valid, C091.
    """
    settings = load_settings(file)
    account = account_of(file, user)
    plan = planned(settings, user=account[0], group=account[1], programs={name: program(name) for name in _PROGRAMS})
    files = service_files(plan, language())
    for name, text in files.items():
        path = folder / name
        if not rehearsing():
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, "utf-8")
    elsewhere = []
    for own in (plan.logs, plan.backups, plan.pages.parent):
        if not own.is_relative_to(settings.folder):
            elsewhere.append(shlex.quote(str(own)))
        elif not rehearsing():
            own.mkdir(mode=0o700, exist_ok=True)
    emit(t("init.services", n=len(files), folder=folder))
    if rehearsing():
        return
    here = shlex.quote(str(folder))
    units = " ".join([*(f"{job.name}.timer" for job in plan.timed), *(f"{job.name}.service" for job in plan.steady)])
    if elsewhere:
        emit(t("init.services.folders"))
        user, group = map(shlex.quote, account)
        emit(f"  sudo install -d -m 0750 -o {user} -g {group} {' '.join(elsewhere)}")
    emit(t("init.services.systemd"))
    emit(f"  sudo install -m 0644 {here}/systemd/* /etc/systemd/system/")
    emit(f"  sudo systemctl daemon-reload\n  sudo systemctl enable --now {units}")
    emit(t("init.services.cron"))
    emit(f"  sudo install -m 0644 {here}/cron.d/edi-gateway /etc/cron.d/edi-gateway")
    emit(f"  sudo install -m 0644 {here}/logrotate.d/edi-gateway /etc/logrotate.d/edi-gateway")
