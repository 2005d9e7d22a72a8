"""Change sets: all that one request changed, kept by triggers in the history."""

from dataclasses import dataclass
from datetime import datetime

from web.database.pool import Connection, Pool, fetch, fetch_count, fetch_row, fetch_rows
from web.database.queries import load_queries

_QUERIES = load_queries("changes")
CURRENT_CHANGE_SET = _QUERIES["current_change_set"]
GET_CHANGE_SET = _QUERIES["get_change_set"]
LIST_UNDOS = _QUERIES["list_undos"]
LIST_LEFT_ALONE = _QUERIES["list_left_alone"]
COUNT_LEFT_ALONE = _QUERIES["count_left_alone"]


@dataclass(frozen=True, slots=True)
class ChangeSet:
    """When a change set was made and by whom, what it undoes, and how far it is undone.

    `is_change` is False when nothing was changed after all, `is_recent` for an hour,
    `is_undone` when an undo left nothing of it alone.
    """

    change_set_id: int
    changed_at: datetime
    person: str
    address: str | None
    undoes: int | None
    is_change: bool
    is_bulk: bool
    is_recent: bool
    undo_count: int
    is_undone: bool

    @property
    def can_be_undone(self) -> bool:
        """Whether there is anything that an undo could try."""
        return self.is_change and not self.is_bulk and not self.is_undone


@dataclass(frozen=True, slots=True)
class Undo:
    """A change set that undid another."""

    change_set_id: int
    changed_at: datetime
    person: str


@dataclass(frozen=True, slots=True)
class LeftAlone:
    """A row that an undo left as it is.

    `reason` is why: "edited" since, "used" by others since, its name or number "taken",
    "orphaned" as what it belongs to is gone, or "gone" itself.
    """

    noun: str
    row_id: int
    reason: str


async def current_change_set(connection: Connection) -> int:
    """Return the id of the change set of the transaction that `connection` is in."""
    rows = await fetch(connection, CURRENT_CHANGE_SET)
    return int(rows[0][0])


async def get_change_set(pool: Pool, change_set_id: int) -> ChangeSet | None:
    """Return one change set, or None if nobody has the id."""
    return await fetch_row(pool, ChangeSet, GET_CHANGE_SET, change_set_id=change_set_id)


async def list_undos(pool: Pool, change_set_id: int) -> list[Undo]:
    """Return the change sets that undid one, in the order they came."""
    return await fetch_rows(pool, Undo, LIST_UNDOS, change_set_id=change_set_id)


async def list_left_alone(pool: Pool, change_set_id: int, *, most: int) -> list[LeftAlone]:
    """Return up to `most` of the rows that an undo left alone."""
    return await fetch_rows(
        pool, LeftAlone, LIST_LEFT_ALONE, change_set_id=change_set_id, most=most
    )


async def count_left_alone(pool: Pool, change_set_id: int) -> int:
    """Return how many rows an undo left alone."""
    return await fetch_count(pool, COUNT_LEFT_ALONE, change_set_id=change_set_id)
