"""How the sample is loaded: as a set where that pays, and nothing is different behind it."""

import asyncio
from collections.abc import AsyncIterator

import asyncpg
import pytest
import pytest_asyncio

from tests.database.schema import Part, schema_parts
from tests.database.test_counts import assert_counts
from tests.desk import CatalogMaker
from web.catalog.sample import SampleSize, load_sample
from web.database.pool import Connection

SIZE = SampleSize(brands=20, products=100, skus=3000)
TINY = SampleSize(brands=2, products=3, skus=50)
TABLES = ("brand", "product", "sku", "brand_count", "brand_variant_count", "product_count")


async def load(connection: Connection, size: SampleSize = SIZE, *, append: bool = False) -> None:
    async with connection.transaction():
        await load_sample(connection, size, seed=1, append=append)


async def locks(connection: Connection) -> set[str]:
    """Return the tables that the transaction keeps readers out of."""
    rows = await connection.fetch(
        "select relation::regclass::text from pg_locks join pg_class on relation = pg_class.oid"
        " where pid = pg_backend_pid() and mode = 'AccessExclusiveLock' and relkind = 'r'"
    )
    return {row[0] for row in rows}


@pytest_asyncio.fixture
async def reader(database_url: str) -> AsyncIterator[Connection]:
    """Another connection, that gives up soon."""
    connection = await asyncpg.connect(database_url, server_settings={"lock_timeout": "200ms"})
    yield connection
    await connection.close()


async def test_schema_is_the_migrated_one_after_a_load(catalog: CatalogMaker) -> None:
    before = await schema_parts(catalog.connection)

    await load(catalog.connection)

    assert await schema_parts(catalog.connection) == before


async def test_counts_are_those_that_counting_gives(catalog: CatalogMaker) -> None:
    # Of this many products and brands some have nothing.
    await load(catalog.connection, SampleSize(brands=60, products=80, skus=200))

    await assert_counts(catalog.connection)
    assert await catalog.value("select count(*) from product_count where sku_count = 0") > 0
    assert await catalog.value("select count(*) from brand_count where product_count = 0") > 0


async def test_counts_are_kept_behind_a_load(catalog: CatalogMaker) -> None:
    await load(catalog.connection)

    brand_id = await catalog.brand("Behind the sample")
    await catalog.skus(await catalog.product("Anorak", brand_id), 7)
    await catalog.connection.execute("delete from sku where sku_id < 50")
    await catalog.connection.execute("update product set brand_id = 3 where product_id = 5")

    await assert_counts(catalog.connection)


async def test_foreign_keys_and_unique_names_hold_behind_a_load(catalog: CatalogMaker) -> None:
    await load(catalog.connection)
    name = await catalog.value("select brand_name from brand where brand_id = 1")

    for broken in (
        "insert into sku (product_id, product_size_id, product_color_id) values (101, 1, 1)",
        "insert into sku (product_id, product_size_id, product_color_id) values (1, 9, 1)",
        "delete from product_color where product_color_id = 1",
        "update product set brand_id = 21",
        "delete from brand",
    ):
        with pytest.raises(asyncpg.ForeignKeyViolationError):
            await catalog.connection.execute(broken)
    with pytest.raises(asyncpg.UniqueViolationError):
        await catalog.brand(name.upper())
    with pytest.raises(asyncpg.IntegrityConstraintViolationError, match="never edited"):
        await catalog.connection.execute("update sku set product_id = 1")


async def test_version_of_the_catalog_rises_once(catalog: CatalogMaker) -> None:
    version = "select sum(changes) from catalog_version"
    before = await catalog.value(version)

    await load(catalog.connection)

    assert await catalog.value(version) == before + 1


@pytest.mark.parametrize("phase", ["brands", "SKUs", "counts", "indexes"])
async def test_load_that_fails_leaves_everything_as_it_was(
    catalog: CatalogMaker, phase: str
) -> None:
    before = await schema_parts(catalog.connection)

    def stop(doing: str, done: int, _of: int) -> None:
        if doing == phase and done:
            raise RuntimeError("stopped")

    with pytest.raises(RuntimeError, match="stopped"):
        async with catalog.connection.transaction():
            await load_sample(catalog.connection, SIZE, seed=1, advance=stop)

    await assert_nothing_happened(catalog, before)


async def test_load_that_is_cancelled_leaves_everything_as_it_was(catalog: CatalogMaker) -> None:
    before = await schema_parts(catalog.connection)
    passed = asyncio.Event()

    def advance(doing: str, done: int, _of: int) -> None:
        if doing == "SKUs" and done:
            passed.set()

    async def loading() -> None:
        async with catalog.connection.transaction():
            endless = SampleSize(brands=20, products=100, skus=1_000_000_000)
            await load_sample(catalog.connection, endless, seed=1, advance=advance)

    task = asyncio.create_task(loading())
    await passed.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task

    await assert_nothing_happened(catalog, before)


async def assert_nothing_happened(catalog: CatalogMaker, before: list[Part]) -> None:
    assert await schema_parts(catalog.connection) == before
    for table in (*TABLES, "product_variant_count", "variant_count", "history"):
        assert await catalog.value(f"select count(*) from {table}") == 0, table  # noqa: S608
    assert await catalog.brand("Levis") == 1


async def test_small_sample_is_added_under_the_eyes_of_readers(
    catalog: CatalogMaker, reader: Connection
) -> None:
    await load(catalog.connection)

    async with catalog.connection.transaction():
        await load_sample(catalog.connection, TINY, seed=1, append=True)
        assert await locks(catalog.connection) == set()
        assert await reader.fetchval("select count(*) from sku join product using (product_id)")

    assert await catalog.value("select count(*) from sku") == 3050
    await assert_counts(catalog.connection)


async def test_large_sample_is_added_as_a_set(catalog: CatalogMaker) -> None:
    before = await schema_parts(catalog.connection)
    await load(catalog.connection, TINY)
    await catalog.connection.execute("delete from sku where sku_id < 10")

    async with catalog.connection.transaction():
        await load_sample(catalog.connection, SIZE, seed=1, append=True)
        assert await locks(catalog.connection) >= set(TABLES)

    assert await schema_parts(catalog.connection) == before
    assert await catalog.value("select count(*) from sku") == 3041
    nouns = await catalog.column("select noun from history where noun <> 'sku'")
    assert nouns == ["catalog", "catalog"]
    await assert_counts(catalog.connection)


async def test_owner_of_the_tables_need_not_be_a_superuser(catalog: CatalogMaker) -> None:
    connection = catalog.connection
    if not await catalog.value("select rolsuper from pg_roles where rolname = current_user"):
        pytest.skip("then every other test shows it")
    transaction = connection.transaction()
    await transaction.start()
    await connection.execute(
        """
        create role hangtag_owner;
        grant create, usage on schema public to hangtag_owner;
        grant usage, update on all sequences in schema public to hangtag_owner;
        do $$
        declare
            name regclass;
        begin
            for name in
                select oid from pg_class
                where relnamespace = 'public'::regnamespace and relkind = 'r'
            loop
                execute format('alter table %s owner to hangtag_owner', name);
            end loop;
        end
        $$;
        set local role hangtag_owner;
        """
    )

    await load_sample(connection, SIZE, seed=1)

    await assert_counts(connection)
    await transaction.rollback()


async def test_progress_tells_the_phases_and_counts_every_row(catalog: CatalogMaker) -> None:
    told: list[tuple[str, int, int]] = []

    async with catalog.connection.transaction():
        await load_sample(catalog.connection, SIZE, seed=1, advance=lambda *step: told.append(step))

    phases = list(dict.fromkeys(phase for phase, _, _ in told))
    assert phases == ["brands", "products", "SKUs", "counts", "indexes"]
    for phase in phases:
        steps = [(done, of) for told_phase, done, of in told if told_phase == phase]
        assert steps == sorted(steps)
        assert steps[0][0] == 0
        assert steps[-1][0] == steps[-1][1] > 0
    assert [done for phase, done, _ in told if phase == "SKUs"] == [0, 1000, 2000, 3000]


async def test_loop_turns_between_the_blocks_of_a_load(catalog: CatalogMaker) -> None:
    turns = 0
    seen: list[int] = []

    async def turn() -> None:
        nonlocal turns
        while True:
            turns += 1
            await asyncio.sleep(0)

    def advance(phase: str, _done: int, _of: int) -> None:
        if phase == "SKUs":
            seen.append(turns)

    turning = asyncio.create_task(turn())
    async with catalog.connection.transaction():
        await load_sample(catalog.connection, SIZE, seed=1, advance=advance)
    turning.cancel()

    assert len(set(seen)) == 4
