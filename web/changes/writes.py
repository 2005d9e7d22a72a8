"""The way of every change into the catalog: once for its key, and known when the answer is lost."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Final

from web.changes.idempotency import (
    IdempotencyKey,
    KeyInUseError,
    KeyTurns,
    Outcome,
    claim,
    record,
)
from web.database.errors import (
    CommitUnknowableError,
    CommitUnknownError,
    DatabaseUnavailableError,
)
from web.database.pool import Connection, Pool
from web.database.transactions import Author, in_transaction

# How long a repeat waits for the first one, in seconds.
_WAIT: Final = 3.0
# For how long a lost COMMIT is asked after, and how long between two tries, in seconds.
_RESOLVE_FOR: Final = 2.5
_RESOLVE_EVERY: Final = 0.1


async def write_once(
    pool: Pool,
    work: Callable[[Connection], Awaitable[Outcome]],
    *,
    author: Author,
    key: IdempotencyKey,
    ttl: float,
    turns: KeyTurns,
) -> Outcome:
    """Run `work` in a transaction unless a write with this key was committed; return its outcome.

    When the connection is lost during the COMMIT, the same is asked again: if it was
    committed, its outcome is found by the key, and if not, it is done now.

    Args:
        pool: where the connection comes from.
        work: what is to be done, all or nothing; it may run more than once.
        author: who asks for it.
        key: by which a repeat is known.
        ttl: for how many seconds it is.
        turns: of all writes of this process.

    Raises:
        KeyInUseError: a write with this key is still running.
        KeyReusedError: a program sent the key with another content before.
        CommitUnknownError: whether it was saved could not be learned in time; the same key
            sent again tells.
        CommitUnknowableError: the same, but only this request knew the key.
        Whatever `in_transaction` or `work` raises; nothing was saved then.
    """
    loop = asyncio.get_running_loop()
    until = loop.time() + _WAIT

    async def keyed(connection: Connection) -> Outcome:
        known = await claim(connection, key, ttl=ttl, patience=until - loop.time())
        if known is not None:
            return known
        outcome = await work(connection)
        await record(connection, key, outcome, ttl=ttl)
        return outcome

    async with turns.turn(key, until=until):
        try:
            return await in_transaction(pool, keyed, author=author)
        except CommitUnknownError as error:
            task = asyncio.current_task()
            if task is not None and task.cancelling():
                raise  # nobody waits for the answer: the client has left, or the server ends
            unknown = error
        until = loop.time() + _RESOLVE_FOR
        while loop.time() < until:
            await asyncio.sleep(_RESOLVE_EVERY)
            try:
                async with asyncio.timeout_at(until):
                    return await in_transaction(pool, keyed, author=author)
            # In use: the server is still about the COMMIT whose answer was lost.
            except (DatabaseUnavailableError, KeyInUseError, TimeoutError):
                continue
    raise unknown if key.is_known else CommitUnknowableError(str(unknown)) from unknown
