"""The one place where a write transaction begins and ends.

Everything that changes the catalog goes through `in_transaction`: all of the
work is committed, or nothing is. An error inside ends the transaction and is
caught outside of it: PostgreSQL refuses everything after an error, and answers a
COMMIT with a silent rollback. An error swallowed inside is therefore looked for
before the COMMIT.
"""

import asyncio
from collections.abc import Awaitable, Callable
from typing import TypeVar

import asyncpg

from web.database.pool import Connection, Pool, execute, is_lost
from web.database.queries import load_queries

_QUERIES = load_queries("transactions")
SET_REQUEST = _QUERIES["set_request"]
PROVE_SOUND = _QUERIES["prove_sound"]
# Tries of a transaction that another one made impossible (SQLSTATE 40001, 40P01).
_TRIES = 3

T = TypeVar("T")


async def in_transaction(
    pool: Pool, work: Callable[[Connection], Awaitable[T]], *, request_id: str
) -> T:
    """Run `work` in a transaction (READ COMMITTED) and return what it returns.

    Args:
        pool: where the connection comes from.
        work: what is to be done, all or nothing; it may run more than once.
        request_id: which request writes, for the history.

    Raises:
        DuplicateKeyError: a unique index refused a row; nothing was saved.
        asyncpg.InFailedSQLTransactionError: `work` swallowed an error; nothing was saved.
        DatabaseUnavailableError: the connection was lost, or none came.
    """
    async with pool.acquire() as connection:
        for _ in range(_TRIES - 1):
            try:
                return await _once(connection, work, request_id)
            except (asyncpg.SerializationError, asyncpg.DeadlockDetectedError):
                continue
        return await _once(connection, work, request_id)


async def _once(
    connection: Connection, work: Callable[[Connection], Awaitable[T]], request_id: str
) -> T:
    transaction = connection.transaction(isolation="read_committed")
    await transaction.start()
    try:
        await execute(connection, SET_REQUEST, request_id=request_id)
        result = await work(connection)
        await execute(connection, PROVE_SOUND)
    except BaseException:
        # On a lost connection there is nothing left to roll back, and the error to tell
        # is the first one.
        if not is_lost(connection):
            await _uninterrupted(transaction.rollback())
        raise
    await _uninterrupted(transaction.commit())
    return result


async def _uninterrupted(ending: Awaitable[None]) -> None:
    """Wait for the end of a transaction even if the client has gone away meanwhile.

    Cancelling a COMMIT would leave open whether it happened.
    """
    task = asyncio.ensure_future(ending)
    cancelled: asyncio.CancelledError | None = None
    while not task.done():
        try:
            await asyncio.shield(task)
        except asyncio.CancelledError as error:
            cancelled = error
    await task
    if cancelled is not None:
        raise cancelled
