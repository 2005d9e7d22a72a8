"""Whether Hangtag is alive and ready, for whatever watches over it."""

import asyncio

from aiohttp import web

from web.database.errors import DatabaseUnavailableError
from web.database.migrations import SchemaState, schema_state
from web.keys import DRAINING, POOL

# A probe wants an answer, not to wait in line behind pages.
_READY_TIMEOUT = 2.0


async def healthz(_request: web.Request) -> web.Response:
    """Say that the process answers; the database is not asked."""
    return web.Response(text="alive\n")


async def readyz(request: web.Request) -> web.Response:
    """Say whether requests should come here: the database is there, with this code's schema."""
    reason = "stopping" if request.app[DRAINING].is_set() else await _database_problem(request)
    if reason is None:
        return web.Response(text="ready\n")
    return web.Response(text=f"not ready: {reason}\n", status=503)


async def _database_problem(request: web.Request) -> str | None:
    try:
        async with asyncio.timeout(_READY_TIMEOUT), request.app[POOL].acquire() as connection:
            state = await schema_state(connection)
    except (DatabaseUnavailableError, TimeoutError):
        return "the database cannot be reached"
    return None if state is SchemaState.CURRENT else f"the schema is {state.value}"
