"""The SKU list as a page, with its filters."""

from aiohttp import web

from web.catalog.brands import get_brand
from web.catalog.products import get_product
from web.catalog.skus import count_skus, list_skus
from web.catalog.variants import list_colors, list_sizes
from web.database.concurrently import concurrently
from web.inputs import sku_filter
from web.keys import POOL
from web.languages import thousands
from web.pages.lists import PAGE_SIZE, SkuList
from web.templates import render


async def show_skus(request: web.Request) -> web.Response:
    """Show a page of the SKUs of a product, a brand, a color and a size, or of all."""
    pool = request.app[POOL]
    wanted = sku_filter(request)
    shown = SkuList.from_request(request)
    page, count, colors, sizes, product, brand = await concurrently(
        list_skus(pool, wanted, shown.position, size=PAGE_SIZE),
        count_skus(pool, wanted),
        list_colors(pool),
        list_sizes(pool),
        get_product(pool, wanted.product_id),
        get_brand(pool, wanted.brand_id),
    )
    filters = {
        "product_id": wanted.product_id,
        "brand_id": wanted.brand_id,
        "color_id": wanted.color_id,
        "size_id": wanted.size_id,
    }
    return render(
        request,
        "skus/list.html",
        {
            "skus": page.rows,
            "count": thousands(count),
            "wanted": wanted,
            "filters": {name: str(value) for name, value in filters.items() if value is not None},
            "colors": colors,
            "sizes": sizes,
            "product": product,
            "brand": brand,
            "color": next((c for c in colors if c.product_color_id == wanted.color_id), None),
            "size": next((s for s in sizes if s.product_size_id == wanted.size_id), None),
            "list": shown,
            "pager": shown.pager(page),
        },
    )
