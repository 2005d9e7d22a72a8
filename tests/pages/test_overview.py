"""The overview page."""

from tests.desk import CatalogMaker, Desk, get_page


async def test_overview_shows_the_totals(desk: Desk, catalog: CatalogMaker) -> None:
    brand_id = await catalog.brand("Levis")
    product_id = await catalog.product("Trucker jacket", brand_id)
    await catalog.skus(product_id, 1234)

    page = await get_page(desk, "/")

    assert page.status == 200
    assert page.link("1 brand") == "/brands"
    assert page.link("1 product") == "/products"
    assert page.link("1,234 SKUs") == "/skus"
    assert f"/brands/{brand_id}" in page.hrefs
    assert f"/products/{product_id}" in page.hrefs


async def test_overview_shows_the_newest_brands_first(desk: Desk, catalog: CatalogMaker) -> None:
    brand_ids = [await catalog.brand(f"Brand {number}") for number in range(10)]

    page = await get_page(desk, "/")

    assert page.ids("brands")[:8] == brand_ids[:1:-1]


async def test_overview_shows_the_brands_with_most_skus(desk: Desk, catalog: CatalogMaker) -> None:
    brand_ids = await catalog.brands([f"Brand {number}" for number in range(20)])
    await catalog.skus(await catalog.product("Anorak", brand_ids[0]), 7)

    page = await get_page(desk, "/")

    assert page.link("Brand 0") == f"/brands/{brand_ids[0]}"
    assert "Brand 0 7 SKUs" in page.text


async def test_overview_shows_the_newest_products_first(desk: Desk, catalog: CatalogMaker) -> None:
    brand_id = await catalog.brand("Levis")
    product_ids = [await catalog.product(f"Product {number}", brand_id) for number in range(10)]

    assert (await get_page(desk, "/")).ids("products") == product_ids[:1:-1]


async def test_overview_of_an_empty_catalog_leads_to_the_form(desk: Desk) -> None:
    page = await get_page(desk, "/")

    assert page.status == 200
    assert page.link("0 brands") == "/brands"
    assert page.link("Create the first brand") == "/brands/new"


async def test_navigation_leads_to_every_list(desk: Desk) -> None:
    page = await get_page(desk, "/")

    assert {"/", "/brands", "/products", "/skus"} <= set(page.hrefs)
    assert await _statuses(desk, page.hrefs) == {200}


async def _statuses(desk: Desk, hrefs: list[str]) -> set[int]:
    return {(await get_page(desk, href)).status for href in hrefs if href.startswith("/")}
