"""The pages of brands: the list, and one brand."""

from typing import Final

from aiohttp import web

from web.catalog.brands import BRAND_SORTS, count_brands, get_brand, list_brands
from web.catalog.products import PRODUCT_SORTS, list_and_count_products, list_products
from web.catalog.variants import variants_of_brand
from web.changes.histories import HistoryFilter, list_history
from web.database.concurrently import concurrently
from web.database.keyset import Position
from web.inputs import path_id
from web.keys import POOL
from web.pages import nouns
from web.pages.charts import bars_of_variants
from web.pages.lists import PAGE_SIZE, SortedList, count_text
from web.pages.notices import change_in, notice_of
from web.templates import render

_LARGEST_SHOWN: Final = 5
_CHANGES_SHOWN: Final = 5


async def show_brands(request: web.Request) -> web.Response:
    """Show a page of the brand list."""
    pool = request.app[POOL]
    change_set_id = change_in(request)
    shown = SortedList.from_request(request, BRAND_SORTS)
    page, count, notice = await concurrently(
        list_brands(pool, shown.order, shown.position, size=PAGE_SIZE, q=shown.q),
        count_brands(pool, q=shown.q),
        notice_of(pool, change_set_id),
    )
    return render(
        request,
        "brands/list.html",
        {
            "brands": page.rows,
            "largest": max((brand.sku_count for brand in page.rows), default=0),
            "count": count_text(count, searched=shown.q is not None),
            "notice": notice,
            "list": shown,
            "sorts": shown.sort_links(BRAND_SORTS),
            "pager": shown.pager(page),
        },
    )


async def show_brand(request: web.Request) -> web.Response:
    """Show one brand: its products, its SKUs by color and size, and what was changed of it.

    `change` names the change set that the page was reached from, of which it then tells.
    """
    pool = request.app[POOL]
    change_set_id = change_in(request)
    brand_id = path_id(request, "brand_id")
    shown = SortedList.from_request(request, PRODUCT_SORTS)
    (
        (brand, notice),
        (products, count),
        variants,
        largest_products,
        (changes, deeds),
    ) = await concurrently(
        concurrently(get_brand(pool, brand_id), notice_of(pool, change_set_id)),
        list_and_count_products(
            pool, shown.order, shown.position, size=PAGE_SIZE, q=shown.q, brand_id=brand_id
        ),
        variants_of_brand(pool, brand_id),
        list_products(
            pool, PRODUCT_SORTS["skus"], Position(), size=_LARGEST_SHOWN, brand_id=brand_id
        ),
        list_history(pool, HistoryFilter(brand_id=brand_id), Position(), size=_CHANGES_SHOWN),
    )
    if brand is None:
        raise web.HTTPNotFound(text=nouns.BRAND.not_found(brand_id))
    return render(
        request,
        "brands/show.html",
        {
            "brand": brand,
            "products": products.rows,
            "count": count_text(count, searched=shown.q is not None),
            "largest": max((product.sku_count for product in products.rows), default=0),
            "variants": variants,
            "chart": bars_of_variants(variants),
            # A product alone is in the list beside it.
            "largest_products": [product for product in largest_products.rows if product.sku_count]
            if brand.product_count > 1
            else [],
            "changes": list(zip(changes.rows, deeds, strict=True)),
            "notice": notice,
            "list": shown,
            "sorts": shown.sort_links(PRODUCT_SORTS),
            "pager": shown.pager(products),
        },
    )
