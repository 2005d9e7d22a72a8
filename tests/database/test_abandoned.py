"""Whoever leaves in the middle of anything leaves no line in the log, and no connection taken."""

import asyncio
import gc
import random
from collections.abc import AsyncIterator
from contextlib import suppress
from typing import Any

import asyncpg
import pytest
import pytest_asyncio

from web.database.abandoned import expect_abandoned_connections, finish_even_if_cancelled
from web.database.concurrently import concurrently
from web.database.errors import DatabaseUnavailableError
from web.database.pool import Pool, open_pool
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


async def test_leaving_while_a_connection_is_opened(complaints: list[str]) -> None:
    expect_abandoned_connections()
    silent: list[asyncio.StreamWriter] = []
    server = await asyncio.start_server(lambda _, writer: silent.append(writer), "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    for number in range(TURNS):
        connecting = asyncio.ensure_future(asyncpg.connect(f"postgresql://a@127.0.0.1:{port}/a"))
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


async def test_leaving_between_preparing_a_query_and_running_it(
    database_url: str, complaints: list[str]
) -> None:
    async def prepare(pool: Pool) -> None:
        async with pool.acquire() as connection:
            await connection.prepare("select count(*) from brand")
            await asyncio.sleep(3600)

    async with open_pool(database_url, size=1, acquire_timeout=60, query_timeout=60) as pool:
        preparing = asyncio.ensure_future(prepare(pool))
        await asyncio.sleep(0.3)
        preparing.cancel()
        with suppress(asyncio.CancelledError):
            await preparing
        # The next one has the same connection.
        await read(pool)

    assert complaints == []


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
