"""The download of the brand list."""

from aiohttp import web

from web.catalog.brands import BRAND_BLOCKS, count_brands
from web.downloads.formats import csv_format
from web.downloads.streams import Download, stream
from web.inputs import query_text

COLUMNS = "brand_id,brand_name,product_count,sku_count"


async def brands_csv(request: web.Request) -> web.StreamResponse:
    """Stream the brands that the query asks for as CSV, in order of their ids."""
    form = csv_format(request)
    q = query_text(request, "q")
    return await stream(
        request,
        Download(
            subject="brands" if q is None else "brands-found",
            extension=form.extension,
            content_type=form.content_type,
            first_line=form.first_line(COLUMNS),
            query=BRAND_BLOCKS,
            values={"excel": form.name == "excel", "q": q},
            # The count of a search stops.
            count=None if q is not None else count_brands,
        ),
    )
