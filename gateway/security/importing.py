"""Keys and certificates that somebody else made, from plain files: PEM, DER, PKCS#8, PKCS#12.

What a file is shows in its content, never in its name. Nothing of a file counts because it lies beside something else:
the certificate is the one that belongs to the key, its authority the one that signed it, and both are judged by the
rules that the partners apply (`trust`). Sources: GW-1 section 10 (K1 to K3), RFC 5958, RFC 7292.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from datetime import datetime
from pathlib import Path

from cryptography import x509
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.hazmat.primitives.serialization import Encoding, load_der_private_key, load_pem_private_key, pkcs12
from cryptography.x509.oid import ExtendedKeyUsageOID
from msgspec import Struct

from gateway.errors import LocalError
from gateway.findings import Finding, Place
from gateway.security.algorithms import PrivateKey
from gateway.security.certificates import SIGNING, Certificate, check_environment
from gateway.security.refusals import EnvelopeError
from gateway.security.trust import Trust, TrustedCertificate
from gateway.spool import read_private, read_whole

_LARGEST = 1 << 20
_BLOCK = re.compile(rb"-----BEGIN ([A-Z0-9 ]+)-----.*?-----END \1-----", re.DOTALL)
_PFX = re.compile(rb"0(?:[\x00-\x7f]|\x81.|\x82..|\x83...)\x02\x01\x03", re.DOTALL)
"""How a PKCS#12 file begins: SEQUENCE {INTEGER 3, ..."""

_KEY_USAGE = {"digital_signature": "digitalSignature", "content_commitment": "nonRepudiation",
              "key_encipherment": "keyEncipherment", "data_encipherment": "dataEncipherment",
              "key_agreement": "keyAgreement", "key_cert_sign": "keyCertSign", "crl_sign": "cRLSign"}
_PURPOSES = {ExtendedKeyUsageOID.EMAIL_PROTECTION: "emailProtection", ExtendedKeyUsageOID.SERVER_AUTH: "serverAuth",
             ExtendedKeyUsageOID.CLIENT_AUTH: "clientAuth", ExtendedKeyUsageOID.CODE_SIGNING: "codeSigning"}
"""As the openssl command writes them in the file that asks for a certificate."""

_Loaded = tuple[list[object], list[Certificate]]


class Material(Struct, frozen=True):
    """What files hold: private keys and certificates, each once, in the order of the files."""

    keys: tuple[PrivateKey, ...]
    certificates: tuple[Certificate, ...]


class Imported(Struct, frozen=True):
    """A pair that serves, and the authority whose signature the certificate carries; key None where it is not ours to
    hold, in a token."""

    key: PrivateKey | None
    certificate: Certificate
    authority: Certificate


def read_material(files: Sequence[Path], passphrase: bytes | None) -> Material:
    """All keys and certificates of some files.

    passphrase  opens what is encrypted; ignored for the rest

    Raises LocalError K051 for a file that cannot be understood or is not there, K052 for a passphrase that is missing
    or false, E_KEYFILE for a file with a private key that others may read, K002 for a key of a foreign kind.
    """
    keys: list[PrivateKey] = []
    certificates: list[Certificate] = []
    for path in files:
        found, held = _read(path, passphrase)
        for key in found:
            if not isinstance(key, rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey | ed25519.Ed25519PrivateKey):
                raise _fault("K002", path)
            if all(key.public_key() != other.public_key() for other in keys):
                keys.append(key)
        certificates += [one for one in held if one not in certificates]
    return Material(tuple(keys), tuple(certificates))


def choose(material: Material, use: str, *, environment: str, now: datetime, authority: Certificate | None,
           held: Callable[[Certificate], bool] | None = None) -> Imported:
    """The pair among the material that serves a use, judged as the partners will judge it.

    use        "signing" or "encryption"
    authority  the one that is known already; else it has to be among the material
    held       tells of a certificate of that use whether a key that stays where it is belongs to it

    Raises LocalError K053 (no certificate of that use belongs to a key), K054 (more than one), K024 (another
    environment), K055 (no authority), and the codes of V25 for what a partner would refuse.
    """
    public: list[tuple[PrivateKey | None, Certificate]] = [
        (key, one) for key in material.keys for one in material.certificates if one.key == key.public_key()]
    if held is not None:
        public += [(None, one) for one in material.certificates if one.uses == {use} and held(one)]
    if not public:
        raise LocalError(Finding(code="K053", values={"keys": str(len(material.keys)),
                                                      "certificates": str(len(material.certificates))}))
    fitting = [(key, one) for key, one in public if one.uses == {use}]
    if not fitting:
        raise LocalError(*(fault for _, one in public for fault in profile_faults(one, use)))
    if len(fitting) > 1:
        raise LocalError(Finding(code="K054", values={
            "use": use, "subjects": ", ".join(f"{one.subject} ({one.not_after:%Y-%m-%d})" for _, one in fitting)}))
    key, certificate = fitting[0]
    if not certificate.strong:
        raise LocalError(Finding(code="K056", values={"subject": certificate.subject}))
    check_environment(certificate, environment)
    known = [] if authority is None else [authority]
    issuer = next((one for one in (*known, *material.certificates) if _issued(certificate, one)), None)
    if issuer is None:
        raise LocalError(Finding(code="K055", values={"subject": certificate.subject, "issuer": certificate.issuer}))
    judged = max(now, certificate.not_before)  # it may be made for next month
    entry = TrustedCertificate(certificate, use, judged, judged)
    try:
        Trust("-", (entry,), issuer).check(entry, now=judged, environment=environment)
    except EnvelopeError as error:
        raise LocalError(*error.findings) from None
    return Imported(key, certificate, issuer)


def profile_faults(certificate: Certificate, use: str) -> list[Finding]:
    """What keeps a certificate from being one of profile K1 for a use: one finding (K057) for each extension."""
    wanted = "digitalSignature, nonRepudiation" if use == SIGNING else \
        "keyEncipherment" if isinstance(certificate.key, rsa.RSAPublicKey) else "keyAgreement"
    found = {"keyUsage": ("-", f"critical, {wanted}"), "extendedKeyUsage": ("-", "emailProtection"),
             "basicConstraints": ("CA:FALSE", "CA:FALSE")}
    for extension in certificate.extensions:
        value = extension.value
        if isinstance(value, x509.KeyUsage):
            bits = ", ".join(word for name, word in _KEY_USAGE.items() if getattr(value, name))
            found["keyUsage"] = (f"critical, {bits}" if extension.critical else bits, f"critical, {wanted}")
        elif isinstance(value, x509.ExtendedKeyUsage):
            purposes = [_PURPOSES.get(one, one.dotted_string) for one in value]
            found["extendedKeyUsage"] = (", ".join(purposes), "emailProtection" if "emailProtection" not in purposes
                                         else ", ".join(purposes))
        elif isinstance(value, x509.BasicConstraints) and value.ca:
            found["basicConstraints"] = ("CA:TRUE", "CA:FALSE")
    return [Finding(code="K057", values={"subject": certificate.subject, "use": use, "extension": extension,
                                         "found": held, "wanted": right})
            for extension, (held, right) in found.items() if held != right]


def _issued(certificate: Certificate, issuer: Certificate) -> bool:
    """Tell whether a certificate carries the signature of another; what the other may do is judged later."""
    try:
        certificate.x509.verify_directly_issued_by(issuer.x509)
    except (ValueError, TypeError, InvalidSignature):
        return False
    return True


def _read(path: Path, passphrase: bytes | None) -> _Loaded:
    try:
        content = read_whole(path, _LARGEST)
    except FileNotFoundError:
        raise _fault("K051", path) from None
    blocks = list(_BLOCK.finditer(content))
    try:
        found = _from_pem(path, blocks, passphrase) if blocks else _from_der(path, content, passphrase)
    except (ValueError, UnsupportedAlgorithm):
        raise _fault("K051", path) from None
    if not any(found):
        raise _fault("K051", path)
    if found[0]:
        read_private(path)  # refuses a secret that others could have read
    return found


def _from_pem(path: Path, blocks: Sequence[re.Match[bytes]], passphrase: bytes | None) -> _Loaded:
    keys: list[object] = []
    certificates = []
    for block in blocks:
        label, text = block[1], block[0] + b"\n"
        if label.endswith(b"PRIVATE KEY"):
            encrypted = label.startswith(b"ENCRYPTED") or b"Proc-Type: 4,ENCRYPTED" in text
            try:
                keys.append(load_pem_private_key(text, passphrase if encrypted else None))
            except (ValueError, TypeError):
                raise _fault("K052" if encrypted else "K002", path) from None
        elif label in (b"CERTIFICATE", b"X509 CERTIFICATE"):
            certificates.append(Certificate(x509.load_pem_x509_certificate(text).public_bytes(Encoding.DER)))
    return keys, certificates


def _from_der(path: Path, content: bytes, passphrase: bytes | None) -> _Loaded:
    """A certificate, a key, or a PKCS#12 file. Raises ValueError for anything else."""
    try:
        return [], [Certificate(content)]
    except ValueError:
        pass
    encrypted = False
    for secret in (None, passphrase):
        try:
            return [load_der_private_key(content, secret)], []
        except TypeError:  # a passphrase is wanted, or is given in vain
            encrypted = encrypted or secret is None
        except ValueError:
            continue
    if encrypted:
        raise _fault("K052", path)
    if not _PFX.match(content):
        raise ValueError("neither certificate nor key")
    try:
        store = pkcs12.load_pkcs12(content, passphrase)
    except ValueError:
        raise _fault("K052", path) from None
    held = [one.certificate for one in (store.cert, *store.additional_certs) if one is not None]
    return ([] if store.key is None else [store.key]), [Certificate(one.public_bytes(Encoding.DER)) for one in held]


def _fault(code: str, path: Path) -> LocalError:
    return LocalError(Finding(code=code, place=Place(file=str(path)), values={"path": str(path)}))
