"""The other end of a download: bytes go to it as fast as it takes them, and no faster."""

import asyncio
import socket
from array import array
from collections.abc import Coroutine
from contextlib import suppress
from typing import Final

from aiohttp import web

from web.downloads.records import Cause

# What is handed to the transport at once: a whole piece as a rule, so that the event loop,
# which comes by every few milliseconds beside pages, is needed once and not per 64 KiB. It
# is no copy, and what has left is asked for while it waits, whatever its size: a reader who
# stops is noticed all the same.
_WRITE_BYTES: Final = 1024 * 1024
# What the system holds for a reader: with 64 KiB downloads kept a fifth of their rate
# beside pages.
_SYSTEM_BYTES: Final = 1024 * 1024


class DownloadBrokenOffError(Exception):
    """A download ended before its end: its reader left or stalled, or its time was over."""

    def __init__(self, reason: str, cause: Cause) -> None:
        super().__init__(reason)
        self.cause = cause


class Reader:
    """Who reads a response."""

    def __init__(
        self, request: web.Request, response: web.StreamResponse, stall_timeout: float
    ) -> None:
        self._request = request
        self._response = response
        self._stall_timeout = stall_timeout
        self._socket = request.get_extra_info("socket")
        if self._socket is not None and hasattr(socket, "TCP_NOTSENT_LOWAT"):
            with suppress(OSError):  # the reader has left already
                self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NOTSENT_LOWAT, _SYSTEM_BYTES)

    async def send(self, data: bytes) -> None:
        """Send `data`, waiting for as long as bytes keep leaving.

        Raises:
            DownloadBrokenOffError: no byte has left within the stall timeout.
        """
        view = memoryview(data)
        for start in range(0, len(view), _WRITE_BYTES):
            part = view[start : start + _WRITE_BYTES]
            await self._while_bytes_leave(self._response.write(part), len(part))

    async def finish(self) -> None:
        """Send the end of the body.

        Raises:
            DownloadBrokenOffError: no byte has left within the stall timeout.
        """
        await self._while_bytes_leave(self._response.write_eof(), 0)

    async def _while_bytes_leave(self, writing: Coroutine[None, None, None], size: int) -> None:
        """Wait for `writing`, of `size` bytes, as long as what waits for the reader shrinks."""
        loop = asyncio.get_running_loop()
        waiting, moved_at = self._bytes_on_the_way() + size, loop.time()
        watch: asyncio.TimerHandle

        # A timer rather than a task: most writes end at once, and then nothing of this costs
        # a turn of the event loop, which comes by every few milliseconds beside pages.
        def look() -> None:
            nonlocal waiting, moved_at, watch
            before, waiting = waiting, self._bytes_on_the_way()
            if waiting < before:
                moved_at = loop.time()
            elif loop.time() - moved_at >= self._stall_timeout:
                limit.reschedule(loop.time())
                return
            watch = loop.call_later(self._stall_timeout / 10, look)

        watch = loop.call_later(self._stall_timeout / 10, look)
        try:
            async with asyncio.timeout(None) as limit:
                await writing
        except TimeoutError:
            if not limit.expired():
                raise
            raise DownloadBrokenOffError(
                f"the reader took nothing for {self._stall_timeout:g} s", Cause.READER_STALLED
            ) from None
        except ConnectionError:
            # That the connection is gone is the reader's doing, not the database's.
            raise DownloadBrokenOffError("the reader has left", Cause.READER_LEFT) from None
        finally:
            watch.cancel()

    def _buffered_bytes(self) -> int:
        """How many bytes wait in the transport for the reader."""
        transport = self._request.transport
        return transport.get_write_buffer_size() if transport is not None else 0

    def _bytes_on_the_way(self) -> int:
        """How many bytes the reader has not received, those that the system holds included.

        The system takes more only when a third of what it holds is gone: at 50 kB/s that
        is longer than a stall, and only its own count shows that bytes leave.
        """
        held = array("i", [0])
        with suppress(OSError, AttributeError, ImportError):  # a system without the count
            from fcntl import ioctl  # noqa: PLC0415  # there is none on Windows
            from termios import TIOCOUTQ  # noqa: PLC0415

            ioctl(self._socket.fileno(), TIOCOUTQ, held)
        return self._buffered_bytes() + held[0]
