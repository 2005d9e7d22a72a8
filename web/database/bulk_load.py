"""Load so many rows that keys, indexes and triggers are better put on behind them.

A row that goes into a table pays for every index, foreign key and trigger by
itself: ten million SKUs take minutes. Taken off first and put back behind the rows,
indexes are built by sorting, foreign keys checked by one join, and counts made by
one grouping. All of it happens in the load's own transaction, so a load that fails
leaves the tables as they were.

The definitions are PostgreSQL's own, so that a migration has no second place to
think of. Whoever owns the tables may do this. Readers wait for the end of the
transaction, and the load for the readers under way.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from web.database.pool import Connection, fetch
from web.database.queries import load_queries

LIST_PARTS = load_queries("bulk_load")["list_parts"]


@dataclass(frozen=True, slots=True)
class Part:
    """An index, a key, a foreign key or a trigger: the statements without and with it."""

    take_off: str
    put_back: str


async def take_apart(
    connection: Connection, tables: Sequence[str], trigger_functions: Sequence[str]
) -> list[Part]:
    """Take off what makes rows slow, and return it for `put_together`.

    Args:
        connection: in the transaction of the load.
        tables: which tables are loaded.
        trigger_functions: the functions of the triggers whose work the load does itself,
            for all rows at once. Other triggers stay on.
    """
    parts = [
        Part(*row)
        for row in await fetch(
            connection, LIST_PARTS, tables=tables, trigger_functions=trigger_functions
        )
    ]
    for part in reversed(parts):
        await connection.execute(part.take_off)
    return parts


async def put_together(
    connection: Connection, parts: Sequence[Part], advance: Callable[[int, int], None]
) -> None:
    """Build the indexes, check the foreign keys and let the triggers fire again.

    The server's own maintenance_work_mem is left alone: ten million rows were sorted
    as fast in 64 MB as in 256 MB and 1 GB.

    Args:
        connection: in the transaction of the load.
        parts: what `take_apart` took off.
        advance: called with how many of them are back, and of how many.

    Raises:
        asyncpg.IntegrityConstraintViolationError: the rows break a key.
    """
    for done, part in enumerate(parts):
        advance(done, len(parts))
        await connection.execute(part.put_back)
    advance(len(parts), len(parts))
