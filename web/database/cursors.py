"""Streaming from a server-side cursor, as an asynchronous generator.

The query formats the rows; what travels is blocks of finished lines. Nothing is
fetched before it is asked for, so that a slow reader slows the database down
instead of filling memory.
"""

from collections.abc import AsyncGenerator

from web.database.pool import Connection
from web.database.queries import Query

# A fetch aims at this many bytes: enough that round trips do not count.
_FETCH_BYTES = 256 * 1024
# With blocks of at most 64 KiB a fetch is never above 8 MiB, whatever comes.
_MAX_FETCH_ROWS = 128
_FIRST_FETCH_ROWS = 4


async def read_blocks(
    connection: Connection, query: Query, **values: object
) -> AsyncGenerator[bytes, None]:
    """Yield what the `block` column of `query` holds, joined to pieces of some 256 KiB.

    `connection` is in a transaction, which holds the cursor. The first piece is
    small, so that it comes at once.
    """
    sql, arguments = query.bind(**values)
    cursor = await connection.cursor(sql, *arguments)
    rows = _FIRST_FETCH_ROWS
    while blocks := await cursor.fetch(rows):
        piece = "".join([block[0] for block in blocks]).encode()
        yield piece
        wanted = len(blocks) * _FETCH_BYTES // max(len(piece), 1)
        rows = max(1, min(wanted, rows * 4, _MAX_FETCH_ROWS))
