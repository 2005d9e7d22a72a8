"""What an undo leaves alone: what somebody has edited, used, taken or deleted since."""

import asyncio

import pytest

from tests.changes.undoing import rows_of, undo
from tests.desk import CatalogMaker, Desk, get_page, post_form
from tests.page import Page


async def refused(desk: Desk, catalog: CatalogMaker, change_id: int) -> Page:
    """Try to undo a change set of which nothing can be undone; return the page that says why."""
    saved = await _saved(catalog)
    page = await post_form(desk, f"/changes/{change_id}/undo", {})
    assert page.status == 409
    assert await _saved(catalog) == saved
    return page


async def _saved(catalog: CatalogMaker) -> list[int]:
    return await catalog.column(
        "select count(*) from change_set union all select count(*) from undo_left_alone"
    )


async def test_edited_and_used_brands_stay_and_the_others_go(
    desk: Desk, catalog: CatalogMaker
) -> None:
    levis, lee, _, gone = await catalog.brands(["Levis", "Lee", "Wrangler", "Gone"])
    await catalog.connection.execute(
        "update brand set brand_name = 'Levi’s' where brand_id = $1", levis
    )
    await catalog.product("Shirt", lee)
    await catalog.connection.execute("delete from brand where brand_id = $1", gone)

    page = await undo(desk, 1)

    assert "Change 1 was undone: Wrangler was deleted." in page.text
    assert ["Brand Levi’s", "was edited since"] in page.rows
    assert ["Brand Lee", "is used by others since"] in page.rows
    assert ["Brand Gone", "is gone"] in page.rows
    assert await catalog.column("select brand_id from brand order by 1") == [levis, lee]
    assert "It was undone in part by change" in (await get_page(desk, "/changes/1")).text


async def test_rest_is_undone_when_nothing_stands_in_its_way_any_more(
    desk: Desk, catalog: CatalogMaker
) -> None:
    lee, _ = await catalog.brands(["Lee", "Wrangler"])
    product_id = await catalog.product("Shirt", lee)
    await undo(desk, 1)
    await catalog.connection.execute("delete from product where product_id = $1", product_id)

    page = await undo(desk, 1)

    # What the first undo did is not asked for again.
    assert "Change 1 was undone: Lee was deleted." in page.text
    assert "Left alone" not in page.text
    assert await catalog.value("select count(*) from brand") == 0
    first = await get_page(desk, "/changes/1")
    assert "It was undone in part by change 3" in first.text
    assert "It was undone by change 5" in first.text
    assert "/changes/1/undo" not in first.html
    assert "nothing left to undo" in (await refused(desk, catalog, 1)).text


async def test_product_with_skus_of_others_stays(desk: Desk, catalog: CatalogMaker) -> None:
    brand_id = await catalog.brand("Levis")
    async with catalog.connection.transaction():
        product_id = await catalog.product("Shirt", brand_id)
        await catalog.skus(product_id, 3)
    await catalog.skus(product_id, 1)

    page = await undo(desk, 2)

    assert "3 SKUs were removed from Shirt." in page.text
    assert ["Product Shirt", "is used by others since"] in page.rows
    assert await catalog.value("select sku_count from product_count") == 1


@pytest.mark.parametrize(
    ("left", "variant"), [("Color Teal", {"color_id": 3}), ("Size XS", {"size_id": 4})], ids=str
)
async def test_color_and_size_in_use_stay(
    desk: Desk, catalog: CatalogMaker, left: str, variant: dict[str, int]
) -> None:
    async with catalog.connection.transaction():
        await catalog.connection.execute(
            "insert into product_color (product_color_name) values ('Teal')"
        )
        await catalog.connection.execute(
            "insert into product_size (product_size_name) values ('XS')"
        )
    product_id = await catalog.product("Shirt", await catalog.brand("Levis"))
    await catalog.skus(product_id, 1, **variant)

    page = await undo(desk, 1)

    assert [left, "is used by others since"] in page.rows
    assert await catalog.value("select count(*) from undo_left_alone") == 1


async def test_name_that_is_taken_stays_with_who_took_it(desk: Desk, catalog: CatalogMaker) -> None:
    levis, lee = await catalog.brands(["Levis", "Lee"])
    await catalog.connection.execute("delete from brand where brand_id = $1", levis)
    await catalog.connection.execute("update brand set brand_name = 'Lees'")
    await catalog.brands(["LEVIS", "LEE"])

    deleted, renamed = await refused(desk, catalog, 2), await refused(desk, catalog, 3)

    taken = "has a name or number that is in use again"
    assert ["Brand Levis", taken] in deleted.rows
    assert ["Brand Lees", taken] in renamed.rows
    assert "Nothing of this change can be undone any more. Nothing was saved." in renamed.text
    assert await catalog.value("select brand_name from brand where brand_id = $1", lee) == "Lees"


async def test_number_that_is_taken_stays_with_who_took_it(
    desk: Desk, catalog: CatalogMaker
) -> None:
    brand_id = await catalog.brand("Levis")
    product_id = await catalog.product("Shirt", brand_id)
    await catalog.connection.execute("delete from product")
    await catalog.connection.execute(
        "insert into product (product_id, product_name, brand_id) values ($1, 'Other', $2)",
        product_id,
        brand_id,
    )

    page = await refused(desk, catalog, 3)

    assert ["Product Other", "has a name or number that is in use again"] in page.rows
    assert await catalog.value("select product_name from product") == "Other"


async def test_what_has_nothing_to_belong_to_stays_away(desk: Desk, catalog: CatalogMaker) -> None:
    levis, lee = await catalog.brands(["Levis", "Lee"])
    shirt, anorak = await catalog.products(["Shirt", "Anorak"], levis)
    await catalog.skus(shirt, 1)
    await catalog.connection.execute(
        "update product set brand_id = $1 where product_id = $2", lee, anorak
    )
    for sql in (
        "delete from sku",
        "delete from product where brand_id = 1",
        "delete from brand where brand_id = 1",
    ):
        await catalog.connection.execute(sql)
    before = await rows_of(catalog)

    moved, without_product, without_brand = [
        await refused(desk, catalog, change_id) for change_id in (4, 5, 6)
    ]

    orphaned = "belongs to something that is gone"
    assert ["Product Anorak", orphaned] in moved.rows
    assert ["SKU 1", orphaned] in without_product.rows
    assert ["Product Shirt", orphaned] in without_brand.rows
    assert await rows_of(catalog) == before


async def test_changed_row_that_is_gone_or_changed_again_stays(
    desk: Desk, catalog: CatalogMaker
) -> None:
    levis, _ = await catalog.brands(["Levis", "Lee"])
    await catalog.connection.execute("update brand set brand_name = brand_name || '!'")
    await catalog.connection.execute("delete from brand where brand_id = $1", levis)
    await catalog.connection.execute("update brand set brand_name = 'Lee?'")

    page = await refused(desk, catalog, 2)

    assert ["Brand Levis!", "is gone"] in page.rows
    assert ["Brand Lee?", "was edited since"] in page.rows


async def test_brand_that_gets_a_product_meanwhile_stays(desk: Desk, catalog: CatalogMaker) -> None:
    brand_id = await catalog.brand("Levis")
    transaction = catalog.connection.transaction()
    await transaction.start()
    await catalog.product("Shirt", brand_id)

    undoing = asyncio.ensure_future(post_form(desk, "/changes/1/undo", {}))
    await _waits_for_a_lock(catalog)
    await transaction.commit()

    page = await undoing
    assert page.status == 409
    assert ["Brand Levis", "is used by others since"] in page.rows


@pytest.mark.parametrize(
    "sql", ["delete from brand", "update brand set brand_name = 'Lee'"], ids=["deleted", "renamed"]
)
async def test_name_that_somebody_takes_meanwhile_is_left_alone(
    desk: Desk, catalog: CatalogMaker, sql: str
) -> None:
    await catalog.brand("Levis")
    await catalog.connection.execute(sql)
    transaction = catalog.connection.transaction()
    await transaction.start()
    await catalog.brand("LEVIS")

    undoing = asyncio.ensure_future(post_form(desk, "/changes/2/undo", {}))
    await _waits_for_a_lock(catalog)
    await transaction.commit()

    page = await undoing
    assert page.status == 409
    assert "has a name or number that is in use again" in page.text


async def test_brand_that_goes_meanwhile_leaves_its_product_alone(
    desk: Desk, catalog: CatalogMaker
) -> None:
    brand_id = await catalog.brand("Levis")
    await catalog.product("Shirt", brand_id)
    await catalog.connection.execute("delete from product")
    transaction = catalog.connection.transaction()
    await transaction.start()
    await catalog.connection.execute("delete from brand")

    undoing = asyncio.ensure_future(post_form(desk, "/changes/3/undo", {}))
    await _waits_for_a_lock(catalog)
    await transaction.commit()

    page = await undoing
    assert page.status == 409
    assert ["Product Shirt", "belongs to something that is gone"] in page.rows


async def test_many_undos_at_once_are_one(desk: Desk, catalog: CatalogMaker) -> None:
    await catalog.brands([f"Brand {number}" for number in range(100)])

    pages = await asyncio.gather(*(post_form(desk, "/changes/1/undo", {}) for _ in range(8)))

    assert sorted(page.status for page in pages) == [303] + [409] * 7
    assert await catalog.value("select count(*) from change_set") == 2
    assert await catalog.value("select count(*) from brand") == 0


async def _waits_for_a_lock(catalog: CatalogMaker) -> None:
    """Wait until somebody waits for what the connection of `catalog` holds."""
    for _ in range(500):
        if await catalog.value(
            "select exists(select from pg_locks where not granted"
            " and pid in (select pid from pg_stat_activity where datname = current_database()))"
        ):
            return
        await asyncio.sleep(0.01)
    raise AssertionError("nobody waits")
