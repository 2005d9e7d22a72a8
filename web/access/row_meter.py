"""The rows that a partner's key has had today, counted while they are streamed.

A download counts into its meter before it sends, and a task beside it adds that to the
quota about every second and at the end, so that several downloads of one key, in any
worker, know of each other. One that passes the quota on its way is broken off: its rows
were sent, its end is missing, and its reader sees it.
"""

import asyncio
import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from typing import Final

import asyncpg

from web.access.allowances import Allowance, count_left, overuse
from web.database.errors import DatabaseUnavailableError, RefusedError
from web.database.pool import Pool
from web.downloads.reader import DownloadBrokenOffError
from web.downloads.records import Cause

_EVERY_SECONDS: Final = 1.0
_ERRORS: Final = (DatabaseUnavailableError, RefusedError, asyncpg.PostgresError, OSError)

_LOG = logging.getLogger("hangtag.access")


class RowMeter:
    """Counts the rows of one download against a quota."""

    def __init__(self, pool: Pool, quota: Allowance, rows_left: int) -> None:
        self._pool = pool
        self._quota = quota
        self._most = rows_left
        self._row_count = 0
        self._told = 0

    def add(self, rows: int) -> None:
        """Count rows that are about to be sent."""
        self._row_count += rows

    def check(self) -> None:
        """See that no more rows were sent than were left.

        Raises:
            DownloadBrokenOffError: they are more.
        """
        if self._row_count > self._most:
            raise DownloadBrokenOffError(
                f"{self._quota.subject}: the quota is used up", Cause.QUOTA_USED_UP
            )

    async def tell(self) -> None:
        """Add what is new to the quota, and learn what others left of it."""
        row_count = self._row_count
        if row_count == self._told:
            return
        try:
            rows_left = await overuse(self._pool, self._quota, row_count - self._told)
        except _ERRORS as error:
            _LOG.warning("rows of a key were not counted: %s", error)
            return
        self._told = row_count
        self._most = row_count + rows_left

    async def tell_until(self, ended: asyncio.Event) -> None:
        """Tell about every second, and once more when the download has ended."""
        is_over = False
        while not is_over:
            with suppress(TimeoutError):
                async with asyncio.timeout(_EVERY_SECONDS):
                    await ended.wait()
            is_over = ended.is_set()  # before the last time, which has all rows then
            await self.tell()


@asynccontextmanager
async def row_meter(pool: Pool, quota: Allowance) -> AsyncIterator[RowMeter]:
    """Yield a meter that counts into a quota while the block runs.

    Raises:
        AllowanceUsedUpError: nothing was left at the beginning.
    """
    meter = RowMeter(pool, quota, await count_left(pool, quota))
    ended = asyncio.Event()
    telling = asyncio.create_task(meter.tell_until(ended))
    try:
        yield meter
    finally:
        ended.set()
        # Never cancelled, or nobody knew whether what it tells just now was counted. Nor when
        # this is: whoever leaves in the middle has had the rows, too.
        await asyncio.wait({telling})
        telling.result()
