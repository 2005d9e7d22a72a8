"""The whole URL map: every route's name, its handler, and who may use it."""

from collections.abc import Awaitable, Callable
from typing import Final, NamedTuple

from aiohttp import web

from web.access.roles import Access
from web.api import health, metrics
from web.api.brand_check import check_brands
from web.api.openapi import show_openapi
from web.api.products import product_batch
from web.assets import show_asset
from web.bodies import ask_later
from web.downloads import brands as brand_downloads
from web.downloads import pasted as pasted_downloads
from web.downloads import products as product_downloads
from web.downloads import skus as sku_downloads
from web.keys import ACCESS
from web.pages import (
    brand_form,
    brands,
    changes,
    colors,
    deletes,
    downloads,
    edits,
    history,
    oidc,
    overview,
    partner_keys,
    pasted_ids,
    preferences,
    product_form,
    product_skus,
    products,
    search,
    sign_in,
    sizes,
    skus,
    styleguide,
    system,
)


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
    Route("POST", "/brands", None, brand_form.save_brands, Access.WRITE),
    Route("GET", "/brands.csv", "brands_csv", brand_downloads.brands_csv, Access.PROGRAM),
    Route("GET", "/brands/new", "new_brand", brand_form.show_brand_form, Access.WRITE),
    Route("GET", "/brands/{brand_id}", "brand", brands.show_brand, Access.READ),
    Route("GET", "/products", "products", products.show_products, Access.READ),
    Route("POST", "/products", None, product_form.save_product, Access.WRITE),
    Route("GET", "/products.csv", "products_csv", product_downloads.products_csv, Access.PROGRAM),
    Route("GET", "/products/new", "new_product", product_form.show_product_form, Access.WRITE),
    Route("GET", "/products/{product_id}", "product", products.show_product, Access.READ),
    Route(
        "POST",
        "/products/{product_id}/skus",
        "add_product_skus",
        product_skus.add_product_skus,
        Access.WRITE,
    ),
    Route(
        "POST",
        "/products/{product_id}/skus/delete",
        "remove_product_skus",
        product_skus.remove_product_skus,
        Access.WRITE,
    ),
    Route("GET", "/skus", "skus", skus.show_skus, Access.READ),
    Route("GET", "/skus.csv", "skus_csv", sku_downloads.skus_csv, Access.PROGRAM),
    Route("GET", "/skus.ndjson", "skus_ndjson", sku_downloads.skus_ndjson, Access.PROGRAM),
    Route("GET", "/brands/{brand_id}/edit", "edit_brand", edits.BRAND.show, Access.WRITE),
    Route("POST", "/brands/{brand_id}/edit", None, edits.BRAND.save, Access.WRITE),
    Route("POST", "/brands/{brand_id}/delete", "delete_brand", deletes.BRAND.delete, Access.WRITE),
    Route("GET", "/products/{product_id}/edit", "edit_product", edits.PRODUCT.show, Access.WRITE),
    Route("POST", "/products/{product_id}/edit", None, edits.PRODUCT.save, Access.WRITE),
    Route(
        "POST",
        "/products/{product_id}/delete",
        "delete_product",
        deletes.PRODUCT.delete,
        Access.WRITE,
    ),
    Route("GET", "/colors", "colors", colors.show_colors, Access.READ),
    Route("POST", "/colors", None, colors.save_color, Access.WRITE),
    Route("GET", "/colors/{color_id}/edit", "edit_color", edits.COLOR.show, Access.WRITE),
    Route("POST", "/colors/{color_id}/edit", None, edits.COLOR.save, Access.WRITE),
    Route("POST", "/colors/{color_id}/delete", "delete_color", deletes.COLOR.delete, Access.WRITE),
    Route("GET", "/sizes", "sizes", sizes.show_sizes, Access.READ),
    Route("POST", "/sizes", None, sizes.save_size, Access.WRITE),
    Route("GET", "/sizes/{size_id}/edit", "edit_size", edits.SIZE.show, Access.WRITE),
    Route("POST", "/sizes/{size_id}/edit", None, edits.SIZE.save, Access.WRITE),
    Route("POST", "/sizes/{size_id}/delete", "delete_size", deletes.SIZE.delete, Access.WRITE),
    Route("GET", "/search", "search", search.show_search, Access.READ),
    Route("POST", "/search", None, pasted_ids.look_up_pasted, Access.READ),
    Route("POST", "/search/found.csv", "pasted_csv", pasted_downloads.found_csv, Access.READ),
    Route("POST", "/search/unknown.txt", "unknown_txt", pasted_downloads.unknown_txt, Access.READ),
    Route("GET", "/downloads", "downloads", downloads.show_downloads, Access.READ),
    Route("GET", "/downloads/status", "download_status", downloads.show_status, Access.READ),
    Route("GET", "/history", "history", history.show_history, Access.READ),
    Route("GET", "/changes/{change_id}", "change", changes.show_change, Access.READ),
    Route("POST", "/changes/{change_id}/undo", "undo", changes.undo_change, Access.WRITE),
    Route("POST", "/api/brands/check", "brand_check", check_brands, Access.READ),
    # What it says is no secret: it stands in docs/addresses.md.
    Route("GET", "/api/openapi.json", "openapi", show_openapi, Access.PUBLIC),
    Route("POST", "/api/products/batch", "product_batch", product_batch, Access.PROGRAM),
    Route("GET", "/sign-in", "sign_in", sign_in.show_sign_in, Access.PUBLIC),
    Route("POST", "/sign-in", None, sign_in.save_sign_in, Access.PUBLIC),
    Route("GET", "/sign-in/provider", "sign_in_elsewhere", oidc.go_to_provider, Access.PUBLIC),
    Route("GET", "/sign-in/callback", "oidc_callback", oidc.return_from_provider, Access.PUBLIC),
    Route("POST", "/sign-out", "sign_out", sign_in.sign_out, Access.PUBLIC),
    Route(
        "POST",
        "/sign-out/everywhere",
        "sign_out_everywhere",
        sign_in.sign_out_everywhere,
        Access.PUBLIC,
    ),
    Route("GET", "/partner-keys", "partner_keys", partner_keys.show_partner_keys, Access.ADMIN),
    Route("POST", "/partner-keys", None, partner_keys.save_partner_key, Access.ADMIN),
    Route(
        "POST",
        "/partner-keys/{partner_key_id}/revoke",
        "revoke_partner_key",
        partner_keys.revoke,
        Access.ADMIN,
    ),
    Route("GET", "/system", "system", system.show_system, Access.ADMIN),
    Route("GET", "/metrics", "metrics", metrics.show_metrics, Access.ADMIN),
    Route("POST", "/preferences", "preferences", preferences.save_preferences, Access.PUBLIC),
    Route("GET", "/styleguide", "styleguide", styleguide.show_styleguide, Access.READ),
    # PROBE: a file is no secret, and nobody's session is looked up for it.
    Route("GET", "/static/{path:.+}", "static", show_asset, Access.PROBE),
    Route("GET", "/healthz", "healthz", health.healthz, Access.PROBE),
    Route("GET", "/readyz", "readyz", health.readyz, Access.PROBE),
]


def add_routes(app: web.Application) -> None:
    """Put the URL map into the application."""
    app[ACCESS] = {}
    for route in ROUTES:
        # aiohttp adds HEAD to each GET by itself only through add_get.
        if route.method == "GET":
            added = app.router.add_get(
                route.path, route.handler, name=route.name, expect_handler=ask_later
            )
        else:
            added = app.router.add_route(
                route.method,
                route.path,
                route.handler,
                name=route.name,
                expect_handler=ask_later,
            )
        # Asked for by what a request has matched: the path without its patterns.
        path = added.resource.canonical if added.resource else route.path
        app[ACCESS][route.method, path] = route.access
