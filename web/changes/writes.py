"""The way of every change into the catalog: once for its key, and known when the answer is lost."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Final

from web.changes.idempotency import IdempotencyKey, KeyInUseError, Outcome, claim, record
from web.database.errors import CommitUnknownError, DatabaseUnavailableError
from web.database.pool import Connection, Pool
from web.database.transactions import Author, in_transaction

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
) -> Outcome:
    """Run `work` in a transaction unless a write with this key was committed; return its outcome.

    When the connection is lost during the COMMIT, the same is asked again: if it was
    committed, its outcome is found by the key, and if not, it is done now.

    Raises:
        KeyInUseError: a write with this key is still running.
        KeyReusedError: a program sent the key with another content before.
        CommitUnknownError: whether it was saved could not be learned in time; the same key
            sent again tells.
        Whatever `in_transaction` or `work` raises; nothing was saved then.
    """

    async def keyed(connection: Connection) -> Outcome:
        known = await claim(connection, key, ttl=ttl)
        if known is not None:
            return known
        outcome = await work(connection)
        await record(connection, key, outcome, ttl=ttl)
        return outcome

    try:
        return await in_transaction(pool, keyed, author=author)
    except CommitUnknownError as error:
        unknown = error
    loop = asyncio.get_running_loop()
    until = loop.time() + _RESOLVE_FOR
    while loop.time() < until:
        await asyncio.sleep(_RESOLVE_EVERY)
        try:
            async with asyncio.timeout_at(until):
                return await in_transaction(pool, keyed, author=author)
        # In use: the server is still about the COMMIT whose answer was lost.
        except (DatabaseUnavailableError, KeyInUseError, TimeoutError):
            continue
    raise unknown
