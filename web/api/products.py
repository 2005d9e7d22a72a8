"""Products for programs: many at a time."""

from typing import Final

from aiohttp import web

from web.catalog.products import BATCH_BLOCK_BYTES, BATCH_BLOCKS
from web.downloads.formats import NDJSON
from web.downloads.streams import Download, stream
from web.json_bodies import json_ids

MAX_BATCH_IDS: Final = 10_000


async def product_batch(request: web.Request) -> web.StreamResponse:
    """Stream the products that are asked for, in that order, a line of JSON for each.

    It is a download in all but its method: it takes a slot and a connection of the
    downloads and gives way to pages, so that batch programs starve nobody.
    """
    product_ids = await json_ids(request, "product_ids", most=MAX_BATCH_IDS)
    return await stream(
        request,
        Download(
            subject="products-batch",
            extension=NDJSON.extension,
            content_type=NDJSON.content_type,
            first_line=b"",
            query=BATCH_BLOCKS,
            values={"product_ids": product_ids, "block_bytes": BATCH_BLOCK_BYTES},
            in_order=False,
        ),
    )
