"""The queue: procrastinate's tables in a PostgreSQL schema of their own beside the ledger's, and a worker over them.

The schema is named after the ledger's and after what procrastinate's tables look like: ``public_daemon_1a2b3c4d``. A
program with another procrastinate makes another one, works in that, and clears away what no daemon has been seen in
for an hour. So there is nothing to migrate: nothing in a queue is worth keeping, the ledger knows what waits. The
ledger's own schema holds nothing of it, and neither revisions nor copies meet it.

Source: procrastinate 3 (documentation "How-to guides"; `worker.py`, `sql/schema.sql`).
"""

from __future__ import annotations

import hashlib
import logging
from collections.abc import Awaitable, Callable, Mapping
from contextlib import asynccontextmanager, suppress
from functools import partial
from typing import TYPE_CHECKING, Any

from gateway.daemon.works import SHARED, Work
from gateway.errors import LocalError
from gateway.findings import Finding

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from procrastinate import App
    from procrastinate.tasks import ConfigureTaskOptions, Task
    from psycopg import AsyncConnection

_PLACE = 0x6564_6922
"""Our place among the advisory locks of a database, beside that of the ledger's writers."""
_OPTIONS = "-c lock_timeout=30s -c TimeZone=UTC"
_ALIVE = {"keepalives_idle": 30, "keepalives_interval": 10, "keepalives_count": 3, "connect_timeout": 10}
_LEAD = "SELECT pg_try_advisory_lock(%s, hashtext(%s))"
_IDLE = "1 hour"
_LOUD = ("procrastinate", "psycopg", "asyncio")
"""What these say of a database that is away is said by ourselves, once."""


def require_library() -> None:
    """Raises LocalError S208 without the extra."""
    try:
        import procrastinate  # noqa: F401 -- an extra
        import psycopg_pool  # noqa: F401
    except ImportError as error:
        raise LocalError(Finding(code="S208", values={"reason": error.name or str(error)})) from error


def required_server(address: str) -> str:
    """The address of a ledger on a server, as libpq has it. Raises LocalError S207 for one in a file."""
    if address.startswith("sqlite:"):
        raise LocalError(Finding(code="S207", values={"ledger": address}))
    return address.replace("postgresql+psycopg:", "postgresql:", 1)


def lacking(address: str) -> list[Finding]:
    """Why a daemon cannot work here on the ledger at this address: S207, S208; nothing where it can."""
    found: list[Finding] = []
    for step in (partial(required_server, address), require_library):
        try:
            step()
        except LocalError as error:
            found.extend(error.findings)
    return found


def away(error: BaseException) -> bool:
    """Whether an error says that the database cannot be reached, or was not long enough: then all is tried again."""
    import procrastinate.exceptions
    import psycopg

    if isinstance(error, LocalError):
        return error.code in ("L001", "L007")
    return isinstance(error, OSError | psycopg.Error | procrastinate.exceptions.ConnectorException)


def hush(level: int) -> None:
    """How much the libraries say themselves: what they say is for who looks for a defect."""
    for name in _LOUD:
        logging.getLogger(name).setLevel(level)


class Queue:
    """The queue of one ledger. Use `opened`."""

    def __init__(self, app: App, task: Task[Any, Any, Any], place: dict[str, Any], channel: str) -> None:
        self._app, self._task, self._place = app, task, place
        self.channel = channel

    @classmethod
    @asynccontextmanager
    async def opened(cls, address: str, connections: int, do: Callable[[str], Awaitable[None]]) -> AsyncIterator[Queue]:
        """Open it for the time of a with-block; made where it is not there.

        address  of the ledger; do: called with the name of a work whose turn has come, in this process
        Raises LocalError X381 where the account may not make it; what `away` knows.
        """
        from procrastinate import App, PsycopgConnector
        from procrastinate.schema import SchemaManager
        from psycopg import AsyncConnection
        from psycopg.conninfo import conninfo_to_dict

        place: dict[str, Any] = {**_ALIVE, "application_name": "edi-daemon", **conninfo_to_dict(address)}
        place["options"] = f"{_OPTIONS} {place.get('options') or ''}".strip()
        async with await AsyncConnection.connect(**place) as connection:
            ledger, schema = await _made(connection, SchemaManager.get_schema())
        within = {**place, "options": f'{place["options"]} -c search_path={schema}'}
        app = App(connector=PsycopgConnector(kwargs=within, min_size=1, max_size=connections + 3, timeout=10.0))

        @app.task(name="work")
        async def work(timestamp: int = 0, *, work: str) -> None:
            await do(work)

        async with app.open_async():
            yield cls(app, work, place, f"edi_{ledger}")

    def schedule(self, works: Mapping[str, Work]) -> None:
        """What is done by itself from now on, and when."""
        registry = self._app.periodic_registry
        registry.periodic_tasks.clear()
        for work in works.values():
            if work.ticks is not None:
                registry.register_task(task=self._task, cron=work.ticks, periodic_id=work.lock,
                                       configure_kwargs=_given(work))

    async def ask(self, work: Work) -> None:
        """Have something done as soon as may be; nothing where it waits to be done already."""
        from procrastinate.exceptions import AlreadyEnqueued

        with suppress(AlreadyEnqueued):
            await self._task.configure(**_given(work)).defer_async()

    async def work(self, host: str, jobs: int, stalled: float) -> None:
        """Do what there is to do until cancelled; then what was begun is waited for. Ends when the database is away.

        stalled  seconds after which a worker that is not heard of counts as gone
        """
        await self._app.run_worker_async(
            queues=[SHARED, host], concurrency=jobs, install_signal_handlers=False, delete_jobs="always",
            fetch_job_polling_interval=min(5.0, stalled), update_heartbeat_interval=stalled / 4,
            stalled_worker_timeout=stalled)

    async def take_up(self, stalled: float) -> int:
        """Have done anew what workers were at that are gone; how much that was. What waits to be done anyhow is
        forgotten."""
        from procrastinate.exceptions import ConnectorException, UniqueViolation
        from procrastinate.jobs import Status
        from psycopg.errors import RaiseException

        manager = self._app.job_manager
        taken = 0
        for job in await manager.get_stalled_jobs(seconds_since_heartbeat=stalled):
            try:
                try:
                    await manager.retry_job(job)
                except UniqueViolation:
                    await manager.finish_job(job, Status.FAILED, delete_job=True)
                taken += 1
            except ConnectorException as error:
                if not isinstance(error.__cause__, RaiseException):  # it has ended, or another host was faster
                    raise
        return taken

    @asynccontextmanager
    async def leading(self, wait: Callable[[], Awaitable[None]]) -> AsyncIterator[AsyncConnection]:
        """The one daemon of a ledger that looks out for what the others have recorded: a connection that hears of it.

        wait  between two tries, while another is it: the server lets go of one whose connection ends
        """
        from psycopg import AsyncConnection
        from psycopg.sql import SQL, Identifier

        async with await AsyncConnection.connect(**self._place, autocommit=True) as connection:
            while True:
                tried = await connection.execute(_LEAD, (_PLACE, self.channel))
                if await tried.fetchone() == (True,):
                    break
                await wait()
            await connection.execute(SQL("LISTEN {}").format(Identifier(self.channel)))
            yield connection


def _given(work: Work) -> ConfigureTaskOptions:
    return {"queue": work.queue, "lock": work.lock, "queueing_lock": work.lock, "priority": int(work.urgent),
            "task_kwargs": {"work": work.name}}


async def _made(connection: AsyncConnection, tables: str) -> tuple[str, str]:
    """The ledger's schema and the queue's, which is there when this returns."""
    from psycopg import errors
    from psycopg.sql import SQL, Identifier

    shape = hashlib.sha256(tables.encode()).hexdigest()[:8]
    found = await (await connection.execute("SELECT current_schema()")).fetchone()
    ledger = str(found[0]) if found else ""
    schema = f"{ledger}_daemon_{shape}"
    there = "SELECT nspname FROM pg_namespace WHERE starts_with(nspname, %s)"
    begin = f"{ledger}_daemon_"
    if (schema,) in await (await connection.execute(there, (begin,))).fetchall():
        return ledger, schema
    try:
        await connection.execute("SELECT pg_advisory_xact_lock(%s, hashtext(%s))", (_PLACE + 1, schema))
        others = [str(row[0]) for row in await (await connection.execute(there, (begin,))).fetchall()]
        if schema in others:  # another host was faster
            return ledger, schema
        await connection.execute(SQL("CREATE SCHEMA {}").format(Identifier(schema)))
        await connection.execute(SQL("SET LOCAL search_path = {}").format(Identifier(schema)))
        await connection.execute(tables.encode())
        for other in others:
            seen = await connection.execute(SQL(
                "SELECT 1 FROM {}.procrastinate_workers WHERE last_heartbeat > now() - {}::interval").format(
                    Identifier(other), _IDLE))
            if await seen.fetchone() is None:
                await connection.execute(SQL("DROP SCHEMA {} CASCADE").format(Identifier(other)))
        await connection.commit()
    except errors.InsufficientPrivilege as error:
        raise LocalError(Finding(code="X381", values={"schema": schema, "reason": str(error).splitlines()[0]})) \
            from error
    return ledger, schema
