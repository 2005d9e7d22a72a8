"""SKU downloads: the lists of SKUs, of any length."""

from functools import partial
from typing import Final

from aiohttp import web

from web.catalog.skus import DOWNLOAD_BLOCKS, SkuFilter, count_skus
from web.downloads.formats import NDJSON, Format, csv_format
from web.downloads.streams import Download, stream
from web.inputs import sku_filter
from web.languages import gettext
from web.positions import query_sku_position

COLUMNS: Final = (
    "sku_id,product_id,product_name,brand_id,brand_name,product_color_name,product_size_name"
)
# Products whose lines would be longer than this come a SKU at a time.
_BLOCK_BYTES: Final = 64 * 1024


async def skus_csv(request: web.Request) -> web.StreamResponse:
    """Stream the SKUs that the query asks for as CSV."""
    return await stream(request, _download(request, csv_format(request)))


async def skus_ndjson(request: web.Request) -> web.StreamResponse:
    """Stream the SKUs that the query asks for as NDJSON."""
    return await stream(request, _download(request, NDJSON))


def _download(request: web.Request, form: Format) -> Download:
    wanted = sku_filter(request)
    position = query_sku_position(request)
    if position.before is not None:
        raise web.HTTPBadRequest(
            text=gettext("A download goes forward: it takes “after”, not “before”.")
        )
    after_product_id, after_sku_id = position.after or (None, None)
    is_rest = position.after is not None
    return Download(
        subject=_subject(wanted, rest=is_rest),
        extension=form.extension,
        content_type=form.content_type,
        first_line=form.first_line(COLUMNS),
        query=DOWNLOAD_BLOCKS,
        values={
            "format": form.name,
            "block_bytes": _BLOCK_BYTES,
            "product_id": wanted.product_id,
            "brand_id": wanted.brand_id,
            "color_id": wanted.color_id,
            "size_id": wanted.size_id,
            "of_variant": wanted.color_id or wanted.size_id,
            "after_product_id": after_product_id,
            "after_sku_id": after_sku_id,
        },
        # How many come behind a row nobody counts.
        count=None if is_rest else partial(count_skus, wanted=wanted),
    )


def _subject(wanted: SkuFilter, *, rest: bool) -> str:
    filters = {
        "product": wanted.product_id,
        "brand": wanted.brand_id,
        "color": wanted.color_id,
        "size": wanted.size_id,
    }
    named = [f"{noun}-{value}" for noun, value in filters.items() if value is not None]
    return "-".join(["skus", *named, *(["rest"] if rest else [])])
