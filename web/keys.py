"""The typed keys of the application's and a request's state."""

from asyncio import Event

from aiohttp import web

from web.database.pool import Pool
from web.downloads.slots import DownloadSlots
from web.settings import Settings

SETTINGS = web.AppKey("settings", Settings)
# For pages and writes.
POOL = web.AppKey("pool", Pool)
# For downloads alone: they hold a connection for as long as they last.
DOWNLOAD_POOL = web.AppKey("download_pool", Pool)
DOWNLOAD_SLOTS = web.AppKey("download_slots", DownloadSlots)
# Set when the server is about to stop: from then on it is not ready.
DRAINING = web.AppKey("draining", Event)

REQUEST_ID = web.RequestKey("request_id", str)
