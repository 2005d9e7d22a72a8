"""Readers who stop, readers who are slow, and downloads that take too long."""

import asyncio

import pytest

from tests.desk import CatalogMaker, Desk, OpenDesk
from tests.downloads.conftest import LARGE_SKUS
from tests.downloads.watching import until_freed, until_parked
from tests.wire import Wire, is_whole, open_wire, unchunked


@pytest.fixture
def database_url(large_database_url: str) -> str:
    return large_database_url


async def test_reader_who_stops_is_broken_off(open_desk: OpenDesk, catalog: CatalogMaker) -> None:
    desk = await open_desk(download_stall_timeout=0.5)
    async with open_wire(desk) as wire:
        await wire.ask("/skus.csv")
        assert (await wire.head()).status == 200
        wire.received += await wire.receive(1000)

        await until_freed(desk, catalog)

        raw = await wire.rest()
    assert not is_whole(raw)
    assert b"HTTP/1.1" not in raw


async def test_slow_but_steady_reader_gets_everything(
    open_desk: OpenDesk, catalog: CatalogMaker
) -> None:
    stall_timeout = 0.5
    desk = await open_desk(download_stall_timeout=stall_timeout)
    async with open_wire(desk) as wire:
        await wire.ask("/skus.csv")
        await wire.head()
        # Slow for four times as long as nothing at all would be borne.
        await read_slowly(wire, seconds=4 * stall_timeout)
        raw = await wire.rest()

    assert is_whole(raw)
    assert unchunked(raw).count(b"\r\n") == 1 + LARGE_SKUS
    await until_freed(desk, catalog)


async def read_slowly(wire: Wire, seconds: float) -> None:
    """Read a few bytes every 10 ms: much less than what the socket's buffer can take."""
    clock = asyncio.get_running_loop().time
    end = clock() + seconds
    while clock() < end:
        wire.received += await wire.receive(16 * 1024)
        await asyncio.sleep(0.01)


async def test_download_ends_detectably_when_its_total_time_is_over(
    open_desk: OpenDesk, catalog: CatalogMaker
) -> None:
    desk = await open_desk(download_total_timeout=1.0)
    async with open_wire(desk) as wire:
        await wire.ask("/skus.csv")
        assert (await wire.head()).status == 200
        await read_slowly(wire, seconds=1.5)
        raw = await wire.rest()

    assert not is_whole(raw)
    await until_freed(desk, catalog)


async def test_download_that_finishes_in_time_is_left_alone(open_desk: OpenDesk) -> None:
    desk = await open_desk(download_total_timeout=60.0, download_stall_timeout=60.0)

    assert (await (await desk.get("/skus.csv")).read()).count(b"\r\n") == 1 + LARGE_SKUS


async def test_stalled_readers_starve_neither_pages_nor_for_ever_other_downloads(
    open_desk: OpenDesk, catalog: CatalogMaker
) -> None:
    desk = await open_desk(download_slots=1, pool_size=1, download_stall_timeout=1.0)
    async with open_wire(desk) as wire:
        await wire.ask("/skus.csv")
        await wire.head()
        await until_parked(catalog)

        assert (await desk.get("/products/1")).status == 200
        await until_freed(desk, catalog)
        assert await _sku_count(desk) == LARGE_SKUS


async def _sku_count(desk: Desk) -> int:
    return (await (await desk.get("/skus.ndjson")).read()).count(b"\n")
