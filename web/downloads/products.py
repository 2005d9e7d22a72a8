"""The download of the product list."""

from functools import partial

from aiohttp import web

from web.catalog.products import PRODUCT_BLOCKS, count_products
from web.downloads.formats import csv_format
from web.downloads.streams import Download, stream
from web.inputs import query_id, query_text

COLUMNS = "product_id,product_name,brand_id,brand_name,sku_count"


async def products_csv(request: web.Request) -> web.StreamResponse:
    """Stream the products that the query asks for as CSV, in order of their ids."""
    form = csv_format(request)
    q = query_text(request, "q")
    brand_id = query_id(request, "brand_id")
    subject = "products" if brand_id is None else f"products-brand-{brand_id}"
    return await stream(
        request,
        Download(
            subject=subject if q is None else f"{subject}-found",
            extension=form.extension,
            content_type=form.content_type,
            first_line=form.first_line(COLUMNS),
            query=PRODUCT_BLOCKS,
            values={"excel": form.name == "excel", "q": q, "brand_id": brand_id},
            # The count of a search stops.
            count=None if q is not None else partial(count_products, brand_id=brand_id),
        ),
    )
