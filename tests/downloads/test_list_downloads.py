"""The downloads of the brand list and the product list."""

import csv
import io
from urllib.parse import urlencode

import pytest

from tests.desk import CatalogMaker, Desk
from tests.downloads.expected import HARD_NAMES, copy_csv

BRANDS = """
select brand_id, brand_name, product_count, sku_count
from brand join brand_count using (brand_id)
"""
PRODUCTS = """
select product_id, product_name, brand_id, brand_name, product_count.sku_count
from product join product_count using (product_id) join brand using (brand_id)
"""


@pytest.fixture
async def hard_catalog(catalog: CatalogMaker) -> CatalogMaker:
    """Brands and products with hard names, and with different numbers of SKUs."""
    for number, name in enumerate(HARD_NAMES):
        brand_id = await catalog.brand(name)
        for other in HARD_NAMES[number : number + number % 3]:
            await catalog.skus(await catalog.product(other, brand_id), number % 4)
    return catalog


async def download(desk: Desk, path: str, **query: object) -> bytes:
    response = await desk.get(f"{path}?{urlencode(query)}")
    assert response.status == 200, await response.text()
    return await response.read()


async def test_brand_list_is_what_copy_writes_with_crlf(
    desk: Desk, hard_catalog: CatalogMaker
) -> None:
    assert await download(desk, "/brands.csv") == await copy_csv(
        hard_catalog.connection, f"{BRANDS} order by brand_id"
    )


async def test_product_list_is_what_copy_writes_with_crlf(
    desk: Desk, hard_catalog: CatalogMaker
) -> None:
    assert await download(desk, "/products.csv") == await copy_csv(
        hard_catalog.connection, f"{PRODUCTS} order by product_id"
    )


@pytest.mark.parametrize("q", ["IN", "%", "_", "\\", '"', "cafe\u0301", "ﬁ", "nobody has this"])
async def test_search_leaves_the_names_that_contain_what_was_typed(
    desk: Desk, hard_catalog: CatalogMaker, q: str
) -> None:
    connection = hard_catalog.connection

    found = "where strpos(brand_name_folded, fold_name($1)) > 0 order by brand_id"
    assert await download(desk, "/brands.csv", q=q) == await copy_csv(
        connection, f"{BRANDS} {found}", q
    )
    found = "where strpos(product_name_folded, fold_name($1)) > 0 order by product_id"
    assert await download(desk, "/products.csv", q=q) == await copy_csv(
        connection, f"{PRODUCTS} {found}", q
    )


async def test_product_list_of_a_brand_holds_its_products_alone(
    desk: Desk, hard_catalog: CatalogMaker
) -> None:
    connection = hard_catalog.connection
    own = "where brand_id = 3 order by product_id"
    found = "where brand_id = 3 and strpos(product_name_folded, 'quotes') > 0 order by product_id"

    assert await download(desk, "/products.csv", brand_id=3) == await copy_csv(
        connection, f"{PRODUCTS} {own}"
    )
    assert await download(desk, "/products.csv", brand_id=3, q="Quotes") == await copy_csv(
        connection, f"{PRODUCTS} {found}"
    )
    assert (await download(desk, "/products.csv", brand_id=4711)).count(b"\r\n") == 1


@pytest.mark.usefixtures("hard_catalog")
@pytest.mark.parametrize(("path", "names"), [("/brands.csv", [1]), ("/products.csv", [1, 3])])
async def test_excel_csv_marks_formulas_in_the_names(
    desk: Desk, path: str, names: list[int]
) -> None:
    exact = list(csv.reader(io.StringIO((await download(desk, path)).decode(), newline="")))

    body = (await download(desk, path, excel=1)).decode()

    assert body[0] == "\ufeff"
    for record in exact:
        for name in names:
            if record[name].startswith(("=", "+", "-", "@", "\t", "\r")):
                record[name] = f"'{record[name]}"
    assert list(csv.reader(io.StringIO(body[1:], newline=""))) == exact


async def test_empty_lists_are_their_headers(desk: Desk) -> None:
    assert await download(desk, "/brands.csv") == b"brand_id,brand_name,product_count,sku_count\r\n"
    assert (
        await download(desk, "/products.csv")
        == b"product_id,product_name,brand_id,brand_name,sku_count\r\n"
    )


@pytest.mark.parametrize(
    "path", ["/brands.csv?excel=2", "/products.csv?brand_id=0", "/brands.csv?q=a&q=b"]
)
async def test_parameter_that_cannot_be_understood_is_refused(desk: Desk, path: str) -> None:
    assert (await desk.get(path)).status == 400
