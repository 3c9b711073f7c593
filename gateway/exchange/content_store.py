"""The store that the settings name for contents that are kept outside of the ledger."""

from __future__ import annotations

from functools import partial

from gateway.config import Settings
from gateway.errors import LocalError
from gateway.exchange.own_secrets import read_secret
from gateway.findings import Finding
from gateway.ledger.stores import ContentStore

FOREIGN = "L065"

MARK = "gateway.txt"
"""The key of what says whose store it is."""


def marked(store: ContentStore, gateway: str) -> bool:
    """Whether a store is marked as this gateway's; False where nothing was ever put. Raises LocalError L063, L065."""
    mark = store.get(MARK)
    if mark is None or mark == _mark(gateway):
        return mark is not None
    found = mark[:200].decode("utf-8", "replace").partition("gateway ")[2].strip() or "?"
    raise LocalError(Finding(code=FOREIGN, values={"store": store.name, "gateway": gateway, "found": found}))


def require_mark(store: ContentStore, gateway: str, *, used: bool) -> None:
    """Mark a store that is new, and require the mark of one that is `used`. Raises LocalError L063, L065."""
    if marked(store, gateway):
        return
    if used:
        raise LocalError(Finding(code=FOREIGN, values={"store": store.name, "gateway": gateway, "found": "-"}))
    store.put({MARK: _mark(gateway)})


def _mark(gateway: str) -> bytes:
    return f"gw-contents/1\ngateway {gateway}\n".encode()


def content_store(settings: Settings) -> ContentStore | None:
    """It asks nobody and reads no secret before it is used; None where the ledger keeps everything."""
    given = settings.contents
    if given is None:
        return None
    if given.store == "directory":
        from gateway.contents.directory import Directory

        return Directory(given.folder)
    from gateway.contents.bucket import Bucket

    return Bucket(address=given.address, bucket=given.bucket, prefix=given.prefix or str(settings.gateway),
                  region=given.region, access_key=given.access_key, secret=partial(read_secret, given.secret),
                  authority=None if given.authority is None else given.authority.read_bytes)
