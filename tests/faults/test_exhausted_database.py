"""PostgreSQL has no disk, no connections or no time left, and then has it again.

A disk that is full takes a file system of its own, and root to make it: here a trigger raises what
PostgreSQL raises then (53100).
"""

from collections.abc import AsyncIterator
from urllib.parse import urlsplit, urlunsplit

import pytest
import pytest_asyncio
from pytest_aiohttp import AiohttpClient, AiohttpServer

from tests.conftest import unique_name
from tests.desk import CatalogMaker, Desk, app_of, build_settings, get_page, post_form
from tests.faults.conftest import sized
from tests.figures import Note
from tests.page import Page
from web.app import create_app
from web.keys import POOL

ROUNDS = sized(1, 3, 10)
PAGES = ["/", "/brands", "/products"]
LIMIT = "a clear page, nothing lost, recovery without a restart"
FORM = {"brand_name": "Levis\r\nLee", "mode": "all"}


@pytest_asyncio.fixture
async def role(catalog: CatalogMaker) -> AsyncIterator[str]:
    """A role that is no superuser, which limits do not hold for."""
    name = unique_name("hangtag_role")
    await catalog.connection.execute(f"""
        create role {name} login;
        grant all on schema public to {name};
        grant all on all tables in schema public to {name};
        grant all on all sequences in schema public to {name};
    """)
    yield name
    await catalog.connection.execute(f"drop owned by {name}; drop role {name}")


@pytest_asyncio.fixture
async def limited_desk(
    database_url: str, role: str, aiohttp_server: AiohttpServer, aiohttp_client: AiohttpClient
) -> Desk:
    """A desk that reaches its database as that role."""
    split = urlsplit(database_url)
    place = split.netloc.rpartition("@")[2]
    url = urlunsplit(split._replace(netloc=f"{role}@{place}"))
    return await aiohttp_client(await aiohttp_server(create_app(build_settings(), url)))


def assert_told(page: Page, sentence: str) -> None:
    assert page.status == 503
    assert int(page.headers["Retry-After"]) > 0
    assert sentence in page.text


async def assert_works(desk: Desk, catalog: CatalogMaker) -> None:
    """Pages and forms work, with nothing left of what failed."""
    assert await catalog.value("select count(*) from brand") == 0
    assert {(await get_page(desk, path)).status for path in PAGES} == {200}
    assert (await post_form(desk, "/brands", FORM)).status == 303
    assert await catalog.value("select count(*) from brand") == 2
    assert app_of(desk)[POOL].in_use == 0
    await catalog.connection.execute("delete from brand")


async def test_full_disk(desk: Desk, catalog: CatalogMaker, note: Note) -> None:
    for _ in range(ROUNDS):
        await catalog.connection.execute("""
            create function fill_disk() returns trigger language plpgsql as
            $$ begin raise exception 'No space left on device' using errcode = '53100'; end $$;
            create trigger full_disk after insert on brand execute function fill_disk();
        """)
        page = await post_form(desk, "/brands", FORM)
        assert_told(page, "no room left on its disk")
        assert page.typed == FORM["brand_name"]
        assert {(await get_page(desk, path)).status for path in PAGES} == {200}
        await catalog.connection.execute("drop function fill_disk cascade")
        await assert_works(desk, catalog)
    note(
        f"disk full in PostgreSQL (53100, raised by a trigger), {ROUNDS} times",
        "503 that says so, what was typed kept, pages go on; saved when there was room again",
        limit=LIMIT,
    )


async def test_connections_used_up(
    limited_desk: Desk, catalog: CatalogMaker, role: str, note: Note
) -> None:
    for _ in range(ROUNDS):
        assert (await get_page(limited_desk, "/brands")).status == 200
        await catalog.connection.execute(f"alter role {role} connection limit 0")
        await catalog.value(
            "select count(pg_terminate_backend(pid, 5000)) from pg_stat_activity"
            " where usename = $1",
            role,
        )
        for path in PAGES * 2:
            page = await get_page(limited_desk, path)
            assert page.status == 503
            assert int(page.headers["Retry-After"]) > 0
        page = await post_form(limited_desk, "/brands", FORM)
        assert_told(page, "The database is busy.")
        assert page.typed == FORM["brand_name"]
        assert (await limited_desk.get("/skus.csv")).status == 503
        await catalog.connection.execute(f"alter role {role} connection limit -1")
        await assert_works(limited_desk, catalog)
    note(
        f"no connection to be had (53300, by the limit of a role), {ROUNDS} times",
        "503 with Retry-After, what was typed kept; all works again without a restart",
        limit=LIMIT,
    )


@pytest.mark.parametrize("seconds", ["0.3"])
async def test_statement_timeout(
    database_url: str,
    catalog: CatalogMaker,
    aiohttp_server: AiohttpServer,
    aiohttp_client: AiohttpClient,
    note: Note,
    seconds: str,
) -> None:
    url = f"{database_url}{'&' if '?' in database_url else '?'}statement_timeout={seconds}s"
    desk: Desk = await aiohttp_client(await aiohttp_server(create_app(build_settings(), url)))
    for _ in range(ROUNDS):
        async with catalog.connection.transaction():
            await catalog.connection.execute("lock table brand")
            assert_told(await get_page(desk, "/brands"), "The database is busy.")
            page = await post_form(desk, "/brands", FORM)
            assert_told(page, "The database is busy.")
            assert "Nothing was saved." in page.text
            assert page.typed == FORM["brand_name"]
        await assert_works(desk, catalog)
    note(
        f"statement_timeout of {seconds} s while a table is locked, {ROUNDS} times",
        "503 that says that nothing was saved, what was typed kept; saved when it was free again",
        limit=LIMIT,
    )
