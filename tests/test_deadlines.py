"""A page that takes too long is broken off; downloads and forms take their time."""

import asyncio
from collections.abc import Awaitable, Callable

import pytest

from tests.desk import CatalogMaker, Desk, OpenDesk, app_of, get_page, post_form
from tests.downloads.watching import until
from web.keys import POOL


@pytest.fixture
async def desk(open_desk: OpenDesk) -> Desk:
    return await open_desk(page_timeout=0.3, query_timeout=3600.0, acquire_timeout=3600.0)


async def test_page_that_takes_too_long_is_a_503(desk: Desk, catalog: CatalogMaker) -> None:
    async with asyncio.timeout(60), catalog.connection.transaction():
        await catalog.connection.execute("lock table brand")
        for path in ("/", "/brands", "/search?q=a"):
            page = await get_page(desk, path)
            assert page.status == 503
            assert "The database is busy." in page.text
            assert int(page.headers["Retry-After"]) > 0

    async def all_given_back() -> bool:
        return app_of(desk)[POOL].in_use == 0

    await until(all_given_back)


async def _download(desk: Desk) -> int:
    response = await desk.get("/brands.csv")
    await response.read()
    return response.status


async def _form(desk: Desk) -> int:
    return (await post_form(desk, "/brands", {"brand_name": "Lee"})).status


@pytest.mark.parametrize(("ask", "status"), [(_download, 200), (_form, 303)])
async def test_what_streams_or_saves_may_take_longer_than_a_page(
    desk: Desk, catalog: CatalogMaker, ask: Callable[[Desk], Awaitable[int]], status: int
) -> None:
    # Whoever comes is asked for accounts first, which nothing holds up.
    assert await _form(desk) in {303, 409}
    await catalog.connection.execute("delete from brand")
    async with catalog.connection.transaction():
        await catalog.connection.execute("lock table brand")
        asking = asyncio.ensure_future(ask(desk))
        await asyncio.sleep(1)
        assert not asking.done()

    assert await asking == status
