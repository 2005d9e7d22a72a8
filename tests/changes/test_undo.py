"""Undo of whole sets of rows: everything that can come back comes back as it was."""

from tests.changes.undoing import counts_of, rows_of, undo
from tests.desk import CatalogMaker, Desk, get_page, post_form


async def test_created_brands_are_deleted_and_brought_back(
    desk: Desk, catalog: CatalogMaker
) -> None:
    await post_form(desk, "/brands", {"brand_name": "Levis\nLee\nWrangler"})
    created = await rows_of(catalog)

    page = await undo(desk, 1)

    assert "Change 1 was undone: 3 brands were deleted." in page.text
    assert not (await rows_of(catalog))["brand"]

    page = await undo(desk, 2)

    assert "Change 2 was undone: 3 brands were brought back." in page.text
    assert await rows_of(catalog) == created
    # A version that they never had, so that an edit begun before is told.
    assert await catalog.column("select version from brand") == [2, 2, 2]

    assert "3 brands were deleted." in (await undo(desk, 3)).text
    assert not (await rows_of(catalog))["brand"]


async def test_deleted_brand_comes_back_with_its_products_skus_and_counts(
    desk: Desk, catalog: CatalogMaker
) -> None:
    brand_id = await catalog.brand("Levis")
    for product_id in await catalog.products(["Shirt", "Anorak"], brand_id):
        await catalog.skus(product_id, 3, color_id=2, size_id=3)
    before = await rows_of(catalog)
    counts = await counts_of(catalog)
    async with catalog.connection.transaction():
        await catalog.connection.execute("delete from sku")
        await catalog.connection.execute("delete from product")
        await catalog.connection.execute("delete from brand")
    change_id = await catalog.value("select max(change_set_id) from change_set")

    page = await undo(desk, change_id)

    assert "Levis was brought back with 2 products and 6 SKUs." in page.text
    assert await rows_of(catalog) == before
    assert await counts_of(catalog) == counts
    # The next rows get numbers of their own.
    assert await catalog.brand("Lee") > brand_id


async def test_changed_rows_get_their_fields_back(desk: Desk, catalog: CatalogMaker) -> None:
    levis, lee = await catalog.brands(["Levis", "Lee"])
    await catalog.product("Shirt", levis)
    before = await rows_of(catalog)
    async with catalog.connection.transaction():
        await catalog.connection.execute(
            "update brand set brand_name = 'Levi’s' where brand_id = 1"
        )
        await catalog.connection.execute(
            "update product set product_name = 'Blouse', brand_id = $1", lee
        )
        await catalog.connection.execute(
            "update product_color set product_color_name = 'Navy', product_color_hex = '#000080'"
            " where product_color_id = 1"
        )
        await catalog.connection.execute(
            "update product_size set product_size_name = 'XL' where product_size_id = 3"
        )
    change_id = await catalog.value("select max(change_set_id) from change_set")
    changed = await rows_of(catalog)

    await undo(desk, change_id)

    assert await rows_of(catalog) == before
    await undo(desk, change_id + 1)
    assert await rows_of(catalog) == changed


async def test_colors_and_sizes_that_were_created_or_deleted(
    desk: Desk, catalog: CatalogMaker
) -> None:
    before = await rows_of(catalog)
    async with catalog.connection.transaction():
        await catalog.connection.execute(
            "insert into product_color (product_color_name, product_color_hex)"
            " values ('Teal', '#008080')"
        )
        await catalog.connection.execute("delete from product_color where product_color_id = 2")
        await catalog.connection.execute("delete from product_size where product_size_id = 3")
        await catalog.connection.execute(
            "insert into product_size (product_size_name) values ('XS')"
        )
    change_id = await catalog.value("select max(change_set_id) from change_set")
    changed = await rows_of(catalog)

    await undo(desk, change_id)

    assert await rows_of(catalog) == before
    await undo(desk, change_id + 1)
    assert await rows_of(catalog) == changed


async def test_rows_that_stand_in_each_others_way_are_undone_in_turn(
    desk: Desk, catalog: CatalogMaker
) -> None:
    # A product moves from a brand that goes to one that comes, and a third takes the free name.
    levis, lee = await catalog.brands(["Levis", "Lee"])
    await catalog.skus(await catalog.product("Shirt", levis), 2)
    before = await rows_of(catalog)
    async with catalog.connection.transaction():
        new = await catalog.brand("Wrangler")
        await catalog.connection.execute("update product set brand_id = $1", new)
        await catalog.connection.execute("delete from brand where brand_id = $1", levis)
        await catalog.connection.execute(
            "update brand set brand_name = 'Levis' where brand_id = $1", lee
        )
    change_id = await catalog.value("select max(change_set_id) from change_set")

    page = await undo(desk, change_id)

    assert "Left alone" not in page.text
    assert await rows_of(catalog) == before


async def test_row_that_ended_as_it_began_is_left_out(desk: Desk, catalog: CatalogMaker) -> None:
    brand_id = await catalog.brand("Levis")
    async with catalog.connection.transaction():
        for name in ("Lee", "Levis"):
            await catalog.connection.execute("update brand set brand_name = $1", name)
        gone = await catalog.brand("Gone")
        await catalog.connection.execute("delete from brand where brand_id = $1", gone)

    page = await post_form(desk, "/changes/2/undo", {})

    assert page.status == 409
    assert "There is nothing left to undo in this change. Nothing was saved." in page.text
    assert await catalog.column("select brand_id from brand") == [brand_id]
    assert await catalog.value("select count(*) from change_set") == 2


async def test_rows_recorded_before_versions_were_counted_are_undone(
    desk: Desk, catalog: CatalogMaker
) -> None:
    await catalog.brand("Levis")
    await catalog.connection.execute(
        "alter table history disable trigger history_is_only_added_to;"
        "update history set after = after - 'version';"
        "alter table history enable trigger history_is_only_added_to"
    )

    assert "Levis was deleted." in (await undo(desk, 1)).text


async def test_more_rows_than_a_bulk_load_begins_at_come_back_one_by_one(
    desk: Desk, catalog: CatalogMaker
) -> None:
    product_id = await catalog.product("Shirt", await catalog.brand("Levis"))
    for _ in range(2):
        await catalog.skus(product_id, 25_001)
    await catalog.connection.execute("delete from sku")

    page = await undo(desk, 5)

    assert "50,002 SKUs were added to Shirt." in page.text
    assert "The first 1,000 of 50,002 are shown." in page.text
    assert await catalog.value("select count(*) from sku") == 50_002
    assert await catalog.value("select sku_count from brand_count") == 50_002
    assert "catalog" not in await catalog.column("select noun from change_set_noun")
    # So it can itself be undone.
    assert "50,002 SKUs were removed from Shirt." in (await undo(desk, 6)).text


async def test_ten_thousand_brands_are_undone_and_brought_back(
    desk: Desk, catalog: CatalogMaker
) -> None:
    names = [f"Brand {number}" for number in range(10_000)]
    saved = await post_form(desk, "/brands", {"brand_name": "\n".join(names)})
    change_id = int(saved.headers["Location"].removeprefix("/changes/"))

    assert "10,000 brands were deleted." in (await undo(desk, change_id)).text
    assert await catalog.value("select count(*) from brand") == 0
    assert "10,000 brands were brought back." in (await undo(desk, change_id + 1)).text
    assert await catalog.column("select brand_name from brand order by brand_id") == names


async def test_undo_says_who_made_it_and_what_it_undoes(desk: Desk, catalog: CatalogMaker) -> None:
    await post_form(desk, "/brands", {"brand_name": "Levis"})
    undone = await post_form(desk, "/changes/1/undo", {})

    row = await catalog.connection.fetchrow("select * from change_set where undoes is not null")

    assert row is not None
    assert (row["change_set_id"], row["undoes"], row["person"]) == (2, 1, "local desk")
    assert row["request_id"] == undone.headers["X-Request-ID"]
    first, second = await get_page(desk, "/changes/1"), await get_page(desk, "/changes/2")
    assert "It was undone by change 2" in first.text
    assert "It undid change 1." in second.text
