"""The pages of products: the list, and one product with its SKUs."""

from typing import Final

from aiohttp import web

from web.catalog.brands import get_brand
from web.catalog.products import (
    PRODUCT_SORTS,
    list_and_count_products,
    product_and_others,
)
from web.catalog.skus import skus_of_product
from web.catalog.variants import variants_of_product
from web.database.concurrently import concurrently
from web.inputs import path_id, query_id, query_text
from web.keys import POOL
from web.pages import nouns
from web.pages.lists import PAGE_SIZE, SkuList, SortedList, count_text
from web.pages.notices import change_in, notice_of
from web.pages.sku_editing import editing_page
from web.templates import render

_OTHERS_SHOWN: Final = 6


async def show_products(request: web.Request) -> web.Response:
    """Show a page of the product list, of all brands or of one."""
    pool = request.app[POOL]
    change_set_id = change_in(request)
    shown = SortedList.from_request(request, PRODUCT_SORTS)
    brand_id = query_id(request, "brand_id")
    (page, count), brand, notice = await concurrently(
        list_and_count_products(
            pool, shown.order, shown.position, size=PAGE_SIZE, q=shown.q, brand_id=brand_id
        ),
        get_brand(pool, brand_id),
        notice_of(pool, change_set_id),
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
            "notice": notice,
            "list": shown,
            "sorts": shown.sort_links(PRODUCT_SORTS),
            "pager": shown.pager(page),
        },
    )


async def show_product(request: web.Request) -> web.Response:
    """Show one product: its SKUs page by page and by color and size, and its brand's others."""
    pool = request.app[POOL]
    change_set_id = change_in(request)
    product_id = path_id(request, "product_id")
    if query_text(request, "edit") == "skus":
        return await editing_page(request, product_id)
    shown = SkuList.from_request(request)
    (product, others), skus, variants, notice = await concurrently(
        product_and_others(pool, product_id, most=_OTHERS_SHOWN),
        skus_of_product(pool, product_id, shown.position, size=PAGE_SIZE),
        variants_of_product(pool, product_id),
        notice_of(pool, change_set_id),
    )
    if product is None:
        raise web.HTTPNotFound(text=nouns.PRODUCT.not_found(product_id))
    return render(
        request,
        "products/show.html",
        {
            "product": product,
            "skus": skus.rows,
            "variants": variants,
            "others": others,
            "notice": notice,
            "list": shown,
            "pager": shown.pager(skus),
        },
    )
