"""`after` continues a SKU download, and large products come in order."""

import pytest

from tests.desk import CatalogMaker, Desk
from tests.downloads.expected import IN_ORDER, SKUS, copy_csv

LONG_NAME = "A product whose lines are long " + "x" * 160
# Some 200 bytes a line: far more than the 64 KiB that come as one block.
MANY = 3000


@pytest.fixture
async def mixed(catalog: CatalogMaker) -> CatalogMaker:
    """A catalog of small and large products whose SKU ids are not in the products' order."""
    brand_ids = [await catalog.brand("Levis"), await catalog.brand("Lee")]
    small, large, empty, other, last = [
        await catalog.product(f"{number} {LONG_NAME}", brand_ids[number % 2]) for number in range(5)
    ]
    for product_id, count in [(last, 2), (large, MANY), (other, MANY), (small, 3), (large, 500)]:
        await catalog.skus(product_id, count, 1, 2)
    await catalog.skus(large, MANY, 2, 3)
    assert (
        await catalog.value("select sku_count from product_count where product_id = $1", empty) == 0
    )
    return catalog


async def test_products_of_every_size_come_in_order(desk: Desk, mixed: CatalogMaker) -> None:
    body = await (await desk.get("/skus.csv")).read()

    assert body == await copy_csv(mixed.connection, f"{SKUS} {IN_ORDER}")


@pytest.mark.parametrize("filters", ["product_id=2", "brand_id=2", "color_id=1", "size_id=3"])
async def test_filtered_products_of_every_size_come_in_order(
    desk: Desk, mixed: CatalogMaker, filters: str
) -> None:
    body = await (await desk.get(f"/skus.csv?{filters}")).read()

    condition = filters.replace("color_id", "product_color_id").replace(
        "size_id", "product_size_id"
    )
    assert body == await copy_csv(mixed.connection, f"{SKUS} where {condition} {IN_ORDER}")


async def test_products_stored_in_another_order_come_in_order(
    desk: Desk, catalog: CatalogMaker
) -> None:
    brand_id = await catalog.brand("Levis")
    for number in range(30):
        await catalog.skus(await catalog.product(f"{number} {LONG_NAME}", brand_id), 400)
    for product_id in (17, 3, 29, 8, 1, 21):
        await catalog.connection.execute(
            "update product set product_name = product_name || '!' where product_id = $1",
            product_id,
        )
    for number in range(500):
        await catalog.product(f"{number}", await catalog.brand(f"{number}"))
    await catalog.connection.execute("analyze")

    body = await (await desk.get(f"/skus.csv?brand_id={brand_id}")).read()

    assert body == await copy_csv(catalog.connection, f"{SKUS} where brand_id = 1 {IN_ORDER}")


@pytest.mark.usefixtures("mixed")
@pytest.mark.parametrize("filters", ["", "brand_id=2", "size_id=2&color_id=1"])
async def test_after_continues_exactly_behind_its_row(desk: Desk, filters: str) -> None:
    whole = (await (await desk.get(f"/skus.csv?{filters}")).read()).split(b"\r\n")
    header, *lines = whole

    # In a small product, its end, the start, middle and end of large ones, the very last row.
    for number in {0, 1, 2, 3, 4, 1700, MANY - 1, MANY, MANY + 4, len(lines) - 3, len(lines) - 2}:
        sku_id, product_id, _ = lines[number].split(b",", 2)
        after = f"{product_id.decode()},{sku_id.decode()}"
        rest = await (await desk.get(f"/skus.csv?{filters}&after={after}")).read()
        assert rest.split(b"\r\n") == [header, *lines[number + 1 :]], after


async def test_after_need_not_name_a_row_that_exists(desk: Desk, mixed: CatalogMaker) -> None:
    expected = await copy_csv(
        mixed.connection, f"{SKUS} where (product_id, sku_id) > (2, 1700) {IN_ORDER}"
    )
    await mixed.connection.execute("delete from sku where sku_id between 1650 and 1700")

    assert await (await desk.get("/skus.csv?after=2,1700")).read() == expected
    beyond = await (await desk.get(f"/skus.csv?after={2**63 - 1},{2**63 - 1}")).read()
    assert beyond.count(b"\r\n") == 1


async def test_before_is_refused_because_a_download_goes_forward(desk: Desk) -> None:
    for path in ("/skus.csv", "/skus.ndjson"):
        response = await desk.get(f"{path}?before=1,1")
        assert response.status == 400
        assert "goes forward" in await response.text()
