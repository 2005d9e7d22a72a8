"""Change sets: all that one request changed, kept by triggers in the history."""

from dataclasses import dataclass
from datetime import datetime

from web.database.pool import Connection, Pool, fetch, fetch_row, fetch_rows
from web.database.queries import load_queries

_QUERIES = load_queries("changes")
CURRENT_CHANGE_SET = _QUERIES["current_change_set"]
GET_CHANGE_SET = _QUERIES["get_change_set"]
WAS_CREATED_BY = _QUERIES["was_created_by"]
LIST_ENTRIES = _QUERIES["list_entries"]


@dataclass(frozen=True, slots=True)
class ChangeSet:
    """When a change set was made, and how many entries the history has of it."""

    change_set_id: int
    changed_at: datetime
    entry_count: int


@dataclass(frozen=True, slots=True)
class Entry:
    """One entry of a change set: a row that was created, or a bulk load with its numbers."""

    history_id: int
    noun: str
    row_id: int | None
    row_name: str | None
    brands: int | None
    products: int | None
    skus: int | None


async def current_change_set(connection: Connection) -> int:
    """Return the id of the change set of the transaction that `connection` is in."""
    rows = await fetch(connection, CURRENT_CHANGE_SET)
    return int(rows[0][0])


async def get_change_set(pool: Pool, change_set_id: int) -> ChangeSet | None:
    """Return one change set, or None if nobody has the id."""
    return await fetch_row(pool, ChangeSet, GET_CHANGE_SET, change_set_id=change_set_id)


async def list_entries(pool: Pool, change_set_id: int, *, most: int) -> list[Entry]:
    """Return up to `most` entries of a change set, in the order they were made."""
    return await fetch_rows(pool, Entry, LIST_ENTRIES, change_set_id=change_set_id, most=most)


async def created_by(pool: Pool, change_set_id: int | None, noun: str, row_id: int) -> bool:
    """Return whether a change set created a row; no change set created none."""
    if change_set_id is None:
        return False
    rows = await fetch_rows(
        pool, bool, WAS_CREATED_BY, change_set_id=change_set_id, noun=noun, row_id=row_id
    )
    return rows[0]
