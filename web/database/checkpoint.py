"""What the embedded PostgreSQL does at its end, begun before it.

A fast shutdown writes everything down that is only in memory and in the log: 0.4 s for 256 MB, and
more on slow disks. Meanwhile the last requests are still finished: so it is begun beside them, and
only the rest is left for the end. Nothing depends on it.
"""

import logging

import asyncpg

from web.database.queries import load_queries

WRITE_CHECKPOINT = load_queries("server")["write_checkpoint"]

_CONNECT_SECONDS = 3.0

_LOG = logging.getLogger("hangtag.database")


async def write_checkpoint(url: str) -> None:
    """Let PostgreSQL write down what it has in memory. What goes wrong is logged and no more."""
    sql, _ = WRITE_CHECKPOINT.bind()
    try:
        connection = await asyncpg.connect(url, timeout=_CONNECT_SECONDS, statement_cache_size=0)
        try:
            await connection.execute(sql)
        finally:
            connection.terminate()
    except (
        asyncpg.PostgresError,
        asyncpg.InterfaceError,
        asyncpg.InternalClientError,
        OSError,
    ) as error:
        _LOG.info("no checkpoint before the end: %s", error)
