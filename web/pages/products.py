"""The pages of products: the list, and one product with its SKUs."""

from typing import Final

from aiohttp import web

from web.catalog.brands import get_brand
from web.catalog.products import (
    PRODUCT_SORTS,
    count_products,
    get_product,
    list_products,
    other_products,
)
from web.catalog.skus import SkuFilter, list_skus
from web.catalog.variants import variants_of_product
from web.database.pool import concurrently
from web.inputs import path_id, query_id
from web.keys import POOL
from web.pages.lists import PAGE_SIZE, SkuList, SortedList, count_text
from web.templates import render

_OTHERS_SHOWN: Final = 6


async def show_products(request: web.Request) -> web.Response:
    """Show a page of the product list, of all brands or of one."""
    pool = request.app[POOL]
    shown = SortedList.from_request(request, PRODUCT_SORTS)
    brand_id = query_id(request, "brand_id")
    page, count, brand = await concurrently(
        list_products(
            pool, shown.order, shown.position, size=PAGE_SIZE, q=shown.q, brand_id=brand_id
        ),
        count_products(pool, q=shown.q, brand_id=brand_id),
        get_brand(pool, brand_id),
    )
    return render(
        request,
        "products/list.html",
        {
            "products": page.rows,
            "largest": max((product.sku_count for product in page.rows), default=0),
            "count": count_text(count, searched=shown.q is not None),
            "brand_id": brand_id,
            "brand": brand,
            "list": shown,
            "sorts": shown.sort_links(PRODUCT_SORTS),
            "pager": shown.pager(page),
        },
    )


async def show_product(request: web.Request) -> web.Response:
    """Show one product: its SKUs page by page and by color and size, and its brand's others."""
    pool = request.app[POOL]
    product_id = path_id(request, "product_id")
    shown = SkuList.from_request(request)
    product, skus, variants, others = await concurrently(
        get_product(pool, product_id),
        list_skus(pool, SkuFilter(product_id=product_id), shown.position, size=PAGE_SIZE),
        variants_of_product(pool, product_id),
        other_products(pool, product_id, most=_OTHERS_SHOWN),
    )
    if product is None:
        raise web.HTTPNotFound(text=f"There is no product {product_id}.")
    return render(
        request,
        "products/show.html",
        {
            "product": product,
            "skus": skus.rows,
            "variants": variants,
            "others": others,
            "list": shown,
            "pager": shown.pager(skus),
        },
    )
