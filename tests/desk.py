"""The desk as the tests use it: served over HTTP, on a database of the test's own.

`desk` is a client of the running application, `catalog` a connection beside it by
which a test fills the catalog and looks at what came of a request.
"""

from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from io import BytesIO
from typing import Any
from urllib.parse import urlencode

import asyncpg
import pytest
import pytest_asyncio
from aiohttp import web
from aiohttp.test_utils import TestClient, TestServer
from pytest_aiohttp import AiohttpClient, AiohttpServer
from yarl import URL

from tests.page import Page
from web.access.accounts import add_account
from web.access.guard import SESSION_COOKIE
from web.access.roles import Role
from web.access.sessions import SessionLife, open_session
from web.app import create_app
from web.database.pool import Connection
from web.keys import LOCAL_DESK_STATE, POOL
from web.protocol import AUTO_DECOMPRESS, answer_mistakes
from web.settings import Settings

Desk = TestClient[web.Request, None]
OpenDesk = Callable[..., Awaitable[Desk]]


def build_settings(**values: Any) -> Settings:
    """The settings of a test: the defaults, whatever stands in the environment."""
    # A page of a test may take long: several run at once, on a machine that does other things.
    return Settings.model_construct(**{**_defaults(), "page_timeout": 60.0, **values})


def _defaults() -> dict[str, Any]:
    return {name: field.get_default() for name, field in Settings.model_fields.items()}


@pytest.fixture
def open_desk(
    database_url: str, aiohttp_server: AiohttpServer, aiohttp_client: AiohttpClient
) -> OpenDesk:
    """Serve the desk with settings of the test's choosing: `await open_desk(pool_size=2)`."""

    async def opened(**values: Any) -> Desk:
        settings = build_settings(**values)
        app = create_app(settings, database_url)
        # aiohttp's test server turns handler_cancellation on, as serve does.
        server = await aiohttp_server(app, auto_decompress=AUTO_DECOMPRESS)
        assert server.runner is not None
        answer_mistakes(server.runner.server, settings.request_timeout)
        return await aiohttp_client(server)

    return opened


def app_of(desk: Desk) -> web.Application:
    """Return the application that a desk serves, for its state."""
    assert isinstance(desk.server, TestServer)
    return desk.server.app


@pytest_asyncio.fixture
async def desk(open_desk: OpenDesk) -> Desk:
    """The desk with default settings."""
    return await open_desk()


@pytest_asyncio.fixture
async def catalog(database_url: str) -> AsyncIterator["CatalogMaker"]:
    """A connection to the test's database, with ways to fill the catalog."""
    connection = await asyncpg.connect(database_url)
    yield CatalogMaker(connection)
    await connection.close()


async def sign_in(desk: Desk, role: Role, name: str | None = None) -> dict[str, str]:
    """Add an account, sign it in, and return the headers by which its browser is known."""
    return await browser_of(desk, await new_account(desk, name or f"the {role}", role))


async def new_account(desk: Desk, name: str, role: Role, password: str | None = None) -> int:
    """Add an account. The first one closes the local desk, at once rather than soon."""
    account_id = await add_account(app_of(desk)[POOL], name, role, password)
    await app_of(desk)[LOCAL_DESK_STATE].ask()
    return account_id


async def browser_of(desk: Desk, account_id: int) -> dict[str, str]:
    """Sign an account in once more, in another browser, and return its headers."""
    life = SessionLife(idle=3600, absolute=3600)
    token = await open_session(app_of(desk)[POOL], account_id, life)
    return {"Cookie": f"{SESSION_COOKIE}={token}"}


async def get_page(desk: Desk, path: str, **query: str) -> Page:
    """Open a page. `path` goes out as it is, percent signs included; `query` is encoded."""
    url = URL(path + ("?" + urlencode(query) if query else ""), encoded=True)
    async with desk.get(url, allow_redirects=False) as response:
        return Page(response.status, response.headers, await response.text())


async def post_form(
    desk: Desk,
    path: str,
    form: Mapping[str, str] | str,
    headers: Mapping[str, str] | None = None,
) -> Page:
    """Send a form: fields, or the encoded body itself. A redirect is not followed."""
    body = form if isinstance(form, str) else urlencode(form)
    sent = {"Content-Type": "application/x-www-form-urlencoded", **(headers or {})}
    data = BytesIO(body.encode())  # aiohttp warns of large bodies that come as a text
    async with desk.post(path, data=data, headers=sent, allow_redirects=False) as response:
        return Page(response.status, response.headers, await response.text())


@dataclass(frozen=True)
class CatalogMaker:
    """Fills the catalog directly, as no user can, and reads what is in it."""

    connection: Connection

    async def brand(self, name: str) -> int:
        """Add a brand and return its id."""
        return await self._insert(
            "insert into brand (brand_name) values ($1) returning brand_id", name
        )

    async def brands(self, names: Sequence[str]) -> list[int]:
        """Add brands, all at the same moment, and return their ids."""
        rows = await self.connection.fetch(
            "insert into brand (brand_name) select unnest($1::text[]) returning brand_id", names
        )
        return [int(row[0]) for row in rows]

    async def products(self, names: Sequence[str], brand_id: int) -> list[int]:
        """Add products of one brand, all at the same moment, and return their ids."""
        rows = await self.connection.fetch(
            "insert into product (product_name, brand_id)"
            " select unnest($1::text[]), $2 returning product_id",
            names,
            brand_id,
        )
        return [int(row[0]) for row in rows]

    async def product(self, name: str, brand_id: int) -> int:
        """Add a product and return its id."""
        return await self._insert(
            "insert into product (product_name, brand_id) values ($1, $2) returning product_id",
            name,
            brand_id,
        )

    async def skus(self, product_id: int, count: int, color_id: int = 1, size_id: int = 1) -> None:
        """Add SKUs of one product, color and size."""
        await self.connection.execute(
            "insert into sku (product_id, product_color_id, product_size_id)"
            " select $1, $2, $3 from generate_series(1, $4)",
            product_id,
            color_id,
            size_id,
            count,
        )

    async def value(self, sql: str, *arguments: object) -> Any:
        """Return the one value that a query answers with."""
        return await self.connection.fetchval(sql, *arguments)

    async def column(self, sql: str, *arguments: object) -> list[Any]:
        """Return the one column that a query answers with."""
        return [row[0] for row in await self.connection.fetch(sql, *arguments)]

    async def _insert(self, sql: str, *arguments: object) -> int:
        return int(await self.connection.fetchval(sql, *arguments))


async def walk(desk: Desk, path: str, rel: str = "next") -> list[Page]:
    """Open a page and all that follow by their links to the next (or previous) one."""
    pages = [await get_page(desk, path)]
    while (neighbor := pages[-1].neighbor(rel)) is not None:
        assert len(pages) < 100, "the pages go round in a circle"
        pages.append(await get_page(desk, neighbor))
    return pages
