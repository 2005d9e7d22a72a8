"""The page of a change set."""

import pytest

from tests.desk import CatalogMaker, Desk, get_page, post_form

_LOAD = """
with entry as (
    insert into history (change_set_id, noun, after)
    values (current_change_set(), 'catalog', '{"brands": 100, "products": 1000, "skus": 100000}')
    returning change_set_id
)
insert into change_set_noun select 'catalog', change_set_id from entry
"""


async def test_change_set_lists_what_was_created_in_order(
    desk: Desk, catalog: CatalogMaker
) -> None:
    saved = await post_form(desk, "/brands", {"brand_name": "Wrangler\nLevis\nLee"})

    page = await get_page(desk, saved.headers["Location"])

    assert page.status == 200
    assert "3 brands were created." in page.text
    assert [row[0] for row in page.rows[1:]] == ["Wrangler", "Levis", "Lee"]
    assert page.ids("brands") == await catalog.column("select brand_id from brand order by 1")


async def test_change_set_of_one_brand_says_so(desk: Desk, catalog: CatalogMaker) -> None:
    brand_id = await catalog.brand("Levis")

    page = await get_page(desk, "/changes/1")

    assert "Levis was created." in page.text
    assert page.ids("brands") == [brand_id]


async def test_change_set_tells_of_every_noun(desk: Desk, catalog: CatalogMaker) -> None:
    levis, lee = await catalog.brands(["Levis", "Lee"])
    shirt = await catalog.product("Shirt", levis)
    async with catalog.connection.transaction():
        await catalog.product("Anorak", levis)
        await catalog.skus(shirt, 2, color_id=2, size_id=3)
        await catalog.connection.execute(
            "update product set product_name = 'Blouse', brand_id = $1 where product_id = $2",
            lee,
            shirt,
        )
        await catalog.connection.execute(
            "update product_color set product_color_hex = '#2d62b3' where product_color_id = 1"
        )
        await catalog.connection.execute("delete from product_size where product_size_id = 2")

    page = await get_page(desk, "/changes/3")

    assert (
        "Anorak was created with 2 SKUs; 1 product and 1 color were changed; Medium was deleted."
        in page.text.replace("Blouse and", "1 product and")
    )
    assert ["Blouse", "1", "Name Shirt → Blouse Brand Levis → Lee"] in page.rows
    assert ["Blue", "1", "Color value none → #2d62b3"] in page.rows
    assert ["Medium", "2"] in page.rows
    assert ["1", "Blouse", "Black", "Large"] in page.rows
    assert ["Anorak", "2"] in page.rows


async def test_change_set_tells_of_what_is_gone_by_the_names_of_then(
    desk: Desk, catalog: CatalogMaker
) -> None:
    product_id = await catalog.product("Shirt", await catalog.brand("Levis"))
    await catalog.skus(product_id, 1)
    async with catalog.connection.transaction():
        await catalog.connection.execute("delete from sku")
        await catalog.connection.execute("delete from product")
        await catalog.connection.execute("delete from brand")

    added, deleted = [await get_page(desk, f"/changes/{number}") for number in (3, 4)]

    assert "1 SKU was added to Shirt." in added.text
    assert "Levis was deleted with 1 product and 1 SKU." in deleted.text
    assert ["1", "Shirt", "Blue", "Small"] in deleted.rows
    assert not deleted.ids("brands")
    assert not deleted.ids("products")


async def test_change_set_says_who_made_it_and_when(desk: Desk, catalog: CatalogMaker) -> None:
    await post_form(desk, "/brands", {"brand_name": "Levis"})

    page = await get_page(desk, "/changes/1")

    assert "by local desk, from 127.0.0.1" in page.text
    moment = await catalog.value("select changed_at from change_set")
    assert moment.isoformat() in {
        element.attributes.get("datetime") for element in page.elements if element.tag == "time"
    }


async def test_change_set_of_a_load_says_how_much_came(desk: Desk, catalog: CatalogMaker) -> None:
    await catalog.connection.execute(_LOAD)

    page = await get_page(desk, "/changes/1")

    assert "100 brands, 1,000 products and 100,000 SKUs were loaded." in page.text


async def test_load_cannot_be_undone_and_says_so(desk: Desk, catalog: CatalogMaker) -> None:
    await catalog.connection.execute(_LOAD)

    page = await get_page(desk, "/changes/1")
    refused = await post_form(desk, "/changes/1/undo", {})

    assert "A bulk load cannot be undone." in page.text
    forms = [e.attributes for e in page.elements if e.attributes.get("method") == "post"]
    assert [form["action"] for form in forms] == ["/preferences"]
    assert refused.status == 409
    assert "A bulk load cannot be undone." in refused.text
    assert await catalog.value("select count(*) from change_set") == 1


async def test_change_set_without_entries_says_so(desk: Desk, catalog: CatalogMaker) -> None:
    change_id = await catalog.value("select current_change_set()")

    page = await get_page(desk, f"/changes/{change_id}")

    assert "Nothing was changed." in page.text
    assert "/undo" not in page.html


async def test_names_of_any_kind_are_shown_as_they_are(desk: Desk, catalog: CatalogMaker) -> None:
    await catalog.brand("<b>{{ 7 * 7 }}</b> 'x'")

    page = await get_page(desk, "/changes/1")

    assert "<b>{{ 7 * 7 }}</b> 'x' was created." in page.text


async def test_change_set_knows_which_request_made_it(desk: Desk, catalog: CatalogMaker) -> None:
    saved = await post_form(desk, "/brands", {"brand_name": "Levis"})

    request_id = await catalog.value("select request_id from change_set")

    assert request_id == saved.headers["X-Request-ID"]


async def test_page_stays_the_same_until_something_happens(
    desk: Desk, catalog: CatalogMaker
) -> None:
    await catalog.brand("Levis")
    first, second = [await get_page(desk, "/changes/1") for _ in range(2)]
    await post_form(desk, "/changes/1/undo", {})

    assert first.headers["ETag"] == second.headers["ETag"]
    assert (await get_page(desk, "/changes/1")).headers["ETag"] != first.headers["ETag"]


@pytest.mark.parametrize("path", ["/changes/77", "/changes/0", "/changes/x"])
async def test_unknown_change_is_a_404_with_a_way_onward(desk: Desk, path: str) -> None:
    page = await get_page(desk, path)

    assert page.status == 404
    assert "There is no" in page.text
    assert "/brands" in page.hrefs
