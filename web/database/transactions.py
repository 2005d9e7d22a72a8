"""The one place where a write transaction begins and ends.

Everything that changes the catalog goes through `in_transaction`: all of the
work is committed, or nothing is. An error inside ends the transaction and is
caught outside of it: PostgreSQL refuses everything after an error, and answers a
COMMIT with a silent rollback. An error swallowed inside is therefore looked for
before the COMMIT. `rehearse` does the same work and takes all of it back.
"""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from time import perf_counter
from typing import Final, TypeVar

import asyncpg
from asyncpg.exceptions import InternalClientError

from web.database.errors import CommitUnknownError
from web.database.pool import Connection, Pool, execute, is_lost
from web.database.queries import load_queries
from web.database.tally import count_query
from web.metrics import DATABASE_ERRORS

_QUERIES = load_queries("transactions")
SET_AUTHOR = _QUERIES["set_author"]
PROVE_SOUND = _QUERIES["prove_sound"]
# Tries of a transaction that another one made impossible (SQLSTATE 40001, 40P01).
_TRIES = 3
# How long a ROLLBACK may take, in seconds, the end of a query that was broken off included.
_ROLLBACK_TIMEOUT: Final = 1.0
# After these a COMMIT may have happened or not.
_NO_ANSWER = (
    OSError,  # a TimeoutError is one, too
    asyncpg.InterfaceError,
    InternalClientError,
    asyncpg.PostgresConnectionError,
    asyncpg.OperatorInterventionError,
)

T = TypeVar("T")
Work = Callable[[Connection], Awaitable[T]]


@dataclass(frozen=True, slots=True)
class Author:
    """Who makes a change, from which address, and by which request: the history keeps it."""

    person: str
    address: str
    request_id: str


async def in_transaction(pool: Pool, work: Work[T], *, author: Author) -> T:
    """Run `work` in a transaction (READ COMMITTED) and return what it returns.

    Args:
        pool: where the connection comes from.
        work: what is to be done, all or nothing; it may run more than once.
        author: who asks for it.

    Raises:
        DuplicateKeyError: a unique index refused a row; nothing was saved.
        BrokenReferenceError: a foreign key refused a row; nothing was saved.
        RefusedValueError: a check or a type refused a value; nothing was saved.
        asyncpg.InFailedSQLTransactionError: `work` swallowed an error; nothing was saved.
        CommitUnknownError: the connection was lost during the COMMIT.
        DatabaseUnavailableError: the connection was lost, or none came; nothing was saved.
    """
    async with pool.acquire() as connection:
        for _ in range(_TRIES - 1):
            try:
                return await _try_once(connection, work, author)
            except (asyncpg.SerializationError, asyncpg.DeadlockDetectedError):
                continue
        return await _try_once(connection, work, author)


async def rehearse(pool: Pool, work: Work[T], *, author: Author, seconds: float) -> T:
    """Run `work` in a transaction that is always rolled back, and return what it returns.

    What the work did is undone whatever came of it; others wait for its rows no longer
    than `seconds`.

    Raises:
        DatabaseBusyError: the work took longer than `seconds`.
    """
    async with pool.acquire() as connection:
        transaction = await _begin(connection)
        try:
            async with asyncio.timeout(seconds):
                await _set_author(connection, author)
                return await work(connection)
        finally:
            await _roll_back(connection, transaction)


@asynccontextmanager
async def savepoint(connection: Connection) -> AsyncIterator[None]:
    """Put a part of a transaction under a savepoint.

    What the block raises takes back the block alone, and is raised; the transaction goes on.
    """
    async with connection.transaction():
        yield


async def _try_once(connection: Connection, work: Work[T], author: Author) -> T:
    transaction = await _begin(connection)
    try:
        await _set_author(connection, author)
        result = await work(connection)
        await execute(connection, PROVE_SOUND)
    except BaseException:
        await _roll_back(connection, transaction)
        raise
    try:
        await _uninterrupted(transaction.commit())
    except _NO_ANSWER as error:
        # A connection whose COMMIT got no answer is of no further use to anybody.
        _end(connection)
        DATABASE_ERRORS.labels(CommitUnknownError.__name__).inc()
        raise CommitUnknownError(str(error) or type(error).__name__) from error
    return result


async def _begin(connection: Connection) -> asyncpg.transaction.Transaction:
    transaction = connection.transaction(isolation="read_committed")
    try:
        await transaction.start()
    except BaseException:
        # A client that leaves now leaves open whether there is a transaction. The pool would
        # find out, roll it back, and write into the log that it had to.
        _end(connection)
        raise
    return transaction


async def _set_author(connection: Connection, author: Author) -> None:
    await execute(
        connection,
        SET_AUTHOR,
        person=author.person,
        address=author.address,
        request_id=author.request_id,
    )


async def _roll_back(connection: Connection, transaction: asyncpg.transaction.Transaction) -> None:
    """Roll back, by the end of the connection if need be; the error to tell is the first one."""
    # On a lost connection there is nothing left to roll back.
    if is_lost(connection):
        return
    try:
        await _uninterrupted(asyncio.wait_for(transaction.rollback(), _ROLLBACK_TIMEOUT))
    except (*_NO_ANSWER, asyncpg.PostgresError):
        # PostgreSQL rolls back by itself when it sees that the connection is gone.
        _end(connection)


def _end(connection: Connection) -> None:
    # One that is lost the pool may have taken back, and then nothing can be done with it.
    if not is_lost(connection):
        connection.terminate()


async def _uninterrupted(ending: Awaitable[None]) -> None:
    """Wait for the end of a transaction even if the client has gone away meanwhile.

    Cancelling a COMMIT would leave open whether it happened.
    """
    started = perf_counter()
    task = asyncio.ensure_future(ending)
    cancelled: asyncio.CancelledError | None = None
    while not task.done():
        try:
            await asyncio.wait({task})
        except asyncio.CancelledError as error:
            cancelled = error
        finally:
            if task.done():
                count_query(started)
    await task
    if cancelled is not None:
        raise cancelled
