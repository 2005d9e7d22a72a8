"""The whole URL map: every route's name, its handler, and who may use it."""

from collections.abc import Awaitable, Callable
from enum import Enum
from pathlib import Path
from typing import Final, NamedTuple

from aiohttp import web

from web.api import health
from web.api.products import product_batch
from web.downloads import brands as brand_downloads
from web.downloads import products as product_downloads
from web.downloads import skus as sku_downloads
from web.pages import brands, changes, overview, products, skus

STATIC_DIR: Final = Path(__file__).resolve().parents[1] / "static"


class Access(Enum):
    """Who may use a route."""

    PROBE = "whatever watches over the server"
    READ = "who may look at the catalog"
    WRITE = "who may change the catalog"


class Route(NamedTuple):
    """One line of the URL map."""

    method: str
    path: str
    name: str | None
    handler: Callable[[web.Request], Awaitable[web.StreamResponse]]
    access: Access


ROUTES: Final = [
    Route("GET", "/", "overview", overview.show_overview, Access.READ),
    Route("GET", "/brands", "brands", brands.show_brands, Access.READ),
    Route("POST", "/brands", None, brands.save_brands, Access.WRITE),
    Route("GET", "/brands.csv", "brands_csv", brand_downloads.brands_csv, Access.READ),
    Route("GET", "/brands/new", "new_brand", brands.show_brand_form, Access.WRITE),
    Route("GET", "/brands/{brand_id}", "brand", brands.show_brand, Access.READ),
    Route("GET", "/products", "products", products.show_products, Access.READ),
    Route("GET", "/products.csv", "products_csv", product_downloads.products_csv, Access.READ),
    Route("GET", "/products/{product_id}", "product", products.show_product, Access.READ),
    Route("GET", "/skus", "skus", skus.show_skus, Access.READ),
    Route("GET", "/skus.csv", "skus_csv", sku_downloads.skus_csv, Access.READ),
    Route("GET", "/skus.ndjson", "skus_ndjson", sku_downloads.skus_ndjson, Access.READ),
    Route("GET", "/changes/{change_id}", "change", changes.show_change, Access.READ),
    Route("POST", "/api/products/batch", "product_batch", product_batch, Access.READ),
    Route("GET", "/healthz", "healthz", health.healthz, Access.PROBE),
    Route("GET", "/readyz", "readyz", health.readyz, Access.PROBE),
]


def add_routes(app: web.Application) -> None:
    """Put the URL map and the static files into the application."""
    for route in ROUTES:
        # aiohttp adds HEAD to each GET by itself only through add_get.
        if route.method == "GET":
            app.router.add_get(route.path, route.handler, name=route.name)
        else:
            app.router.add_route(route.method, route.path, route.handler, name=route.name)
    app.router.add_static("/static", STATIC_DIR, name="static")
