"""Streaming from a server-side cursor, as an asynchronous generator.

The query formats the rows; what travels is blocks of finished lines, as bytes: text
would be decoded here only to be encoded again. One piece is fetched ahead and no
more, so that a slow reader slows the database down instead of filling memory.
"""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import AbstractAsyncContextManager
from typing import Final, Protocol

from web.database.pool import Connection
from web.database.queries import Query

# A fetch aims at this many bytes: enough that round trips do not count. Beside pages it
# is longer: turns are rare then, and pages wait no longer for it (measured).
_FETCH_BYTES: Final = 256 * 1024
_NARROW_FETCH_BYTES: Final = 512 * 1024
# With blocks of at most 64 KiB a fetch is never above 8 MiB, whatever comes.
_MAX_FETCH_ROWS: Final = 128
_FIRST_FETCH_ROWS: Final = 4


class Turns(Protocol):
    """Who says when a block may be fetched: the concurrency limiter."""

    @property
    def is_narrow(self) -> bool:
        """Whether others are waiting for the database."""
        ...

    def turn(self) -> AbstractAsyncContextManager[None]:
        """Wait for a turn, and hold it for one fetch."""
        ...


async def read_blocks(
    connection: Connection, query: Query, turns: Turns, **values: object
) -> AsyncGenerator[bytes, None]:
    """Yield what the `block` column of `query` holds, joined to pieces of some 256 KiB.

    `connection` is in a transaction, which holds the cursor. The first piece is
    small, so that it comes at once.
    """
    sql, arguments = query.bind(**values)
    cursor = await connection.cursor(sql, *arguments)

    async def fetch(rows: int) -> list[bytes]:
        async with turns.turn():
            return [row[0] for row in await cursor.fetch(rows)]

    rows = _FIRST_FETCH_ROWS
    blocks = await fetch(rows)
    while blocks:
        piece = b"".join(blocks)
        aim = _NARROW_FETCH_BYTES if turns.is_narrow else _FETCH_BYTES
        wanted = len(blocks) * aim // max(len(piece), 1)
        rows = max(1, min(wanted, rows * 4, _MAX_FETCH_ROWS))
        # PostgreSQL makes the next piece while this one is sent.
        ahead = asyncio.ensure_future(fetch(rows))
        try:
            yield piece
            blocks = await ahead
        finally:
            ahead.cancel()
            # Waited for, since the transaction can only end behind it; its error is not
            # the one to tell when the reader has gone.
            await asyncio.gather(ahead, return_exceptions=True)
