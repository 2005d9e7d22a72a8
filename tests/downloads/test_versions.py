"""The version of the catalog: which state a download read, and whether it is still there."""

import asyncio

import asyncpg
import pytest

from tests.desk import CatalogMaker, Desk, get_page

HEADER = "Hangtag-Catalog-Version"

CHANGES = {
    "brand added": "insert into brand (brand_name) values ('Lee')",
    "brand renamed": "update brand set brand_name = 'Lewis'",
    "product added": "insert into product (product_name, brand_id) values ('Boots', 1)",
    "product renamed": "update product set product_name = 'Coat'",
    "product deleted": "delete from product where product_name = 'Hat'",
    "color renamed": "update product_color set product_color_name = 'Navy' || product_color_id",
    "color added": "insert into product_color (product_color_name) values ('Red')",
    "color deleted": "delete from product_color where product_color_id = 2",
    "size renamed": "update product_size set product_size_name = 'S' where product_size_id = 1",
    "SKU added": "insert into sku select nextval('sku_sku_id_seq'), product_id, 1, 1 from product",
    "SKU removed": "delete from sku where sku_id = (select min(sku_id) from sku)",
}


async def version(desk: Desk, path: str = "/skus.csv") -> str:
    async with desk.get(path) as response:
        await response.read()
        return response.headers[HEADER]


@pytest.fixture(autouse=True)
async def filled(catalog: CatalogMaker) -> None:
    brand_id = await catalog.brand("Levis")
    await catalog.product("Hat", brand_id)
    await catalog.skus(await catalog.product("Jacket", brand_id), 3)


async def test_version_stays_while_nothing_changes(desk: Desk) -> None:
    before = await version(desk)
    assert await version(desk, "/skus.ndjson") == before
    assert await version(desk, "/brands.csv") == before
    async with desk.head("/skus.csv") as response:
        assert response.headers[HEADER] == before


@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES.keys())
async def test_every_change_gives_another_version(
    desk: Desk, catalog: CatalogMaker, change: str
) -> None:
    before = await version(desk)
    await catalog.connection.execute(change)
    assert await version(desk) != before


async def test_change_that_is_rolled_back_or_touches_nothing_gives_no_other_version(
    desk: Desk, catalog: CatalogMaker
) -> None:
    before = await version(desk)
    transaction = catalog.connection.transaction()
    await transaction.start()
    await catalog.brand("Lee")
    await transaction.rollback()
    await catalog.connection.execute("delete from sku where sku_id = 0")
    assert await version(desk) == before


async def test_writers_at_the_same_time_do_not_wait_for_each_other_and_all_count(
    desk: Desk, database_url: str
) -> None:
    before = int((await version(desk)).strip('"'))
    writers = [await asyncpg.connect(database_url) for _ in range(5)]
    transactions = [writer.transaction() for writer in writers]
    async with asyncio.timeout(20):
        for number, (writer, transaction) in enumerate(zip(writers, transactions, strict=True)):
            await transaction.start()
            await writer.execute("insert into brand (brand_name) values ($1)", f"Brand {number}")
        for transaction in reversed(transactions):
            await transaction.commit()
    for writer in writers:
        await writer.close()
    assert int((await version(desk)).strip('"')) == before + 5


async def test_version_sent_back_continues_and_after_a_change_is_refused(
    desk: Desk, catalog: CatalogMaker
) -> None:
    before = await version(desk)
    async with desk.get("/skus.csv", headers={"If-Match": before}) as response:
        assert response.status == 200

    await catalog.brand("Lee")
    for method in ("GET", "HEAD"):
        async with desk.request(method, "/skus.csv", headers={"If-Match": before}) as response:
            assert response.status == 412
            assert response.headers[HEADER] != before
            assert "changed" in await response.text() or method == "HEAD"


@pytest.mark.parametrize(
    ("tag", "status"),
    [("*", 200), ('"1"', 412), ("1", 412), ('W/"{}"', 412), ('"x", "{}"', 200), ("", 412)],
)
async def test_if_match_names_versions_as_entity_tags(desk: Desk, tag: str, status: int) -> None:
    current = (await version(desk)).strip('"')
    async with desk.get("/skus.csv", headers={"If-Match": tag.format(current)}) as response:
        assert response.status == status


async def test_refused_version_leaves_no_slot_taken(desk: Desk) -> None:
    for _ in range(10):
        async with desk.get("/skus.csv", headers={"If-Match": '"1"'}) as response:
            assert response.status == 412
    assert (await get_page(desk, "/skus")).status == 200
    assert await version(desk)
