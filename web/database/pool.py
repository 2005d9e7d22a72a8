"""Pools of connections, and how a page reads through them.

A read takes a connection, runs one query and gives it back: a handler that
holds a connection never waits for another one, so a pool can be slow but never
stuck. The independent queries of a page run at the same time (concurrently.py).
"""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from time import perf_counter
from types import TracebackType
from typing import TypeAlias, TypeVar

import asyncpg
from asyncpg.pool import PoolConnectionProxy

from web.database.abandoned import expect_abandoned_connections, finish_even_if_cancelled
from web.database.errors import raise_translated, translated_errors
from web.database.queries import Query
from web.database.tally import count_query
from web.metrics import pool_wait_seconds

# Quoted: only their stubs know that asyncpg's classes are generic.
Connection: TypeAlias = "asyncpg.Connection[asyncpg.Record] | PoolConnectionProxy[asyncpg.Record]"

# By then every request has ended or was cancelled; a lost server must not delay the exit.
CLOSE_TIMEOUT = 5.0
# PostgreSQL says within milliseconds that it has broken a query off. One that is frozen never
# does: then the connection is given up, and the page does not wait for it.
_BROKEN_OFF_TIMEOUT = 0.3

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Pool:
    """A pool of connections, and how long to wait for one, in seconds."""

    connections: "asyncpg.Pool[asyncpg.Record]"
    acquire_timeout: float
    name: str = "pages"

    @property
    def size(self) -> int:
        """How many connections are open."""
        return self.connections.get_size()

    @property
    def in_use(self) -> int:
        """How many of them are lent out."""
        return self.connections.get_size() - self.connections.get_idle_size()

    @property
    def most(self) -> int:
        """How many there may be."""
        return self.connections.get_max_size()

    def acquire(self) -> "Lease":
        """Lend a connection for a block, and translate the errors of what is done with it.

        Raises:
            DatabaseBusyError: none became free within `acquire_timeout`.
            DatabaseUnavailableError: PostgreSQL cannot be reached.
        """
        return Lease(self)


class Lease:
    """A connection while it is lent: `async with pool.acquire() as connection`.

    A class, and not three generators inside each other: 20 instead of 24 µs of CPU each,
    and a page has several.
    """

    __slots__ = ("_connection", "_pool")

    def __init__(self, pool: Pool) -> None:
        self._pool = pool

    async def __aenter__(self) -> Connection:
        pool = self._pool
        started = perf_counter()
        try:
            self._connection = await pool.connections.acquire(timeout=pool.acquire_timeout)
        except Exception as error:
            raise_translated(error, lambda: True)
            raise
        finally:
            pool_wait_seconds(pool.name).observe(perf_counter() - started)
        return self._connection

    async def __aexit__(
        self,
        _type: type[BaseException] | None,
        error: BaseException | None,
        _traceback: TracebackType | None,
    ) -> None:
        try:
            if error is not None:
                raise_translated(error, lambda: is_lost(self._connection))
        finally:
            # Of a query that was broken off the end is waited for; a server that has frozen
            # never tells, and asyncpg has closed the connection by then.
            with suppress(TimeoutError):
                if error is None:
                    await self._release()
                else:
                    await finish_even_if_cancelled(self._clean_up(error))

    async def _clean_up(self, error: BaseException) -> None:
        """Give it back without what was left open in it, or give it up.

        Cancelled between preparing a query and running it, asyncpg leaves the server in the
        middle of both: the next BEGIN fails, "must be called before any query". And where the
        end of a transaction was cancelled, the pool would write into the log that it ended it.
        """
        connection = self._connection
        try:
            if not is_lost(connection):
                if connection.is_in_transaction():
                    await connection.execute("rollback", timeout=_BROKEN_OFF_TIMEOUT)
                elif isinstance(error, asyncio.CancelledError):
                    # Of no query at all asyncpg (0.32) fails to read the answer.
                    await connection.execute("select", timeout=_BROKEN_OFF_TIMEOUT)
        except Exception:  # noqa: BLE001  # whatever it is, nobody is to find it in there
            if not is_lost(connection):
                connection.terminate()
        finally:
            await self._release()

    async def _release(self) -> None:
        await self._pool.connections.release(self._connection, timeout=_BROKEN_OFF_TIMEOUT)


def is_lost(connection: Connection) -> bool:
    """Whether a connection that was lent is gone."""
    try:
        return connection.is_closed()
    except asyncpg.InterfaceError:
        return True  # the pool has noticed first, and taken it back


@asynccontextmanager
async def open_pool(  # noqa: PLR0913 - by name, each a setting
    url: str,
    *,
    size: int,
    acquire_timeout: float,
    query_timeout: float | None,
    statement_cache_size: int = 100,
    application_name: str | None = None,
    close_seconds: Callable[[], float] = lambda: CLOSE_TIMEOUT,
) -> AsyncIterator[Pool]:
    """Open a pool of at most `size` connections, and close it when the block ends.

    Args:
        url: where PostgreSQL is.
        size: how many connections there are at most; they open when needed.
        acquire_timeout: how long to wait for a free connection, in seconds.
        query_timeout: how long a query may run, in seconds; None for no limit.
        statement_cache_size: prepared statements kept a connection; 0 behind a
            pooler that does not know them.
        application_name: what its connections are called in PostgreSQL. None behind a pooler,
            which would have to set it again for each that a connection is lent to.
        close_seconds: asked at the end for how long its connections may take to close.

    Raises:
        DatabaseUnavailableError: PostgreSQL cannot be reached.
    """
    expect_abandoned_connections()
    with translated_errors(lambda: True):
        connections = await asyncpg.create_pool(
            url,
            # One at once, so that a server that cannot be reached is told here. None is kept open
            # for good: while the server is away asyncpg (0.32) would log a traceback a try.
            init_size=1,
            min_size=0,
            max_size=size,
            command_timeout=query_timeout,
            timeout=acquire_timeout,
            statement_cache_size=statement_cache_size,
            reset=_keep,
            server_settings=(
                {"application_name": application_name} if application_name is not None else None
            ),
        )
    try:
        yield Pool(connections, acquire_timeout)
    finally:
        try:
            async with asyncio.timeout(close_seconds()):
                await connections.close()
        except TimeoutError:
            connections.terminate()


async def _keep(_connection: Connection) -> None:
    """Give a connection back as it is, without the round trip of asyncpg's reset query.

    Nothing here changes the state of a session: settings are set for a transaction,
    and locks and cursors end with it. A test guards that it stays so.
    """


async def fetch(
    connection: Connection, query: Query, seconds: float | None = None, /, **values: object
) -> list[asyncpg.Record]:
    """Run a query on a connection and return its rows.

    Args:
        connection: one that was lent.
        query: what to run.
        seconds: how long it may run; None for as long as queries of its pool may.
        **values: the parameters of the query.
    """
    sql, arguments = query.bind(**values)
    started = perf_counter()
    try:
        return await connection.fetch(sql, *arguments, timeout=seconds)
    finally:
        count_query(started)


async def execute(
    connection: Connection, query: Query, seconds: float | None = None, /, **values: object
) -> None:
    """Run a query on a connection for what it does, in so many `seconds`, as `fetch` has them."""
    sql, arguments = query.bind(**values)
    started = perf_counter()
    try:
        await connection.execute(sql, *arguments, timeout=seconds)
    finally:
        count_query(started)


async def fetch_rows(pool: Pool, row_type: type[T], query: Query, **values: object) -> list[T]:
    """Run a query and return its rows as `row_type`, whose fields are the query's columns."""
    async with pool.acquire() as connection:
        rows = await fetch(connection, query, **values)
    return [row_type(*row) for row in rows]


async def fetch_row(pool: Pool, row_type: type[T], query: Query, **values: object) -> T | None:
    """Run a query and return its one row as `row_type`, or None when there is none."""
    rows = await fetch_rows(pool, row_type, query, **values)
    return rows[0] if rows else None


async def fetch_count(pool: Pool, query: Query, **values: object) -> int:
    """Run a query that answers with one number."""
    return (await fetch_rows(pool, int, query, **values))[0]
