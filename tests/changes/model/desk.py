"""The forms of the model as the desk takes them, and its tables as the model has them."""

import json
import re
from collections.abc import Sequence
from dataclasses import replace
from urllib.parse import urlencode

from tests.changes.model.forms import (
    AddSkus,
    Answer,
    Content,
    CreateBrands,
    CreateProduct,
    Delete,
    Edit,
    Form,
    Grid,
    RemoveSkus,
)
from tests.changes.model.rows import Effect, Effects, Key, Row
from tests.desk import CatalogMaker, Desk, post_form

Fields = list[tuple[str, object]]

# Past the triggers, which keep the history and the counts.
_EMPTY = """
set session_replication_role = replica;
delete from sku;
delete from product;
delete from brand;
delete from brand_count;
delete from brand_variant_count;
delete from product_count;
delete from product_variant_count;
delete from variant_count;
delete from undo_left_alone;
delete from history;
delete from change_set_noun;
delete from change_set_count;
delete from change_set;
delete from idempotency_key;
set session_replication_role = origin;
"""
_ROWS = """
select 'brand' as noun, brand_id as row_id, version, json_build_array(brand_name)::text as image
from brand
union all
select 'product', product_id, version, json_build_array(product_name, brand_id)::text
from product
union all
select 'sku', sku_id, 0, json_build_array(product_id, product_color_id, product_size_id)::text
from sku
"""


async def empty(catalog: CatalogMaker) -> None:
    """Make the catalog empty, and its history, too."""
    await catalog.connection.execute(_EMPTY)


async def send(desk: Desk, form: Form) -> Answer:
    """Send a form and return the answer; what the history says of it is not in it yet."""
    path, fields = _request(form.content)
    body = urlencode([*fields, ("idempotency_key", form.idempotency_key)])
    page = await post_form(desk, path, body)
    location = page.headers.get("Location")
    found = re.search(r"[?&]change=(\d+)|^/changes/(\d+)", location or "")
    return Answer(page.status, location, int(found[1] or found[2]) if found else None)


async def with_effects(catalog: CatalogMaker, answers: Sequence[Answer]) -> list[Answer]:
    """Return the answers with what the history says of their change sets."""
    effects = await effects_of(catalog, [one.change_id for one in answers if one.change_id])
    return [
        replace(one, effects=effects.get(one.change_id, {})) if one.change_id else one
        for one in answers
    ]


async def effects_of(catalog: CatalogMaker, change_ids: Sequence[int]) -> dict[int, Effects]:
    """Return what change sets did, by the history."""
    entries = await catalog.connection.fetch(
        "select change_set_id, noun, row_id, before, after from history"
        " where change_set_id = any($1::bigint[]) order by history_id",
        change_ids,
    )
    effects: dict[int, dict[Key, Effect]] = {}
    for entry in entries:
        of_set = effects.setdefault(entry["change_set_id"], {})
        noun, before, after = entry["noun"], entry["before"], entry["after"]
        key = Key(noun, entry["row_id"])
        assert key not in of_set, "a form changes a row once"
        of_set[key] = (_row(noun, before), _row(noun, after))
    return dict(effects)


async def rows_of(catalog: CatalogMaker) -> dict[Key, Row]:
    """Return the rows that there are."""
    return {
        Key(row["noun"], row["row_id"]): Row(row["version"], tuple(json.loads(row["image"])))
        for row in await catalog.connection.fetch(_ROWS)
    }


def _row(noun: str, image: str | None) -> Row | None:
    if image is None:
        return None
    fields = json.loads(image)
    match noun:
        case "brand":
            return Row(fields["version"], (fields["brand_name"],))
        case "product":
            return Row(fields["version"], (fields["product_name"], fields["brand_id"]))
    variant = (fields["product_color_id"], fields["product_size_id"])
    return Row(0, (fields["product_id"], *variant))


def _request(content: Content) -> tuple[str, Fields]:  # noqa: PLR0911 - one a form
    match content:
        case CreateBrands(names):
            return "/brands", [("brand_name", "\n".join(names)), ("mode", "all")]
        case CreateProduct((name, brand_id), grid):
            return "/products", [("product_name", name), ("brand_id", brand_id), *_grid(grid)]
        case AddSkus(product_id, grid):
            return f"/products/{product_id}/skus", _grid(grid)
        case RemoveSkus(product_id, sku_ids):
            path = f"/products/{product_id}/skus/delete"
            return path, [("sku_id", sku_id) for sku_id in sku_ids]
        case Edit(key, version, values):
            names = ("brand_name",) if key.noun == "brand" else ("product_name", "brand_id")
            path = f"/{key.noun}s/{key.row_id}/edit"
            return path, [("version", version), *zip(names, values, strict=True)]
        case Delete(key, version, (products, skus)):
            path = f"/{key.noun}s/{key.row_id}/delete"
            return path, [("version", version), ("products", products), ("skus", skus)]
    return f"/changes/{content.change_id}/undo", []


def _grid(grid: Grid) -> Fields:
    return [(f"skus_{color}_{size}", count) for color, size, count in grid]
