"""The application, wired together: read this first.

A request goes from the route (web/routes.py) to a handler, which reads it with
web/inputs.py, asks web/catalog through a pool, and renders a template.
"""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager
from typing import Final

from aiohttp import set_zlib_backend, web
from aiohttp.typedefs import Middleware
from isal import isal_zlib

from web.database.pool import open_pool
from web.downloads.limiter import ConcurrencyLimiter
from web.downloads.slots import DownloadSlots
from web.keys import DOWNLOAD_POOL, DOWNLOAD_SLOTS, DRAINING, LIMITER, POOL, RUNNING, SETTINGS
from web.middlewares import (
    error_pages,
    host_check,
    loopback_names,
    not_modified,
    page_turn,
    request_log,
    same_origin_check,
    send_common_headers,
)
from web.routes import add_routes
from web.settings import Settings
from web.templates import add_templates

# The largest body: 10,000 brand names in a form are well below it.
MAX_BODY_BYTES: Final = 1024 * 1024


def create_app(settings: Settings, database_url: str) -> web.Application:
    """Return the application.

    Args:
        settings: what can be set.
        database_url: the migrated database, the settings' own or the embedded one.
    """
    names = loopback_names(settings.host)
    middlewares: list[Middleware] = [
        request_log,
        error_pages,
        page_turn,
        *([host_check(names)] if names is not None else []),
        same_origin_check,
        not_modified,
    ]
    app = web.Application(middlewares=middlewares, client_max_size=MAX_BODY_BYTES)
    app[SETTINGS] = settings
    app[LIMITER] = ConcurrencyLimiter(settings.download_width)
    app[DOWNLOAD_SLOTS] = DownloadSlots(settings.download_slots)
    app[RUNNING] = set()
    app[DRAINING] = asyncio.Event()
    app.cleanup_ctx.append(_pools(database_url))
    # For compressed downloads: several times as fast as the standard library's zlib.
    set_zlib_backend(isal_zlib)
    app.on_response_prepare.append(send_common_headers)
    add_routes(app)
    add_templates(app)
    return app


def _pools(
    database_url: str,
) -> Callable[[web.Application], AbstractAsyncContextManager[None]]:
    @asynccontextmanager
    async def opened(app: web.Application) -> AsyncIterator[None]:
        settings = app[SETTINGS]
        async with AsyncExitStack() as pools:
            for key, size in ((POOL, settings.pool_size), (DOWNLOAD_POOL, settings.download_slots)):
                app[key] = await pools.enter_async_context(
                    open_pool(
                        database_url,
                        size=size,
                        acquire_timeout=settings.acquire_timeout,
                        query_timeout=settings.query_timeout,
                        statement_cache_size=settings.statement_cache_size,
                    )
                )
            yield

    return opened
