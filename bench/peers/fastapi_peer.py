# ruff: noqa: D103  # a route and a helper say what they are to whoever knows the framework
"""The product page in FastAPI: asyncpg's pool, `asyncio.gather`, Jinja2.

As a team writes it: SQL of its own, no more of it than the page shows, rows as they come from
asyncpg, plain templates. Addresses stand in them as they are: FastAPI's own `url_for` would
cost more.
"""

import asyncio
import os
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import asyncpg
from fastapi import FastAPI, HTTPException, Request
from fastapi.responses import HTMLResponse
from fastapi.templating import Jinja2Templates

PAGE_SIZE = 50
OTHERS = 6

PRODUCT = """
select
    product_id, product_name, brand_id, brand_name,
    product.created_at, product.changed_at, product.version, sku_count
from product
join product_count using (product_id)
join brand using (brand_id)
where product_id = $1
"""
SKUS = """
select sku_id, product_color_name, product_size_name
from sku
join product_color using (product_color_id)
join product_size using (product_size_id)
where product_id = $1
order by product_id, sku_id
limit $2
"""
COUNTS = """
select
    product_color_id, product_color_name, product_size_id, product_size_name,
    coalesce(sku_count, 0) as sku_count
from product_color
cross join product_size
left join (select * from product_variant_count where product_id = $1) as counted
    using (product_color_id, product_size_id)
order by product_color_id, product_size_id
"""
SIBLINGS = """
(
    select other.product_id, other.product_name, product_count.sku_count, 0 as part
    from product
    join product as other on other.brand_id = product.brand_id and other.product_id > $1
    join product_count on product_count.product_id = other.product_id
    where product.product_id = $1
    order by other.product_id
    limit $2
)
union all
(
    select other.product_id, other.product_name, product_count.sku_count, 1 as part
    from product
    join product as other on other.brand_id = product.brand_id and other.product_id < $1
    join product_count on product_count.product_id = other.product_id
    where product.product_id = $1
    order by other.product_id
    limit $2
)
order by part, product_id
limit $2
"""

templates = Jinja2Templates(Path(__file__).with_name("jinja"))
templates.env.auto_reload = False


@asynccontextmanager
async def lifespan(app: FastAPI) -> AsyncIterator[None]:
    async with asyncpg.create_pool(os.environ["DATABASE_URL"], min_size=10, max_size=10) as pool:
        app.state.pool = pool
        yield


app = FastAPI(lifespan=lifespan)


@app.get("/products/{product_id}", response_class=HTMLResponse)
async def show_product(request: Request, product_id: int) -> HTMLResponse:
    pool = request.app.state.pool
    product, skus, counts, others = await asyncio.gather(
        pool.fetchrow(PRODUCT, product_id),
        pool.fetch(SKUS, product_id, PAGE_SIZE + 1),
        pool.fetch(COUNTS, product_id),
        pool.fetch(SIBLINGS, product_id, OTHERS),
    )
    if product is None:
        raise HTTPException(404)
    return templates.TemplateResponse(
        request,
        "product.html",
        {
            "product": product,
            "skus": skus[:PAGE_SIZE],
            "next_after": skus[PAGE_SIZE - 1]["sku_id"] if len(skus) > PAGE_SIZE else None,
            "others": others,
            "changed": when(product["changed_at"]),
            "created": when(product["created_at"]),
            **variants(counts),
        },
    )


def variants(counts: Sequence[asyncpg.Record]) -> dict[str, Any]:
    """Return the rows of the table of SKUs by color and size, with its sums."""
    by_color: dict[int, list[asyncpg.Record]] = {}
    for count in counts:
        by_color.setdefault(count["product_color_id"], []).append(count)
    rows = [
        {
            "color_id": color_id,
            "color_name": cells[0]["product_color_name"],
            "cells": [(cell, cell["sku_count"]) for cell in cells],
            "total": sum(cell["sku_count"] for cell in cells),
        }
        for color_id, cells in by_color.items()
    ]
    sizes = next(iter(by_color.values()), [])
    sums = [
        (size, sum(row["cells"][number][1] for row in rows)) for number, size in enumerate(sizes)
    ]
    return {"sizes": sizes, "rows": rows, "sums": sums, "total": sum(row["total"] for row in rows)}


def when(then: datetime) -> dict[str, str]:
    seconds = max(0, int((datetime.now(UTC) - then).total_seconds()))
    ago = "just now"
    for unit, length in (("d", 86400), ("h", 3600), ("min", 60)):
        if seconds >= length:
            ago = f"{seconds // length:,} {unit} ago"
            break
    return {"iso": then.isoformat(), "moment": f"{then:%Y-%m-%d %H:%M:%S UTC}", "ago": ago}
