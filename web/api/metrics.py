"""`/metrics`: what Prometheus reads, for admins and, if there is one, on a port of its own."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager, suppress
from socket import socket
from typing import Final

from aiohttp import web
from aiohttp.typedefs import Middleware
from prometheus_client.exposition import CONTENT_TYPE_LATEST

from web.database.pool import Pool
from web.keys import DOWNLOAD_POOL, POOL
from web.metrics import LOOP_LAG, POOL_IN_USE, POOL_SIZE, exposition
from web.middlewares import host_check, loopback_names, send_common_headers
from web.protocol import answer_mistakes

# How often the event loop is asked how late it is, in seconds.
_LAG_EVERY: Final = 1.0


async def show_metrics(request: web.Request) -> web.Response:
    """Say all numbers, of all workers."""
    _note_pools(request.app)
    return await _answer(None)


@asynccontextmanager
async def watch(app: web.Application) -> AsyncIterator[None]:
    """Measure the event loop and the pools as long as the application runs (cleanup_ctx)."""
    task = asyncio.create_task(_watch(app))
    try:
        yield
    finally:
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task


@asynccontextmanager
async def metrics_port(
    sockets: Sequence[socket], *, app: web.Application | None = None, directory: str | None = None
) -> AsyncIterator[None]:
    """Answer `/metrics`, and nothing else, on sockets of its own while the block runs.

    Args:
        sockets: bound ones; without any nothing is served.
        app: the desk, when this process is the one that serves it.
        directory: where workers write their numbers, when they are others.
    """

    async def show(_request: web.Request) -> web.Response:
        if app is not None:
            _note_pools(app)
        return await _answer(directory)

    site = web.Application(middlewares=_host_checks(sockets))
    site.on_response_prepare.append(send_common_headers)
    site.router.add_get("/metrics", show)
    runner = web.AppRunner(site, access_log=None, handler_cancellation=True, shutdown_timeout=1.0)
    await runner.setup()
    answer_mistakes(runner.server)
    try:
        for bound in sockets:
            await web.SockSite(runner, bound).start()
        yield
    finally:
        await runner.cleanup()


def _host_checks(sockets: Sequence[socket]) -> list[Middleware]:
    """Return what holds off another site's page that has made its name point here."""
    names = [loopback_names(str(bound.getsockname()[0])) for bound in sockets]
    known = [each for each in names if each is not None]
    return [host_check(frozenset().union(*known))] if len(known) == len(names) else []


async def _answer(directory: str | None) -> web.Response:
    # Beside the loop: the files of several workers are read for it.
    body = await asyncio.to_thread(exposition, directory)
    return web.Response(
        body=body, headers={"Content-Type": CONTENT_TYPE_LATEST, "Cache-Control": "no-store"}
    )


async def _watch(app: web.Application) -> None:
    loop = asyncio.get_running_loop()
    while True:
        _note_pools(app)
        planned = loop.time() + _LAG_EVERY
        await asyncio.sleep(_LAG_EVERY)
        LOOP_LAG.observe(max(0.0, loop.time() - planned))


def _note_pools(app: web.Application) -> None:
    for key in (POOL, DOWNLOAD_POOL):
        _note_pool(app[key])


def _note_pool(pool: Pool) -> None:
    POOL_SIZE.labels(pool.name).set(pool.size)
    POOL_IN_USE.labels(pool.name).set(pool.in_use)
