"""The page of one product."""

from tests.desk import CatalogMaker, Desk, get_page, walk


async def test_product_shows_its_brand_and_its_skus(desk: Desk, catalog: CatalogMaker) -> None:
    brand_id = await catalog.brand("Levis")
    product_id, other = await catalog.products(["Anorak", "Shirt"], brand_id)
    await catalog.skus(product_id, 2, color_id=2, size_id=3)
    await catalog.skus(other, 1)
    sku_ids = await catalog.column("select sku_id from sku where product_id = $1", product_id)

    page = await get_page(desk, f"/products/{product_id}")

    assert page.status == 200
    assert page.link("Levis") == f"/brands/{brand_id}"
    assert [row for row in page.rows if row[-1] == "Large"] == [
        [str(sku_id), "Black", "Large"] for sku_id in sku_ids
    ]
    assert "SKUs 2" in page.text


async def test_skus_of_a_product_come_page_by_page(desk: Desk, catalog: CatalogMaker) -> None:
    brand_id = await catalog.brand("Levis")
    product_ids = await catalog.products(["Anorak", "Shirt", "Skirt"], brand_id)
    for product_id in product_ids * 2:  # the ids of one product are not in one piece
        await catalog.skus(product_id, 55)
    expected = [
        str(sku_id)
        for sku_id in await catalog.column(
            "select sku_id from sku where product_id = $1 order by sku_id", product_ids[1]
        )
    ]

    forward = await walk(desk, f"/products/{product_ids[1]}")
    previous = forward[-1].neighbor("prev")
    assert previous is not None
    backward = await walk(desk, previous, "prev")

    parts = [expected[:50], expected[50:100], expected[100:]]
    assert [
        [row[0] for row in page.rows[-len(part) :]]
        for page, part in zip(forward, parts, strict=True)
    ] == parts
    assert [[row[0] for row in page.rows[-50:]] for page in backward] == parts[1::-1]


async def test_product_counts_its_skus_by_color_and_size(desk: Desk, catalog: CatalogMaker) -> None:
    product_id = await catalog.product("Anorak", await catalog.brand("Levis"))
    await catalog.skus(product_id, 1200, color_id=1, size_id=2)
    await catalog.skus(product_id, 3, color_id=2, size_id=3)

    page = await get_page(desk, f"/products/{product_id}")

    assert ["Blue", "0", "1,200", "0", "1,200"] in page.rows
    assert ["Black", "0", "0", "3", "3"] in page.rows
    assert ["All", "0", "1,200", "3", "1,203"] in page.rows
    cell = f"/skus?product_id={product_id}&color_id=1&size_id=2"
    assert "SKUs 1,200" in (await get_page(desk, cell)).text
    assert cell in page.hrefs


async def test_product_leads_to_others_of_its_brand(desk: Desk, catalog: CatalogMaker) -> None:
    brand_id = await catalog.brand("Levis")
    ids = await catalog.products([f"Product {number}" for number in range(9)], brand_id)
    await catalog.product("Trousers", await catalog.brand("Wrangler"))

    page = await get_page(desk, f"/products/{ids[6]}")

    # The next ones, and around to the first.
    others = [product_id for product_id in page.ids("products") if product_id != ids[6]]
    assert others == [ids[7], ids[8], *ids[:4]]
    assert page.link("All products of the brand") == f"/products?brand_id={brand_id}"


async def test_only_product_of_its_brand_has_no_others(desk: Desk, catalog: CatalogMaker) -> None:
    product_id = await catalog.product("Anorak", await catalog.brand("Levis"))
    assert (await get_page(desk, f"/products/{product_id}")).ids("products") == [product_id]


async def test_product_without_skus_says_so_and_leads_on(desk: Desk, catalog: CatalogMaker) -> None:
    brand_id = await catalog.brand("Levis")

    page = await get_page(desk, f"/products/{await catalog.product('Anorak', brand_id)}")

    assert page.status == 200
    assert "This product has no SKUs yet." in page.text
    assert f"/brands/{brand_id}" in page.hrefs


async def test_page_behind_the_last_sku_says_so(desk: Desk, catalog: CatalogMaker) -> None:
    product_id = await catalog.product("Anorak", await catalog.brand("Levis"))
    await catalog.skus(product_id, 1)

    page = await get_page(desk, f"/products/{product_id}?after={product_id},999")

    assert "The list ends before this page." in page.text
    assert page.link("Go to its first page") == f"/products/{product_id}"


async def test_product_leads_to_downloads_of_its_own(desk: Desk, catalog: CatalogMaker) -> None:
    product_id = await catalog.product("Anorak", await catalog.brand("Levis"))
    await catalog.skus(product_id, 1)

    hrefs = (await get_page(desk, f"/products/{product_id}")).hrefs

    assert f"/skus.csv?product_id={product_id}" in hrefs
    assert f"/skus.ndjson?product_id={product_id}" in hrefs


async def test_unknown_product_is_a_404_with_a_way_onward(desk: Desk) -> None:
    page = await get_page(desk, "/products/77")

    assert page.status == 404
    assert "There is no product 77." in page.text
    assert "/products" in page.hrefs
