"""The concurrency limiter: downloads give way to pages."""

import asyncio

import pytest

from tests.desk import CatalogMaker, Desk, OpenDesk, app_of, get_page
from tests.downloads.watching import until
from web.downloads.limiter import ConcurrencyLimiter
from web.keys import LIMITER


class Crowd:
    """Takes turns of a limiter, each held until it is told to go."""

    def __init__(self, limiter: ConcurrencyLimiter) -> None:
        self.limiter = limiter
        self.holding: list[int] = []
        self.go = asyncio.Semaphore(0)

    async def take(self, number: int) -> None:
        async with self.limiter.turn():
            self.holding.append(number)
            await self.go.acquire()
        self.holding.remove(number)

    def start(self, count: int) -> list[asyncio.Task[None]]:
        return [asyncio.create_task(self.take(number)) for number in range(count)]


async def settle() -> None:
    for _ in range(10):
        await asyncio.sleep(0)


async def test_without_pages_all_fetches_run_at_once() -> None:
    crowd = Crowd(ConcurrencyLimiter(width=1))
    tasks = crowd.start(5)
    await settle()
    assert crowd.holding == [0, 1, 2, 3, 4]
    for task in tasks:
        task.cancel()


@pytest.mark.parametrize("width", [1, 3])
async def test_beside_a_page_only_so_many_fetches_run_in_the_order_asked(width: int) -> None:
    limiter = ConcurrencyLimiter(width)
    limiter.begin_page()
    crowd = Crowd(limiter)
    tasks = crowd.start(5)
    await settle()
    for first in range(5 - width + 1):
        assert crowd.holding == list(range(first, first + width))
        crowd.go.release()
        await settle()
    for task in tasks:
        task.cancel()


async def test_limiter_opens_again_when_no_page_has_been_served_for_a_moment() -> None:
    limiter = ConcurrencyLimiter(width=1)
    page = limiter.begin_page()
    crowd = Crowd(limiter)
    tasks = crowd.start(3)
    await settle()
    page.end()
    assert crowd.holding == [0]

    async def all_hold() -> bool:
        return len(crowd.holding) == 3

    await until(all_hold)
    assert not limiter.is_narrow
    for task in tasks:
        task.cancel()


async def test_fetch_that_is_given_up_in_line_leaves_its_turn_to_the_next() -> None:
    limiter = ConcurrencyLimiter(width=1)
    limiter.begin_page()
    crowd = Crowd(limiter)
    tasks = crowd.start(3)
    await settle()
    tasks[1].cancel()
    await settle()
    crowd.go.release()
    await settle()
    assert crowd.holding == [2]
    tasks[2].cancel()
    await settle()
    async with asyncio.timeout(5), limiter.turn():
        pass


async def test_turn_given_at_the_moment_of_leaving_is_not_lost() -> None:
    limiter = ConcurrencyLimiter(width=1)
    limiter.begin_page()
    crowd = Crowd(limiter)
    tasks = crowd.start(2)
    await settle()
    crowd.go.release()
    await tasks[0]
    tasks[1].cancel()
    await settle()
    async with asyncio.timeout(5), limiter.turn():
        pass


async def test_pages_narrow_the_limiter_and_downloads_do_not(
    open_desk: OpenDesk, catalog: CatalogMaker
) -> None:
    desk: Desk = await open_desk()
    await catalog.brand("Levis")
    limiter = app_of(desk)[LIMITER]

    await (await desk.get("/brands.csv")).read()
    assert not limiter.is_narrow

    await get_page(desk, "/brands")
    assert limiter.is_narrow
