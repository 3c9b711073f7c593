"""GW-1: sealing and opening against the bare primitives, and against the openssl command, in the same run.

The floor of sealing is SHA-256 of the payload, one signature, AES-256-GCM, and a fresh key with ECDH or OAEP; that of
opening the inverse (GW-1 section 16). Each figure is the best of many rounds in which the candidates take turns, in
processor time of this process; against the command, which is other processes, in time on the wall. Every comparison is
preceded by the question whether both came to the same.
"""

from __future__ import annotations

import gc
import hashlib
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from gateway.security import EDIFACT, FIRST_PREVIOUS, Header, Opened, Sealed, asn1, file_name, open_envelope, seal
from gateway.security.algorithms import OAEP, sign, verify
from gateway.security.header import build_entity
from gateway.security.keys import FileDecryptionKey, FileSigner
from tests.bench import Figure
from tests.hostile import test_security_cbc, test_security_outer
from tests.tools import loose_sealer as loose
from tests.tools.loose_sealer import Author
from tests.tools.security_world import NOW, Delivery, product, world

ROOT = Path(__file__).parents[2]
SMALL, LARGE = 2.5, 3.0
"""Most that we may cost, as a multiple of the floor: at 2 KB and 50 KB, from 1 MB on."""
MEMORY = 7.0
"""Most that our peak memory may grow, as a multiple of a payload of 20 MB."""
COMMAND = 20.0
"""How many times as fast as the openssl command we have to be at 2 KB."""
SAME = 1.05
"""Most that the slowest kind of failed decryption may take, as a multiple of the fastest, in medians (threat 11)."""
SIZES = {"2 KB": (2 << 10, 400), "50 KB": (50 << 10, 200), "1 MB": (1 << 20, 40), "20 MB": (20 << 20, 8)}
"""Name -> octets of payload, rounds."""


@dataclass(frozen=True)
class Bench:
    """One pair of keys: who signs and for whom it is encrypted."""

    signer: Author
    recipient: Author

    def header(self, date: datetime = NOW) -> Header:
        """A good header."""
        return Header(f"<{'0f' * 16}@XA>", "XA", "XB", date, 1, FIRST_PREVIOUS, EDIFACT, "d1.edi")

    def sealer(self, payload: bytes) -> Callable[[], Sealed]:
        """Our sealing."""
        signer = FileSigner(self.signer.key, product(self.signer.certificate))
        recipients, header = [product(self.recipient.certificate)], self.header()
        return lambda: seal(header, payload, signer=signer, recipients=recipients, signing_time=NOW)

    def opener(self, sealed: Sealed, now: datetime = NOW) -> Callable[[], Opened]:
        """Our opening, every rule included."""
        keys = [FileDecryptionKey(self.recipient.key, product(self.recipient.certificate))]
        trust = world().trust(self.signer)
        return lambda: open_envelope(sealed.name, sealed.content, recipient="XB", keys=keys, trust=trust, now=now,
                                     environment="production")

    def sealing_floor(self, payload: bytes) -> Callable[[], object]:
        """The bare primitives of sealing."""
        key, public = self.signer.key, self.recipient.key.public_key()

        def floor() -> None:
            sign(key, hashlib.sha256(payload).digest())
            content_key = os.urandom(32)
            AESGCM(content_key).encrypt(os.urandom(12), payload, None)
            if isinstance(public, rsa.RSAPublicKey):
                public.encrypt(content_key, OAEP)
            else:
                ec.generate_private_key(public.curve).exchange(ec.ECDH(), public)
        return floor

    def opening_floor(self, payload: bytes) -> Callable[[], object]:
        """The bare primitives of opening."""
        digest, key, nonce = hashlib.sha256(payload).digest(), bytes(32), bytes(12)
        signature, public = sign(self.signer.key, digest), self.signer.key.public_key()
        ciphertext, private = AESGCM(key).encrypt(nonce, payload, None), self.recipient.key
        by_rsa = isinstance(private, rsa.RSAPrivateKey)
        wrapped = private.public_key().encrypt(key, OAEP) if by_rsa else b""
        fresh = None if by_rsa else ec.generate_private_key(private.curve).public_key()

        def floor() -> None:
            assert verify(public, signature, hashlib.sha256(payload).digest())
            private.decrypt(wrapped, OAEP) if by_rsa else private.exchange(ec.ECDH(), fresh)
            AESGCM(key).decrypt(nonce, ciphertext, None)
        return floor


def figures(scale: float) -> Iterator[Figure]:
    """All figures of this benchmark."""
    w = world()
    default = Bench(w.ec, w.ours_ec)
    for name, (size, rounds) in SIZES.items():
        yield from _against_floor(name, default, size, _rounds(rounds, scale), SMALL if size < 1 << 20 else LARGE)
    for signer, recipient, names in ((w.ec, w.ours_rsa, "P-256 to RSA-3072"), (w.rsa, w.ours_ec, "RSA-3072 to P-256"),
                                     (w.rsa, w.ours_rsa, "RSA-3072 to RSA-3072")):
        yield from _against_floor(f"2 KB, {names}", Bench(signer, recipient), 2 << 10, _rounds(100, scale), None)
    with tempfile.TemporaryDirectory(prefix="edi-bench-") as folder:
        for name, (size, rounds) in SIZES.items():
            target = COMMAND if name == "2 KB" else None
            yield from _against_command(name, default, size, _rounds(max(3, rounds // 40), scale), Path(folder), target)
    yield from _memory(scale)
    yield from _failures(_rounds(400, scale))


def _rounds(rounds: int, scale: float) -> int:
    return max(3, round(rounds * scale))


def payload_of(size: int) -> bytes:
    """A payload of that size, hard to compress and not the same twice."""
    head = b"UNB+UNOC:3+XA:ZZZ+XB:ZZZ+261126:1200+1++CUSDEC'"
    return (head + os.urandom(1024) * (size // 1024 + 1))[:size]


def best(*candidates: Callable[[], object], rounds: int, clock: Callable[[], float] = time.process_time) -> list[float]:
    """Seconds of each candidate: the best of the rounds, in turns."""
    found = [float("inf")] * len(candidates)
    gc.collect()
    gc.disable()
    try:
        for _ in range(rounds):
            for number, candidate in enumerate(candidates):
                start = clock()
                candidate()
                found[number] = min(found[number], clock() - start)
    finally:
        gc.enable()
    return found


def _against_floor(name: str, bench: Bench, size: int, rounds: int, most: float | None) -> Iterator[Figure]:
    payload = payload_of(size)
    sealer = bench.sealer(payload)
    sealed = sealer()
    opener = bench.opener(sealed)
    opened = opener()
    if (opened.payload, opened.mic) != (payload, sealed.mic):
        raise RuntimeError(f"{name}: what was sealed is not what was opened")
    seal_floor, sealing, open_floor, opening = best(
        bench.sealing_floor(payload), sealer, bench.opening_floor(payload), opener, rounds=rounds)
    for what, ours, floor in (("seal", sealing, seal_floor), ("open", opening, open_floor)):
        yield Figure(name=f"envelope: {what} {name}", value=ours * 1e3, unit="ms", ratio=ours / floor,
                     against=f"bare primitives {floor * 1e3:.3g} ms",
                     target="" if most is None else f"at most {most:g} x", met=most is None or ours <= most * floor)


def _against_command(name: str, bench: Bench, size: int, rounds: int, folder: Path,
                     least: float | None) -> Iterator[Figure]:
    """Two processes of openssl each way, as ENVELOPE section 13 has them, on files that are there already."""
    payload = payload_of(size)
    _write_keys(bench, folder)
    now = datetime.now(UTC).replace(microsecond=0)  # the command signs with the time of the machine
    (folder / "entity").write_bytes(build_entity(bench.header(now), payload))
    _command_seals(folder)
    content = (folder / "X.p7m").read_bytes()
    opened = bench.opener(Sealed(file_name(content), content, b"", "", ""), datetime.now(UTC))()
    _command_opens(folder)
    if opened.payload != payload or (folder / "opened").read_bytes() != (folder / "entity").read_bytes():
        raise RuntimeError(f"{name}: the openssl command and we disagree")
    sealer = bench.sealer(payload)
    opener = bench.opener(sealer())
    (ours_seal, ours_open) = best(sealer, opener, rounds=rounds * 5, clock=time.perf_counter)
    (seal_command, open_command) = best(lambda: _command_seals(folder), lambda: _command_opens(folder),
                                        rounds=rounds, clock=time.perf_counter)
    for what, ours, theirs in (("seal", ours_seal, seal_command), ("open", ours_open, open_command)):
        ratio = theirs / ours
        yield Figure(name=f"envelope: {what} {name}, against the command", value=ours * 1e3, unit="ms", ratio=ratio,
                     against=f"two openssl processes {theirs * 1e3:.3g} ms",
                     target="" if least is None else f"at least {least:g} x as fast",
                     met=least is None or ratio >= least)


def _write_keys(bench: Bench, folder: Path) -> None:
    for name, author in (("sig", bench.signer), ("enc", bench.recipient)):
        (folder / f"{name}.crt").write_bytes(author.certificate.public_bytes(Encoding.PEM))
        (folder / f"{name}.key").write_bytes(author.key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8,
                                                                      NoEncryption()))
    (folder / "ca.pem").write_bytes(world().ca.certificate.public_bytes(Encoding.PEM))


def _command_seals(folder: Path) -> None:
    _openssl(folder, "-sign", "-binary", "-nodetach", "-cades", "-nosmimecap", "-md", "sha256", "-in", "entity",
             "-signer", "sig.crt", "-inkey", "sig.key", "-outform", "DER", "-out", "inner.der")
    _openssl(folder, "-encrypt", "-binary", "-aes-256-gcm", "-in", "inner.der", "-recip", "enc.crt", "-outform", "DER",
             "-out", "X.p7m", "-keyopt", "ecdh_kdf_md:sha256")


def _command_opens(folder: Path) -> None:
    _openssl(folder, "-decrypt", "-inform", "DER", "-in", "X.p7m", "-recip", "enc.crt", "-inkey", "enc.key", "-out",
             "opened.der")
    _openssl(folder, "-verify", "-binary", "-cades", "-inform", "DER", "-in", "opened.der", "-CAfile", "ca.pem",
             "-out", "opened")


def _openssl(folder: Path, *arguments: str) -> None:
    subprocess.run(["openssl", "cms", *arguments], cwd=folder, check=True, capture_output=True)


def _memory(scale: float) -> Iterator[Figure]:
    """Peak memory of a process of its own that seals or opens once, above what it had before the payload was there."""
    size = round((20 << 20) * min(1.0, max(scale, 0.05)))
    for what in ("seal", "open"):
        told = json.loads(subprocess.run([sys.executable, "-m", "tests.bench.envelope_memory", what, str(size)],
                                         cwd=ROOT, check=True, capture_output=True).stdout)
        ratio = told["peak"] / size
        yield Figure(name=f"envelope: peak memory, {what} {size / (1 << 20):.3g} MB", value=told["peak"] / (1 << 20),
                     unit="MB", against="the payload", ratio=ratio, target=f"at most {MEMORY:g} x",
                     met=ratio <= MEMORY)


def _failures(rounds: int) -> Iterator[Figure]:
    """Whether the kinds of failed decryption of one structure can be told apart by the time they take.

    Structures are what whoever alters a file chooses himself: the kind of recipient entry and of encryption. An object
    whose first block and padding are whole and whose structure is broken further in is left out for the same reason.
    """
    trust, keys = world().trust(cbc_until=NOW), world().keys()
    groups: dict[str, list[tuple[str, Delivery]]] = {}
    for case in (*test_security_outer.CASES, *test_security_cbc.CASES):
        if case.code == "E_DECRYPT" and case.name != test_security_cbc.DEEP:
            delivery = case.delivery().but(keys=keys, trust=trust)
            groups.setdefault(_structure(delivery.content), []).append((case.name, delivery))
    for structure, kinds in groups.items():
        if len(kinds) == 1:
            continue
        times: dict[str, list[float]] = {name: [] for name, _ in kinds}
        for _ in range(rounds):
            for name, delivery in kinds:
                start = time.perf_counter()
                outcome = delivery.outcome()
                times[name].append(time.perf_counter() - start)
                if outcome != "E_DECRYPT":
                    raise RuntimeError(f"{name}: {outcome}")
        medians = {name: statistics.median(times[name]) for name in times}
        fastest, slowest = min(medians, key=medians.__getitem__), max(medians, key=medians.__getitem__)
        ratio = medians[slowest] / medians[fastest]
        yield Figure(name=f"envelope: failed decryptions, {len(kinds)} kinds, {structure}",
                     value=medians[slowest] * 1e3, unit="ms (median)", ratio=ratio,
                     against=f"{slowest}; fastest: {fastest}", target=f"at most {SAME:g} x", met=ratio <= SAME)


def _structure(content: bytes) -> str:
    try:
        outer = asn1.read_outer(content)
    except asn1.OtherType:
        outer = asn1.read_enveloped(content)
    (recipient,) = outer.recipients
    ours = loose.issuer_and_serial(world().ours_rsa.certificate) == recipient.name
    return (f"{'key transport' if recipient.point is None else 'key agreement'} to {'RSA' if ours else 'P-256'}, "
            f"{'GCM' if outer.authenticated else 'CBC'}")
