"""The page on which SKUs are added to a product and removed, also after a refusal."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Final

from aiohttp import web

from web.access.guard import check_role
from web.access.roles import Access
from web.catalog.products import get_product
from web.catalog.skus import LocatedSku, skus_of_product
from web.catalog.variants import VariantTable, variants_of_product
from web.database.concurrently import concurrently
from web.database.errors import DatabaseUnavailableError
from web.keys import IDENTITY, POOL
from web.languages import gettext
from web.pages import nouns
from web.pages.lists import SkuList
from web.pages.mishaps import Mishap, mishap, set_retry_after
from web.pages.saving import keep_key
from web.pages.sku_grid import SkuGrid, colors_shown
from web.positions import query_sku_position
from web.templates import render

# More than on other pages: who removes SKUs wants to see many.
_PAGE_SIZE: Final = 200


@dataclass(frozen=True, slots=True)
class MissingSku:
    """A SKU that cannot be removed: it is gone, or it is at another product."""

    sku_id: int
    elsewhere: LocatedSku | None


@dataclass(frozen=True, slots=True)
class Sent:
    """What was sent by the form that adds or the one that removes, and why it was refused."""

    refusal: Mishap
    grid: SkuGrid = field(default_factory=SkuGrid)
    chosen: Sequence[int] = ()
    missing: Sequence[MissingSku] = ()
    key: str | None = None


def product_gone() -> Mishap:
    """Return why nothing was saved when somebody deleted the product."""
    return Mishap(409, gettext("The product is gone: somebody deleted it."))


async def editing_page(
    request: web.Request, product_id: int, sent: Sent | None = None
) -> web.Response:
    """Show the page, empty or with what was sent.

    Raises:
        web.HTTPForbidden: nothing was sent, and who asks may only look at products.
        web.HTTPNotFound: nothing was sent, and there is no such product.
        DatabaseUnavailableError: nothing was sent, and the database cannot be asked.
    """
    if sent is None:
        # The address is that of the product, which everybody may look at.
        check_role(request[IDENTITY], Access.WRITE)
    elif sent.refusal.status == 503:
        return _kept_page(request, product_id, sent, None)
    pool = request.app[POOL]
    product_url = request.app.router["product"].url_for(product_id=str(product_id))
    shown = SkuList(product_url.with_query(edit="skus"), query_sku_position(request))
    try:
        product, skus, variants = await concurrently(
            get_product(pool, product_id),
            skus_of_product(pool, product_id, shown.position, size=_PAGE_SIZE),
            variants_of_product(pool, product_id),
        )
    except DatabaseUnavailableError as error:
        if sent is None:
            raise
        return _kept_page(request, product_id, replace(sent, refusal=mishap(error)), None)
    if product is None:
        if sent is None:
            raise web.HTTPNotFound(text=nouns.PRODUCT.not_found(product_id))
        return _kept_page(request, product_id, replace(sent, refusal=product_gone()), variants)
    position = {name: request.query[name] for name in ("after", "before") if name in request.query}
    return _answer(
        request,
        "products/skus.html",
        sent,
        {
            "product": product,
            "skus": skus.rows,
            "list": shown,
            "pager": shown.pager(skus),
            "there": {
                (cell.product_color_id, cell.product_size_id): cell.sku_count
                for row in variants.rows
                for cell in row.cells
            },
            **_grid(sent, variants),
            "chosen": frozenset(sent.chosen) if sent else frozenset(),
            "missing": sent.missing if sent else (),
            # Of both forms: sent to another address, a key is another one.
            "key": keep_key(sent.key if sent else None),
            "position": position,
        },
    )


def _kept_page(
    request: web.Request, product_id: int, sent: Sent, variants: VariantTable | None
) -> web.Response:
    """Show only what was sent, to be sent again: the product, or the database, cannot be seen."""
    return _answer(
        request,
        "products/skus_kept.html",
        sent,
        {
            "product_id": product_id,
            **_grid(sent, variants),
            "chosen": sent.chosen,
            "key": keep_key(sent.key),
        },
    )


def _grid(sent: Sent | None, variants: VariantTable | None) -> dict[str, object]:
    grid = sent.grid if sent else SkuGrid()
    if variants is None:
        return {"grid": grid, "colors": None, "sizes": (), "color_count": 0}
    return {
        "grid": grid,
        "colors": colors_shown(variants.colors, len(variants.sizes)),
        "sizes": variants.sizes,
        "color_count": variants.color_count,
    }


def _answer(
    request: web.Request, template: str, sent: Sent | None, context: dict[str, object]
) -> web.Response:
    refusal = sent.refusal if sent else None
    status = refusal.status if refusal else 200
    response = render(request, template, {"refusal": refusal, **context}, status=status)
    return response if refusal is None else set_retry_after(response, refusal)
