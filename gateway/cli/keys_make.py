"""`edi keys init`, `request` and `import`: where this gateway's keys and certificates come from."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from pathlib import Path

import click

from gateway.cli.context import acting, emit, emit_json, note, occasion, rehearsing, t
from gateway.config import Settings, load_settings
from gateway.errors import LocalError
from gateway.exchange import failpoints
from gateway.exchange.summary import Exit
from gateway.failpoints import reach
from gateway.findings import Finding
from gateway.security import fingerprint, load_certificate, make_identity, read_passphrase
from gateway.security.identity import (
    FILES,
    PUBLIC,
    PUBLIC_FILES,
    REQUEST_FILES,
    make_requests,
    require_free,
    write_new,
)
from gateway.security.importing import Material, choose, read_material
from gateway.security.issuing import certificate_request
from gateway.security.keys import load_private_key
from gateway.security.pkcs11 import belongs, public_key
from gateway.security.privatekeys import (
    ALGORITHMS,
    ENCRYPTION_KIND,
    NEEDS_AGREEMENT,
    Algorithm,
    kind_of,
    make_key,
    private_pem,
)
from gateway.security.token_address import is_token_key
from gateway.spool import make_folder, write_whole

_use = click.argument("use", type=click.Choice(["signing", "encryption"]), metavar="signing|encryption")
_beside = click.option("--as", "name", metavar="NAME", help=t("cli.keys.as"))


@click.command(name="init", help=t("cli.keys.init.help"))
@click.option("--algorithm", type=click.Choice(ALGORITHMS), default="ec", show_default=True,
              help=t("cli.keys.algorithm"))
@click.option("--encryption", type=click.Choice([kind for kind in ALGORITHMS if kind != "ed25519"]),
              help=t("cli.keys.encryption"))
@click.option("--days", type=click.IntRange(1, 1200), default=730, show_default=True,
              metavar=t("cli.metavar.number"), help=t("cli.keys.days"))
@click.option("--without-authority", is_flag=True, help=t("cli.keys.without_authority"))
@acting
def init_command(config: Path, algorithm: Algorithm, encryption: Algorithm | None, days: int, without_authority: bool,
                 as_json: bool) -> int:
    """Make authority, signing, encryption and SSH keys where the settings say; never over existing ones."""
    settings = load_settings(config, partners=False)
    folder, passphrase = settings.paths.keys, _passphrase(settings)
    tokens = {use: key for use, key in (("signing", settings.keys.signing.key),
                                        ("encryption", settings.keys.encryption[0].key)) if is_token_key(key)}
    if without_authority:
        for use, key in tokens.items():
            raise LocalError(Finding(code="K095", values={"path": str(key), "use": use}))
        if rehearsing():
            return _rehearse(folder, REQUEST_FILES, as_json)
        made = make_requests(folder, gateway=settings.gateway, environment=settings.environment,
                             passphrase=passphrase, algorithm=algorithm, encryption=encryption)
        for use, path in made.items():
            _tell_request(use, path, folder / f"{use}.key", as_json)
        _agreements(algorithm, encryption or ENCRYPTION_KIND[algorithm])
        return Exit.DONE
    if rehearsing():
        own = [name for name in FILES if name.removesuffix(".key") not in tokens]
        return _rehearse(folder, [*own, *(f"{PUBLIC}/{name}" for name in PUBLIC_FILES)], as_json)
    identity = make_identity(folder, gateway=settings.gateway, environment=settings.environment, now=occasion().now,
                             valid=timedelta(days=days), passphrase=passphrase, algorithm=algorithm,
                             encryption=encryption, held={use: public_key(key) for use, key in tokens.items()})
    parts = {"authority": identity.authority, "signing": identity.signing, "encryption": identity.encryption}
    _agreements(*(kind_of(parts[use].key) for use in ("signing", "encryption")))
    if as_json:
        emit_json("identity", {"folder": folder, **{
            part: {"sha256": certificate.sha256, "fingerprint": fingerprint(certificate),
                   "ends": certificate.not_after} for part, certificate in parts.items()}})
        return Exit.DONE
    note(t("keys.made", folder=folder))
    for part, certificate in parts.items():
        emit(t("keys.fingerprint", part=part, fingerprint=fingerprint(certificate),
               end=f"{certificate.not_after:%Y-%m-%d}"))
    note(t("keys.public", folder=folder / "public"))
    return Exit.DONE


def _rehearse(folder: Path, names: Sequence[str], as_json: bool) -> int:
    """The files that would be made; the keys themselves are drawn when they are made."""
    files = [folder / name for name in names]
    require_free(files)
    if as_json:
        emit_json("files", {"folder": folder, "files": files})
        return Exit.DONE
    for file in files:
        emit(t("keys.would_make", file=file))
    return Exit.DONE


@click.command(name="request", help=t("cli.keys.request.help"))
@_use
@_beside
@click.option("--algorithm", type=click.Choice(ALGORITHMS), default="ec", show_default=True,
              help=t("cli.keys.algorithm"))
@acting
def request_command(config: Path, use: str, name: str | None, algorithm: Algorithm, as_json: bool) -> int:
    """Write a request (PKCS#10) for the key of the settings, or for a new one where there is none yet."""
    settings = load_settings(config, partners=False)
    key_file, _ = _pair(settings, use, name)
    if is_token_key(key_file):
        raise LocalError(Finding(code="K095", values={"path": str(key_file), "use": use}))
    request_file = key_file.with_suffix(".csr")
    passphrase = _passphrase(settings)
    kind = algorithm if use == "signing" else ENCRYPTION_KIND[algorithm]
    contents: dict[Path, bytes] = {}
    if key_file.exists():
        key = load_private_key(key_file, passphrase)
    else:
        key = make_key(kind)
        contents[key_file] = private_pem(key, passphrase)
    contents[request_file] = certificate_request(key, gateway=settings.gateway, environment=settings.environment,
                                                 use=use)
    if rehearsing():
        require_free(contents)
    else:
        write_new(contents)
    _tell_request(use, request_file, key_file, as_json)
    return Exit.DONE


@click.command(name="import", help=t("cli.keys.import.help"))
@_use
@click.argument("files", nargs=-1, required=True, metavar=t("cli.metavar.files"),
                type=click.Path(path_type=Path, exists=True, dir_okay=False))
@_beside
@click.option("--passphrase", "passphrase_file", type=click.Path(path_type=Path, dir_okay=False),
              metavar=t("cli.metavar.file"), help=t("cli.keys.import.passphrase"))
@acting
def import_command(config: Path, use: str, files: tuple[Path, ...], name: str | None, passphrase_file: Path | None,
                   as_json: bool) -> int:
    """Take a key and its certificate from files of an existing authority; nothing that lies there is replaced."""
    settings = load_settings(config, partners=False)
    key_file, certificate_file = _pair(settings, use, name)
    authority_file, passphrase = settings.keys.authority, _passphrase(settings)
    material = read_material(files, None if passphrase_file is None else read_passphrase(passphrase_file))
    token = is_token_key(key_file)
    held = load_private_key(key_file, passphrase) if not token and key_file.exists() else None
    if token or held is not None:  # the key that is there counts, and is not replaced
        material = Material(() if held is None else (held,), material.certificates)
    known = load_certificate(authority_file) if authority_file.exists() else None
    chosen = choose(material, use, environment=settings.environment, now=occasion().now, authority=known,
                    held=belongs(key_file) if token else None)
    if known is not None and chosen.authority != known:
        raise LocalError(Finding(code="K059", values={"path": str(authority_file), "held": fingerprint(known),
                                                      "found": fingerprint(chosen.authority)}))
    contents: dict[Path, bytes] = {certificate_file: chosen.certificate.pem()}
    if held is None and chosen.key is not None:
        contents[key_file] = private_pem(chosen.key, passphrase)
    if known is None:
        contents[authority_file] = chosen.authority.pem()
    public = settings.paths.keys / "public"
    copy = public / f"{name or use}.crt"
    if _content(certificate_file) == chosen.certificate.pem() != _content(copy):
        del contents[certificate_file]  # an import of the same that was cut is completed
    if rehearsing():
        require_free(contents)
    else:
        make_folder(public)
        write_new(contents)
        reach(failpoints.IMPORTED)
        write_whole(copy, chosen.certificate.pem())
        write_whole(public / "authority.crt", chosen.authority.pem())
    if as_json:
        emit_json("imported", {"use": use, "key": key_file, "certificate": certificate_file,
                               "sha256": chosen.certificate.sha256, "fingerprint": fingerprint(chosen.certificate),
                               "ends": chosen.certificate.not_after, "authority": chosen.authority.sha256})
        return Exit.DONE
    for part, certificate in ((use, chosen.certificate), ("authority", chosen.authority)):
        emit(t("keys.fingerprint", part=part, fingerprint=fingerprint(certificate),
               end=f"{certificate.not_after:%Y-%m-%d}"))
    note(t("keys.imported", private=key_file, certificate=certificate_file))
    return Exit.DONE


def _content(path: Path) -> bytes | None:
    return path.read_bytes() if path.is_file() else None


def _passphrase(settings: Settings) -> bytes | None:
    return None if settings.keys.passphrase is None else read_passphrase(settings.keys.passphrase)


def _pair(settings: Settings, use: str, name: str | None) -> tuple[Path, Path]:
    """Where key and certificate belong: as the settings say, or under a name of their own beside the others."""
    if name is not None:
        if Path(name).name != name or name.startswith("."):
            raise LocalError(Finding(code="K058", values={"name": name}))
        return settings.paths.keys / f"{name}.key", settings.paths.keys / f"{name}.crt"
    pair = settings.keys.signing if use == "signing" else settings.keys.encryption[0]
    return pair.key, pair.certificate


def _tell_request(use: str, request: Path, key: Path, as_json: bool) -> None:
    if as_json:
        emit_json("request", {"use": use, "request": request, "key": key})
        return
    emit(t("keys.requested", use=use, request=request, private=key))
    note(t("keys.requested.next", use=use))


def _agreements(signing: Algorithm, encryption: Algorithm) -> None:
    """Say which words every partner has to agree to before these keys can be used with it."""
    words = [word for pair in (("signing", signing), ("encryption", encryption))
             if (word := NEEDS_AGREEMENT.get(pair)) is not None]
    if words:
        note(t("keys.needs_agreement", words=", ".join(words)))
