"""Whether the connections that this server may open fit into what PostgreSQL has.

Checked once, at the start: found out later, it is a page that fails at the busiest hour.
"""

from dataclasses import dataclass
from typing import Final

import asyncpg

from web.database.errors import translated_errors
from web.database.queries import load_queries
from web.settings import Settings, SettingsError

GET_CONNECTION_LIMIT: Final = load_queries("server")["get_connection_limit"]


@dataclass(frozen=True, slots=True)
class ConnectionLimit:
    """How many connections a PostgreSQL has, and how many of them it reserves."""

    total: int
    reserved: int


async def check_connections(settings: Settings, url: str) -> None:
    """Refuse pools that together are larger than what the server behind `url` has for them.

    Behind a pooler, which is there when migrations have a way of their own past it, nothing is
    checked: it lends out fewer connections than are opened to it, and does not tell how many.

    Raises:
        DatabaseUnavailableError: PostgreSQL cannot be reached.
        SettingsError: they do not fit.
    """
    if settings.migrate_url is not None:
        return
    limit = await _connection_limit(url, settings.acquire_timeout)
    # Slots are of all workers together, and any worker may come to run them all.
    wanted = settings.pool_size + settings.workers * settings.download_slots
    if wanted > limit.total - limit.reserved:
        raise SettingsError(
            f"HANGTAG_POOL_SIZE and HANGTAG_DOWNLOAD_SLOTS cannot be {settings.pool_size} and"
            f" {settings.download_slots}{_with_workers(settings)}: together they need {wanted}"
            f" connections, and PostgreSQL has {limit.total - limit.reserved} for Hangtag"
            f" (max_connections is {limit.total}, of which {limit.reserved} are reserved)."
        )


def _with_workers(settings: Settings) -> str:
    return f" with {settings.workers} workers" if settings.workers > 1 else ""


async def _connection_limit(url: str, timeout: float) -> ConnectionLimit:  # noqa: ASYNC109
    sql, _ = GET_CONNECTION_LIMIT.bind()
    with translated_errors(lambda: True):
        connection = await asyncpg.connect(url, timeout=timeout, statement_cache_size=0)
        try:
            row = await connection.fetchrow(sql)
        finally:
            await connection.close()
    assert row is not None, "a select without from has one row"  # noqa: S101 - for the type checker
    return ConnectionLimit(*row)
