"""Streaming a download: chunked, from a cursor, to a reader of any speed.

The first piece is fetched before the headers go out, so that an error until
then is an error page. After that an error has one honest sign left, a broken
connection: the middleware aborts it, and no client takes half a file for whole.
"""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import aclosing, asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

import asyncpg
from aiohttp import HttpVersion11, web

from web.access.row_meter import RowMeter
from web.changes.versions import catalog_version
from web.database.cursors import Piece, read_blocks
from web.database.errors import DatabaseUnavailableError
from web.database.pool import Connection, Pool
from web.database.queries import Query
from web.downloads.reader import DownloadBrokenOffError, Reader
from web.downloads.recorder import Asked, RunningDownload
from web.downloads.records import Cause
from web.inputs import accepts_gzip, query_watch, wanted_versions
from web.keys import (
    DOWNLOAD_POOL,
    DOWNLOAD_RECORDER,
    DOWNLOAD_SLOTS,
    IDENTITY,
    LIMITER,
    PAGE_TURN,
    POOL,
    ROW_METER,
    SETTINGS,
)
from web.languages import gettext

VERSION_HEADER: Final = "Hangtag-Catalog-Version"
# As much of an address as a record keeps.
_MAX_REQUEST: Final = 1000


@dataclass(frozen=True, slots=True)
class Download:
    """What to stream: a query of blocks of finished lines, under a first line.

    `subject` says what is in it, as it stands in the name of the file; `in_order` that
    the query gives rows in the order of an index, as all but a batch do; `count` tells how
    many rows there should be, where that is known at once.
    """

    subject: str
    extension: str
    content_type: str
    first_line: bytes
    query: Query
    values: dict[str, object]
    in_order: bool = True
    count: Callable[[Pool], Awaitable[int | None]] | None = None

    def headers(self) -> dict[str, str]:
        """Return the headers, with a file name that says what is in it and when."""
        moment = datetime.now(UTC).strftime("%Y-%m-%dT%H%MZ")
        file_name = f"hangtag-{self.subject}-{moment}.{self.extension}"
        return {
            "Content-Type": self.content_type,
            "Content-Disposition": f'attachment; filename="{file_name}"',
            "Vary": "Accept-Encoding",
        }


async def stream(request: web.Request, download: Download) -> web.StreamResponse:
    """Answer a request with a download, of one state of the catalog.

    Raises:
        NoSlotError: as many downloads are running as there may be.
        DatabaseUnavailableError: PostgreSQL was lost.
        DownloadBrokenOffError: the reader took nothing for too long, or all took too long.
        web.HTTPPreconditionFailed: `If-Match` names other versions of the catalog.
        web.HTTPBadRequest: `watch` cannot be the name of a record.
    """
    app = request.app
    watch = query_watch(request)
    settings = app[SETTINGS]
    response = web.StreamResponse(headers=download.headers())
    if request.method == "HEAD":
        async with app[POOL].acquire() as connection:
            await _state_version(request, response, connection)
        return response
    if request.version != HttpVersion11:
        # Without chunks nobody could tell a download that broke from one that ended, and
        # aiohttp sends them in this version alone, but parses "HTTP/2.0", too.
        raise web.HTTPUpgradeRequired(
            text=gettext("A download needs HTTP/1.1."), headers={"Upgrade": "HTTP/1.1"}
        )
    # From here on it is no page that others should give way to.
    request[PAGE_TURN].end(served=False)
    reader = Reader(request, response, settings.download_stall_timeout)
    slots = app[DOWNLOAD_SLOTS]
    record: RunningDownload | None = None
    try:
        with slots.enter():
            async with (
                app[DOWNLOAD_POOL].acquire() as connection,
                connection.transaction(isolation="repeatable_read", readonly=True),
                _time_limit(settings.download_total_timeout),
            ):
                await slots.take(connection, in_order=download.in_order)
                await _state_version(request, response, connection)
                record = app[DOWNLOAD_RECORDER].begin(
                    app[POOL], _asked(request, watch), download.count
                )
                meter = request.get(ROW_METER)
                blocks = read_blocks(connection, download.query, app[LIMITER], **download.values)
                async with aclosing(blocks) as pieces:
                    first_piece = await anext(pieces, None) or Piece(b"", 0)
                    response.enable_chunked_encoding()
                    if accepts_gzip(request):
                        response.enable_compression(web.ContentCoding.gzip)
                    await response.prepare(request)
                    await _send(reader, record, meter, first_piece, download.first_line)
                    async for piece in pieces:
                        await _send(reader, record, meter, piece)
        await reader.finish()
    except BaseException as error:
        if record is not None:
            record.end(_cause(request, error))
        raise
    record.end(Cause.COMPLETE)
    return response


async def _send(
    reader: Reader,
    record: RunningDownload,
    meter: RowMeter | None,
    piece: Piece,
    heading: bytes = b"",
) -> None:
    """Send a piece, and count it.

    A key's rows are counted before: most of a piece can be read by who then breaks the connection.
    """
    if meter is not None:
        meter.add(piece.row_count)
    await reader.send(heading + piece.data)
    if heading:
        record.add_heading(heading)
    record.add(piece)
    if meter is not None:
        meter.check()


def _asked(request: web.Request, watch: str | None) -> Asked:
    identity = request.get(IDENTITY)
    # No token in the record's request: it says what was asked for, and may be opened again.
    asked = request.rel_url.without_query_params("watch")
    return Asked(
        person="" if identity is None else identity.person,
        address=request.remote or "",
        request=str(asked)[:_MAX_REQUEST],
        watch=watch,
    )


def _cause(request: web.Request, error: BaseException) -> Cause:
    """Return why a download ended that `error` broke off."""
    if isinstance(error, DownloadBrokenOffError):
        return error.cause
    if isinstance(error, DatabaseUnavailableError | asyncpg.PostgresError):
        return Cause.DATABASE_BROKE_OFF
    if request.transport is None or request.transport.is_closing():
        return Cause.READER_LEFT
    # With its reader still there, only the end of the server's time cancels a download.
    if isinstance(error, asyncio.CancelledError):
        return Cause.SERVER_STOPPED
    return Cause.FAILED


async def _state_version(
    request: web.Request, response: web.StreamResponse, connection: Connection
) -> None:
    """Say which state of the catalog is read, and refuse it if another one is asked for."""
    version = await catalog_version(connection)
    response.headers[VERSION_HEADER] = f'"{version}"'
    wanted = wanted_versions(request)
    if wanted is not None and version not in wanted:
        raise web.HTTPPreconditionFailed(
            text=gettext("The catalog has changed since that version. Begin the download anew."),
            headers={VERSION_HEADER: f'"{version}"'},
        )


@asynccontextmanager
async def _time_limit(seconds: float) -> AsyncIterator[None]:
    try:
        async with asyncio.timeout(seconds) as limit:
            yield
    except TimeoutError:
        if not limit.expired():
            raise
        raise DownloadBrokenOffError(
            f"not finished after {seconds:g} s", Cause.TOOK_TOO_LONG
        ) from None
