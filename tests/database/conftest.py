"""A pool as the application has it, without the application, and a sample catalog to look at."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import asyncpg
import pytest
import pytest_asyncio

from tests.conftest import create_database, database_url_on, drop_database, unique_name
from web.catalog.sample import SampleSize, load_sample, vacuum_catalog
from web.database.pool import Connection, Pool, open_pool


@pytest_asyncio.fixture
async def pool(database_url: str) -> AsyncIterator[Pool]:
    """A pool of ten connections to the test's database."""
    async with open_pool(database_url, size=10, acquire_timeout=10.0, query_timeout=30.0) as opened:
        yield opened


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def sample_url(server_url: str, template_database: str) -> AsyncIterator[str]:
    """The URL of a database with a sample catalog, to look at only, all of one moment."""
    async with _sampled(server_url, template_database, SampleSize(1_000, 10_000, 50_000)) as url:
        yield url


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def few_brands_url(server_url: str, template_database: str) -> AsyncIterator[str]:
    """The URL of another one, whose brands are so few that the planner likes to read them all."""
    async with _sampled(server_url, template_database, SampleSize(100, 10_000, 0)) as url:
        yield url


@asynccontextmanager
async def _sampled(server_url: str, template: str, size: SampleSize) -> AsyncIterator[str]:
    name = unique_name("hangtag_sample")
    url = await create_database(server_url, name, template)
    connection = await asyncpg.connect(url)
    async with connection.transaction():
        await load_sample(connection, size, seed=1)
    await vacuum_catalog(connection)
    await connection.close()
    yield database_url_on(server_url, name)
    await drop_database(server_url, name)


@pytest_asyncio.fixture(params=["for its values", "for any values"])
async def sample(sample_url: str, request: pytest.FixtureRequest) -> AsyncIterator[Connection]:
    """A connection whose plans are made for the values of a query, or once for all."""
    mode = {"for its values": "force_custom_plan", "for any values": "force_generic_plan"}
    connection = await asyncpg.connect(
        sample_url, server_settings={"plan_cache_mode": mode[request.param]}
    )
    yield connection
    await connection.close()
