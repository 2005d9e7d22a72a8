"""The form that creates a product with its SKUs: all of it is saved, or nothing."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from aiohttp import web

from web.catalog.brand_choice import BrandChoice, UnclearBrandError
from web.catalog.brands import get_brand
from web.catalog.names import name_problem, trimmed
from web.catalog.products import BrandGoneError, create_product
from web.catalog.skus import VariantGoneError, add_skus
from web.catalog.variants import Color, Size, list_colors, list_sizes
from web.changes.change_sets import current_change_set
from web.changes.idempotency import Outcome
from web.database.concurrently import concurrently
from web.database.errors import DatabaseUnavailableError
from web.database.pool import Connection, Pool
from web.forms import form_fields
from web.inputs import is_storable, query_id, without_nul
from web.keys import POOL
from web.languages import gettext
from web.pages import nouns
from web.pages.brand_field import BrandEntry, BrandField, brand_field, unasked_brand_field
from web.pages.mishaps import MISHAPS, Mishap, mishap, set_retry_after
from web.pages.saving import KEY_FIELD, keep_key, save
from web.pages.sku_grid import MOST_GRID_FIELDS, SkuGrid, colors_shown, variant_gone
from web.templates import render


@dataclass(frozen=True, slots=True)
class _Entry:
    """The form as it was sent."""

    product_name: str
    brand: BrandEntry
    grid: SkuGrid

    @classmethod
    def from_fields(cls, fields: Mapping[str, str]) -> "_Entry":
        return cls(
            fields.get("product_name", ""),
            BrandEntry.from_fields(fields),
            SkuGrid.from_fields(fields),
        )

    @property
    def name_problem(self) -> str | None:
        """Why the name cannot be one."""
        if not is_storable(self.product_name):
            return gettext("It holds characters that are not text.")
        name = trimmed(self.product_name)
        return name_problem(name) if name else gettext("Type the product’s name.")

    @property
    def is_good(self) -> bool:
        """Whether nothing stands against it that can be seen without the database."""
        return self.name_problem is None and self.brand.problem is None and self.grid.is_good


@dataclass(frozen=True, slots=True)
class _Surroundings:
    """What the form shows of the catalog; no colors when the database cannot be asked."""

    brand: BrandField
    colors: Sequence[Color] | None = None
    sizes: Sequence[Size] = ()


async def show_product_form(request: web.Request) -> web.Response:
    """Show the empty form, for the brand that the address names or with a field for it."""
    pool = request.app[POOL]
    brand_id = query_id(request, "brand_id")
    brand, colors, sizes = await concurrently(
        get_brand(pool, brand_id), list_colors(pool), list_sizes(pool)
    )
    if brand is None and brand_id is not None:
        raise web.HTTPNotFound(text=nouns.BRAND.not_found(brand_id))
    chosen = BrandChoice(brand.brand_id, brand.brand_name) if brand else None
    entry = _Entry("", BrandEntry("", brand_id, None), SkuGrid())
    return _page(request, entry, _Surroundings(BrandField(chosen=chosen), colors, sizes))


async def save_product(request: web.Request) -> web.Response:
    """Create the product and its SKUs, or show the form again with what stands against it."""
    fields = await form_fields(request, most=MOST_GRID_FIELDS)
    entry, key = _Entry.from_fields(fields), fields.get(KEY_FIELD)
    refusal: Mishap | None = None
    if entry.is_good:
        try:
            raise web.HTTPSeeOther(await _save(request, fields, entry))
        except UnclearBrandError:
            refusal = Mishap(422, gettext("It is not clear which brand is meant."))
        except BrandGoneError:
            refusal = Mishap(409, gettext("The brand is gone: somebody deleted it."))
        except VariantGoneError:
            refusal = variant_gone()
        except MISHAPS as error:
            refusal = mishap(error)
    around = _Surroundings(unasked_brand_field(entry.brand))
    if refusal is None or refusal.status != 503:
        try:
            around = await _look_around(request.app[POOL], entry)
        except DatabaseUnavailableError as error:
            refusal = refusal or mishap(error)
    return _page(request, entry, around, key=key, refusal=refusal, wrong=not entry.is_good)


async def _save(request: web.Request, fields: Mapping[str, str], entry: _Entry) -> str:
    """Create the product and return where to see it."""
    product = request.app.router["product"]

    async def create(connection: Connection) -> Outcome:
        brand_id = await entry.brand.find(connection)
        name = trimmed(entry.product_name)
        product_id = await create_product(connection, name, brand_id)
        if entry.grid.additions:
            await add_skus(connection, product_id, entry.grid.additions)
        change_set_id = await current_change_set(connection)
        url = product.url_for(product_id=str(product_id)).with_query(change=change_set_id)
        return Outcome(change_set_id, str(url))

    outcome = await save(request, fields, create)
    return outcome.location or str(request.app.router["products"].url_for())


async def _look_around(pool: Pool, entry: _Entry) -> _Surroundings:
    return _Surroundings(
        *await concurrently(brand_field(pool, entry.brand), list_colors(pool), list_sizes(pool))
    )


def _page(
    request: web.Request,
    entry: _Entry,
    around: _Surroundings,
    *,
    key: str | None = None,
    refusal: Mishap | None = None,
    wrong: bool = False,
) -> web.Response:
    """Show the form with what was typed and what stands against it."""
    colors = around.colors
    status = refusal.status if refusal else 422 if wrong else 200
    response = render(
        request,
        "products/form.html",
        {
            "product_name": without_nul(entry.product_name),
            "name_problem": entry.name_problem if wrong else None,
            "brand": around.brand,
            "colors": None if colors is None else colors_shown(colors, len(around.sizes)),
            "sizes": around.sizes,
            "color_count": len(colors or ()),
            "grid": entry.grid,
            "key": keep_key(key),
            "refusal": refusal,
            "status": status,
        },
        status=status,
    )
    return response if refusal is None else set_retry_after(response, refusal)
