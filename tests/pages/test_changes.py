"""The page of a change set."""

from tests.desk import CatalogMaker, Desk, get_page, post_form


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
    change_id = await catalog.value("select change_set_id from change_set")

    page = await get_page(desk, f"/changes/{change_id}")

    assert "1 brand was created." in page.text
    assert page.ids("brands") == [brand_id]


async def test_change_set_of_a_load_says_how_much_came(desk: Desk, catalog: CatalogMaker) -> None:
    change_id = await catalog.value(
        "insert into history (change_set_id, noun, after) values (current_change_set(), 'catalog',"
        """ '{"brands": 100, "products": 1000, "skus": 100000}') returning change_set_id"""
    )

    page = await get_page(desk, f"/changes/{change_id}")

    assert "100 brands, 1,000 products, 100,000 SKUs were loaded." in page.text


async def test_change_set_without_entries_says_so(desk: Desk, catalog: CatalogMaker) -> None:
    change_id = await catalog.value("select current_change_set()")
    assert "Nothing was changed." in (await get_page(desk, f"/changes/{change_id}")).text


async def test_change_set_knows_which_request_made_it(desk: Desk, catalog: CatalogMaker) -> None:
    saved = await post_form(desk, "/brands", {"brand_name": "Levis"})

    request_id = await catalog.value("select request_id from change_set")

    assert request_id == saved.headers["X-Request-ID"]


async def test_unknown_change_is_a_404_with_a_way_onward(desk: Desk) -> None:
    page = await get_page(desk, "/changes/77")

    assert page.status == 404
    assert "There is no change 77." in page.text
    assert "/brands" in page.hrefs
