"""PostgreSQL is frozen: its sockets stay open, and nothing is ever answered."""

import asyncio
import time
from collections import Counter

import asyncpg
from pytest_aiohttp import AiohttpClient, AiohttpServer

from tests.desk import CatalogMaker, Desk, app_of, build_settings, get_page, post_form
from tests.faults.conftest import sized
from tests.faults.server import Server
from tests.figures import Note
from tests.page import Page
from web.app import create_app
from web.database.migrations import migrate
from web.keys import POOL
from web.settings import Settings

FROZEN_SECONDS = sized(3, 10, 10)
PAGES = [
    "/",
    "/brands",
    "/brands/1",
    "/brands/1/edit",
    "/products?brand_id=1&q=a",
    "/products/1",
    "/skus?brand_id=1",
    "/search?q=anorak",
    "/history",
    "/colors",
    "/system",
    "/nowhere",
]
# A guard: with the limit of a query alone they would take an hour.
PATIENCE = 30
LONG = 3600.0


async def timed(desk: Desk, path: str) -> tuple[Page, float]:
    started = time.perf_counter()
    page = await get_page(desk, path)
    return page, time.perf_counter() - started


async def fill(url: str) -> None:
    connection = await asyncpg.connect(url)
    catalog = CatalogMaker(connection)
    await catalog.skus(await catalog.product("Anorak", await catalog.brand("Levis")), 3)
    await connection.close()


async def test_pages_are_answered_while_postgresql_is_frozen(
    server: Server, aiohttp_server: AiohttpServer, aiohttp_client: AiohttpClient, note: Note
) -> None:
    await migrate(server.url)
    await fill(server.url)
    page_timeout = Settings.model_fields["page_timeout"].default
    settings = build_settings(page_timeout=page_timeout, query_timeout=LONG, acquire_timeout=LONG)
    desk: Desk = await aiohttp_client(await aiohttp_server(create_app(settings, server.url)))
    expected = {path: (await get_page(desk, path)).status for path in PAGES}
    assert set(expected.values()) == {200, 404}

    seconds, statuses = list[float](), Counter[int]()
    frozen_at = time.perf_counter()
    with server.frozen():
        while time.perf_counter() - frozen_at < FROZEN_SECONDS:
            async with asyncio.timeout(PATIENCE):
                answers = await asyncio.gather(*(timed(desk, path) for path in PAGES))
            for path, (page, took) in zip(PAGES, answers, strict=True):
                # Nobody is signed in, so that no query is needed to say that there is no page.
                assert page.status == (503 if expected[path] == 200 else 404), path
                if page.status == 503:
                    assert int(page.headers["Retry-After"]) > 0
                seconds.append(took)
                statuses[page.status] += 1
    thawed = time.perf_counter()
    async with asyncio.timeout(PATIENCE):
        while (await get_page(desk, "/brands")).status != 200:  # noqa: ASYNC110
            await asyncio.sleep(0.05)
    recovered = time.perf_counter() - thawed

    for _ in range(5):
        pages = await asyncio.gather(*(get_page(desk, path) for path in PAGES))
        assert [page.status for page in pages] == list(expected.values())
    assert (await post_form(desk, "/brands", {"brand_name": "Wrangler"})).status == 303
    assert app_of(desk)[POOL].in_use == 0
    note(
        f"PostgreSQL frozen by SIGSTOP for {FROZEN_SECONDS} s",
        f"{statuses[503]} pages answered 503 with Retry-After, {statuses[404]} that do not exist "
        f"404, the slowest after {max(seconds):.2f} s; recovered after {recovered:.2f} s",
        limit="every page answers within 3 s (503); recovered within 2 s",
        met=max(seconds) <= 3.0 and recovered <= 2.0,
    )
