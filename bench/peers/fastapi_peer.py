# ruff: noqa: D103  # a route and a helper say what they are to whoever knows the framework
"""The product page in FastAPI: asyncpg's pool, `asyncio.gather`, Jinja2.

The queries and the templates are Hangtag's own; what differs is what stands around them.
"""

import asyncio
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from urllib.parse import urlencode

import asyncpg
import jinja2
from fastapi import FastAPI, HTTPException, Request
from fastapi.responses import HTMLResponse

from web.catalog.products import GET_PRODUCT, OTHER_PRODUCTS, Product
from web.catalog.skus import LIST_SKUS, SKU_ORDER, Sku
from web.catalog.variants import VARIANTS_OF_PRODUCT, VariantCount, VariantTable
from web.database.keyset import keyset_query
from web.database.queries import Query

PAGE_SIZE = 50
OTHERS = 6
FIRST_SKUS = keyset_query(LIST_SKUS, SKU_ORDER, from_start=True, limit=PAGE_SIZE + 1)

PATHS = {
    "overview": "/",
    "brands": "/brands",
    "brand": "/brands/{brand_id}",
    "products": "/products",
    "product": "/products/{product_id}",
    "skus": "/skus",
    "skus_csv": "/skus.csv",
    "skus_ndjson": "/skus.ndjson",
    "static": "/static/{filename}",
}


def url(name: str, query_: dict[str, str] | None = None, **parts: object) -> str:
    path = PATHS[name].format_map(parts)
    return f"{path}?{urlencode(query_)}" if query_ else path


def ago(then: datetime) -> str:
    seconds = max(0, int((datetime.now(UTC) - then).total_seconds()))
    for unit, length in (("d", 86400), ("h", 3600), ("min", 60)):
        if seconds >= length:
            return f"{seconds // length:,} {unit} ago"
    return "just now"


def moment(then: datetime) -> str:
    return then.astimezone(UTC).strftime("%Y-%m-%d %H:%M:%S UTC")


environment = jinja2.Environment(
    loader=jinja2.FileSystemLoader(Path(__file__).resolve().parents[2] / "templates"),
    undefined=jinja2.StrictUndefined,
    autoescape=True,
    trim_blocks=True,
    lstrip_blocks=True,
    auto_reload=False,
)
environment.filters.update(thousands="{:,}".format, ago=ago, moment=moment)
environment.globals["url"] = url
template = environment.get_template("products/show.html")


@asynccontextmanager
async def lifespan(app: FastAPI) -> AsyncIterator[None]:
    async with asyncpg.create_pool(os.environ["DATABASE_URL"], min_size=10, max_size=10) as pool:
        app.state.pool = pool
        yield


app = FastAPI(lifespan=lifespan)


async def fetch(pool: "asyncpg.Pool[asyncpg.Record]", query: Query, **values: object) -> list[Any]:
    sql, arguments = query.bind(**values)
    return await pool.fetch(sql, *arguments)


@app.get("/products/{product_id}", response_class=HTMLResponse)
async def show_product(request: Request, product_id: int) -> HTMLResponse:
    pool = request.app.state.pool
    products, skus, counts, others = await asyncio.gather(
        fetch(pool, GET_PRODUCT, product_id=product_id),
        fetch(pool, FIRST_SKUS, product_id=product_id),
        fetch(pool, VARIANTS_OF_PRODUCT, product_id=product_id),
        fetch(pool, OTHER_PRODUCTS, product_id=product_id, most=OTHERS),
    )
    if not products:
        raise HTTPException(404)
    shown = [Sku(*row) for row in skus[:PAGE_SIZE]]
    path = request.url.path
    more = len(skus) > PAGE_SIZE
    next_url = f"{path}?after={product_id},{shown[-1].sku_id}" if more else None
    page = template.render(
        request=SimpleNamespace(path=path),
        product=Product(*products[0]),
        skus=shown,
        variants=VariantTable.from_counts([VariantCount(*row) for row in counts]),
        others=[Product(*row) for row in others],
        list=SimpleNamespace(url=path),
        pager=SimpleNamespace(previous_url=None, next_url=next_url),
    )
    return HTMLResponse(page)
