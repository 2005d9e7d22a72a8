"""Whoever leaves in the middle of anything leaves no line in the log, and no connection taken."""

import asyncio
import gc
import random
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import suppress
from typing import Any

import pytest
import pytest_asyncio

from web.database.abandoned import finish_even_if_cancelled
from web.database.concurrently import concurrently
from web.database.errors import DatabaseUnavailableError
from web.database.pool import Connection, Pool, open_pool
from web.database.transactions import Author, in_transaction

# More turns of the event loop than it takes to connect.
TURNS = 40
LEAVERS = 12
ROUNDS = 40
AUTHOR = Author("somebody", "127.0.0.1", "request")


@pytest_asyncio.fixture
async def complaints() -> AsyncIterator[list[str]]:
    """What asyncio would write into the log."""
    said: list[str] = []
    loop = asyncio.get_running_loop()
    loop.set_exception_handler(lambda _, context: said.append(_told(context)))
    yield said
    loop.set_exception_handler(None)


def _told(context: dict[str, Any]) -> str:
    return f"{context['message']}: {context.get('exception')!r}"


@pytest.fixture
def chance() -> random.Random:
    return random.Random(1)  # noqa: S311 - when they leave is no secret


@pytest.fixture(autouse=True)
def _all_forgotten() -> None:
    """Let go of what other tests have left, of which asyncio would speak here."""
    gc.collect()


async def turns(count: int) -> None:
    for _ in range(count):
        await asyncio.sleep(0)


async def opened(url: str) -> None:
    async with open_pool(url, size=1, acquire_timeout=60, query_timeout=60):
        pass


async def test_leaving_while_a_connection_is_opened(complaints: list[str]) -> None:
    silent: list[asyncio.StreamWriter] = []
    server = await asyncio.start_server(lambda _, writer: silent.append(writer), "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    for number in range(TURNS):
        connecting = asyncio.ensure_future(opened(f"postgresql://a@127.0.0.1:{port}/a"))
        await turns(number)
        connecting.cancel()
        with suppress(asyncio.CancelledError):
            await connecting
        await turns(10)
        gc.collect()
    for writer in silent:
        writer.close()
    server.close()

    assert complaints == []


async def read(pool: Pool) -> None:
    async with (
        pool.acquire() as connection,
        connection.transaction(isolation="repeatable_read", readonly=True),
    ):
        cursor = await connection.cursor("select generate_series(1, 20000)")
        while await cursor.fetch(500):
            pass


async def sleep(pool: Pool) -> None:
    async with pool.acquire() as connection:
        await connection.execute("select pg_sleep(0.01)")


async def write(pool: Pool) -> None:
    await in_transaction(
        pool, lambda connection: connection.execute("select pg_sleep(0.001)"), author=AUTHOR
    )


async def test_leaving_in_the_middle_of_anything(
    database_url: str, complaints: list[str], chance: random.Random
) -> None:
    async def leave_often(pool: Pool) -> None:
        for _ in range(ROUNDS):
            asking = asyncio.ensure_future(concurrently(read(pool), sleep(pool), write(pool)))
            await asyncio.sleep(chance.random() * 0.03)
            asking.cancel()
            with suppress(asyncio.CancelledError, DatabaseUnavailableError):
                await asking

    async with open_pool(database_url, size=8, acquire_timeout=60, query_timeout=60) as pool:
        await asyncio.gather(*(leave_often(pool) for _ in range(LEAVERS)))
        # What goes on behind them comes to its end, too.
        async with asyncio.timeout(60):
            while pool.in_use:  # noqa: ASYNC110
                await asyncio.sleep(0.01)
        gc.collect()

    assert complaints == []


async def prepared(connection: Connection) -> None:
    await connection.prepare("select count(*) from brand")


async def asked(connection: Connection) -> None:
    await connection.execute("select pg_sleep(60)")


async def nothing(_connection: Connection) -> None:
    pass


@pytest.mark.parametrize("doing", [prepared, asked, nothing])
async def test_connection_that_somebody_leaves_in_the_middle_is_lent_again(
    database_url: str, complaints: list[str], doing: Callable[[Connection], Awaitable[None]]
) -> None:
    async def lend(pool: Pool) -> None:
        async with pool.acquire() as connection:
            processes.append(await connection.fetchval("select pg_backend_pid()"))
            begun.set()
            # Between preparing a query and running it the server waits for more.
            await doing(connection)
            await asyncio.sleep(3600)

    processes: list[int] = []
    async with open_pool(database_url, size=1, acquire_timeout=60, query_timeout=60) as pool:
        for _ in range(2):
            begun = asyncio.Event()
            lending = asyncio.ensure_future(lend(pool))
            await begun.wait()
            await asyncio.sleep(0.3)
            lending.cancel()
            with suppress(asyncio.CancelledError):
                await lending
            await read(pool)

    first, second = processes
    assert first == second
    assert complaints == []


@pytest.mark.parametrize("moment", range(6))
async def test_leaving_twice_with_an_open_transaction_leaves_nothing_open(
    database_url: str,
    complaints: list[str],
    caplog: pytest.LogCaptureFixture,
    moment: int,
) -> None:
    async def begin(pool: Pool, begun: asyncio.Event) -> None:
        async with pool.acquire() as connection:
            await connection.execute("begin")
            begun.set()
            await asyncio.sleep(3600)

    async with open_pool(database_url, size=1, acquire_timeout=60, query_timeout=60) as pool:
        begun = asyncio.Event()
        leaving = asyncio.ensure_future(begin(pool, begun))
        await begun.wait()
        leaving.cancel()
        await turns(moment)
        leaving.cancel()
        with suppress(asyncio.CancelledError):
            await leaving
        async with pool.acquire() as connection:
            assert not connection.is_in_transaction()
        await read(pool)

    assert complaints == []
    assert caplog.messages == []


async def test_ending_goes_on_behind_whoever_has_left() -> None:
    may_end, ended = asyncio.Event(), asyncio.Event()

    async def end() -> None:
        await may_end.wait()
        ended.set()

    waiting = asyncio.ensure_future(finish_even_if_cancelled(end()))
    await turns(3)
    waiting.cancel()
    with suppress(asyncio.CancelledError):
        await waiting
    may_end.set()

    await asyncio.wait_for(ended.wait(), 20)


async def test_error_of_what_nobody_waits_for_is_let_go(complaints: list[str]) -> None:
    async def fail() -> None:
        await asyncio.sleep(0.01)
        raise TimeoutError

    waiting = asyncio.ensure_future(finish_even_if_cancelled(fail()))
    await turns(3)
    waiting.cancel()
    with suppress(asyncio.CancelledError):
        await waiting
    await asyncio.sleep(0.05)
    gc.collect()
    assert complaints == []

    with pytest.raises(TimeoutError):
        await finish_even_if_cancelled(fail())
