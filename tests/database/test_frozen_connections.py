"""A PostgreSQL that neither answers nor closes: whoever waits for it is told in time."""

import asyncio
from collections.abc import AsyncIterator, Awaitable
from contextlib import suppress
from typing import TypeVar

import pytest
import pytest_asyncio

from tests.desk import CatalogMaker
from tests.proxy import Fault, Proxy
from web.database.errors import CommitUnknownError, DatabaseBusyError
from web.database.pool import Connection, Pool, open_pool
from web.database.transactions import Author, in_transaction, rehearse

T = TypeVar("T")
AUTHOR = Author("Ada", "127.0.0.1", "r")


@pytest_asyncio.fixture
async def proxy(database_url: str) -> AsyncIterator[Proxy]:
    """The way by which the pool reaches the test's database."""
    async with Proxy(database_url).running() as running:
        yield running


@pytest_asyncio.fixture
async def patient(proxy: Proxy) -> AsyncIterator[Pool]:
    """A pool whose queries may take longer than a test may."""
    async with open_pool(proxy.url, size=2, acquire_timeout=1.0, query_timeout=3600.0) as pool:
        yield pool
        proxy.thaw()


async def ends(work: Awaitable[T]) -> T:
    """Return what comes of the work, which must not take half a minute.

    A timeout would not do: the end of a transaction goes on whoever cancels it.
    """
    task = asyncio.ensure_future(work)
    await asyncio.wait([task], timeout=30)
    assert task.done()
    return await task


async def insert(connection: Connection) -> None:
    await connection.execute("insert into brand (brand_name) values ('Levis')")


async def test_rollback_that_is_not_answered_keeps_nobody_waiting(
    proxy: Proxy, patient: Pool, catalog: CatalogMaker
) -> None:
    async def work(connection: Connection) -> None:
        await insert(connection)
        proxy.freeze()
        raise LookupError("of the domain")

    with pytest.raises(LookupError, match="of the domain"):
        await ends(in_transaction(patient, work, author=AUTHOR))

    proxy.thaw()
    await in_transaction(patient, insert, author=AUTHOR)
    assert await catalog.value("select count(*) from brand") == 1


async def test_client_that_leaves_a_frozen_query_is_not_held(
    proxy: Proxy, patient: Pool, catalog: CatalogMaker
) -> None:
    frozen = asyncio.Event()

    async def work(connection: Connection) -> None:
        proxy.freeze()
        frozen.set()
        await insert(connection)

    request = asyncio.ensure_future(in_transaction(patient, work, author=AUTHOR))
    await frozen.wait()
    await asyncio.sleep(0.1)
    request.cancel()
    with suppress(asyncio.CancelledError):
        await ends(request)

    proxy.thaw()
    await in_transaction(patient, insert, author=AUTHOR)
    assert await catalog.value("select count(*) from brand") == 1


async def test_dry_run_on_a_frozen_database_ends_when_its_time_is_over(
    proxy: Proxy, patient: Pool, catalog: CatalogMaker
) -> None:
    async def work(connection: Connection) -> None:
        proxy.freeze()
        await insert(connection)

    with pytest.raises(DatabaseBusyError):
        await ends(rehearse(patient, work, author=AUTHOR, seconds=0.5))

    assert await catalog.value("select count(*) from brand") == 0


async def test_commit_is_given_as_long_as_a_query(proxy: Proxy) -> None:
    proxy.faults = [Fault.HELD]
    async with open_pool(proxy.url, size=1, acquire_timeout=1.0, query_timeout=0.5) as pool:
        with pytest.raises(CommitUnknownError):
            await ends(in_transaction(pool, insert, author=AUTHOR))
        # The connection is of no use any more, and there is another one.
        assert await in_transaction(pool, count, author=AUTHOR) == 1


async def count(connection: Connection) -> int:
    return int(await connection.fetchval("select count(*) from brand"))
