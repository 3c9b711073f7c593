"""Keys that everybody holds, those of the test vectors (samples/gw1): nobody signs, opens or is trusted by them.

A partner's engineers need private keys to try their software with; so these are public by intent. In every environment,
demonstration and test included, they are refused: whoever has read the vectors could sign with them, and read what is
encrypted to them.
"""

from __future__ import annotations

import hashlib
from functools import lru_cache

from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from gateway.errors import LocalError
from gateway.findings import Finding
from gateway.security.certificates import Certificate

KEYS: frozenset[str] = frozenset((
    "0217dfafb103e7d79888bb304f8301947e7a959810fe530fc0975298aef87175",
    "0cdfcc8ecfc5b58e4a8e1a64c98e46b42dabc22fe71667a51511aa167dd39365",
    "100a1be9863c0c2c910b0444958a85b5b3a90f0c89cad11d926d3a7c26c2320f",
    "2017d6043612125118be529da713ef95262fcbddafdd4dbb9408d93729e88e9e",
    "31b69ffdbff9b7a247814735a2c70cb9a832411c6ba72590c38347cd7f9d5046",
    "3ecfe9360af3740e2d4aeb31b51cc779e2b845e61c2d398d950706eeb2aac31c",
    "4ab9beffbb7c5f05e1335ba48ccc690fe0f801b0345c0db9743c63cdd2204a53",
    "52070407c5bbb64d04bb7aa83b27d71731e91f7c0a403294ca4a9e8ea7b7fb45",
    "52784bb7d795e9f9fd9f9e301a789ff3b44b030506be158899ca3729d17bd783",
    "6ce12f77d143c24dc6a109a342722b874e898f4f8addbcb5985aaf9892dbf14f",
    "78291636590782065a56b94233227d4083b838dfb5e89ffba9f017e7f4ebed5b",
    "80e87e99d3f3ad019efbb88e815b9c2cb201067149cd787fd67ac5f264bdfd37",
    "814cdb944acd5e2110a645d7470f42ad7db860bfaafbffa10bb2e46bd2f15ea9",
    "889bb9bb41eef2a830167fcb1abfe11bc3ff6d093c0d2c6f8459eb1a8324aa6b",
    "8a950fa0bb45c55f4e2f4bef7a36b8655eb19ddb917046fe8833c3b1217b0779",
    "991a12dea5a34045dcb780b18d69092be6fe628a660e96e5566051a339c09262",
    "9e98d6c112d5470be5027ce82846abb84e7efd20ef8c9d869cb4c315e6fcc131",
    "a68b88c5ae69a5b6fedb54f1f2ea695f538fa05a15cb5b4f20b1688a6c839dcf",
    "ab2b79f95e5c747067688961e000dc1308c4e8f751d667a82d2d420fc37752e7",
    "b7d3ee416d1b27c9584606cb0774802d661babbb5a3d4a1ac6b7d5140e195a88",
    "b8b6c1dcac1332e39fe71f96143aca70efb279c8df73a68d78bb02e2bbd0c959",
    "c288f93d83037076917fc5fd61aad798353c5cee48715ff4d13f42ec1e7f3c95",
    "dd586bd6891d38af77c969fee003d666393c58101c8f2a24970d97c02b9adcb8",
    "edb3ca8c63d80a01bd0e1de87de9793c3039ceb3f745e6051e6bc2d718dd6164",
    "f14e41aca02c0f0c6fe852ef76a9b42b46e587de8346290223d395c74b6c0bb2",
    "f1ff4f9b29dfe92ec6225ce79b307fb8befe7e9ec80037394f49058341d7b469",
    "fc087c335014f0e45109e6fb5036f6a0e8cb6cbbcc3a664b91ead0b5cef971eb",
))
"""SHA-256 of the SubjectPublicKeyInfo of each; a test compares them with samples/gw1/index.json."""


def is_published(certificate: Certificate) -> bool:
    """Tell whether the private key of a certificate is one of those that everybody holds."""
    return _digest(certificate) in KEYS


def refuse_published(certificate: Certificate) -> None:
    """Refuse a certificate whose private key everybody holds. Raises LocalError K090 {subject}."""
    if is_published(certificate):
        raise LocalError(Finding(code="K090", values={"subject": certificate.subject}))


@lru_cache(maxsize=1024)
def _digest(certificate: Certificate) -> str:
    return hashlib.sha256(certificate.x509.public_key().public_bytes(
        Encoding.DER, PublicFormat.SubjectPublicKeyInfo)).hexdigest()
