"""The page of one brand."""

import pytest

from tests.desk import CatalogMaker, Desk, get_page, walk


async def test_brand_shows_its_products_and_nobody_elses(desk: Desk, catalog: CatalogMaker) -> None:
    brand_id = await catalog.brand("Levis")
    product_ids = await catalog.products(["Shirt", "Anorak"], brand_id)
    await catalog.skus(product_ids[0], 1500)
    other = await catalog.product("Trousers", await catalog.brand("Wrangler"))

    page = await get_page(desk, f"/brands/{brand_id}")

    assert page.status == 200
    assert page.ids("products") == product_ids[::-1]
    assert other not in page.ids("products")
    assert "Products 2" in page.text
    assert ("1,500", f"/skus?brand_id={brand_id}") in [(a.text.strip(), a.href) for a in page.links]


@pytest.mark.parametrize("sort", ["name", "-name", "newest", "-skus", "changed"])
async def test_products_of_a_brand_come_page_by_page(
    desk: Desk, catalog: CatalogMaker, sort: str
) -> None:
    brand_id = await catalog.brand("Levis")
    names = [f"Product {number:03}" for number in range(110)]
    product_ids = await catalog.products(names, brand_id)
    await catalog.products(names, await catalog.brand("Wrangler"))
    order = product_ids if sort in {"name", "-skus"} else product_ids[::-1]

    pages = await walk(desk, f"/brands/{brand_id}?sort={sort}")

    assert [page.ids("products") for page in pages] == [order[:50], order[50:100], order[100:]]
    assert {row[0] for row in pages[2].rows} >= {
        "Product 005" if order[0] != product_ids[0] else "Product 105"
    }


async def test_products_of_a_brand_can_be_searched(desk: Desk, catalog: CatalogMaker) -> None:
    brand_id = await catalog.brand("Levis")
    shirt, _ = await catalog.products(["Shirt 100%", "Anorak"], brand_id)

    found = await get_page(desk, f"/brands/{brand_id}", q="%")
    missed = await get_page(desk, f"/brands/{brand_id}", q="skirt")

    assert found.ids("products") == [shirt]
    assert "“skirt”" in missed.text
    assert missed.link("show all of its products") == f"/brands/{brand_id}"


async def test_brand_counts_its_skus_by_color_and_size(desk: Desk, catalog: CatalogMaker) -> None:
    brand_id = await catalog.brand("Levis")
    for product_id in await catalog.products(["Shirt", "Anorak"], brand_id):
        await catalog.skus(product_id, 600, color_id=1, size_id=1)
        await catalog.skus(product_id, 2, color_id=2, size_id=3)
    others = await catalog.product("Trousers", await catalog.brand("Wrangler"))
    await catalog.skus(others, 9, color_id=2, size_id=2)

    page = await get_page(desk, f"/brands/{brand_id}")

    assert ["Blue", "1,200", "0", "0", "1,200"] in page.rows
    assert ["Black", "0", "0", "4", "4"] in page.rows
    assert ["All", "1,200", "0", "4", "1,204"] in page.rows
    assert f"/skus?brand_id={brand_id}&color_id=2&size_id=3" in page.hrefs


async def test_brand_without_products_says_so_and_leads_on(
    desk: Desk, catalog: CatalogMaker
) -> None:
    page = await get_page(desk, f"/brands/{await catalog.brand('Levis')}")

    assert page.status == 200
    assert "This brand has no products yet." in page.text
    assert page.link("all products") == "/products"


async def test_brand_leads_to_downloads_of_its_own(desk: Desk, catalog: CatalogMaker) -> None:
    brand_id = await catalog.brand("Levis")
    await catalog.skus(await catalog.product("Anorak", brand_id), 1)

    hrefs = (await get_page(desk, f"/brands/{brand_id}")).hrefs

    assert f"/skus.csv?brand_id={brand_id}" in hrefs
    assert f"/skus.ndjson?brand_id={brand_id}" in hrefs
    assert f"/products.csv?brand_id={brand_id}" in hrefs


async def test_unknown_brand_is_a_404_with_a_way_onward(desk: Desk) -> None:
    page = await get_page(desk, "/brands/77")

    assert page.status == 404
    assert "There is no brand 77." in page.text
    assert "/brands" in page.hrefs


async def test_change_of_another_brand_is_told_by_the_name_of_that_one(
    desk: Desk, catalog: CatalogMaker
) -> None:
    await catalog.brand("Levis")
    brand_id = await catalog.brand("Wrangler")

    other = await get_page(desk, f"/brands/{brand_id}", change="1")
    unknown = await get_page(desk, f"/brands/{brand_id}", change="9223372036854775807")

    assert "Levis was created." in other.text
    assert "Wrangler was created." not in other.text
    assert unknown.status == 200
    assert "created." not in unknown.text
