"""Streaming a download: chunked, from a cursor, to a reader of any speed.

The first piece is fetched before the headers go out, so that an error until
then is an error page. After that an error has one honest sign left, a broken
connection: the middleware aborts it, and no client takes half a file for whole.
"""

import asyncio
import socket
from collections.abc import AsyncIterator, Coroutine
from contextlib import aclosing, asynccontextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime

from aiohttp import web

from web.database.cursors import read_blocks
from web.database.queries import Query
from web.keys import DOWNLOAD_POOL, DOWNLOAD_SLOTS, SETTINGS

# What is handed to the transport at once. It waits above 64 KiB, so that a reader
# who stops is noticed after one slice.
_SLICE_BYTES = 64 * 1024


class DownloadBrokenOffError(Exception):
    """A download ended before its end: its reader stalled, or its time was over."""


@dataclass(frozen=True, slots=True)
class Download:
    """What to stream: a query whose `block` column holds finished lines, under a first line.

    `subject` says what is in it, as it stands in the name of the file.
    """

    subject: str
    extension: str
    content_type: str
    first_line: bytes
    query: Query
    values: dict[str, object]

    def headers(self) -> dict[str, str]:
        """Return the headers, with a file name that says what is in it and when."""
        moment = datetime.now(UTC).strftime("%Y-%m-%dT%H%MZ")
        file_name = f"hangtag-{self.subject}-{moment}.{self.extension}"
        return {
            "Content-Type": self.content_type,
            "Content-Disposition": f'attachment; filename="{file_name}"',
        }


async def stream(request: web.Request, download: Download) -> web.StreamResponse:
    """Answer a request with a download, of one state of the catalog.

    Raises:
        NoSlotError: as many downloads are running as there may be.
        DatabaseUnavailableError: PostgreSQL was lost.
        DownloadBrokenOffError: the reader took nothing for too long, or all took too long.
    """
    response = web.StreamResponse(headers=download.headers())
    if request.method == "HEAD":
        return response
    settings = request.app[SETTINGS]
    reader = _Reader(request, response, settings.download_stall_timeout)
    with request.app[DOWNLOAD_SLOTS].take():
        async with (
            request.app[DOWNLOAD_POOL].acquire() as connection,
            connection.transaction(isolation="repeatable_read", readonly=True),
            aclosing(read_blocks(connection, download.query, **download.values)) as pieces,
            _time_limit(settings.download_total_timeout),
        ):
            first_piece = await anext(pieces, b"")
            response.enable_chunked_encoding()
            await response.prepare(request)
            await reader.send(download.first_line + first_piece)
            async for piece in pieces:
                await reader.send(piece)
    await reader.finish()
    return response


@asynccontextmanager
async def _time_limit(seconds: float) -> AsyncIterator[None]:
    try:
        async with asyncio.timeout(seconds) as limit:
            yield
    except TimeoutError:
        if not limit.expired():
            raise
        raise DownloadBrokenOffError(f"not finished after {seconds:g} s") from None


class _Reader:
    """The other end: bytes go to it as fast as it takes them."""

    def __init__(
        self, request: web.Request, response: web.StreamResponse, stall_timeout: float
    ) -> None:
        self._request = request
        self._response = response
        self._stall_timeout = stall_timeout
        # The system's own buffer grows to megabytes and takes more only when a third of it
        # is free again: at 50 kB/s that is longer than a stall.
        connection = request.get_extra_info("socket")
        if connection is not None and hasattr(socket, "TCP_NOTSENT_LOWAT"):
            with suppress(OSError):  # the reader has left already
                connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NOTSENT_LOWAT, _SLICE_BYTES)

    async def send(self, data: bytes) -> None:
        """Send `data`, waiting for as long as bytes keep leaving.

        Raises:
            DownloadBrokenOffError: no byte has left within the stall timeout.
        """
        view = memoryview(data)
        for start in range(0, len(view), _SLICE_BYTES):
            part = view[start : start + _SLICE_BYTES]
            await self._while_bytes_leave(self._response.write(part), len(part))

    async def finish(self) -> None:
        """Send the end of the body.

        Raises:
            DownloadBrokenOffError: no byte has left within the stall timeout.
        """
        await self._while_bytes_leave(self._response.write_eof(), 0)

    async def _while_bytes_leave(self, writing: Coroutine[None, None, None], size: int) -> None:
        """Wait for `writing`, of `size` bytes, as long as what waits for the reader shrinks."""
        clock = asyncio.get_running_loop().time
        task = asyncio.ensure_future(writing)
        try:
            waiting, moved_at = self._waiting_bytes() + size, clock()
            while not (await asyncio.wait([task], timeout=self._stall_timeout / 10))[0]:
                before, waiting = waiting, self._waiting_bytes()
                if waiting < before:
                    moved_at = clock()
                elif clock() - moved_at >= self._stall_timeout:
                    raise DownloadBrokenOffError(
                        f"the reader took nothing for {self._stall_timeout:g} s"
                    )
            await task
        finally:
            task.cancel()

    def _waiting_bytes(self) -> int:
        """How many bytes wait in the transport for the reader."""
        transport = self._request.transport
        return transport.get_write_buffer_size() if transport is not None else 0
