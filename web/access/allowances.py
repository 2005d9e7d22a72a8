"""Allowances: so much of something in so much time, for all workers together."""

from dataclasses import dataclass

from web.database.pool import Pool, execute, fetch_count, fetch_rows
from web.database.queries import load_queries

_QUERIES = load_queries("access")
USE_ALLOWANCE = _QUERIES["use_allowance"]
ADD_TO_ALLOWANCE = _QUERIES["add_to_allowance"]
GET_USED = _QUERIES["get_used"]
GET_PERIOD_END = _QUERIES["get_period_end"]
FORGET_OLD_ALLOWANCES = _QUERIES["forget_old_allowances"]


@dataclass(frozen=True, slots=True)
class Allowance:
    """So much in a period of so many seconds, counted for a subject."""

    subject: str
    most: int
    period: int


class AllowanceUsedUpError(Exception):
    """Nothing is left of an allowance; in `retry_after` seconds there may be something again."""

    def __init__(self, allowance: Allowance, retry_after: int) -> None:
        super().__init__(allowance.subject)
        self.allowance = allowance
        self.retry_after = retry_after


async def use(pool: Pool, allowance: Allowance, amount: int = 1) -> None:
    """Take so much of an allowance, of which there is `most` in any stretch of its length.

    Raises:
        AllowanceUsedUpError: so much is not left; nothing was taken.
    """
    used = await fetch_rows(
        pool,
        int,
        USE_ALLOWANCE,
        subject=allowance.subject,
        period=allowance.period,
        amount=amount,
        most=allowance.most,
    )
    if not used:
        raise AllowanceUsedUpError(allowance, await _period_end(pool, allowance))


async def overuse(pool: Pool, allowance: Allowance, amount: int) -> int:
    """Count what was taken already, be it more than is left; return what is left."""
    used = await fetch_rows(
        pool,
        int,
        ADD_TO_ALLOWANCE,
        subject=allowance.subject,
        period=allowance.period,
        amount=amount,
    )
    return max(0, allowance.most - used[0])


async def left(pool: Pool, allowance: Allowance) -> int:
    """Return how much is left of an allowance in the running period.

    Raises:
        AllowanceUsedUpError: nothing is.
    """
    used = await fetch_count(pool, GET_USED, subject=allowance.subject, period=allowance.period)
    if used >= allowance.most:
        raise AllowanceUsedUpError(allowance, await _period_end(pool, allowance))
    return allowance.most - used


async def forget_old(pool: Pool) -> None:
    """Remove the counts of periods that are over."""
    async with pool.acquire() as connection:
        await execute(connection, FORGET_OLD_ALLOWANCES)


async def _period_end(pool: Pool, allowance: Allowance) -> int:
    return max(1, await fetch_count(pool, GET_PERIOD_END, period=allowance.period))
