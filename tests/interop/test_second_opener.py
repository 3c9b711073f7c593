"""Does an opener that was written from the specification alone give every published vector the same verdict?"""

from __future__ import annotations

from functools import cache
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding, load_pem_private_key

from tests.tools import second_opener
from tests.tools.published_vectors import FOLDER, File, entries, files, index, moment
from tests.tools.second_opener import Listed, Situation

FILES = files()


def certificate(name: str) -> x509.Certificate:
    """A certificate of the vectors, by its place."""
    return x509.load_pem_x509_certificate((FOLDER / name).read_bytes())


@cache
def keys() -> list[tuple[Any, x509.Certificate]]:
    """The reader's keys."""
    return [(load_pem_private_key((FOLDER / one["key"]).read_bytes(), None), certificate(one["certificate"]))
            for one in index()["decryption"]]


def situation(file: File) -> Situation:
    """What the index says that the reader holds."""
    told = index()
    listed = [Listed(certificate(one["file"]).public_bytes(Encoding.DER), one["use"], moment(one["from"]),
                     moment(one["until"])) for one in entries()]
    return Situation(
        recipient=told["recipient"], sender=told["sender"], environment=told["environment"], now=file.at, keys=keys(),
        listed=listed, authority=certificate(told["trust"]["authority"]), agreed=frozenset(file.agreed),
        revocation=x509.load_der_x509_crl(file.revocation.read_bytes()), parties=told["unb"])


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.label)
def test_an_opener_of_a_partner_gives_the_published_verdict(file: File) -> None:
    assert second_opener.judge(file.name, file.path.read_bytes(), situation(file)) == file.verdict
