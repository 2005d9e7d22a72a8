"""The typed keys of the application's and a request's state."""

from asyncio import Event, Task
from typing import Any

from aiohttp import web

from web.database.pool import Pool
from web.downloads.limiter import ConcurrencyLimiter, PageTurn
from web.downloads.slots import DownloadSlots
from web.settings import Settings

SETTINGS = web.AppKey("settings", Settings)
# For pages and writes.
POOL = web.AppKey("pool", Pool)
# For downloads alone: they hold a connection for as long as they last.
DOWNLOAD_POOL = web.AppKey("download_pool", Pool)
DOWNLOAD_SLOTS = web.AppKey("download_slots", DownloadSlots)
LIMITER = web.AppKey("limiter", ConcurrencyLimiter)
# The requests that are being handled, to be cancelled when the server's time is over.
RUNNING = web.AppKey("running", set[Task[Any]])
# Set when the server is about to stop: from then on it is not ready.
DRAINING = web.AppKey("draining", Event)

REQUEST_ID = web.RequestKey("request_id", str)
# Held while a request counts as a page that downloads give way to.
PAGE_TURN = web.RequestKey("page_turn", PageTurn)
