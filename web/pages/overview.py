"""The overview: what the catalog holds, how it grew, what was changed, what is running."""

from datetime import UTC, date, datetime
from typing import Final

from aiohttp import web
from babel.dates import format_date, format_skeleton

from web.catalog.brands import BRAND_SORTS, list_brands
from web.catalog.growth import growth_up_to, list_growth
from web.catalog.totals import get_totals
from web.changes.histories import HistoryFilter, list_history
from web.database.concurrently import concurrently
from web.database.keyset import Position
from web.downloads.records import list_running
from web.keys import POOL
from web.languages import current_language
from web.pages.charts import bars_of, line_of
from web.templates import render

_BRANDS_SHOWN: Final = 8
_CHANGES_SHOWN: Final = 10
_DOWNLOADS_SHOWN: Final = 5


async def show_overview(request: web.Request) -> web.Response:
    """Show the totals and their growth, the largest brands, the last changes and downloads."""
    pool = request.app[POOL]
    today = datetime.now(UTC).date()
    totals, days, brands, (changes, deeds), running = await concurrently(
        get_totals(pool),
        list_growth(pool, today),
        list_brands(pool, BRAND_SORTS["skus"], Position(), size=_BRANDS_SHOWN),
        list_history(pool, HistoryFilter(), Position(), size=_CHANGES_SHOWN),
        list_running(pool, most=_DOWNLOADS_SHOWN),
    )
    growth = growth_up_to(totals, days, today)
    counts = ("brand_count", "product_count", "sku_count")
    return render(
        request,
        "overview/show.html",
        {
            "totals": totals,
            "growth": growth,
            "periods": [
                (_period_text(start, is_monthly=growth.is_monthly), point)
                for start, point in reversed(growth.points)
            ],
            "lines": {
                count: line_of([getattr(point, count) for _, point in growth.points])
                for count in counts
            },
            "largest_brands": brands.rows,
            "brand_chart": bars_of([(brand.brand_name, brand.sku_count) for brand in brands.rows]),
            "changes": list(zip(changes.rows, deeds, strict=True)),
            "running": running,
        },
    )


def _period_text(start: date, *, is_monthly: bool) -> str:
    """Return a day or a month as text."""
    if is_monthly:
        return format_skeleton("yMMM", start, locale=current_language())
    return format_date(start, "medium", locale=current_language())
