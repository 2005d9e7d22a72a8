"""The connection to PostgreSQL is cut at every message of a download, one after the other."""

from collections.abc import AsyncIterator

import pytest
import pytest_asyncio
from pytest_aiohttp import AiohttpClient, AiohttpServer

from tests.desk import CatalogMaker, Desk, build_settings
from tests.downloads.watching import until_freed
from tests.faults.conftest import sized
from tests.figures import Note
from tests.proxy import Proxy
from tests.wire import is_whole, open_wire, unchunked
from web.app import create_app

# How many messages, from the connection's first on, are cut at.
CUTS = sized(12, 60, 1_000_000)


@pytest.fixture
def database_url(large_database_url: str) -> str:
    return large_database_url


@pytest_asyncio.fixture
async def proxy(database_url: str) -> AsyncIterator[Proxy]:
    async with Proxy(database_url).running() as running:
        yield running


async def download(desk: Desk) -> tuple[int, bytes]:
    async with open_wire(desk) as wire:
        await wire.ask("/skus.csv")
        head = await wire.head()
        if head.status == 503:
            assert int(head.headers["retry-after"]) > 0
        return head.status, await wire.rest()


async def test_every_cut_is_seen_by_the_client(
    proxy: Proxy,
    catalog: CatalogMaker,
    aiohttp_server: AiohttpServer,
    aiohttp_client: AiohttpClient,
    note: Note,
) -> None:
    desk: Desk = await aiohttp_client(await aiohttp_server(create_app(build_settings(), proxy.url)))
    # The pool's first connection goes, so that each download begins with one of its own.
    proxy.go_away()
    proxy.come_back()
    status, raw = await download(desk)
    assert status == 200
    assert is_whole(raw)
    whole, messages = unchunked(raw), proxy.download_messages
    assert messages > 20

    step = max(1, messages // CUTS)
    statuses = []
    for number in range(0, messages - 2, step):  # the last two are its COMMIT and its end
        proxy.go_away()
        proxy.come_back()
        proxy.download_messages, proxy.cut_after = 0, number
        status, raw = await download(desk)
        statuses.append(status)
        assert b"HTTP/1.1" not in raw
        if status == 200:
            assert not is_whole(raw), f"cut at message {number} of {messages}"
            assert whole.startswith(unchunked(raw))
        await until_freed(desk, catalog)

    proxy.cut_after = None
    status, raw = await download(desk)
    assert unchunked(raw) == whole
    assert set(statuses) == {200, 503}
    note(
        f"the connection to PostgreSQL cut at {len(statuses):,} of the {messages:,} messages "
        "of a download",
        f"{statuses.count(200):,} truncated bodies, each seen as broken, one status line each; "
        f"{statuses.count(503):,} pages with 503 before the first byte; none passed as whole",
        limit="every truncation seen by the client; one status line",
    )
