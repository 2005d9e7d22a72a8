"""Rows for a scan to work on: some to read, and one of its own for each address that writes."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from tests.desk import CatalogMaker

# Its words are in no name of the sample catalog, so that pages found by them are small.
NAME: Final = "Scanned"
# The limit of tries to sign in would answer from the eleventh on, instead of what is behind it.
_NOTHING_IS_USED_UP: Final = """
create or replace function nothing_is_used_up() returns trigger language plpgsql as $$
begin
    new.counts := array_fill(0::bigint, array[cardinality(new.counts)]);
    return new;
end $$;
create or replace trigger nothing_is_used_up before insert or update on recent_use
for each row execute function nothing_is_used_up();
"""


@dataclass(frozen=True, slots=True)
class Rows:
    """Ids by the names of parameters; `own` has for a path that writes the row it may change."""

    ids: Mapping[str, int]
    own: Mapping[str, int]


async def make_rows(catalog: CatalogMaker) -> Rows:
    """Add the rows, and lift the limits behind which nothing could be tried."""
    await catalog.connection.execute(_NOTHING_IS_USED_UP)
    brand_id = await catalog.brand(NAME)
    product_id = await _product(catalog, brand_id)
    own = {
        "/brands/{brand_id}/edit": await catalog.brand(f"{NAME} to rename"),
        "/brands/{brand_id}/delete": await catalog.brand(f"{NAME} to delete"),
        "/products/{product_id}/skus": await _product(catalog, brand_id),
        "/products/{product_id}/skus/delete": await _product(catalog, brand_id),
        "/products/{product_id}/edit": await _product(catalog, brand_id),
        "/products/{product_id}/delete": await _product(catalog, brand_id),
    }
    await catalog.product(NAME, own["/brands/{brand_id}/delete"])
    for noun in ("color", "size"):
        for verb in ("edit", "delete"):
            row_id = await catalog.value(
                f"insert into product_{noun} (product_{noun}_name) values ($1)"  # noqa: S608
                f" returning product_{noun}_id",
                f"{NAME} to {verb}",
            )
            # Somebody uses it: deleting is refused each time, instead of done the first time.
            await catalog.skus(product_id, 1, **{f"{noun}_id": row_id})
            own[f"/{noun}s/{{{noun}_id}}/{verb}"] = row_id
    own["/partner-keys/{partner_key_id}/revoke"] = await catalog.value(
        "insert into partner_key (partner_key_name, key_hash, requests_per_minute, rows_per_day)"
        " values ($1, '', 1, 1) returning partner_key_id",
        NAME,
    )
    change_id = await _last_change(catalog)
    await catalog.brand(f"{NAME} to take back")
    own["/changes/{change_id}/undo"] = await _last_change(catalog)
    sku_id = await catalog.value("select max(sku_id) from sku where product_id = $1", product_id)
    return Rows(
        ids={
            "brand_id": brand_id,
            "product_id": product_id,
            "sku_id": sku_id,
            "color_id": 1,
            "size_id": 1,
            "change_id": change_id,
        },
        own=own,
    )


async def _product(catalog: CatalogMaker, brand_id: int) -> int:
    product_id = await catalog.product(NAME, brand_id)
    await catalog.skus(product_id, 3)
    return product_id


async def _last_change(catalog: CatalogMaker) -> int:
    return int(await catalog.value("select max(change_set_id) from change_set"))
