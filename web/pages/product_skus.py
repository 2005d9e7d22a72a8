"""Adding SKUs to a product, by color and size, and removing those that were chosen."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Final

from aiohttp import web

from web.catalog.skus import (
    ProductGoneError,
    SkusGoneError,
    VariantGoneError,
    add_skus,
    locate_skus,
    remove_skus,
)
from web.changes.change_sets import current_change_set
from web.changes.idempotency import Outcome
from web.database.pool import Connection
from web.forms import form_fields, repeating_form_fields
from web.inputs import id_from, path_id, shown
from web.keys import POOL
from web.languages import gettext, ngettext, thousands
from web.pages.mishaps import MISHAPS, Mishap, mishap
from web.pages.saving import KEY_FIELD, save
from web.pages.sku_editing import MissingSku, Sent, editing_page, product_gone
from web.pages.sku_grid import MOST_GRID_FIELDS, SkuGrid, variant_gone

MOST_REMOVED: Final = 1_000
# Above what can be removed, so that a choice that is too large is answered with a sentence.
_MOST_FIELDS: Final = 10_000


async def add_product_skus(request: web.Request) -> web.Response:
    """Add the SKUs of the grid, or show it again with what stands against it."""
    product_id = path_id(request, "product_id")
    fields = await form_fields(request, most=MOST_GRID_FIELDS)
    grid = SkuGrid.from_fields(fields)

    async def add(connection: Connection) -> None:
        await add_skus(connection, product_id, grid.additions)

    if not grid.is_good:
        refusal = Mishap(422, gettext("Look at what is marked below."))
    elif not grid.additions:
        refusal = Mishap(422, gettext("Say how many SKUs to add, and of which color and size."))
    else:
        try:
            raise web.HTTPSeeOther(await _save(request, product_id, fields, add))
        except ProductGoneError:
            refusal = product_gone()
        except VariantGoneError:
            refusal = variant_gone()
        except MISHAPS as error:
            refusal = mishap(error)
    sent = Sent(refusal, grid=grid, key=fields.get(KEY_FIELD))
    return await editing_page(request, product_id, sent)


async def remove_product_skus(request: web.Request) -> web.Response:
    """Remove the SKUs that were chosen, all or none, or show them again and say why not."""
    product_id = path_id(request, "product_id")
    fields, values = await repeating_form_fields(request, "sku_id", most=_MOST_FIELDS)
    chosen, refusal = _chosen_skus(values)
    missing: list[MissingSku] = []

    async def remove(connection: Connection) -> None:
        await remove_skus(connection, product_id, chosen)

    if refusal is None:
        try:
            content = {**fields, "sku_id": chosen}
            raise web.HTTPSeeOther(await _save(request, product_id, content, remove))
        except SkusGoneError as error:
            located = await locate_skus(request.app[POOL], error.sku_ids)
            missing = [MissingSku(sku_id, located.get(sku_id)) for sku_id in error.sku_ids]
            refusal = Mishap(409, _missing_sentence(len(missing), len(chosen)))
        except MISHAPS as error:
            refusal = mishap(error)
    gone = {sku.sku_id for sku in missing}
    sent = Sent(
        refusal,
        chosen=[sku_id for sku_id in chosen if sku_id not in gone],
        missing=missing,
        key=fields.get(KEY_FIELD),
    )
    return await editing_page(request, product_id, sent)


async def _save(
    request: web.Request,
    product_id: int,
    fields: Mapping[str, object],
    change: Callable[[Connection], Awaitable[None]],
) -> str:
    """Do what a form asks for and return where to read of it."""
    url = request.app.router["product"].url_for(product_id=str(product_id))

    async def work(connection: Connection) -> Outcome:
        await change(connection)
        change_set_id = await current_change_set(connection)
        return Outcome(change_set_id, str(url.with_query(change=change_set_id)))

    return (await save(request, fields, work)).location or str(url)


def _chosen_skus(values: Sequence[str]) -> tuple[list[int], Mishap | None]:
    """Return the ids that were chosen, each once, and why they cannot be removed together."""
    ids = {value: id_from(value) for value in values}
    chosen = sorted({sku_id for sku_id in ids.values() if sku_id is not None})
    bad = next((value for value, sku_id in ids.items() if sku_id is None), None)
    if bad is not None:
        text = shown(bad)
        return chosen, Mishap(
            422, gettext("“%(text)s” is not the number of a SKU.") % {"text": text}
        )
    if not chosen:
        return chosen, Mishap(422, gettext("Choose the SKUs to remove."))
    if len(chosen) > MOST_REMOVED:
        return chosen, Mishap(
            422,
            gettext("These are %(count)s SKUs; at most %(most)s can be removed at once.")
            % {"count": thousands(len(chosen)), "most": thousands(MOST_REMOVED)},
        )
    return chosen, None


def _missing_sentence(missing: int, chosen: int) -> str:
    if chosen == 1:
        return gettext("The SKU is not this product’s (any more).")
    return ngettext(
        "%(missing)s of the %(chosen)s SKUs is not this product’s (any more).",
        "%(missing)s of the %(chosen)s SKUs are not this product’s (any more).",
        missing,
    ) % {"missing": thousands(missing), "chosen": thousands(chosen)}
