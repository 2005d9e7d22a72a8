"""A pool as the application has it, without the application."""

from collections.abc import AsyncIterator

import pytest_asyncio

from web.database.pool import Pool, open_pool


@pytest_asyncio.fixture
async def pool(database_url: str) -> AsyncIterator[Pool]:
    """A pool of ten connections to the test's database."""
    async with open_pool(database_url, size=10, acquire_timeout=10.0, query_timeout=30.0) as opened:
        yield opened
