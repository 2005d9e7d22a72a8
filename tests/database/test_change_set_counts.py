"""What is kept of a change set's entries in numbers is what counting them would give."""

import shutil
from collections.abc import AsyncIterator
from pathlib import Path

import asyncpg
import pytest
import pytest_asyncio
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.changes.model.desk import empty
from tests.conftest import database_url_on, drop_database, unique_name
from tests.database.test_counts import STATEMENTS, Step
from tests.desk import CatalogMaker
from web.database.migrations import MIGRATIONS_DIR, migrate
from web.database.pool import Connection

# From here on the counts are kept, and from there on those of older change sets are there.
VERSION = "20261123190100"
FILLING_VERSION = "20261123190200"

_KEPT = """
select change_set_id, noun, kind, entry_count, first_history_id, product_id
from change_set_count
order by change_set_id, noun, kind
"""
_COUNTED = """
select
    change_set_id,
    noun,
    kind,
    count(*),
    min(history_id),
    case when count(distinct product_id) = 1 then min(product_id) end
from history
cross join lateral (
    select
        case
            when before is null then 'created'
            when after is null then 'deleted'
            else 'changed'
        end
) as of_kind (kind)
group by change_set_id, noun, kind
order by change_set_id, noun, kind
"""
_GROWTH = "select sum(brand_count), sum(product_count), sum(sku_count) from catalog_growth"
_ROWS = """
select
    (select count(*) from brand),
    (select count(*) from product),
    (select count(*) from sku)
"""


async def assert_change_set_counts(connection: Connection) -> None:
    assert await connection.fetch(_KEPT) == await connection.fetch(_COUNTED)


_CONSTRAINTS = {
    "end early": "set constraints change_set_counts immediate",
    "end in time": "set constraints change_set_counts deferred",
}
_STEPS = st.builds(
    Step,
    st.sampled_from([*sorted(STATEMENTS), *("set savepoint", "go back") * 3, *_CONSTRAINTS]),
    st.integers(1, 20),
    st.integers(1, 20),
)


async def _run(connection: Connection, steps: list[Step]) -> None:
    """Run the steps of a transaction."""
    savepoints: list[str] = []
    for number, step in enumerate(steps):
        if step.name == "set savepoint":
            savepoints.append(f"number_{number}")
            await connection.execute(f"savepoint {savepoints[-1]}")
        elif step.name == "go back":
            del savepoints[step.a :]
            if savepoints:
                await connection.execute(f"rollback to {savepoints[-1]}")
        elif step.name in _CONSTRAINTS:
            await connection.execute(_CONSTRAINTS[step.name])
        else:
            await step.run(connection)


@settings(
    max_examples=100,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(st.lists(st.lists(_STEPS, max_size=12), max_size=4))
async def test_counts_hold_after_transactions_of_every_kind(
    catalog: CatalogMaker, transactions: list[list[Step]]
) -> None:
    connection = catalog.connection
    await empty(catalog)
    await connection.execute("delete from catalog_growth")
    start = [Step(name, 11, 2) for name in ("add brands", "add products", "add SKUs")]
    for steps in [start, *transactions]:
        async with connection.transaction():
            await _run(connection, steps)

    await assert_change_set_counts(connection)
    growth = await connection.fetchrow(_GROWTH)
    assert growth is not None
    assert [number or 0 for number in growth] == list(await connection.fetchrow(_ROWS) or ())


async def test_row_that_comes_and_goes_in_one_change_set_counts_twice(
    catalog: CatalogMaker,
) -> None:
    async with catalog.connection.transaction():
        await catalog.brand("Levis")
        await catalog.connection.execute("update brand set brand_name = 'Lee'")
        await catalog.connection.execute("delete from brand")

    kept = await catalog.connection.fetch(
        "select noun, kind, entry_count from change_set_count order by kind"
    )
    assert [tuple(row) for row in kept] == [
        ("brand", "changed", 1),
        ("brand", "created", 1),
        ("brand", "deleted", 1),
    ]


async def test_counts_hold_where_constraints_are_immediate(catalog: CatalogMaker) -> None:
    connection = catalog.connection
    for sql in ("set constraints all immediate", "select"):
        async with connection.transaction():
            await connection.execute(sql)
            await catalog.brand(f"Levis {sql}")
            await connection.execute("set constraints all immediate")
            await catalog.brands([f"Lee {sql}", f"Gap {sql}"])
    await catalog.brand("Wrangler")

    await assert_change_set_counts(connection)
    assert await catalog.column("select entry_count from change_set_count order by 1") == [1, 3, 3]


@pytest_asyncio.fixture
async def old_url(server_url: str, tmp_path: Path) -> AsyncIterator[str]:
    """The URL of a database with the schema of before."""
    for path in MIGRATIONS_DIR.glob("*.sql"):
        if path.name < VERSION:
            shutil.copy(path, tmp_path)
    name = unique_name("hangtag_test")
    url = database_url_on(server_url, name)
    await migrate(url, tmp_path)
    yield url
    await drop_database(server_url, name)


_OLD_CHANGES = (
    "insert into brand (brand_name) values ('Levis'), ('Lee')",
    "insert into product (product_name, brand_id) values ('Shirt', 1), ('Jeans', 2)",
    "insert into sku (product_id, product_color_id, product_size_id) values (1, 1, 1), (1, 1, 1)",
    "insert into sku (product_id, product_color_id, product_size_id) values (1, 1, 1), (2, 1, 1)",
    "update brand set brand_name = upper(brand_name)",
    "delete from sku; delete from product where product_id = 1; delete from brand where brand_id=1",
    "insert into brand (brand_name) select 'Brand ' || n from generate_series(1, 50001) as n",
    "select current_change_set()",
)


async def test_older_change_sets_are_counted_by_the_migration(old_url: str) -> None:
    connection = await asyncpg.connect(old_url)
    for sql in _OLD_CHANGES:
        await connection.execute(sql)

    await migrate(old_url)

    assert len(await connection.fetch(_KEPT)) == 9
    await assert_change_set_counts(connection)
    await connection.execute("update brand set brand_name = 'Gap' where brand_id = 2")
    await assert_change_set_counts(connection)
    await connection.close()


async def test_older_change_sets_are_counted_in_batches_with_a_transaction_each(
    old_url: str,
) -> None:
    connection = await asyncpg.connect(old_url)
    await connection.execute("alter sequence change_set_change_set_id_seq start 1000000 restart")
    await connection.execute(
        "do $$ begin for n in 1 .. 250 loop"
        " insert into brand (brand_name) values ('Brand ' || n); commit;"
        " end loop; end $$"
    )

    await migrate(old_url)

    await assert_change_set_counts(connection)
    transactions = "select count(distinct xmin::text) from change_set_count"
    assert await connection.fetchval(transactions) == 3
    await connection.close()


async def test_counts_go_and_come_back_with_their_migrations(database_url: str) -> None:
    connection = await asyncpg.connect(database_url)
    (path,) = MIGRATIONS_DIR.glob(f"{VERSION}_*.sql")
    await connection.execute(path.read_text(encoding="utf-8").partition("-- migrate:down")[2])
    await connection.execute(
        "delete from schema_migrations where version = any($1)", [VERSION, FILLING_VERSION]
    )
    for sql in _OLD_CHANGES:
        await connection.execute(sql)
    growth = await connection.fetchrow(_GROWTH)
    assert tuple(growth or ()) == (50_002, 1, 0)

    assert await migrate(database_url) == [VERSION, FILLING_VERSION]

    await assert_change_set_counts(connection)
    assert await connection.fetchrow(_GROWTH) == growth
    await connection.close()


@pytest.mark.parametrize("kind", ["made", "Created", ""])
async def test_kind_is_one_of_three(catalog: CatalogMaker, kind: str) -> None:
    await catalog.brand("Levis")

    with pytest.raises(asyncpg.CheckViolationError):
        await catalog.connection.execute("update change_set_count set kind = $1", kind)
