"""The sample catalog: the same seed gives the same, all of it or nothing."""

import hashlib
from collections.abc import Awaitable, Callable
from io import BytesIO

import asyncpg
import pytest

from tests.conftest import create_database, drop_database, unique_name
from tests.desk import CatalogMaker, Desk, get_page, post_form
from web.catalog.sample import CatalogNotEmptyError, SampleSize, load_sample
from web.database.pool import Connection

SMALL = SampleSize(brands=20, products=100, skus=3000)
# What the catalog is, without the moments at which its rows came.
TABLES = [
    "select brand_id, brand_name from brand order by 1",
    "select product_id, product_name, brand_id from product order by 1",
    "select sku_id, product_id, product_size_id, product_color_id from sku order by 1",
    "select * from brand_count order by 1",
    "select * from product_count order by 1",
    "select * from brand_variant_count order by 1, 2, 3",
    "select * from product_variant_count order by 1, 2, 3",
    (
        "select product_color_id, product_size_id, sum(sku_count) from variant_count"
        " group by 1, 2 order by 1, 2"
    ),
    "select noun, row_id, before, after from history order by history_id",
]

Load = Callable[..., Awaitable[None]]


@pytest.fixture
def load(catalog: CatalogMaker) -> Load:
    """Load a sample into the test's database, in one transaction."""

    async def loaded(size: SampleSize = SMALL, seed: int = 1, *, append: bool = False) -> None:
        await _load(catalog.connection, size, seed, append=append)

    return loaded


async def _load(connection: Connection, size: SampleSize, seed: int, *, append: bool) -> None:
    async with connection.transaction():
        await load_sample(connection, size, seed=seed, append=append)


async def _digest(connection: Connection) -> str:
    digest = hashlib.sha256()
    for query in TABLES:
        output = BytesIO()
        await connection.copy_from_query(query, output=output)
        digest.update(output.getvalue())
    return digest.hexdigest()


async def _digest_of_another(server_url: str, template: str, seed: int) -> str:
    """Load a sample into another database and return its digest."""
    name = unique_name("hangtag_test")
    connection = await asyncpg.connect(await create_database(server_url, name, template))
    try:
        await _load(connection, SMALL, seed, append=False)
        return await _digest(connection)
    finally:
        await connection.close()
        await drop_database(server_url, name)


async def test_same_seed_gives_the_same_catalog_and_another_seed_another(
    load: Load, catalog: CatalogMaker, server_url: str, template_database: str
) -> None:
    await load(seed=1)

    digest = await _digest(catalog.connection)

    assert await _digest_of_another(server_url, template_database, 1) == digest
    assert await _digest_of_another(server_url, template_database, 2) != digest


async def test_sample_has_as_many_rows_as_were_asked_for(
    load: Load, catalog: CatalogMaker, desk: Desk
) -> None:
    await load()

    for table, rows in (("brand", 20), ("product", 100), ("sku", 3000)):
        assert await catalog.value(f"select count(*) from {table}") == rows  # noqa: S608
        assert await catalog.value(f"select max({table}_id) from {table}") == rows  # noqa: S608
    page = await get_page(desk, "/")
    assert "20 brands" in page.text
    assert "3,000 SKUs" in page.text


async def test_products_are_named_after_ten_words_and_have_skus_of_every_kind(
    load: Load, catalog: CatalogMaker
) -> None:
    await load()

    names = await catalog.column("select product_name from product")
    assert {len(name.split()) for name in names} == {10}
    assert (
        await catalog.value("select count(distinct (product_color_id, product_size_id)) from sku")
        == 6
    )
    assert await catalog.value("select count(distinct brand_id) from product") == 20


async def test_brand_can_be_created_behind_the_sample(
    load: Load, catalog: CatalogMaker, desk: Desk
) -> None:
    await load()

    saved = await post_form(desk, "/brands", {"brand_name": "Behind the sample"})

    assert saved.status == 303
    assert saved.headers["Location"].startswith("/brands/21?")
    product_id = await catalog.product("Anorak", 21)
    await catalog.skus(product_id, 1)
    assert product_id == 101
    assert await catalog.value("select max(sku_id) from sku") == 3001


async def test_sample_is_one_entry_of_the_history(load: Load, catalog: CatalogMaker) -> None:
    await load()

    entries = await catalog.connection.fetch(
        "select noun, after ->> 'skus' as skus, change_set_id from history"
    )

    assert [(entry["noun"], entry["skus"]) for entry in entries] == [("catalog", "3000")]


async def test_load_is_over_with_its_transaction(load: Load, catalog: CatalogMaker) -> None:
    await load()
    await catalog.brand("Behind the sample")

    assert await catalog.column("select noun from history order by 1") == ["brand", "catalog"]
    assert await catalog.value("select count(distinct change_set_id) from history") == 2


async def test_catalog_with_anything_in_it_is_refused(load: Load, catalog: CatalogMaker) -> None:
    await catalog.brand("Levis")

    with pytest.raises(CatalogNotEmptyError):
        await load()

    assert await catalog.value("select count(*) from brand") == 1
    assert await catalog.value("select count(*) from history") == 1


async def test_appended_sample_comes_behind_what_is_there(
    load: Load, catalog: CatalogMaker
) -> None:
    await load(seed=1)
    await load(seed=1, append=True)

    assert await catalog.value("select count(*) from brand") == 40
    assert await catalog.value("select count(distinct brand_name_folded) from brand") == 40
    assert await catalog.value("select count(*) from sku") == 6000
    # What is appended stays among itself.
    assert await catalog.value("select min(brand_id) from product where product_id > 100") > 20
    assert await catalog.value("select min(product_id) from sku where sku_id > 3000") > 100
    assert await catalog.value("select sum(sku_count) from brand_count") == 6000


async def test_names_that_are_taken_are_passed_over(load: Load, catalog: CatalogMaker) -> None:
    await load(SampleSize(brands=5, products=0, skus=0))
    words = await catalog.column("select brand_name from brand")
    await catalog.connection.execute("delete from brand")
    await catalog.brands([word.upper() for word in words])

    await load(SampleSize(brands=10, products=0, skus=0), append=True)

    assert await catalog.value("select count(*) from brand") == 15


async def test_brands_beyond_the_words_have_names_of_two_words(
    load: Load, catalog: CatalogMaker
) -> None:
    await load(SampleSize(brands=2500, products=0, skus=0))

    names = await catalog.column("select brand_name from brand order by brand_id")
    assert [len(name.split()) for name in names] == [1] * 1000 + [2] * 1500
    assert len(set(names)) == 2500
    assert all(name[0].isupper() or not name[0].isalpha() for name in names)


@pytest.mark.parametrize(
    "size", [SampleSize(0, 0, 0), SampleSize(1, 0, 0), SampleSize(1, 1, 0), SampleSize(1, 1, 1)]
)
async def test_small_samples_can_be_loaded(
    load: Load, catalog: CatalogMaker, size: SampleSize
) -> None:
    await load(size)
    assert await catalog.value("select count(*) from sku") == size.skus
    assert await catalog.brand("Behind the sample") == size.brands + 1
