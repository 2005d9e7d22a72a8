"""The application, wired together: read this first.

A request goes from the route (web/routes.py) to a handler, which reads it with
web/inputs.py, asks web/catalog through a pool, and renders a template.
"""

import asyncio
import os
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager, suppress
from dataclasses import replace
from typing import Final

from aiohttp import set_zlib_backend, web
from aiohttp.typedefs import Middleware
from isal import isal_zlib

from web.access.guard import guard
from web.access.local_desk import LocalDesk
from web.access.provider import Provider
from web.access.proxies import refuse_both_kinds, trust_proxies
from web.api.metrics import watch
from web.body_room import BodyRoom
from web.changes.idempotency import KeyTurns
from web.database.errors import DatabaseUnavailableError
from web.database.pool import CLOSE_TIMEOUT, open_pool
from web.deadlines import page_deadline
from web.delivery import deliver_pages, refuse_prefetch
from web.downloads import recorder
from web.downloads.limiter import ConcurrencyLimiter
from web.downloads.recorder import DownloadRecorder
from web.downloads.slots import DownloadSlots
from web.ending import Ending
from web.keys import (
    BODY_ROOM,
    DOWNLOAD_POOL,
    DOWNLOAD_RECORDER,
    DOWNLOAD_SLOTS,
    DRAINING,
    ENDING,
    KEY_TURNS,
    LIMITER,
    LOCAL_DESK_STATE,
    POOL,
    PROVIDER,
    RUNNING,
    SETTINGS,
)
from web.middlewares import (
    error_pages,
    host_check,
    loopback_names,
    page_turn,
    request_log,
    same_origin_check,
    send_common_headers,
    speak,
)
from web.networks import is_loopback, networks_from
from web.pages.held_forms import hold_form
from web.pages.sign_in import ask_to_sign_in
from web.routes import add_routes
from web.settings import Settings
from web.templates import add_templates

# The largest body, but for forms that say how much more they take.
MAX_BODY_BYTES: Final = 1024 * 1024
# What is kept for closing the pools at the end, if that has to be soon.
_POOLS_SECONDS: Final = 0.15


def create_app(settings: Settings, database_url: str) -> web.Application:
    """Return the application.

    Args:
        settings: what can be set.
        database_url: the migrated database, the settings' own or the embedded one.
    """
    # A proxy opens a loopback address to whoever reaches the proxy, under its names.
    proxies = networks_from(settings.trusted_proxies) if settings.trusted_proxies else ()
    names = None if proxies else loopback_names(settings.host)
    middlewares: list[Middleware] = [
        *([trust_proxies(proxies)] if proxies else []),
        request_log,
        speak,
        error_pages,
        *([refuse_both_kinds] if proxies else []),
        page_turn,
        *([host_check(names)] if names is not None else []),
        same_origin_check,
        refuse_prefetch,
        page_deadline,
        guard(ask_to_sign_in, hold_form, on_loopback=_is_local(settings)),
        deliver_pages,
    ]
    app = web.Application(middlewares=middlewares, client_max_size=MAX_BODY_BYTES)
    app[SETTINGS] = settings
    app[KEY_TURNS] = KeyTurns()
    app[LIMITER] = ConcurrencyLimiter(settings.download_width)
    app[DOWNLOAD_SLOTS] = DownloadSlots(settings.download_slots)
    app[DOWNLOAD_RECORDER] = DownloadRecorder()
    app[BODY_ROOM] = BodyRoom()
    app[PROVIDER] = Provider(settings.oidc_issuer) if settings.oidc_issuer else None
    app[RUNNING] = set()
    app[DRAINING] = asyncio.Event()
    app[ENDING] = Ending()
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
            for key, name, size in (
                (POOL, "pages", settings.pool_size),
                (DOWNLOAD_POOL, "downloads", settings.download_slots),
            ):
                pool = await pools.enter_async_context(
                    open_pool(
                        database_url,
                        size=size,
                        acquire_timeout=settings.acquire_timeout,
                        query_timeout=settings.query_timeout,
                        statement_cache_size=settings.statement_cache_size,
                        application_name=_application_name(settings, name),
                        close_seconds=lambda: app[ENDING].time_for(CLOSE_TIMEOUT),
                    )
                )
                app[key] = replace(pool, name=name)
            # What has ended is written before the pools close.
            pools.push_async_callback(_write_records, app)
            await pools.enter_async_context(watch(app))
            local_desk = app[LOCAL_DESK_STATE] = LocalDesk(app[POOL])
            if _is_local(settings):
                with suppress(DatabaseUnavailableError):  # the first request asks, then
                    await local_desk.is_open()
                await pools.enter_async_context(local_desk.keep_asking())
            yield

    return opened


def _is_local(settings: Settings) -> bool:
    """Return whether only this machine reaches the desk, so that it needs no accounts."""
    return is_loopback(settings.host) and not settings.trusted_proxies


async def _write_records(app: web.Application) -> None:
    seconds = app[ENDING].time_for(recorder.CLOSE_SECONDS, before=_POOLS_SECONDS)
    await app[DOWNLOAD_RECORDER].close(seconds)


def _application_name(settings: Settings, pool: str) -> str | None:
    """Return what PostgreSQL calls the connections of a pool, by which `/system` knows them.

    Not behind a pooler, which is there when migrations have a way of their own past it: it would
    set the name again whenever another process gets a connection of its.
    """
    return f"hangtag {pool} {os.getpid()}" if settings.migrate_url is None else None
