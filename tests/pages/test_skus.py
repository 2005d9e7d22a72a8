"""The SKU list with its filters."""

from itertools import combinations, product
from urllib.parse import urlencode

from tests.desk import CatalogMaker, Desk, get_page, walk

FILTERS = {
    "product_id": "sku.product_id",
    "brand_id": "brand_id",
    "color_id": "product_color_id",
    "size_id": "product_size_id",
}


async def _fill(catalog: CatalogMaker) -> None:
    """Add two brands with two products each, in every color and size but one."""
    for name in ("Levis", "Wrangler"):
        for product_id in await catalog.products(["Anorak", "Shirt"], await catalog.brand(name)):
            for color_id, size_id in product((1, 2), (1, 2, 3)):
                if (color_id, size_id) != (2, 2):
                    await catalog.skus(product_id, product_id + size_id, color_id, size_id)


async def test_filters_hold_together(desk: Desk, catalog: CatalogMaker) -> None:
    await _fill(catalog)
    product_id = await catalog.value("select max(product_id) from product")
    brand_id = await catalog.value("select max(brand_id) from brand")
    values = {"product_id": product_id, "brand_id": brand_id, "color_id": 2, "size_id": 3}
    for names in (c for n in range(5) for c in combinations(FILTERS, n)):
        chosen = {name: values[name] for name in names}
        where = " and ".join(f"{FILTERS[name]} = {values[name]}" for name in names) or "true"
        expected = await catalog.column(
            "select sku_id::text from sku join product using (product_id)"  # noqa: S608
            f" where {where} order by sku.product_id, sku.sku_id"
        )

        pages = await walk(desk, "/skus?" + urlencode(chosen))

        assert [row[0] for page in pages for row in page.rows[1:]] == expected, names
        assert f"SKUs {len(expected)}" in pages[0].text
        download = pages[0].link("NDJSON").removeprefix("/skus.ndjson").lstrip("?")
        assert download == urlencode(chosen)


async def test_all_and_a_brand_s_are_counted_by_brand_however_many_colors_and_sizes_there_are(
    desk: Desk, catalog: CatalogMaker
) -> None:
    await _fill(catalog)
    count = await catalog.value("select count(*) from sku")
    brand_id = await catalog.value("select max(brand_id) from brand")
    of_brand = await catalog.value(
        "select count(*) from sku join product using (product_id) where brand_id = $1", brand_id
    )

    await catalog.connection.execute("delete from brand_variant_count; delete from variant_count")

    assert f"SKUs {count}" in (await get_page(desk, "/skus")).text
    assert f"SKUs {of_brand}" in (await get_page(desk, f"/skus?brand_id={brand_id}")).text
    assert "SKUs 0" in (await get_page(desk, "/skus?color_id=1")).text


async def test_list_shows_each_sku_in_full(desk: Desk, catalog: CatalogMaker) -> None:
    brand_id = await catalog.brand("Levis")
    product_id = await catalog.product("Anorak", brand_id)
    await catalog.skus(product_id, 1, color_id=2, size_id=3)
    sku_id = await catalog.value("select sku_id from sku")

    page = await get_page(desk, "/skus")

    assert page.rows[1] == [str(sku_id), "Anorak", "Levis", "Black", "Large"]
    assert page.ids("products") == [product_id]
    assert page.ids("brands") == [brand_id]


async def test_pages_can_be_walked_in_both_directions(desk: Desk, catalog: CatalogMaker) -> None:
    products = await catalog.products(["Anorak", "Shirt"], await catalog.brand("Levis"))
    for product_id in products[::-1] * 2:
        await catalog.skus(product_id, 30)
    expected = await catalog.column("select sku_id::text from sku order by product_id, sku.sku_id")

    forward = await walk(desk, "/skus?color_id=1")
    previous = forward[-1].neighbor("prev")
    assert previous is not None
    backward = await walk(desk, previous, "prev")

    parts = [expected[:50], expected[50:100], expected[100:]]
    assert [[row[0] for row in page.rows[1:]] for page in forward] == parts
    assert [[row[0] for row in page.rows[1:]] for page in backward] == parts[1::-1]
    assert all("color_id=1" in (page.neighbor("next") or "color_id=1") for page in forward)


async def test_position_is_readable(desk: Desk, catalog: CatalogMaker) -> None:
    product_id = await catalog.product("Anorak", await catalog.brand("Levis"))
    await catalog.skus(product_id, 60)
    sku_ids = await catalog.column("select sku_id from sku order by sku_id")

    page = await get_page(desk, f"/skus?after={product_id},{sku_ids[54]}")

    assert [row[0] for row in page.rows[1:]] == [str(sku_id) for sku_id in sku_ids[55:]]


async def test_chips_name_the_filters_and_take_each_away(desk: Desk, catalog: CatalogMaker) -> None:
    await _fill(catalog)
    brand_id, product_id = await catalog.connection.fetchrow(
        "select brand_id, product_id from product where product_name = 'Shirt' limit 1"
    ) or (0, 0)
    query = f"product_id={product_id}&brand_id={brand_id}&color_id=2&size_id=3"

    page = await get_page(desk, f"/skus?{query}")

    parts = query.split("&")
    for index, label in enumerate(["Product Shirt", "Brand Levis", "Color Black", "Size Large"]):
        rest = "&".join(parts[:index] + parts[index + 1 :])
        assert page.link(f"Remove {label}") == f"/skus?{rest}"


async def test_filter_id_that_nobody_has_is_an_empty_list_that_leads_on(
    desk: Desk, catalog: CatalogMaker
) -> None:
    await _fill(catalog)
    # Behind the ends of smallint, integer and bigint, too.
    ids = ["999", "32768", "40000", "2147483648", "9223372036854775807"]
    for name, value in product(FILTERS, ids):
        page = await get_page(desk, "/skus", **{name: value})

        assert page.status == 200, (name, value)
        assert page.rows == []
        assert "SKUs 0" in page.text
        assert page.link("show all SKUs") == "/skus"
        assert page.link(f"Remove {name.removesuffix('_id').capitalize()} {value}") == "/skus"


async def test_form_offers_every_color_and_size_and_keeps_the_other_filters(
    desk: Desk, catalog: CatalogMaker
) -> None:
    await catalog.connection.execute(
        "insert into product_color (product_color_name) values ('Red')"
    )

    page = await get_page(desk, "/skus?brand_id=5&color_id=3")

    options = [e.attributes for e in page.elements if e.tag == "option"]
    assert [option["value"] for option in options] == ["", "1", "2", "3", "", "1", "2", "3"]
    assert [option["value"] for option in options if "selected" in option] == ["3"]
    assert {"type": "hidden", "name": "brand_id", "value": "5"} in [
        element.attributes for element in page.elements
    ]


async def test_form_sent_without_a_choice_shows_all(desk: Desk, catalog: CatalogMaker) -> None:
    await catalog.skus(await catalog.product("Anorak", await catalog.brand("Levis")), 3)
    assert "SKUs 3" in (await get_page(desk, "/skus?color_id=&size_id=")).text


async def test_page_behind_the_end_says_so(desk: Desk, catalog: CatalogMaker) -> None:
    product_id = await catalog.product("Anorak", await catalog.brand("Levis"))
    await catalog.skus(product_id, 1)

    page = await get_page(desk, f"/skus?color_id=1&after={product_id + 1},1")

    assert "The list ends before this page." in page.text
    assert page.link("Go to its first page") == "/skus?color_id=1"


async def test_empty_list_leads_on(desk: Desk) -> None:
    page = await get_page(desk, "/skus")

    assert "There are no SKUs yet." in page.text
    assert page.link("brands") == "/brands"
