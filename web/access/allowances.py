"""Allowances: so much of something in so much time, for all workers together.

There are two kinds. A rate, such as tries to sign in, is allowed in any stretch of its length:
`use` and `use_each`. A quota, such as rows a day, is allowed in periods that begin at fixed
moments, a day at midnight in UTC, when all of it is there again: `count_left` and `overuse`.
"""

from dataclasses import dataclass
from typing import Final

from web.database.pool import Pool, execute, fetch_count, fetch_rows
from web.database.queries import load_queries

_QUERIES = load_queries("access")
USE_ALLOWANCE = _QUERIES["use_allowance"]
GET_WAIT = _QUERIES["get_wait"]
ADD_TO_ALLOWANCE = _QUERIES["add_to_allowance"]
GET_USED = _QUERIES["get_used"]
GET_PERIOD_END = _QUERIES["get_period_end"]
FORGET_OLD_ALLOWANCES = _QUERIES["forget_old_allowances"]

# So many rows go at a time: more than a try to sign in adds, and few enough for it to wait.
_FORGET_MOST: Final = 100


@dataclass(frozen=True, slots=True)
class Allowance:
    """So much in a period of so many seconds, counted for a subject."""

    subject: str
    most: int
    period: int


class AllowanceUsedUpError(Exception):
    """Nothing is left of an allowance; in `retry_after` seconds there is something again.

    Unless somebody else takes it before.
    """

    def __init__(self, allowance: Allowance, retry_after: int) -> None:
        super().__init__(allowance.subject)
        self.allowance = allowance
        self.retry_after = retry_after


async def use(pool: Pool, allowance: Allowance) -> None:
    """Take one of an allowance, of which there are `most` in any stretch of its length.

    Raises:
        AllowanceUsedUpError: none is left; nothing was taken.
    """
    await use_each(pool, allowance)


async def use_each(pool: Pool, *allowances: Allowance) -> None:
    """Take one of each allowance, as `use` does, in order and as far as there is one.

    Raises:
        AllowanceUsedUpError: none is left of one; nothing was taken of it nor of those behind it.
            When it says that there is one again, there is one of each.
    """
    for allowance in allowances:
        used = await fetch_rows(
            pool,
            int,
            USE_ALLOWANCE,
            subject=allowance.subject,
            period=allowance.period,
            most=allowance.most,
        )
        if not used:
            waits = [await _wait(pool, one) for one in allowances]
            raise AllowanceUsedUpError(allowance, max(1, *waits))


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


async def count_left(pool: Pool, allowance: Allowance) -> int:
    """Return how much is left of an allowance in the running period.

    Raises:
        AllowanceUsedUpError: nothing is, until the period ends.
    """
    used = await fetch_count(pool, GET_USED, subject=allowance.subject, period=allowance.period)
    if used >= allowance.most:
        period_end = await fetch_count(pool, GET_PERIOD_END, period=allowance.period)
        raise AllowanceUsedUpError(allowance, max(1, period_end))
    return allowance.most - used


async def forget_old(pool: Pool) -> None:
    """Remove some of the counts that do not count any more."""
    async with pool.acquire() as connection:
        await execute(connection, FORGET_OLD_ALLOWANCES, most=_FORGET_MOST)


async def _wait(pool: Pool, allowance: Allowance) -> int:
    return await fetch_count(
        pool,
        GET_WAIT,
        subject=allowance.subject,
        period=allowance.period,
        most=allowance.most,
    )
