"""The record of each download: what it says of every way to end, and that it stands in no way."""

import asyncio

import pytest

from tests.conftest import drop_database
from tests.desk import CatalogMaker, Desk, OpenDesk, app_of, get_page
from tests.downloads.conftest import LARGE_SKUS
from tests.downloads.records import finished
from tests.downloads.watching import until, until_freed, until_parked
from tests.wire import is_whole, open_wire
from web.keys import DRAINING, RUNNING

WATCH = "a-token_of16chars"


@pytest.fixture
def database_url(large_database_url: str) -> str:
    return large_database_url


@pytest.mark.parametrize(
    ("path", "rows"),
    [
        ("/skus.csv", LARGE_SKUS),
        ("/skus.csv?color_id=1&excel=1", LARGE_SKUS // 2),
        ("/skus.ndjson", LARGE_SKUS),
        ("/products.csv", 500),
        ("/brands.csv", 1),
    ],
)
async def test_whole_download_is_complete_with_its_rows_and_bytes(
    desk: Desk, catalog: CatalogMaker, path: str, rows: int
) -> None:
    body = await (await desk.get(path)).read()

    [record] = await finished(catalog)
    assert (record.request, record.cause) == (path, "complete")
    assert (record.row_count, record.byte_count) == (rows, len(body))


async def test_row_counts_once_however_many_lines_its_names_take(
    desk: Desk, catalog: CatalogMaker
) -> None:
    product_id = await catalog.product("Two\nlines", await catalog.brand("Three\nmore\nlines"))
    await catalog.skus(product_id, 3)

    await (await desk.get(f"/skus.csv?product_id={product_id}")).read()

    [record] = await finished(catalog)
    assert record.row_count == 3


async def test_running_download_knows_how_many_rows_are_expected(
    desk: Desk, catalog: CatalogMaker
) -> None:
    async with open_wire(desk) as wire:
        await wire.ask(f"/skus.csv?color_id=2&watch={WATCH}")
        await wire.head()

        async def counted() -> bool:
            status = await (await desk.get(f"/downloads/status?watch={WATCH}")).json()
            return bool(status.get("expected_rows") == LARGE_SKUS // 2)

        await until(counted)
        status = await (await desk.get(f"/downloads/status?watch={WATCH}")).json()
        assert (status["state"], status["cause"]) == ("running", None)
        await wire.rest()

    await finished(catalog)
    status = await (await desk.get(f"/downloads/status?watch={WATCH}")).json()
    assert (status["state"], status["rows"]) == ("complete", LARGE_SKUS // 2)


async def test_token_names_the_record_and_changes_nothing_else(
    desk: Desk, catalog: CatalogMaker
) -> None:
    named = await desk.get(f"/brands.csv?watch={WATCH}")

    assert await named.read() == await (await desk.get("/brands.csv")).read()
    assert {record.request for record in await finished(catalog, 2)} == {"/brands.csv"}


async def test_token_that_cannot_be_one_is_refused(desk: Desk) -> None:
    page = await get_page(desk, "/brands.csv", watch="x y")

    assert page.status == 400
    assert "“watch”" in page.text


@pytest.mark.parametrize("how", ["FIN", "RST"])
async def test_reader_who_leaves_is_recorded(desk: Desk, catalog: CatalogMaker, how: str) -> None:
    async with open_wire(desk) as wire:
        await wire.ask("/skus.csv")
        await wire.head()
        await until_parked(catalog)
        (wire.leave if how == "FIN" else wire.reset)()

        [record] = await finished(catalog)

    assert record.cause == "reader_left"
    assert record.row_count < LARGE_SKUS


async def test_reader_who_stalls_is_recorded(open_desk: OpenDesk, catalog: CatalogMaker) -> None:
    desk = await open_desk(download_stall_timeout=0.5)
    async with open_wire(desk) as wire:
        await wire.ask("/skus.csv")
        await wire.head()

        [record] = await finished(catalog)

    assert record.cause == "reader_stalled"


async def test_download_that_takes_too_long_is_recorded(
    open_desk: OpenDesk, catalog: CatalogMaker
) -> None:
    desk = await open_desk(download_total_timeout=0.5)
    async with open_wire(desk) as wire:
        await wire.ask("/skus.csv")
        await wire.head()

        [record] = await finished(catalog)

    assert record.cause == "took_too_long"


async def test_database_that_breaks_off_is_recorded(desk: Desk, catalog: CatalogMaker) -> None:
    async with open_wire(desk) as wire:
        await wire.ask("/skus.csv")
        await wire.head()
        [backend] = await until_parked(catalog)
        await catalog.value("select pg_terminate_backend($1)", backend.pid)
        await wire.rest()

    [record] = await finished(catalog)
    assert record.cause == "database_broke_off"


async def test_end_of_the_server_is_recorded(desk: Desk, catalog: CatalogMaker) -> None:
    async with open_wire(desk) as wire:
        await wire.ask("/skus.csv")
        await wire.head()
        await until_parked(catalog)
        # As serve does when its time is over.
        app_of(desk)[DRAINING].set()
        running = app_of(desk)[RUNNING]
        for task in list(running):
            task.cancel()
        await wire.rest()

        [record] = await finished(catalog)

    assert record.cause == "server_stopped"


async def test_what_ended_is_written_before_the_server_has_stopped(
    open_desk: OpenDesk, catalog: CatalogMaker
) -> None:
    desk = await open_desk()
    await (await desk.get("/products.csv")).read()
    await desk.close()

    assert await catalog.value("select cause from download") == "complete"


async def test_server_that_was_lost_is_seen_by_its_silence(
    desk: Desk, catalog: CatalogMaker
) -> None:
    await catalog.connection.execute(
        "insert into download (watch, person, address, request, seen_at)"
        " values ($1, '', '', '/skus.csv', clock_timestamp() - interval '11 s')",
        WATCH,
    )

    status = await (await desk.get(f"/downloads/status?watch={WATCH}")).json()

    assert (status["state"], status["cause"]) == ("broken off", "server_lost")


async def test_batch_is_recorded(desk: Desk, catalog: CatalogMaker) -> None:
    response = await desk.post("/api/products/batch", json={"product_ids": [1, 2, 2, 9_999]})
    body = await response.read()

    [record] = await finished(catalog)
    assert (record.request, record.cause) == ("/api/products/batch", "complete")
    assert (record.row_count, record.byte_count) == (4, len(body))


async def test_what_is_refused_or_only_asked_about_has_no_record(
    open_desk: OpenDesk, catalog: CatalogMaker
) -> None:
    desk = await open_desk(download_slots=1)
    async with open_wire(desk) as wire:
        await wire.ask("/skus.csv")
        await wire.head()
        assert (await desk.get("/skus.csv")).status == 503
    await until_freed(desk, catalog)
    assert (await desk.head("/skus.csv")).status == 200
    assert (await desk.get("/skus.csv", headers={"If-Match": '"1"'})).status == 412

    assert len(await finished(catalog)) == 1


@pytest.mark.parametrize("fault", ["drop table download", "revoked"])
async def test_download_does_not_need_its_record(
    desk: Desk, catalog: CatalogMaker, fault: str
) -> None:
    if fault == "revoked":
        fault = "alter table download add constraint nothing check (false) not valid"
    await catalog.connection.execute(fault)

    async with open_wire(desk) as wire:
        await wire.ask("/skus.csv")
        assert (await wire.head()).status == 200
        assert is_whole(await wire.rest())


async def test_download_does_not_wait_for_its_record(desk: Desk, catalog: CatalogMaker) -> None:
    async with catalog.connection.transaction():
        await catalog.connection.execute("lock table download")

        body = await (await desk.get("/skus.csv")).read()

    assert body.count(b"\r\n") == 1 + LARGE_SKUS
    [record] = await finished(catalog)
    assert record.cause == "complete"


async def test_records_of_last_week_go_a_few_at_a_time(desk: Desk, catalog: CatalogMaker) -> None:
    await catalog.connection.execute(
        "insert into download (person, address, request, started_at, ended_at, cause)"
        " select '', '', 'old', now() - interval '8 days', now(), 'complete'"
        " from generate_series(1, 30)"
    )
    for left in (10, 0):
        await (await desk.get("/brands.csv")).read()

        async def gone(left: int = left) -> bool:
            found = await catalog.value("select count(*) from download where request = 'old'")
            return bool(found == left)

        await until(gone)
    assert len(await finished(catalog, 2)) == 2


async def test_lost_database_ends_neither_the_desk_nor_its_end(
    desk: Desk, catalog: CatalogMaker, server_url: str
) -> None:
    async with open_wire(desk) as wire:
        await wire.ask("/skus.csv")
        await wire.head()
        await drop_database(server_url, await catalog.value("select current_database()"))
        assert not is_whole(await wire.rest())

    async with asyncio.timeout(10):
        await desk.close()
