"""Looking at a running download from outside: its slot, its connection, its buffers."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime

from tests.desk import CatalogMaker, Desk, app_of
from web.keys import DOWNLOAD_SLOTS

# Only a guard against waiting for ever: nothing here is about speed.
PATIENCE = 20.0


@dataclass(frozen=True)
class Backend:
    """A connection of the desk that is in a transaction, as PostgreSQL sees it."""

    pid: int
    state: str
    state_change: datetime


async def backends_in_transaction(catalog: CatalogMaker) -> list[Backend]:
    """Return the desk's connections that are in a transaction, all of which are downloads."""
    rows = await catalog.connection.fetch(
        "select pid, state, state_change from pg_stat_activity"
        " where datname = current_database() and pid <> pg_backend_pid()"
        " and xact_start is not null and backend_type = 'client backend' order by pid"
    )
    return [Backend(*row) for row in rows]


async def slots_taken(catalog: CatalogMaker) -> int:
    """Return how many slots of downloads are taken, by whichever desk on the database."""
    taken: int = await catalog.value(
        "select count(*) from pg_locks join pg_database on pg_database.oid = pg_locks.database"
        " where datname = current_database() and locktype = 'advisory' and classid = 1214344807"
    )
    return taken


def waiting_bytes(desk: Desk) -> list[int]:
    """Return for each connection of the desk how many bytes wait in the server for its reader."""
    assert desk.server.runner is not None
    server = desk.server.runner.server
    assert server is not None
    return [
        connection.transport.get_write_buffer_size()
        for connection in server.connections
        if connection.transport is not None
    ]


async def until(happened: Callable[[], Awaitable[bool]], patience: float = PATIENCE) -> None:
    """Wait until something has happened.

    Raises:
        TimeoutError: it has not.
    """
    async with asyncio.timeout(patience):
        while not await happened():  # noqa: ASYNC110 - it happens in another process
            await asyncio.sleep(0.01)


async def until_parked(catalog: CatalogMaker, count: int = 1) -> list[Backend]:
    """Wait until so many downloads have stopped reading from the database; return their backends.

    Nobody takes what they send, so their cursors rest: no query comes for a while.
    """
    before: list[Backend] = []
    async with asyncio.timeout(PATIENCE):
        while True:
            now = await backends_in_transaction(catalog)
            if (
                len(now) == count
                and now == before
                and {b.state for b in now} == {"idle in transaction"}
            ):
                return now
            before = now
            await asyncio.sleep(0.2)


async def until_freed(desk: Desk, catalog: CatalogMaker, patience: float = PATIENCE) -> None:
    """Wait until no download holds a slot, a connection or a transaction."""

    async def freed() -> bool:
        is_empty = app_of(desk)[DOWNLOAD_SLOTS].inside == 0
        return (
            is_empty
            and await slots_taken(catalog) == 0
            and not await backends_in_transaction(catalog)
        )

    await until(freed, patience)
