"""How long a download will be, about: the lengths of a few of its lines, times their number."""

import csv
import json
from collections.abc import Sequence
from io import StringIO
from typing import Final

from web.catalog.brands import BRAND_SORTS, list_brands
from web.catalog.products import PRODUCT_SORTS, list_and_count_products, list_products
from web.catalog.skus import SkuFilter, list_skus
from web.database.keyset import Position
from web.database.pool import Pool
from web.downloads import brands, products, skus

_LINES: Final = 50


async def line_length(
    pool: Pool, what: str, form: str, wanted: SkuFilter, *, q: str | None = None
) -> float:
    """Return how many bytes a line of a download has, on the average of its first ones.

    Args:
        pool: where to look.
        what: "skus", "products" or "brands".
        form: "csv", "excel" or "ndjson".
        wanted: the filter; of products and brands only the brand counts.
        q: what names are to contain.
    """
    start = Position()
    rows: Sequence[object]
    if what == "skus":
        columns = skus.COLUMNS
        rows = (await list_skus(pool, wanted, start, size=_LINES)).rows
    elif what == "products":
        columns = products.COLUMNS
        order = PRODUCT_SORTS["newest"]
        brand_id = wanted.brand_id
        if q is None:
            found = await list_products(pool, order, start, size=_LINES, brand_id=brand_id)
        else:
            found, _ = await list_and_count_products(
                pool, order, start, size=_LINES, q=q, brand_id=brand_id
            )
        rows = found.rows
    else:
        columns = brands.COLUMNS
        rows = (await list_brands(pool, BRAND_SORTS["newest"], start, size=_LINES, q=q)).rows
    if not rows:
        return 0.0
    names = columns.split(",")
    written = StringIO()
    if form == "ndjson":
        for row in rows:
            line = {name: getattr(row, name) for name in names}
            written.write(json.dumps(line, ensure_ascii=False, separators=(",", ":")) + "\n")
    else:
        csv.writer(written).writerows([getattr(row, name) for name in names] for row in rows)
    return len(written.getvalue().encode()) / len(rows)
