"""The overview: what the catalog holds, and what came last."""

from aiohttp import web

from web.catalog.brands import BRAND_SORTS, list_brands
from web.catalog.products import PRODUCT_SORTS, list_products
from web.catalog.totals import get_totals
from web.database.keyset import Position
from web.database.pool import concurrently
from web.keys import POOL
from web.templates import render

_SHOWN = 8


async def show_overview(request: web.Request) -> web.Response:
    """Show the totals, the newest and the largest brands, and the newest products."""
    pool = request.app[POOL]
    start = Position()
    totals, newest_brands, largest_brands, newest_products = await concurrently(
        get_totals(pool),
        list_brands(pool, BRAND_SORTS["newest"], start, size=_SHOWN),
        list_brands(pool, BRAND_SORTS["skus"], start, size=_SHOWN),
        list_products(pool, PRODUCT_SORTS["newest"], start, size=_SHOWN),
    )
    return render(
        request,
        "overview/show.html",
        {
            "totals": totals,
            "newest_brands": newest_brands.rows,
            "largest_brands": largest_brands.rows,
            "newest_products": newest_products.rows,
        },
    )
