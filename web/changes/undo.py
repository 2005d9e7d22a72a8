"""Undo: what a change set did is taken back, by a change set that can itself be undone.

The history says what every row was before and after. A row that somebody has edited
since, or that others use since, is left alone, and the undo says so. Whole sets are
restored by single statements: 10,000 pasted brands in a second.
"""

from collections.abc import Iterator
from typing import Final

import asyncpg

from web.changes.change_sets import LeftAlone, current_change_set
from web.database.pool import Connection, execute, fetch
from web.database.queries import Query, load_queries

_QUERIES = load_queries("undo")
LOCK_CHANGE_SET = _QUERIES["lock_change_set"]
SET_UNDOES = _QUERIES["set_undoes"]
COUNT_YET_TO_UNDO = _QUERIES["count_yet_to_undo"]
LEAVE_REST_ALONE = _QUERIES["leave_rest_alone"]

# In the order in which all writers lock them: what others belong to first.
_LOCKS: Final = {
    "brand": _QUERIES["lock_brands"],
    "product": _QUERIES["lock_products"],
    "color": _QUERIES["lock_colors"],
    "size": _QUERIES["lock_sizes"],
}
# What is removed goes before what it belongs to (SKUs in a statement before their product,
# which the triggers that count demand), and makes names free for what is set back; what comes
# back comes after what it belongs to.
_STEPS: Final = (
    ("sku", _QUERIES["remove_skus"]),
    ("product", _QUERIES["remove_products"]),
    ("brand", _QUERIES["remove_brands"]),
    ("brand", _QUERIES["set_brands_back"]),
    ("brand", _QUERIES["bring_brands_back"]),
    ("color", _QUERIES["remove_colors"]),
    ("color", _QUERIES["set_colors_back"]),
    ("color", _QUERIES["bring_colors_back"]),
    ("size", _QUERIES["remove_sizes"]),
    ("size", _QUERIES["set_sizes_back"]),
    ("size", _QUERIES["bring_sizes_back"]),
    ("product", _QUERIES["set_products_back"]),
    ("product", _QUERIES["bring_products_back"]),
    ("sku", _QUERIES["bring_skus_back"]),
)
# A statement that inserts more than this counts as a bulk load, which could not be undone.
_MOST_AT_ONCE: Final = 50_000


class UnknownChangeSetError(Exception):
    """There is no such change set."""


class BulkLoadError(Exception):
    """The change set is a bulk load: the history does not know its rows."""


class NothingToUndoError(Exception):
    """Nothing of the change set can be undone; nothing was saved.

    `left_alone` says why not, row by row. It is empty when nothing is left to undo.
    """

    def __init__(self, left_alone: list[LeftAlone]) -> None:
        super().__init__(f"{len(left_alone)} rows left alone")
        self.left_alone = left_alone


async def undo(connection: Connection, change_set_id: int, seconds: float) -> int:
    """Undo a change set as far as possible, and return the change set that this is.

    What an earlier undo of it has done is not asked for again.

    Args:
        connection: in a transaction that has changed nothing yet.
        change_set_id: what to undo.
        seconds: how long each statement that undoes may run.

    Raises:
        UnknownChangeSetError: there is no such change set.
        BulkLoadError: it cannot be undone by its nature.
        NothingToUndoError: nothing of it can be undone any more.
        asyncpg.UniqueViolationError: somebody took a name just now; again, it is left alone.
        asyncpg.ForeignKeyViolationError: something went just now; again, it is left alone.
    """
    found = await fetch(connection, LOCK_CHANGE_SET, change_set_id=change_set_id)
    if not found:
        raise UnknownChangeSetError
    if found[0]["is_bulk"]:
        raise BulkLoadError
    await execute(connection, SET_UNDOES, change_set_id=change_set_id)
    counts = await _run(connection, COUNT_YET_TO_UNDO, change_set_id, seconds)
    nouns = {row["noun"] for row in counts}
    for noun, lock in _LOCKS.items():
        if noun in nouns:
            await _run(connection, lock, change_set_id, seconds)

    rest = sum(row["row_count"] for row in counts)
    is_changed = False
    # Twice or more only when rows stood in each other's way: a brand that is removed when its
    # last product has moved back, or more rows to bring back than one statement takes.
    while rest:
        done = 0
        for query in _steps_of(nouns):
            done += await _run_and_count(connection, query, change_set_id, seconds)
        if not done:
            break
        is_changed = True
        rest -= done
    left_alone = await _leave_rest_alone(connection, change_set_id, seconds) if rest else []
    if not is_changed:
        raise NothingToUndoError(left_alone)
    return await current_change_set(connection)


def _steps_of(nouns: set[str]) -> Iterator[Query]:
    return (query for noun, query in _STEPS if noun in nouns)


async def _run(
    connection: Connection, query: Query, change_set_id: int, seconds: float, **values: object
) -> list[asyncpg.Record]:
    return await fetch(connection, query, seconds, change_set_id=change_set_id, **values)


async def _run_and_count(
    connection: Connection, query: Query, change_set_id: int, seconds: float
) -> int:
    """Run a step and return how many rows it restored."""
    # The steps that remove need no limit, and take no notice of one.
    rows = await _run(connection, query, change_set_id, seconds, most=_MOST_AT_ONCE)
    return int(rows[0][0])


async def _leave_rest_alone(
    connection: Connection, change_set_id: int, seconds: float
) -> list[LeftAlone]:
    rows = await _run(connection, LEAVE_REST_ALONE, change_set_id, seconds)
    return sorted((LeftAlone(*row) for row in rows), key=lambda left: (left.noun, left.row_id))
