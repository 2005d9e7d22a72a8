"""How the catalog has grown: its totals at the end of each day or month of late.

A table of a few rows a day has how many rows came and went (`catalog_growth`, kept at the end
of each transaction). It costs the same at ten million SKUs as at a hundred: SKUs do not know
when they came, and the index of the products' `created_at` is as long as there are products.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import pairwise
from typing import Final

from web.catalog.totals import Totals
from web.database.pool import Pool, fetch_rows
from web.database.queries import load_queries

LIST_GROWTH = load_queries("totals")["list_growth"]

_DAYS: Final = 30
_MONTHS: Final = 12
# From here on a month says more than a day.
_DAYS_BEFORE_MONTHS: Final = 60


@dataclass(frozen=True, slots=True)
class DayOfGrowth:
    """How many more rows there are at the end of a day than at its start; fewer if negative."""

    day: date
    brand_count: int
    product_count: int
    sku_count: int


@dataclass(frozen=True, slots=True)
class Growth:
    """The totals at the end of each day or month of late, with its first day; the last is now."""

    is_monthly: bool
    points: list[tuple[date, Totals]]

    def added(self, count: str) -> int:
        """Return by how much a count (`sku_count`) has grown since the first of the points."""
        last: int = getattr(self.points[-1][1], count)
        first: int = getattr(self.points[0][1], count)
        return last - first


async def list_growth(pool: Pool, today: date) -> list[DayOfGrowth]:
    """Return the days on which rows came or went, from twelve months before this one on."""
    since = _month_starts(today)[0]
    return await fetch_rows(pool, DayOfGrowth, LIST_GROWTH, since=since)


def growth_up_to(totals: Totals, days: Sequence[DayOfGrowth], today: date) -> Growth:
    """Return how the totals came to be: day by day, or by month once there is enough behind it.

    It is counted back from the totals, so that it ends in them whatever came before the days.
    """
    is_monthly = bool(days) and (today - days[0].day).days >= _DAYS_BEFORE_MONTHS
    starts = (
        _month_starts(today)
        if is_monthly
        else [today - timedelta(days=number) for number in range(_DAYS, -1, -1)]
    )
    points = [(starts[-1], totals)]
    for start, next_start in reversed(list(pairwise(starts))):
        later = points[-1][1]
        # What came in the period behind this one is not there yet at its end.
        end = points[-2][0] if len(points) > 1 else date.max
        gone = [one for one in days if next_start <= one.day < end]
        points.append(
            (
                start,
                Totals(
                    later.brand_count - sum(one.brand_count for one in gone),
                    later.product_count - sum(one.product_count for one in gone),
                    later.sku_count - sum(one.sku_count for one in gone),
                ),
            )
        )
    return Growth(is_monthly, points[::-1])


def _month_starts(today: date) -> list[date]:
    """Return the first days of this month and the twelve before it, in order."""
    this_month = today.year * 12 + today.month - 1
    months = range(this_month - _MONTHS, this_month + 1)
    return [date(month // 12, month % 12 + 1, 1) for month in months]
