"""Slots: counted over all workers and servers on one database, and given back by whatever ends."""

import asyncio
from contextlib import AsyncExitStack

import pytest

from tests.desk import CatalogMaker, OpenDesk
from tests.downloads.watching import slots_taken, until, until_freed, until_parked
from tests.wire import is_whole, open_wire


@pytest.fixture
def database_url(large_database_url: str) -> str:
    return large_database_url


async def test_slots_hold_for_two_desks_together(
    open_desk: OpenDesk, catalog: CatalogMaker
) -> None:
    one, other = await open_desk(download_slots=3), await open_desk(download_slots=3)
    async with AsyncExitStack() as stack:
        wires = [await stack.enter_async_context(open_wire(desk)) for desk in (one, one, other)]
        for wire in wires:
            await wire.ask("/skus.csv")
            assert (await wire.head()).status == 200
        assert await slots_taken(catalog) == 3

        for desk in (one, other):
            refused = await desk.get("/skus.csv")
            assert refused.status == 503
            assert int(refused.headers["Retry-After"]) > 0

        # A slot that one desk gives back is the other's to take.
        wires[0].reset()
        await until_parked(catalog, 2)
        assert (await other.get("/brands.csv")).status == 200


async def test_one_desk_may_take_all_slots(open_desk: OpenDesk, catalog: CatalogMaker) -> None:
    one, other = await open_desk(download_slots=2), await open_desk(download_slots=2)
    async with AsyncExitStack() as stack:
        for _ in range(2):
            wire = await stack.enter_async_context(open_wire(one))
            await wire.ask("/skus.csv")
            assert (await wire.head()).status == 200

        assert (await other.get("/brands.csv")).status == 503
        # Without waiting for a connection that would not come: the pool has none left.
        async with asyncio.timeout(2):
            assert (await one.get("/brands.csv")).status == 503
    await until_freed(one, catalog)
    assert (await other.get("/brands.csv")).status == 200


async def test_burst_over_two_desks_takes_each_slot_once(
    open_desk: OpenDesk, catalog: CatalogMaker
) -> None:
    desks = [await open_desk(download_slots=4), await open_desk(download_slots=4)]
    async with AsyncExitStack() as stack:
        wires = [await stack.enter_async_context(open_wire(desks[n % 2])) for n in range(20)]
        for wire in wires:
            await wire.ask("/skus.csv")
        statuses = [(await wire.head()).status for wire in wires]

        assert statuses.count(200) == 4
        assert statuses.count(503) == 16
        assert await slots_taken(catalog) == 4


async def test_connection_that_dies_keeps_no_slot(
    open_desk: OpenDesk, catalog: CatalogMaker
) -> None:
    desk = await open_desk(download_slots=1)
    async with open_wire(desk) as wire:
        await wire.ask("/skus.csv")
        await wire.head()
        [backend] = await until_parked(catalog)
        await catalog.value("select pg_terminate_backend($1)", backend.pid)

        async def free() -> bool:
            return await slots_taken(catalog) == 0

        # Before anybody has read a byte more, and so before the desk knows.
        await until(free)
        assert not is_whole(await wire.rest())


async def test_what_is_refused_or_fails_at_the_start_keeps_no_slot(
    open_desk: OpenDesk, catalog: CatalogMaker
) -> None:
    desk = await open_desk(download_slots=1)
    for _ in range(3):
        assert (await desk.get("/skus.csv", headers={"If-Match": '"1"'})).status == 412
        assert (await desk.get("/skus.csv?after=x")).status == 400
    await until_freed(desk, catalog)
    assert (await desk.get("/brands.csv")).status == 200
