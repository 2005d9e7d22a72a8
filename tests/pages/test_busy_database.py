"""Pages when connections are few, all in use, or lost."""

import asyncio
from contextlib import AsyncExitStack

import asyncpg
import pytest

from tests.conftest import drop_database
from tests.desk import CatalogMaker, Desk, OpenDesk, app_of, get_page, post_form
from web.keys import POOL

PAGES = ["/", "/brands", "/brands/1", "/products?brand_id=1&q=a", "/products/1", "/skus?brand_id=1"]


@pytest.fixture(autouse=True)
async def _one_of_each(catalog: CatalogMaker) -> None:
    await catalog.skus(await catalog.product("Anorak", await catalog.brand("Levis")), 3)


async def _hold_all(desk: Desk, stack: AsyncExitStack) -> None:
    """Take every connection of the pool, as slow requests would."""
    pool = app_of(desk)[POOL]
    for _ in range(pool.connections.get_max_size()):
        await stack.enter_async_context(pool.acquire())


async def test_two_queries_on_one_connection_raise(catalog: CatalogMaker) -> None:
    # What pages must never do, and the next test shows that they do not.
    first = asyncio.ensure_future(catalog.value("select pg_sleep(0.2)"))
    await asyncio.sleep(0)
    with pytest.raises(asyncpg.InterfaceError, match="another operation is in progress"):
        await catalog.value("select 1")
    await first


@pytest.mark.parametrize("pool_size", [1, 2])
async def test_many_pages_at_once_share_few_connections(
    open_desk: OpenDesk, pool_size: int
) -> None:
    desk = await open_desk(pool_size=pool_size, acquire_timeout=60.0)

    pages = await asyncio.gather(*(get_page(desk, path) for path in PAGES * 12))
    forms = await asyncio.gather(
        *(post_form(desk, "/brands", {"brand_name": f"Brand {n}"}) for n in range(20)),
    )

    assert {page.status for page in pages} == {200}
    assert {form.status for form in forms} == {303}


async def test_busy_pool_is_a_503_that_says_when_to_come_back(open_desk: OpenDesk) -> None:
    desk = await open_desk(pool_size=3, acquire_timeout=0.2)

    async with AsyncExitStack() as stack, asyncio.timeout(30):
        await _hold_all(desk, stack)
        pages = await asyncio.gather(*(get_page(desk, path) for path in PAGES))
        form = await post_form(desk, "/brands", {"brand_name": "Levis\r\nLee"})
        alive = await get_page(desk, "/healthz")

    for page in pages:
        assert page.status == 503
        assert int(page.headers["Retry-After"]) > 0
        assert "The database is busy." in page.text
    assert form.status == 503
    assert form.typed == "Levis\r\nLee"
    assert alive.status == 200
    assert (await get_page(desk, "/")).status == 200


async def test_waiting_page_is_answered_when_a_connection_comes_free(open_desk: OpenDesk) -> None:
    desk = await open_desk(pool_size=1, acquire_timeout=60.0)

    async with AsyncExitStack() as stack:
        await _hold_all(desk, stack)
        waiting = asyncio.ensure_future(get_page(desk, "/"))
        await asyncio.sleep(0.1)
        assert not waiting.done()

    assert (await waiting).status == 200


async def test_query_that_takes_too_long_is_a_503(
    open_desk: OpenDesk, catalog: CatalogMaker
) -> None:
    desk = await open_desk(query_timeout=0.3)

    async with catalog.connection.transaction():
        await catalog.connection.execute("lock table brand")
        page = await get_page(desk, "/brands")

    assert page.status == 503
    assert "The database is busy." in page.text
    assert int(page.headers["Retry-After"]) > 0
    assert (await get_page(desk, "/brands")).status == 200


async def test_lost_connections_are_replaced(desk: Desk, catalog: CatalogMaker) -> None:
    assert (await get_page(desk, "/")).status == 200
    await catalog.value(
        "select count(pg_terminate_backend(pid)) from pg_stat_activity"
        " where datname = current_database() and pid <> pg_backend_pid()"
    )

    statuses = [(await get_page(desk, "/")).status for _ in range(20)]

    assert set(statuses) <= {200, 503}
    assert statuses[-1] == 200


async def test_lost_database_is_a_503_with_a_way_onward(
    desk: Desk, catalog: CatalogMaker, server_url: str, database_url: str
) -> None:
    await catalog.connection.close()
    await drop_database(server_url, database_url.partition("?")[0].rpartition("/")[2])

    for path in PAGES:
        page = await get_page(desk, path)
        assert page.status == 503
        assert "The database cannot be reached just now." in page.text
        assert "/brands" in page.hrefs
        assert int(page.headers["Retry-After"]) > 0
    assert (await get_page(desk, "/brands/new")).status == 200


async def test_client_that_leaves_gives_its_connections_back(
    open_desk: OpenDesk, catalog: CatalogMaker
) -> None:
    desk = await open_desk(pool_size=1, acquire_timeout=60.0)

    async with catalog.connection.transaction():
        await catalog.connection.execute("lock table brand")
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(get_page(desk, "/brands"), 0.3)
        async with asyncio.timeout(30):
            # A page that does not read the locked table.
            assert (await get_page(desk, "/partner-keys")).status == 200
