"""What PostgreSQL says of itself: for the page that shows how the desk is.

A user of PostgreSQL need not be allowed to see all of it. What it may not see is None here, and
never an error.
"""

from collections.abc import Awaitable
from dataclasses import dataclass
from datetime import datetime
from typing import TypeVar

import asyncpg

from web.database.pool import Pool, fetch_count, fetch_row, fetch_rows
from web.database.queries import load_queries

_QUERIES = load_queries("system")
GET_SERVER = _QUERIES["get_server"]
COUNT_KEPT = _QUERIES["count_kept"]
LIST_TABLE_STATES = _QUERIES["list_table_states"]
LIST_CONNECTIONS = _QUERIES["list_connections"]
LIST_RUNNING_STATEMENTS = _QUERIES["list_running_statements"]
HAS_STATEMENT_STATISTICS = _QUERIES["has_statement_statistics"]
LIST_SLOW_STATEMENTS = _QUERIES["list_slow_statements"]
LIST_STANDBYS = _QUERIES["list_standbys"]

# Not allowed, not there, not loaded, or not of this version.
_NOT_VISIBLE = (
    asyncpg.InsufficientPrivilegeError,
    asyncpg.UndefinedTableError,
    asyncpg.UndefinedColumnError,
    asyncpg.UndefinedFunctionError,
    asyncpg.ObjectNotInPrerequisiteStateError,
)

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Server:
    """A PostgreSQL and the desk's database on it; `seconds_behind` is a standby's own lag."""

    database_name: str
    version: str
    started_at: datetime
    connection_limit: int
    is_standby: bool
    seconds_behind: float | None
    schema_version: str | None
    byte_count: int


@dataclass(frozen=True, slots=True)
class Kept:
    """How many rows there are of people and their requests."""

    accounts: int
    sessions: int
    partner_keys: int
    idempotency_keys: int
    downloads: int


@dataclass(frozen=True, slots=True)
class TableState:
    """A table with its indexes: bytes exactly, rows about."""

    name: str
    byte_count: int
    row_count: int
    dead_row_count: int
    vacuumed_at: datetime | None
    analyzed_at: datetime | None


@dataclass(frozen=True, slots=True)
class Connections:
    """The connections of one name."""

    name: str
    open: int
    busy: int
    oldest_at: datetime | None


@dataclass(frozen=True, slots=True)
class RunningStatement:
    """A statement that has been running for a while; `text` is None if it is another user's."""

    pid: int
    name: str
    seconds: float
    waits_for: str
    text: str | None


@dataclass(frozen=True, slots=True)
class SlowStatement:
    """What a statement took since the statistics began."""

    text: str
    call_count: int
    seconds: float
    mean_ms: float
    max_ms: float


@dataclass(frozen=True, slots=True)
class Standby:
    """A server that follows this one; None is what this user may not see, or what is no lag."""

    name: str
    state: str | None
    sync_state: str | None
    seconds_behind: float | None
    byte_count_behind: int | None


async def get_server(pool: Pool) -> Server | None:
    """Return the server behind a pool."""
    return await _visible(fetch_row(pool, Server, GET_SERVER))


async def count_kept(pool: Pool) -> Kept | None:
    """Return how much is kept of people and their requests."""
    return await _visible(fetch_row(pool, Kept, COUNT_KEPT))


async def list_table_states(pool: Pool) -> list[TableState] | None:
    """Return the tables, the largest first."""
    return await _visible(fetch_rows(pool, TableState, LIST_TABLE_STATES))


async def list_connections(pool: Pool) -> list[Connections] | None:
    """Return who is connected to the database."""
    return await _visible(fetch_rows(pool, Connections, LIST_CONNECTIONS))


async def list_running_statements(pool: Pool) -> list[RunningStatement] | None:
    """Return what has been running for more than a second."""
    return await _visible(fetch_rows(pool, RunningStatement, LIST_RUNNING_STATEMENTS))


async def list_slow_statements(pool: Pool) -> list[SlowStatement] | None:
    """Return what took most of the server's time; None without pg_stat_statements, too."""
    if not await fetch_count(pool, HAS_STATEMENT_STATISTICS):
        return None
    return await _visible(fetch_rows(pool, SlowStatement, LIST_SLOW_STATEMENTS))


async def list_standbys(pool: Pool) -> list[Standby] | None:
    """Return the standbys that follow the server."""
    return await _visible(fetch_rows(pool, Standby, LIST_STANDBYS))


async def _visible(asking: Awaitable[T]) -> T | None:
    try:
        return await asking
    except _NOT_VISIBLE:
        return None
