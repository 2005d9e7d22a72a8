"""Write transactions: all or nothing, whatever happens to whoever asked for them."""

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress

import asyncpg
import pytest

from tests.desk import CatalogMaker
from web.catalog.brand_lines import BrandLine, DuplicateBrandError, create_brands
from web.database.errors import DatabaseBusyError, DatabaseUnavailableError, DuplicateKeyError
from web.database.pool import Connection, Pool
from web.database.transactions import Author, in_transaction

Work = Callable[[Connection], Awaitable[int]]


def author(request_id: str) -> Author:
    return Author("Ada", "127.0.0.1", request_id)


AUTHOR = author("r")


def creating(*names: str) -> Callable[[Connection], Awaitable[list[int]]]:
    async def work(connection: Connection) -> list[int]:
        return await create_brands(
            connection, [BrandLine(number, name) for number, name in enumerate(names, 1)]
        )

    return work


async def brand_names(catalog: CatalogMaker) -> list[str]:
    rows = await catalog.connection.fetch("select brand_name from brand order by brand_id")
    return [row[0] for row in rows]


async def transactions_open(catalog: CatalogMaker, wait_event: str | None = None) -> int:
    """Count the transactions of others, of those that wait for `wait_event` if it is given."""
    return int(
        await catalog.value(
            "select count(*) from pg_stat_activity where datname = current_database()"
            " and pid <> pg_backend_pid() and backend_type = 'client backend'"
            " and xact_start is not null and ($1::text is null or wait_event = $1)",
            wait_event,
        )
    )


async def until_open(catalog: CatalogMaker, count: int, wait_event: str | None = None) -> None:
    async with asyncio.timeout(20):
        while await transactions_open(catalog, wait_event) != count:  # noqa: ASYNC110 - elsewhere
            await asyncio.sleep(0.01)


async def test_work_is_saved_and_its_result_returned(pool: Pool, catalog: CatalogMaker) -> None:
    ids = await in_transaction(pool, creating("Levis", "Lee"), author=AUTHOR)

    assert len(ids) == 2
    assert await brand_names(catalog) == ["Levis", "Lee"]
    assert await transactions_open(catalog) == 0


async def test_error_saves_nothing_and_is_raised_itself(pool: Pool, catalog: CatalogMaker) -> None:
    async def work(connection: Connection) -> None:
        await creating("Levis")(connection)
        raise LookupError("of the domain")

    with pytest.raises(LookupError, match="of the domain"):
        await in_transaction(pool, work, author=AUTHOR)

    assert await brand_names(catalog) == []
    assert await transactions_open(catalog) == 0


async def test_duplicate_saves_nothing_of_the_transaction(
    pool: Pool, catalog: CatalogMaker
) -> None:
    await catalog.brand("Levis")

    with pytest.raises(DuplicateBrandError):
        await in_transaction(pool, creating("Lee", "LEVIS", "Wrangler"), author=AUTHOR)

    assert await brand_names(catalog) == ["Levis"]
    assert await catalog.value("select count(*) from change_set") == 1  # that of "Levis"


async def test_duplicate_swallowed_inside_is_never_reported_as_saved(
    pool: Pool, catalog: CatalogMaker
) -> None:
    await catalog.brand("Levis")

    async def work(connection: Connection) -> str:
        await creating("Lee")(connection)
        with suppress(DuplicateBrandError):
            await creating("LEVIS")(connection)
        return "saved"

    # PostgreSQL would answer the COMMIT with a ROLLBACK and no error.
    with pytest.raises(asyncpg.InFailedSQLTransactionError):
        await in_transaction(pool, work, author=AUTHOR)
    assert await brand_names(catalog) == ["Levis"]


async def test_cancelled_work_is_rolled_back_at_once(pool: Pool, catalog: CatalogMaker) -> None:
    async def work(connection: Connection) -> None:
        await creating("Levis")(connection)
        await connection.execute("select pg_sleep(60)")

    request = asyncio.ensure_future(in_transaction(pool, work, author=AUTHOR))
    await until_open(catalog, 1, "PgSleep")

    request.cancel()
    with pytest.raises(asyncio.CancelledError):
        await request

    await until_open(catalog, 0)
    assert await brand_names(catalog) == []
    assert len(await in_transaction(pool, creating("Levis"), author=AUTHOR)) == 1


@pytest.mark.parametrize("cancellations", [1, 3])
async def test_commit_happens_although_its_caller_is_cancelled(
    pool: Pool, catalog: CatalogMaker, cancellations: int
) -> None:
    await catalog.connection.execute("""
        create function sleep_at_commit() returns trigger
        language plpgsql as $$ begin perform pg_sleep(0.5); return null; end $$;
        create constraint trigger slow_commit after insert on brand
        deferrable initially deferred for each row execute function sleep_at_commit();
    """)
    request = asyncio.ensure_future(in_transaction(pool, creating("Levis"), author=AUTHOR))
    await until_open(catalog, 1, "PgSleep")

    for _ in range(cancellations):
        request.cancel()
        await asyncio.sleep(0.01)
        assert not request.done()
    with pytest.raises(asyncio.CancelledError):
        await request

    assert await brand_names(catalog) == ["Levis"]
    assert await transactions_open(catalog) == 0


async def test_refusal_at_commit_is_raised_and_saves_nothing(
    pool: Pool, catalog: CatalogMaker
) -> None:
    await catalog.connection.execute("""
        create function refuse_at_commit() returns trigger
        language plpgsql as $$ begin raise unique_violation; end $$;
        create constraint trigger refusal after insert on brand
        deferrable initially deferred for each row execute function refuse_at_commit();
    """)

    with pytest.raises(DuplicateKeyError):
        await in_transaction(pool, creating("Levis"), author=AUTHOR)

    assert await brand_names(catalog) == []
    assert await transactions_open(catalog) == 0


async def test_deadlock_of_two_transactions_is_tried_again_and_both_are_saved(
    pool: Pool, catalog: CatalogMaker
) -> None:
    first, second = await catalog.brand("Levis"), await catalog.brand("Lee")
    runs = 0
    both_hold_one = asyncio.Barrier(2)

    def changing(one: int, other: int) -> Callable[[Connection], Awaitable[None]]:
        async def work(connection: Connection) -> None:
            nonlocal runs
            runs += 1
            await connection.execute("set local deadlock_timeout = '10ms'")
            append = "update brand set brand_name = brand_name || '!' where brand_id = $1"
            await connection.execute(append, one)
            if runs <= 2:
                await both_hold_one.wait()
            await connection.execute(append, other)

        return work

    await asyncio.gather(
        in_transaction(pool, changing(first, second), author=author("a")),
        in_transaction(pool, changing(second, first), author=author("b")),
    )

    assert runs == 3
    assert await brand_names(catalog) == ["Levis!!", "Lee!!"]


@pytest.mark.parametrize("sqlstate", ["40001", "40P01"])
async def test_transaction_that_others_made_impossible_is_tried_three_times(
    pool: Pool, catalog: CatalogMaker, sqlstate: str
) -> None:
    runs: list[str] = []

    async def work(connection: Connection) -> None:
        runs.append(await connection.fetchval("select current_setting('hangtag.request_id')"))
        await creating(f"Brand {len(runs)}")(connection)
        if len(runs) < fails + 1:
            await connection.execute(f"do $$ begin raise sqlstate '{sqlstate}'; end $$")

    fails = 2
    await in_transaction(pool, work, author=AUTHOR)
    assert runs == ["r", "r", "r"]
    assert await brand_names(catalog) == ["Brand 3"]

    fails = 1000
    with pytest.raises(DatabaseBusyError):
        await in_transaction(pool, work, author=AUTHOR)
    assert len(runs) == 6
    assert await brand_names(catalog) == ["Brand 3"]


async def test_lost_connection_saves_nothing_and_is_not_tried_again(
    pool: Pool, catalog: CatalogMaker
) -> None:
    runs = 0

    async def work(connection: Connection) -> None:
        nonlocal runs
        runs += 1
        await creating("Levis")(connection)
        pid = await connection.fetchval("select pg_backend_pid()")
        await catalog.value("select pg_terminate_backend($1)", pid)
        await creating("Lee")(connection)

    with pytest.raises(DatabaseUnavailableError):
        await in_transaction(pool, work, author=AUTHOR)

    assert runs == 1
    assert await brand_names(catalog) == []
    assert await in_transaction(pool, creating("Levis"), author=AUTHOR)


async def test_change_set_says_which_request_made_it(pool: Pool, catalog: CatalogMaker) -> None:
    await in_transaction(pool, creating("Levis", "Lee"), author=author("request-1"))
    await in_transaction(pool, creating("Wrangler"), author=author("request-2"))

    rows = await catalog.connection.fetch(
        "select request_id, array_agg(after ->> 'brand_name' order by history_id)"
        " from change_set join history using (change_set_id)"
        " group by change_set_id order by change_set_id"
    )
    assert [tuple(row) for row in rows] == [
        ("request-1", ["Levis", "Lee"]),
        ("request-2", ["Wrangler"]),
    ]


@pytest.mark.parametrize("outcome", ["commit", "rollback"])
async def test_settings_end_with_their_transaction(database_url: str, outcome: str) -> None:
    connection = await asyncpg.connect(database_url)
    inside: list[str] = []

    async def work(within: Connection) -> None:
        await creating("Levis")(within)
        await within.execute("set constraints all immediate")
        inside.extend(await settings(within))
        if outcome == "rollback":
            raise LookupError

    async def settings(within: Connection) -> list[str]:
        row = await within.fetchrow(
            "select current_setting('hangtag.request_id', true),"
            " current_setting('hangtag.change_set', true), current_setting('hangtag.bulk', true),"
            " current_setting('hangtag.counter', true),"
            " current_setting('hangtag.counted_change_set', true)"
        )
        return [value or "" for value in row or ()]

    async with asyncpg.create_pool(database_url, min_size=1, max_size=1, reset=_nothing) as only:
        with suppress(LookupError):
            await in_transaction(Pool(only, 10.0), work, author=AUTHOR)
        async with only.acquire() as next_user:
            outside = await settings(next_user)
    await connection.close()

    assert inside[0] == "r"
    assert inside[1] != ""
    assert inside[3] != ""
    assert inside[4] == inside[1]
    assert outside == ["", "", "", "", ""]


async def _nothing(_connection: object) -> None:
    """Leave the connection as it is: what asyncpg resets by itself would hide what stays."""


async def test_connection_that_the_pool_has_taken_back_is_a_lost_one(
    pool: Pool, catalog: CatalogMaker
) -> None:
    async def work(connection: Connection) -> None:
        pid = await connection.fetchval("select pg_backend_pid()")
        await catalog.value("select pg_terminate_backend($1)", pid)
        await asyncio.sleep(0.2)  # the pool notices meanwhile
        await creating("Lee")(connection)

    with pytest.raises(DatabaseUnavailableError):
        await in_transaction(pool, work, author=AUTHOR)
    assert await brand_names(catalog) == []
