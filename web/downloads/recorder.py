"""Keeps the records of the downloads that run here, beside them.

A download counts into its `RunningDownload` and never waits for the database's other connection.
A task of its own writes that down, at the start, about every second, and at the end. What goes
wrong with it is logged and breaks no download.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Final

import asyncpg

from web.database.cursors import Piece
from web.database.errors import DatabaseUnavailableError, RefusedError
from web.database.pool import Pool
from web.database.tally import count_download
from web.downloads.records import Cause, begin_record, keep_record
from web.metrics import DOWNLOAD_BYTES, DOWNLOAD_ROWS, DOWNLOADS, DOWNLOADS_RUNNING

_EVERY_SECONDS: Final = 1.0
# How often the end of a download is written while the database does not take it.
_TRIES_AT_THE_END: Final = 5
# By then the server's time is over: pools close next.
CLOSE_SECONDS: Final = 2.0
_ERRORS: Final = (DatabaseUnavailableError, RefusedError, asyncpg.PostgresError, OSError)

_LOG = logging.getLogger("hangtag.downloads")


@dataclass(frozen=True, slots=True)
class Asked:
    """Who asks for a download: `watch` is a token that only names its record."""

    person: str
    address: str
    request: str
    watch: str | None = None


class RunningDownload:
    """How far a download is."""

    __slots__ = ("byte_count", "cause", "ended", "row_count")

    def __init__(self) -> None:
        self.row_count = 0
        self.byte_count = 0
        self.cause: Cause | None = None
        self.ended = asyncio.Event()
        DOWNLOADS_RUNNING.inc()

    def add(self, piece: Piece) -> None:
        """Count a piece that was sent."""
        self.row_count += piece.row_count
        DOWNLOAD_ROWS.inc(piece.row_count)
        self.add_heading(piece.data)

    def add_heading(self, heading: bytes) -> None:
        """Count what was sent and is no row."""
        self.byte_count += len(heading)
        DOWNLOAD_BYTES.inc(len(heading))

    def end(self, cause: Cause) -> None:
        """Say that the download has ended, and why; once is enough."""
        if self.cause is None:
            self.cause = cause
            self.ended.set()
            DOWNLOADS_RUNNING.dec()
            DOWNLOADS.labels(cause.value).inc()
            count_download(self.row_count, self.byte_count)


class DownloadRecorder:
    """Writes the records of all downloads that run here."""

    def __init__(self) -> None:
        self._tasks: set[asyncio.Task[None]] = set()

    def begin(
        self,
        pool: Pool,
        asked: Asked,
        count: Callable[[Pool], Awaitable[int | None]] | None = None,
    ) -> RunningDownload:
        """Begin the record of a download.

        Args:
            pool: the pages', by which records are written.
            asked: who asks for what.
            count: says how many rows are expected; it is asked beside the download.
        """
        download = RunningDownload()
        task = asyncio.create_task(_keep(pool, download, asked, count))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return download

    async def close(self, seconds: float = CLOSE_SECONDS) -> None:
        """Wait until what has ended is written, for so many seconds at most."""
        tasks = set(self._tasks)
        if not tasks:
            return
        _, late = await asyncio.wait(tasks, timeout=seconds)
        for task in late:
            task.cancel()
        await asyncio.gather(*late, return_exceptions=True)


async def _keep(
    pool: Pool,
    download: RunningDownload,
    asked: Asked,
    count: Callable[[Pool], Awaitable[int | None]] | None,
) -> None:
    download_id: int | None = None
    expected: int | None = None
    late = 0
    while late < _TRIES_AT_THE_END:
        # Taken before the waiting, so that the end is written after it has come.
        cause = download.cause
        try:
            if download_id is None:
                download_id = await begin_record(
                    pool,
                    watch=asked.watch,
                    person=asked.person,
                    address=asked.address,
                    request=asked.request,
                )
            if count is not None:
                counting, count = count(pool), None
                expected = await counting
            await keep_record(
                pool,
                download_id,
                row_count=download.row_count,
                byte_count=download.byte_count,
                expected_row_count=expected,
                cause=cause,
            )
            if cause is not None:
                return
        except _ERRORS as error:
            _LOG.warning("the record of a download was not written: %s", error)
            if cause is not None:
                late += 1
                await asyncio.sleep(_EVERY_SECONDS)
        if cause is None:
            await _until_ended(download)


async def _until_ended(download: RunningDownload) -> None:
    """Wait for the end of a download, for a second at most."""
    try:
        async with asyncio.timeout(_EVERY_SECONDS):
            await download.ended.wait()
    except TimeoutError:
        pass
