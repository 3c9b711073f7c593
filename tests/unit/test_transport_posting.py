"""Does mail go to a server over a connection that nobody reads, with a password only to whom it is meant for?"""

from __future__ import annotations

import ipaddress
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from gateway.errors import LinkError
from gateway.transport.posting import MailServer, mail, send_mail
from tests.tools.mailserver import MailServer as Server
from tests.tools.mailserver import Manners

NOW = datetime(2026, 11, 27, 3, 0, tzinfo=UTC)
SECRET = "only for the server"


def certificate(folder: Path, name: str) -> tuple[Path, Path]:
    """A certificate of its own for 127.0.0.1, and its key."""
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    today = datetime.now(UTC)
    made = (x509.CertificateBuilder().subject_name(subject).issuer_name(subject).public_key(key.public_key())
            .serial_number(x509.random_serial_number()).not_valid_before(today - timedelta(days=1))
            .not_valid_after(today + timedelta(days=1))
            .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]), False)
            .add_extension(x509.BasicConstraints(ca=True, path_length=None), True).sign(key, hashes.SHA256()))
    files = folder / f"{name}.crt", folder / f"{name}.key"
    files[0].write_bytes(made.public_bytes(serialization.Encoding.PEM))
    files[1].write_bytes(key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8,
                                           serialization.NoEncryption()))
    return files


def send(port: int, authority: Path | None, *, seconds: float = 5.0) -> None:
    message = mail(sender="edi@customs.example", recipients=["a@b.example", "c@d.example"], at=NOW, identifier="1" * 32,
                   subject="Échéance dépassée", body="Cinkassé\n.\nà voir\n", answers="2" * 32)
    send_mail(MailServer(host="127.0.0.1", port=port, security="starttls", authority=authority, user="edi",
                         secret=SECRET), message, recipients=["a@b.example", "c@d.example"], seconds=seconds)


def test_a_mail_arrives_whole_in_french_over_an_encrypted_connection_with_its_account(tmp_path: Path) -> None:
    tls = certificate(tmp_path, "server")
    with Server(Manners(account=("edi", SECRET), tls=tls)) as server:
        send(server.port, tls[0])
    (taken,) = server.taken
    assert (taken["Subject"], taken["Date"], taken["Message-ID"], taken["In-Reply-To"]) == (
        "Échéance dépassée", "Fri, 27 Nov 2026 03:00:00 +0000", f"<{'1' * 32}@customs.example>",
        f"<{'2' * 32}@customs.example>")
    assert taken.get_content().replace("\r\n", "\n") == "Cinkassé\n.\nà voir\n"
    assert server.manners.seen.index("STARTTLS") < server.manners.seen.index("AUTH")


@pytest.mark.parametrize("offered", [True, False])
def test_a_server_that_is_another_or_offers_no_encryption_gets_neither_password_nor_mail(
        tmp_path: Path, offered: bool) -> None:
    expected, other = certificate(tmp_path, "server"), certificate(tmp_path, "other")
    with Server(Manners(account=("edi", SECRET), tls=other if offered else None)) as server:
        with pytest.raises(LinkError) as refused:
            send(server.port, expected[0])
        assert (refused.value.code, SECRET in str(refused.value.findings)) == ("B151", False)
    assert {"AUTH", "MAIL"} & set(server.manners.seen) == set()
    assert server.taken == []


def test_a_wrong_password_is_said_without_it_and_a_mute_server_holds_nobody(tmp_path: Path) -> None:
    tls = certificate(tmp_path, "server")
    with Server(Manners(account=("edi", "another"), tls=tls)) as server:
        with pytest.raises(LinkError) as refused:
            send(server.port, tls[0])
        assert (refused.value.code, dict(refused.value.findings[0].values)) == ("B151", {"reason": "SMTP 535"})
    with Server(Manners(mute=True)) as server, pytest.raises(LinkError) as refused:
        send(server.port, tls[0], seconds=0.3)
    assert refused.value.code in ("B151", "B152")
