"""The record of each download and batch: who asked for what, how far it came, and why it ended."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from web.database.pool import Pool, fetch_count, fetch_row, fetch_rows
from web.database.queries import load_queries

_QUERIES = load_queries("downloads")
BEGIN_RECORD = _QUERIES["begin_record"]
KEEP_RECORD = _QUERIES["keep_record"]
LIST_RECORDS = _QUERIES["list_records"]
FIND_RECORD = _QUERIES["find_record"]
LIST_RUNNING = _QUERIES["list_running"]


class Cause(StrEnum):
    """Why a download ended."""

    COMPLETE = "complete"
    READER_LEFT = "reader_left"
    READER_STALLED = "reader_stalled"
    TOOK_TOO_LONG = "took_too_long"
    QUOTA_USED_UP = "quota_used_up"
    DATABASE_BROKE_OFF = "database_broke_off"
    SERVER_STOPPED = "server_stopped"
    FAILED = "failed"
    # Never written, since nobody was left to write it.
    SERVER_LOST = "server_lost"


@dataclass(frozen=True, slots=True)
class DownloadRecord:
    """What is known of a download.

    `request` is its path with its filters; `cause` is None while it runs; `seen_at` is when it
    ended, or when it was last known to run. Rows and bytes are those that were handed to the
    system; bytes are counted before compression.
    """

    download_id: int
    person: str
    address: str
    request: str
    started_at: datetime
    seen_at: datetime
    cause: str | None
    expected_row_count: int | None
    row_count: int
    byte_count: int

    @property
    def state(self) -> str:
        """Return "running", "complete" or "broken off"."""
        if self.cause is None:
            return "running"
        return "complete" if self.cause == Cause.COMPLETE else "broken off"


async def begin_record(
    pool: Pool, *, watch: str | None, person: str, address: str, request: str
) -> int:
    """Write that a download begins, and return the id of its record."""
    # An empty token is none: `watch` is a parameter that the query needs.
    return await fetch_count(
        pool, BEGIN_RECORD, watch=watch or "", person=person, address=address, request=request
    )


async def keep_record(
    pool: Pool,
    download_id: int,
    *,
    row_count: int,
    byte_count: int,
    expected_row_count: int | None,
    cause: Cause | None,
) -> None:
    """Write how far a download is, and if there is a cause, that it has ended."""
    await fetch_rows(
        pool,
        int,
        KEEP_RECORD,
        download_id=download_id,
        row_count=row_count,
        byte_count=byte_count,
        expected_row_count=expected_row_count,
        cause=cause,
    )


async def list_records(pool: Pool, *, most: int) -> list[DownloadRecord]:
    """Return the last downloads, the latest first."""
    return await fetch_rows(pool, DownloadRecord, LIST_RECORDS, most=most)


async def list_running(pool: Pool, *, most: int) -> list[DownloadRecord]:
    """Return the downloads that are running, the latest first."""
    return await fetch_rows(pool, DownloadRecord, LIST_RUNNING, most=most)


async def find_record(pool: Pool, watch: str) -> DownloadRecord | None:
    """Return the last download that was asked for with a token, or None if there is none."""
    return await fetch_row(pool, DownloadRecord, FIND_RECORD, watch=watch)
