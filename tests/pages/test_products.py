"""The product list."""

from datetime import UTC, datetime, timedelta

import pytest

from tests.desk import CatalogMaker, Desk, get_page, walk

COLUMNS = {
    "name": "product_name_folded",
    "newest": "created_at",
    "changed": "changed_at",
    "skus": "sku_count",
}
SORTS = [*COLUMNS, *(f"-{name}" for name in COLUMNS)]


@pytest.mark.parametrize("sort", SORTS)
async def test_pages_hold_every_product_once_in_order(
    desk: Desk, catalog: CatalogMaker, sort: str
) -> None:
    brand_id = await catalog.brand("Levis")
    # Names repeat: only the id tells such products apart.
    ids = await catalog.products([f"Product {n * 37 % 30}" for n in range(120)], brand_id)
    start = datetime(2026, 1, 1, tzinfo=UTC)
    await catalog.connection.executemany(
        "update product set created_at = $2, changed_at = $3 where product_id = $1",
        [(i, start + timedelta(i * 7 % 40), start + timedelta(i * 11 % 40)) for i in ids],
    )
    for product_id in ids[::3]:
        await catalog.skus(product_id, product_id % 5 + 1)
    name = sort.removeprefix("-")
    way = "desc" if (name != "name") != sort.startswith("-") else "asc"
    expected = await catalog.column(
        "select product_id from product join product_count using (product_id)"  # noqa: S608
        f" order by {COLUMNS[name]} {way}, product_id {way}"
    )

    forward = await walk(desk, f"/products?sort={sort}")
    previous = forward[-1].neighbor("prev")
    assert previous is not None
    backward = await walk(desk, previous, "prev")

    parts = [expected[:50], expected[50:100], expected[100:]]
    assert [page.ids("products") for page in forward] == parts
    assert [page.ids("products") for page in backward] == parts[1::-1]


async def test_list_shows_each_product_with_its_brand_and_skus(
    desk: Desk, catalog: CatalogMaker
) -> None:
    brand_id = await catalog.brand("Levis")
    await catalog.skus(await catalog.product("Anorak", brand_id), 1234)

    page = await get_page(desk, "/products")

    assert page.rows[1][:3] == ["Anorak", "Levis", "1,234"]
    assert f"/brands/{brand_id}" in page.hrefs
    assert "Products 1" in page.text


async def test_list_of_one_brand_holds_its_products_only(desk: Desk, catalog: CatalogMaker) -> None:
    levis, wrangler = await catalog.brands(["Levis", "Wrangler"])
    ids = await catalog.products([f"Product {number:02}" for number in range(60)], levis)
    await catalog.products([f"Product {number:02}" for number in range(60)], wrangler)

    pages = await walk(desk, f"/products?brand_id={levis}")

    assert [page.ids("products") for page in pages] == [ids[:50], ids[50:]]
    assert "Products 60" in pages[0].text
    assert pages[1].link("Remove Brand Levis") == "/products"
    assert pages[1].link("Download CSV") == f"/products.csv?brand_id={levis}"


async def test_search_and_brand_hold_together(desk: Desk, catalog: CatalogMaker) -> None:
    levis, wrangler = await catalog.brands(["Levis", "Wrangler"])
    shirt, _ = await catalog.products(["Shirt 50%", "Anorak"], levis)
    await catalog.products(["Shirt 50%", "Skirt"], wrangler)

    found = await get_page(desk, "/products", brand_id=str(levis), q="50%")
    missed = await get_page(desk, "/products", brand_id=str(levis), q="skirt")

    assert found.ids("products") == [shirt]
    assert found.link("Remove Name contains 50%") == f"/products?brand_id={levis}"
    assert found.link("Remove Brand Levis") == "/products?q=50%25"
    assert "No product’s name contains “skirt” in this brand." in missed.text


async def test_unknown_brand_is_an_empty_list_that_says_why(
    desk: Desk, catalog: CatalogMaker
) -> None:
    await catalog.product("Anorak", await catalog.brand("Levis"))

    page = await get_page(desk, "/products?brand_id=9223372036854775807")

    assert page.status == 200
    assert page.ids("products") == []
    assert "There is no brand 9223372036854775807." in page.text
    assert page.link("Show the products of all brands") == "/products"


@pytest.mark.parametrize(
    ("products", "of_all", "of_search"),
    [(1000, "Products 1,000", "Products 1,000"), (1001, "Products 1,001", "more than 1,000")],
)
async def test_count_of_a_search_is_exact_up_to_a_thousand(
    desk: Desk, catalog: CatalogMaker, products: int, of_all: str, of_search: str
) -> None:
    brand_id = await catalog.brand("Levis")
    await catalog.products([f"Anorak {number}" for number in range(products)], brand_id)

    assert of_all in (await get_page(desk, "/products")).text
    assert of_search in (await get_page(desk, "/products?q=anorak")).text
    assert of_search in (await get_page(desk, f"/products?q=anorak&brand_id={brand_id}")).text


async def test_lists_without_products_lead_on(desk: Desk, catalog: CatalogMaker) -> None:
    brand_id = await catalog.brand("Levis")

    everything = await get_page(desk, "/products")
    of_brand = await get_page(desk, f"/products?brand_id={brand_id}")

    assert "There are no products yet." in everything.text
    assert everything.link("brands") == "/brands"
    assert "This brand has no products yet." in of_brand.text
    assert of_brand.link("show the products of all brands") == "/products"
    assert everything.link("Create the first one") == "/products/new"
    assert of_brand.link("Create its first one") == f"/products/new?brand_id={brand_id}"


async def test_searching_keeps_the_brand_and_the_sort(desk: Desk, catalog: CatalogMaker) -> None:
    brand_id = await catalog.brand("Levis")

    page = await get_page(desk, f"/products?brand_id={brand_id}&sort=-skus")
    kept = {
        element.attributes["name"]: element.attributes["value"]
        for element in page.elements
        if element.attributes.get("type") == "hidden"
    }
    del kept["next"]  # of the preferences

    assert kept == {"brand_id": str(brand_id), "sort": "-skus"}
