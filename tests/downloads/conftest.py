"""A catalog too large for the buffers between a server and its reader."""

from collections.abc import AsyncIterator

import asyncpg
import pytest_asyncio

from tests.conftest import create_database, database_url_on, drop_database, unique_name

LARGE_PRODUCTS = 500
LARGE_SKUS = 100 * LARGE_PRODUCTS


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def large_template(server_url: str, template_database: str) -> AsyncIterator[str]:
    """The name of a database whose SKUs make a download of 12 MB; to clone only."""
    name = unique_name("hangtag_large")
    await create_database(server_url, name, template_database)
    connection = await asyncpg.connect(database_url_on(server_url, name))
    await connection.execute("insert into brand (brand_name) values ('Levis')")
    await connection.execute(
        "insert into product (product_name, brand_id)"
        " select rpad('Jacket ' || number || ' ', 200, 'x'), brand_id"
        " from brand, generate_series(1, $1) as number",
        LARGE_PRODUCTS,
    )
    await connection.execute(
        "insert into sku (product_id, product_color_id, product_size_id)"
        " select product_id, 1 + number % 2, 1 + number % 3"
        " from product, generate_series(1, $1) as number",
        LARGE_SKUS // LARGE_PRODUCTS,
    )
    await connection.execute("analyze")
    await connection.close()
    yield name
    await drop_database(server_url, name)


@pytest_asyncio.fixture
async def large_database_url(server_url: str, large_template: str) -> AsyncIterator[str]:
    """The URL of a large catalog, for one test."""
    name = unique_name("hangtag_test")
    yield await create_database(server_url, name, large_template)
    await drop_database(server_url, name)
