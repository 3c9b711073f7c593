"""`edi partner add`: from the files a partner sent, and what was agreed with it, to its file in the settings."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import click

from gateway.cli.context import common, emit, emit_json, json_option, language, note, occasion, t
from gateway.config import MailboxAnswers, PartnerAnswers, Settings, load_settings, partner_text
from gateway.errors import GatewayError, LocalError
from gateway.exchange.assembly import Assembly, open_gateway
from gateway.exchange.halting import resume
from gateway.exchange.summary import Exit
from gateway.findings import Finding
from gateway.security import Certificate, fingerprint, is_gateway_id, load_certificate
from gateway.spool import write_whole

_USES = ("authority", "signing", "encryption")
_ADDRESS = re.compile(
    r"sftp://(?P<user>[^@/:]+)@(?P<host>\[[0-9A-Fa-f:]+\]|[^@/:]+)(:(?P<port>[0-9]{1,5}))?/(?P<base>.+)")
_KEY_TYPE = re.compile(r"(ssh|ecdsa|sk-ssh|sk-ecdsa|rsa)-\S+")


@click.group(name="partner", help=t("cli.partner.help"), subcommand_metavar=t("cli.metavar.command"))
def partner_command() -> None:
    """The partners of this gateway."""


@partner_command.command(name="add", help=t("cli.partner.add.help"))
@click.argument("partner", metavar="ID")
@click.option("--folder", required=True, type=click.Path(path_type=Path, exists=True, file_okay=False),
              metavar=t("cli.metavar.folder"), help=t("cli.partner.folder"))
@click.option("--country", required=True, metavar="XX", help=t("cli.partner.country"))
@click.option("--name-fr", required=True, metavar="NAME", help=t("cli.partner.name_fr"))
@click.option("--name-en", required=True, metavar="NAME", help=t("cli.partner.name_en"))
@click.option("--outbound", required=True, metavar="ADDRESS", help=t("cli.partner.outbound"))
@click.option("--inbound", metavar="ADDRESS", help=t("cli.partner.inbound"))
@click.option("--host-keys", type=click.Path(path_type=Path, exists=True, dir_okay=False),
              metavar=t("cli.metavar.file"), help=t("cli.partner.host_keys"))
@click.option("--agreement", metavar="REF", help=t("cli.partner.agreement"))
@click.option("--contact", nargs=3, metavar="NAME TELEPHONE MAIL", help=t("cli.partner.contact"))
@json_option
@common
def add_command(config: Path, partner: str, folder: Path, country: str, name_fr: str, name_en: str, outbound: str,
                inbound: str | None, host_keys: Path | None, agreement: str | None,
                contact: tuple[str, str, str] | None, as_json: bool) -> int:
    """Copy the public files, write the partner's file, judge the whole; on any fault nothing stays behind."""
    if not is_gateway_id(partner):  # it becomes part of file names
        raise LocalError(Finding(code="S059", values={"value": partner}))
    settings = load_settings(config, partners=False)
    target = settings.paths.partners
    file = target / f"{partner}.yaml"
    if file.exists():
        raise LocalError(Finding(code="C007", values={"partner": partner, "file": str(file)}))
    keys = _host_keys(host_keys)
    received = config.resolve().parent / "mailbox" / partner / "v1" / "in" if inbound is None else inbound
    with _all_or_nothing() as written:
        for name in (*(f"{use}.crt" for use in _USES), *(["ssh.pub"] if (folder / "ssh.pub").is_file() else [])):
            _write(target / f"{partner}-{name}", _content(folder / name), written)
        certificates = {use: load_certificate(target / f"{partner}-{use}.crt") for use in _USES}
        _in_force(certificates)
        listed = [certificates["signing"], certificates["encryption"]]
        text = partner_text(PartnerAnswers(
            partner=partner, name_fr=name_fr, name_en=name_en, country=country, folder=target,
            valid_from=max(one.not_before for one in listed), valid_until=min(one.not_after for one in listed),
            outbound=_mailbox(outbound, keys, settings), inbound=_mailbox(str(received), keys, settings),
            environment=settings.environment, reference=agreement, contact=contact), language=language())
        _write(file, text.encode(), written)
        _judge(config, partner)
    _tell(partner, file, certificates, target / f"{partner}-ssh.pub", as_json)
    return Exit.DONE


def _in_force(certificates: dict[str, Certificate]) -> None:
    """A partner is added with certificates of today; the next ones are added to its file when they are announced."""
    now = occasion().now
    for use, one in certificates.items():
        if not one.not_before <= now <= one.not_after:
            raise LocalError(Finding(code="C010", values={"use": use, "begin": f"{one.not_before:%Y-%m-%d %H:%M}",
                                                          "end": f"{one.not_after:%Y-%m-%d %H:%M}"}))


@contextmanager
def _all_or_nothing() -> Iterator[list[Path]]:
    """Collects the files written; when anything fails they are removed."""
    written: list[Path] = []
    try:
        yield written
    except BaseException:
        for path in written:
            path.unlink(missing_ok=True)
        raise


def _write(path: Path, content: bytes, written: list[Path]) -> None:
    if not path.exists():  # certificates of an earlier attempt by hand are replaced, and then they stay
        written.append(path)
    write_whole(path, content)


def _content(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise LocalError(Finding(code="C001", values={"file": str(path), "reason": error.strerror or str(error)}))


def _mailbox(address: str, host_keys: tuple[str, ...], settings: Settings) -> MailboxAnswers:
    """A folder of this machine, or ``sftp://USER@HOST:PORT/FOLDER`` whose host keys are pinned."""
    if not address.startswith("sftp:"):
        return MailboxAnswers(path=_from(settings, Path(address).absolute()))
    match = _ADDRESS.fullmatch(address)
    if match is None:
        raise LocalError(Finding(code="C008", values={"address": address}))
    if not host_keys:
        raise LocalError(Finding(code="C009", values={"host": match["host"], "port": match["port"] or "22"}))
    return MailboxAnswers(host=match["host"].strip("[]"), port=int(match["port"] or 22), user=match["user"],
                          key=_from(settings, settings.paths.keys / "ssh"), host_keys=host_keys, base=match["base"])


def _from(settings: Settings, path: Path) -> str:
    """A path as it stands in the partner's file: relative within the gateway's own folder, so that this may move."""
    home = settings.paths.partners.parent
    return os.path.relpath(path, settings.paths.partners) if path.is_relative_to(home) else str(path)


def _host_keys(file: Path | None) -> tuple[str, ...]:
    """The lines of ``ssh-keyscan`` or of a server's ``.pub`` files: type and key, without the host before them."""
    found = []
    for line in [] if file is None else file.read_text("utf-8", "replace").splitlines():
        words = line.split()
        start = next((number for number, word in enumerate(words[:2]) if _KEY_TYPE.fullmatch(word)), None)
        if start is not None and not line.startswith("#"):
            found.append(" ".join(words[start:start + 2]))
    return tuple(dict.fromkeys(found))


def _judge(config: Path, partner: str) -> None:
    """Raises what `edi config check` would find, and what the certificates lack today."""
    settings = load_settings(config)
    if partner in settings.broken_partners:
        raise LocalError(*settings.broken_partners[partner])
    trust = Assembly(settings).trust(partner)
    for entry in trust.certificates:
        try:
            trust.check(entry, now=occasion().now, environment=settings.environment)
        except GatewayError as error:
            raise LocalError(*error.findings)


def _tell(partner: str, file: Path, certificates: dict[str, Certificate], ssh: Path, as_json: bool) -> None:
    if as_json:
        emit_json("partner", {"partner": partner, "file": file, **{
            use: {"sha256": one.sha256, "fingerprint": fingerprint(one), "ends": one.not_after}
            for use, one in certificates.items()}})
        return
    note(t("partner.added", file=file))
    for use, one in certificates.items():
        emit(t("keys.fingerprint", part=use, fingerprint=fingerprint(one), end=f"{one.not_after:%Y-%m-%d}"))
    note(t("partner.compare", partner=partner))
    if ssh.is_file():
        note(t("partner.ssh", file=ssh))


@partner_command.command(name="resume", help=t("cli.partner.resume.help"))
@click.argument("partner", metavar="ID")
@click.option("--reason", required=True, metavar=t("cli.metavar.reason"), help=t("cli.partner.resume.reason"))
@common
def resume_command(config: Path, partner: str, reason: str) -> int:
    """Let a halted link go on, after a talk with the partner; exit 1 when it was not halted."""
    with open_gateway(load_settings(config), (now := occasion()).now) as gateway:
        resumed = resume(gateway, partner, reason, now)
    emit(t("partner.resumed" if resumed else "partner.not_halted", partner=partner))
    return Exit.DONE if resumed else Exit.PERSON
