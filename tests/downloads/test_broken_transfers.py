"""An error during a download: an error page before the first byte, a broken transfer after it."""

import aiohttp
import asyncpg
import pytest

from tests.conftest import drop_database
from tests.desk import CatalogMaker, Desk, OpenDesk
from tests.downloads.watching import until_freed, until_parked
from tests.wire import is_whole, open_wire

PATHS = ["/skus.csv", "/skus.ndjson"]


@pytest.fixture
def database_url(large_database_url: str) -> str:
    return large_database_url


async def fail_at(catalog: CatalogMaker, product_name: str) -> None:
    """Make the query of a download fail when it comes to a name."""
    await catalog.connection.execute("""
        create or replace function csv_field(value text, for_spreadsheet boolean) returns text
        language plpgsql as $$
        begin
            if value = 'broken' then
                raise exception 'this row cannot be read';
            end if;
            return value;
        end $$
    """)
    await catalog.connection.execute(
        "update product set product_name = 'broken' where product_name like $1 || ' %'",
        product_name,
    )


@pytest.mark.parametrize("path", PATHS)
async def test_connection_lost_midway_is_a_broken_transfer(
    desk: Desk, catalog: CatalogMaker, path: str
) -> None:
    async with open_wire(desk) as wire:
        await wire.ask(path)
        assert (await wire.head()).status == 200
        [backend] = await until_parked(catalog)
        await catalog.value("select pg_terminate_backend($1)", backend.pid)
        raw = await wire.rest()

    assert not is_whole(raw)
    assert b"HTTP/1.1" not in raw
    assert b"<html" not in raw
    await until_freed(desk, catalog)


async def test_error_of_the_query_midway_is_a_broken_transfer(
    desk: Desk, catalog: CatalogMaker
) -> None:
    await fail_at(catalog, "Jacket 300")

    async with open_wire(desk) as wire:
        await wire.ask("/skus.csv")
        assert (await wire.head()).status == 200
        raw = await wire.rest()

    assert not is_whole(raw)
    assert b"HTTP/1.1" not in raw
    assert b"this row cannot be read" not in raw
    await until_freed(desk, catalog)


async def test_client_library_raises_for_a_broken_transfer(
    desk: Desk, catalog: CatalogMaker
) -> None:
    await fail_at(catalog, "Jacket 300")

    response = await desk.get("/skus.csv")
    assert response.status == 200
    with pytest.raises((aiohttp.ClientPayloadError, aiohttp.ClientOSError)):
        await response.read()


@pytest.mark.parametrize("reader", ["fast", "slow"])
async def test_desk_serves_on_after_a_lost_connection(
    desk: Desk, catalog: CatalogMaker, reader: str
) -> None:
    async with open_wire(desk) as wire:
        await wire.ask("/skus.csv")
        await wire.head()
        [backend] = await until_parked(catalog)
        await catalog.value("select pg_terminate_backend($1)", backend.pid)
        if reader == "fast":
            await wire.rest()
        else:
            wire.leave()
    await until_freed(desk, catalog)

    assert (await desk.get("/skus.csv?product_id=1")).status == 200


async def test_error_before_the_first_row_is_an_error_page(
    desk: Desk, catalog: CatalogMaker
) -> None:
    await fail_at(catalog, "Jacket 1")

    response = await desk.get("/skus.csv")

    assert response.status == 500
    assert response.content_type == "text/html"
    assert "Content-Disposition" not in response.headers
    assert "this row cannot be read" not in await response.text()
    await until_freed(desk, catalog)


async def test_query_that_takes_too_long_is_a_page_that_says_when_to_come_back(
    open_desk: OpenDesk, catalog: CatalogMaker
) -> None:
    await catalog.connection.execute(
        "create or replace function csv_field(value text, for_spreadsheet boolean) returns text"
        " language plpgsql as $$ begin perform pg_sleep(60); return value; end $$"
    )
    desk = await open_desk(query_timeout=0.2)

    response = await desk.get("/skus.csv")

    assert response.status == 503
    assert int(response.headers["Retry-After"]) > 0
    await until_freed(desk, catalog)


async def test_lost_database_is_a_page_that_says_when_to_come_back(
    desk: Desk, catalog: CatalogMaker, server_url: str
) -> None:
    assert (await desk.get("/skus.csv?product_id=1")).status == 200
    await drop_database(server_url, await catalog.value("select current_database()"))

    for path in ("/skus.csv", "/brands.csv"):
        response = await desk.get(path)
        assert response.status == 503
        assert response.content_type == "text/html"
        assert int(response.headers["Retry-After"]) > 0


async def test_failing_name_fails_and_no_other(
    catalog: CatalogMaker,
) -> None:
    # What the tests above install does fail, and only for its name.
    await fail_at(catalog, "Jacket 300")

    assert await catalog.value("select csv_field('Jacket', false)") == "Jacket"
    with pytest.raises(asyncpg.RaiseError):
        await catalog.value("select csv_field('broken', false)")
