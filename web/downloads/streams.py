"""Streaming a download: chunked, from a cursor, to a reader of any speed.

The first piece is fetched before the headers go out, so that an error until
then is an error page. After that an error has one honest sign left, a broken
connection: the middleware aborts it, and no client takes half a file for whole.
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import aclosing, asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

from aiohttp import HttpVersion11, web

from web.changes.versions import catalog_version
from web.database.cursors import read_blocks
from web.database.pool import Connection, execute
from web.database.queries import Query, load_queries
from web.downloads.reader import DownloadBrokenOffError, Reader
from web.inputs import accepts_gzip, wanted_versions
from web.keys import DOWNLOAD_POOL, DOWNLOAD_SLOTS, LIMITER, PAGE_TURN, POOL, SETTINGS

PLAN_IN_ORDER = load_queries("downloads")["plan_in_order"]
VERSION_HEADER: Final = "Hangtag-Catalog-Version"


@dataclass(frozen=True, slots=True)
class Download:
    """What to stream: a query whose `block` column holds finished lines, under a first line.

    `subject` says what is in it, as it stands in the name of the file; `in_order` that
    the query gives rows in the order of an index, as all but a batch do.
    """

    subject: str
    extension: str
    content_type: str
    first_line: bytes
    query: Query
    values: dict[str, object]
    in_order: bool = True

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
    """
    app = request.app
    settings = app[SETTINGS]
    response = web.StreamResponse(headers=download.headers())
    if request.method == "HEAD":
        async with app[POOL].acquire() as connection:
            await _state_version(request, response, connection)
        return response
    if request.version < HttpVersion11:
        # Without chunks nobody could tell a download that broke from one that ended.
        raise web.HTTPUpgradeRequired(
            text="A download needs HTTP/1.1.", headers={"Upgrade": "HTTP/1.1"}
        )
    # From here on it is no page that others should give way to.
    request[PAGE_TURN].end(served=False)
    reader = Reader(request, response, settings.download_stall_timeout)
    with app[DOWNLOAD_SLOTS].take():
        async with (
            app[DOWNLOAD_POOL].acquire() as connection,
            connection.transaction(isolation="repeatable_read", readonly=True),
            _time_limit(settings.download_total_timeout),
        ):
            await _state_version(request, response, connection)
            if download.in_order:
                await execute(connection, PLAN_IN_ORDER)
            blocks = read_blocks(connection, download.query, app[LIMITER], **download.values)
            async with aclosing(blocks) as pieces:
                first_piece = await anext(pieces, b"")
                response.enable_chunked_encoding()
                if accepts_gzip(request):
                    response.enable_compression(web.ContentCoding.gzip)
                await response.prepare(request)
                await reader.send(download.first_line + first_piece)
                async for piece in pieces:
                    await reader.send(piece)
    await reader.finish()
    return response


async def _state_version(
    request: web.Request, response: web.StreamResponse, connection: Connection
) -> None:
    """Say which state of the catalog is read, and refuse it if another one is asked for."""
    version = await catalog_version(connection)
    response.headers[VERSION_HEADER] = f'"{version}"'
    wanted = wanted_versions(request)
    if wanted is not None and version not in wanted:
        raise web.HTTPPreconditionFailed(
            text="The catalog has changed since that version. Begin the download anew.",
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
        raise DownloadBrokenOffError(f"not finished after {seconds:g} s") from None
