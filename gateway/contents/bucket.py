"""Contents in a bucket of S3, through obstore (decision 0016).

The server gets a SHA-256 with each content and refuses what differs; what it then gives back is compared as well, for
not every server that speaks S3 looks at the sum. Several requests are under way at once: a store over a line answers
each of them late, and many of them together as soon as one.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import timedelta
from functools import cached_property
from typing import TYPE_CHECKING

from gateway.errors import LocalError
from gateway.findings import Finding

if TYPE_CHECKING:
    from obstore.store import ClientConfig, S3Store

_AT_ONCE = 8
"""Requests at once."""

_CONNECT, _REQUEST, _TOGETHER = timedelta(seconds=5), timedelta(seconds=30), timedelta(seconds=20)
_RETRIES = 2
_STATUS = re.compile(r"status code: (\d{3}[A-Za-z ]*)")
_CODE = re.compile(r"<Code>(\w{1,60})</Code>")


class Bucket:
    """One folder of one bucket. Nothing is asked of the server, nor is a secret read, before the first content is.

    address, bucket, prefix, region, access_key  as the settings have them
    secret     gives the secret of that key when it is needed
    authority  gives further certificates, PEM; None: those of the machine do
    """

    def __init__(self, *, address: str, bucket: str, prefix: str, region: str, access_key: str,
                 secret: Callable[[], bytes], authority: Callable[[], bytes] | None = None) -> None:
        self.name = f"{address.rstrip('/')}/{bucket}/{prefix}"
        self._address, self._bucket, self._prefix, self._region = address, bucket, prefix, region
        self._access_key, self._secret, self._authority = access_key, secret, authority

    @cached_property
    def _client(self) -> S3Store:
        """Raises LocalError L064 where obstore is not installed, and as the secret's file does."""
        try:
            from obstore.store import S3Store
        except ModuleNotFoundError:
            raise LocalError(Finding(code="L064", values={"store": self.name, "extra": "s3"})) from None
        options: ClientConfig = {"allow_http": self._address.startswith("http:"), "connect_timeout": _CONNECT,
                                 "timeout": _REQUEST, "user_agent": "corridor-gateway"}
        if self._authority is not None:
            options["root_certificate"] = self._authority()
        with self._explained():
            return S3Store(
                self._bucket, prefix=self._prefix, client_options=options,
                config={"endpoint": self._address, "region": self._region, "access_key_id": self._access_key,
                        "secret_access_key": self._secret().decode("utf-8", "replace").strip(),
                        "checksum_algorithm": "sha256", "virtual_hosted_style_request": False},
                retry_config={"max_retries": _RETRIES, "retry_timeout": _TOGETHER})

    def put(self, contents: Mapping[str, bytes]) -> None:
        """Put contents under their keys, and read each back. Raises LocalError L063, L064, L062 (it gives back
        something else)."""
        client = self._client
        import obstore

        def one(key: str) -> None:
            with self._explained():
                obstore.put(client, key, contents[key], use_multipart=False)
            if self.get(key) != contents[key]:
                raise LocalError(Finding(code="L062", values={"store": self.name, "key": key}))

        self._each(one, contents)

    def get(self, key: str) -> bytes | None:
        """The octets under a key; None where there are none. Raises LocalError L063, L064."""
        client = self._client
        import obstore

        with self._explained():
            try:
                return bytes(obstore.get(client, key).bytes())
            except FileNotFoundError as error:
                if "NoSuchBucket" in str(error):
                    raise
                return None

    def remove(self, keys: Sequence[str]) -> None:
        """Take contents away; those that are not there are gone already. Raises LocalError L063, L064."""
        client = self._client
        import obstore

        def one(key: str) -> None:
            with self._explained():
                obstore.delete(client, key)

        self._each(one, keys)

    def every_key(self) -> Iterator[str]:
        """Every key there is, sorted. Raises LocalError L063, L064."""
        client = self._client
        import obstore

        with self._explained():
            yield from sorted(entry["path"] for page in obstore.list(client) for entry in page)

    def _each(self, act: Callable[[str], None], keys: Iterable[str]) -> None:
        """Do it for every key, several at once; the first fault is raised when all under way have ended."""
        with ThreadPoolExecutor(_AT_ONCE) as pool:
            for done in [pool.submit(act, key) for key in keys]:
                try:
                    done.result()
                except BaseException:
                    pool.shutdown(wait=True, cancel_futures=True)
                    raise

    @contextmanager
    def _explained(self) -> Iterator[None]:
        """What the client raises, as our own finding: what the server answered, and nothing of what we sent."""
        from obstore.exceptions import BaseError

        try:
            yield
        except (BaseError, OSError, ValueError) as error:
            raise LocalError(Finding(code="L063", values={
                "store": self.name, "reason": _reason(str(error))})) from error


def _reason(text: str) -> str:
    """A few words of a fault: the server's status and code, else what became of the connection."""
    status, code = _STATUS.search(text), _CODE.search(text)
    if status is not None:
        return f"{status[1].strip()} {code[1] if code else ''}".strip()
    first = text.split("\n", 1)[0]
    return first.rpartition(" - ")[2][:200] or "?"
