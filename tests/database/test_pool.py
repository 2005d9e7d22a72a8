"""Reading through a pool: at the same time, with named errors, and never stuck."""

import asyncio

import asyncpg
import pytest
from asyncpg.exceptions import InternalClientError

from tests.conftest import drop_database
from tests.desk import CatalogMaker
from web.database.concurrently import concurrently
from web.database.errors import (
    BrokenReferenceError,
    DatabaseBusyError,
    DatabaseFullError,
    DatabaseReadOnlyError,
    DatabaseUnavailableError,
    DuplicateKeyError,
    RefusedError,
    RefusedValueError,
    translated_errors,
)
from web.database.pool import Pool, fetch_count, fetch_row, open_pool
from web.database.queries import Query

SLEEP = Query("sleep", "select 1 from pg_sleep(60)")
ONE = Query("one", "select 1")
FAIL = Query("fail", "select 1 / 0")


async def until_asleep(catalog: CatalogMaker, count: int) -> None:
    """Wait until so many connections run their query at the same moment."""
    async with asyncio.timeout(20):
        while await _asleep(catalog) != count:  # noqa: ASYNC110 - it happens in another process
            await asyncio.sleep(0.01)


async def _asleep(catalog: CatalogMaker) -> int:
    return int(
        await catalog.value(
            "select count(*) from pg_stat_activity"
            " where datname = current_database() and wait_event = 'PgSleep'"
        )
    )


async def test_queries_of_a_page_run_at_the_same_time(pool: Pool, catalog: CatalogMaker) -> None:
    page = asyncio.ensure_future(
        concurrently(
            fetch_count(pool, SLEEP),
            fetch_count(pool, SLEEP),
            fetch_count(pool, SLEEP),
            fetch_count(pool, SLEEP),
        )
    )
    await until_asleep(catalog, 4)

    page.cancel()
    with pytest.raises(asyncio.CancelledError):
        await page


async def test_results_come_in_the_order_of_the_queries() -> None:
    async def slowly(value: str, rounds: int) -> str:
        for _ in range(rounds):
            await asyncio.sleep(0)
        return value

    assert await concurrently(slowly("a", 9), slowly("b", 0), slowly("c", 5)) == ("a", "b", "c")


async def test_first_failure_is_raised_itself_and_cancels_the_others(
    pool: Pool, catalog: CatalogMaker
) -> None:
    async def fail_when_the_others_run() -> int:
        await until_asleep(catalog, 2)
        return await fetch_count(pool, FAIL)

    with pytest.raises(asyncpg.DivisionByZeroError):
        await concurrently(
            fetch_count(pool, SLEEP), fail_when_the_others_run(), fetch_count(pool, SLEEP)
        )

    # Waited for, too: nothing of the page is left behind.
    assert {task for task in asyncio.all_tasks() if not task.done()} == {asyncio.current_task()}
    await until_asleep(catalog, 0)
    assert await fetch_count(pool, ONE) == 1


async def test_of_two_failures_the_others_error_is_not_lost_in_a_group() -> None:
    async def fail(error: Exception) -> int:
        raise error

    with pytest.raises(ValueError, match="first"):
        await concurrently(fail(ValueError("first")), fail(KeyError("second")))


async def test_cancelled_page_cancels_all_of_its_queries(pool: Pool, catalog: CatalogMaker) -> None:
    page = asyncio.ensure_future(concurrently(fetch_count(pool, SLEEP), fetch_count(pool, SLEEP)))
    await until_asleep(catalog, 2)

    page.cancel()
    with pytest.raises(asyncio.CancelledError):
        await page

    await until_asleep(catalog, 0)
    assert await concurrently(fetch_count(pool, ONE), fetch_count(pool, ONE)) == (1, 1)


async def test_two_queries_at_once_on_one_connection_are_refused(pool: Pool) -> None:
    async with pool.connections.acquire() as connection:
        results = await asyncio.gather(
            connection.fetchval("select 1 from pg_sleep(0.1)"),
            connection.fetchval("select 2"),
            return_exceptions=True,
        )

    assert results[0] == 1
    assert isinstance(results[1], asyncpg.InterfaceError)


async def test_pool_without_a_free_connection_is_busy_and_recovers(database_url: str) -> None:
    async with open_pool(database_url, size=1, acquire_timeout=0.1, query_timeout=None) as pool:
        async with pool.acquire():
            with pytest.raises(DatabaseBusyError):
                await fetch_count(pool, ONE)
        assert await fetch_count(pool, ONE) == 1


async def test_query_that_runs_too_long_is_ended_and_its_connection_is_good(
    database_url: str, catalog: CatalogMaker
) -> None:
    async with open_pool(database_url, size=1, acquire_timeout=10.0, query_timeout=0.1) as pool:
        with pytest.raises(DatabaseBusyError):
            await fetch_count(pool, SLEEP)
        await until_asleep(catalog, 0)
        assert await fetch_count(pool, ONE) == 1


async def test_lost_connection_is_unavailable_once_and_replaced(
    pool: Pool, catalog: CatalogMaker
) -> None:
    query = asyncio.ensure_future(fetch_count(pool, SLEEP))
    await until_asleep(catalog, 1)
    await catalog.value(
        "select count(pg_terminate_backend(pid)) from pg_stat_activity"
        " where datname = current_database() and pid <> pg_backend_pid()"
    )

    with pytest.raises(DatabaseUnavailableError) as raised:
        await query
    assert not isinstance(raised.value, DatabaseBusyError)
    assert await fetch_count(pool, ONE) == 1


async def test_lost_database_is_unavailable(
    pool: Pool,
    catalog: CatalogMaker,
    server_url: str,
    database_url: str,
    caplog: pytest.LogCaptureFixture,
) -> None:
    assert pool.size == 1, "the first request need not wait for a connection"
    await drop_database(server_url, await catalog.value("select current_database()"))

    for _ in range(2):
        with pytest.raises(DatabaseUnavailableError):
            await fetch_count(pool, ONE)
    with pytest.raises(DatabaseUnavailableError):
        async with open_pool(database_url, size=1, acquire_timeout=5.0, query_timeout=None):
            pass
    assert not [record for record in caplog.records if record.name.startswith("asyncpg")]


async def test_server_that_is_not_there_is_unavailable() -> None:
    url = "postgresql://postgres@127.0.0.1:1/hangtag"
    with pytest.raises(DatabaseUnavailableError):
        async with open_pool(url, size=1, acquire_timeout=5.0, query_timeout=None):
            pass


async def test_row_that_nobody_has_is_none(pool: Pool) -> None:
    assert await fetch_row(pool, int, Query("none", "select 1 where false")) is None
    assert await fetch_row(pool, int, ONE) == 1


@pytest.mark.parametrize(
    ("error", "translated"),
    [
        (TimeoutError(), DatabaseBusyError),
        (asyncpg.QueryCanceledError("timeout"), DatabaseBusyError),
        (asyncpg.SerializationError("40001"), DatabaseBusyError),
        (asyncpg.DeadlockDetectedError("40P01"), DatabaseBusyError),
        (ConnectionRefusedError(), DatabaseUnavailableError),
        (ConnectionResetError(), DatabaseUnavailableError),
        (OSError("no route to host"), DatabaseUnavailableError),
        (asyncpg.InterfaceError("connection is closed"), DatabaseUnavailableError),
        (InternalClientError("unexpected"), DatabaseUnavailableError),
        (asyncpg.ConnectionDoesNotExistError("08003"), DatabaseUnavailableError),
        (asyncpg.ConnectionFailureError("08006"), DatabaseUnavailableError),
        (asyncpg.AdminShutdownError("57P01"), DatabaseUnavailableError),
        (asyncpg.CrashShutdownError("57P02"), DatabaseUnavailableError),
        (asyncpg.CannotConnectNowError("57P03"), DatabaseUnavailableError),
        (asyncpg.ReadOnlySQLTransactionError("25006"), DatabaseReadOnlyError),
        (asyncpg.TooManyConnectionsError("53300"), DatabaseBusyError),
        (asyncpg.DiskFullError("53100"), DatabaseFullError),
        (asyncpg.InvalidCatalogNameError("3D000"), DatabaseUnavailableError),
        (asyncpg.UniqueViolationError("23505"), DuplicateKeyError),
        (asyncpg.ForeignKeyViolationError("23503"), BrokenReferenceError),
        (asyncpg.CheckViolationError("23514"), RefusedValueError),
        (asyncpg.NotNullViolationError("23502"), RefusedValueError),
        (asyncpg.NumericValueOutOfRangeError("22003"), RefusedValueError),
    ],
    ids=lambda value: type(value).__name__ if isinstance(value, Exception) else "",
)
def test_error_of_the_driver_has_one_name(error: Exception, translated: type[Exception]) -> None:
    with pytest.raises(translated) as raised, translated_errors(lambda: True):
        raise error

    assert type(raised.value) is translated
    assert raised.value.__cause__ is error
    assert str(raised.value) or issubclass(translated, RefusedError)


@pytest.mark.parametrize(
    "error",
    [asyncpg.UndefinedTableError("x"), asyncpg.DivisionByZeroError("x"), ValueError("x")],
    ids=lambda error: type(error).__name__,
)
def test_error_of_the_code_stays_what_it_is(error: Exception) -> None:
    with pytest.raises(type(error)) as raised, translated_errors(lambda: True):
        raise error

    assert raised.value is error


async def test_duplicate_names_the_index_that_refused_it(pool: Pool, catalog: CatalogMaker) -> None:
    await catalog.brand("Levis")

    with pytest.raises(DuplicateKeyError) as raised:
        async with pool.acquire() as connection:
            await connection.execute("insert into brand (brand_name) values ('LEVIS')")

    assert raised.value.constraint == "brand_name_key"


@pytest.mark.parametrize(
    "error",
    [
        asyncpg.InterfaceError("cannot perform operation: another operation is in progress"),
        FileNotFoundError("a file of ours"),
        ConnectionResetError("the reader's connection, not the database's"),
    ],
)
def test_mistake_is_no_lost_connection_while_the_connection_is_there(error: Exception) -> None:
    with pytest.raises(type(error)), translated_errors(lambda: False):
        raise error
