"""The typed keys of the application's and a request's state."""

from asyncio import Event, Task
from typing import Any

from aiohttp import web

from web.access.local_desk import LocalDesk
from web.access.provider import Provider
from web.access.roles import Access, Identity
from web.access.row_meter import RowMeter
from web.body_room import BodyRoom
from web.changes.idempotency import KeyTurns
from web.database.pool import Pool
from web.downloads.limiter import ConcurrencyLimiter, PageTurn
from web.downloads.recorder import DownloadRecorder
from web.downloads.slots import DownloadSlots
from web.ending import Ending
from web.settings import Settings

SETTINGS = web.AppKey("settings", Settings)
# For pages and writes.
POOL = web.AppKey("pool", Pool)
# Of the writes that have the same idempotency key.
KEY_TURNS = web.AppKey("key_turns", KeyTurns)
# For downloads alone: they hold a connection for as long as they last.
DOWNLOAD_POOL = web.AppKey("download_pool", Pool)
DOWNLOAD_SLOTS = web.AppKey("download_slots", DownloadSlots)
DOWNLOAD_RECORDER = web.AppKey("download_recorder", DownloadRecorder)
LIMITER = web.AppKey("limiter", ConcurrencyLimiter)
# Whether whoever is on this machine needs no account.
LOCAL_DESK_STATE = web.AppKey("local_desk", LocalDesk)
# Whom accounts may sign in with.
PROVIDER = web.AppKey[Provider | None]("provider")
# Who may use each route, by its method and path.
ACCESS = web.AppKey("access", dict[tuple[str, str], Access])
# For large bodies, of this process.
BODY_ROOM = web.AppKey("body_room", BodyRoom)
# The requests that are being handled, to be cancelled when the server's time is over.
RUNNING = web.AppKey("running", set[Task[Any]])
# Set when the server is about to stop: from then on it is not ready.
DRAINING = web.AppKey("draining", Event)
# By when everything is to be closed, then.
ENDING = web.AppKey("ending", Ending)

REQUEST_ID = web.RequestKey("request_id", str)
# Who asks, where somebody needs to be known or is.
IDENTITY = web.RequestKey("identity", Identity)
# The scheme that the client used, where a proxy that is trusted tells.
CLIENT_SCHEME = web.RequestKey("client_scheme", str)
# Counts the rows that a partner's key gets.
ROW_METER = web.RequestKey("row_meter", RowMeter)
# Held while a request counts as a page that downloads give way to.
PAGE_TURN = web.RequestKey("page_turn", PageTurn)
