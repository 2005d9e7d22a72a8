"""/system: what an admin sees of the desk's state, and what nobody sees."""

import asyncio
import os
import secrets

import asyncpg
import pytest
from pytest_aiohttp import AiohttpClient, AiohttpServer

from tests.access.visits import account, ask
from tests.desk import CatalogMaker, Desk, OpenDesk, app_of, browser_of, build_settings, get_page
from tests.page import Page
from web.access.accounts import add_account
from web.access.roles import Role
from web.app import create_app
from web.keys import DOWNLOAD_RECORDER, POOL

SECRET = "s3cret"  # noqa: S105 - it marks what must not be shown


def _row(page: Page, first: str) -> list[str]:
    (row,) = (row for row in page.rows if row and row[0] == first)
    return row


async def test_versions_pools_tables_and_settings_are_shown(
    desk: Desk, catalog: CatalogMaker
) -> None:
    await catalog.brand("Levis")
    await catalog.connection.execute("analyze")

    page = await get_page(desk, "/system")

    assert page.status == 200
    assert f"PostgreSQL {(await catalog.value('show server_version')).split()[0]}" in page.text
    schema = await catalog.value("select max(version) from schema_migrations")
    assert f"Schema {schema}" in page.text
    assert _row(page, "pages")[3] == "10"
    assert _row(page, "downloads")[3] == "8"
    assert _row(page, "brand")[2] == "1"
    assert _row(page, "HANGTAG_POOL_SIZE") == ["HANGTAG_POOL_SIZE", "10", "default"]
    assert "No standby follows this server." in page.text
    assert page.headers["Cache-Control"] == "no-store"


async def test_rows_of_a_bulk_load_are_counted_once(
    desk: Desk, catalog: CatalogMaker, database_url: str
) -> None:
    flush = "select pg_stat_force_next_flush()"
    await catalog.connection.execute(flush)
    await catalog.brands([f"Brand {number}" for number in range(30)])
    other = await asyncpg.connect(database_url)
    await other.execute("vacuum (analyze) brand")
    await other.close()
    # Only by now are the rows reported that VACUUM has counted already.
    await catalog.connection.execute(flush)

    assert _row(await get_page(desk, "/system"), "brand")[2] == "30"


async def test_connections_are_known_by_their_pool_and_process(desk: Desk) -> None:
    page = await get_page(desk, "/system")

    row = _row(page, f"hangtag pages {os.getpid()}")
    assert int(row[1]) >= 1
    assert int(row[2]) <= 10


async def test_behind_a_pooler_connections_have_no_name(
    open_desk: OpenDesk, database_url: str
) -> None:
    desk = await open_desk(migrate_url=database_url)

    page = await get_page(desk, "/system")

    assert page.status == 200
    assert f"hangtag pages {os.getpid()}" not in page.text


async def test_downloads_of_late_are_shown(desk: Desk, catalog: CatalogMaker) -> None:
    await catalog.skus(await catalog.product("Jacket", await catalog.brand("Levis")), 5)
    await get_page(desk, "/skus.csv?color_id=1")
    await app_of(desk)[DOWNLOAD_RECORDER].close()

    row = _row(await get_page(desk, "/system"), "/skus.csv?color_id=1")

    assert row[1] == "local desk"
    assert row[-1] == "complete"


@pytest.mark.parametrize(
    ("statement", "shown"),
    [
        ("select pg_sleep(60), 'mine'", "select pg_sleep(60), 'mine'"),
        (f"select pg_sleep(60), 'password {SECRET}'", "not visible"),
    ],
)
async def test_statement_that_runs_for_long_is_shown_unless_a_password_may_stand_in_it(
    desk: Desk, catalog: CatalogMaker, statement: str, shown: str
) -> None:
    sleeping = asyncio.create_task(catalog.connection.execute(statement))
    try:
        for _ in range(100):
            page = await get_page(desk, "/system")
            if shown in page.text:
                break
            await asyncio.sleep(0.1)
    finally:
        sleeping.cancel()
        await asyncio.gather(sleeping, return_exceptions=True)

    assert shown in page.text
    assert SECRET not in page.html


async def test_user_of_postgresql_who_may_see_little_gets_the_page_all_the_same(
    catalog: CatalogMaker,
    database_url: str,
    aiohttp_server: AiohttpServer,
    aiohttp_client: AiohttpClient,
) -> None:
    role = f"hangtag_blind_{secrets.token_hex(6)}"
    await catalog.connection.execute(f"create role {role}")
    try:
        for statement in (
            f"grant select on account, download to {role}",
            "revoke all on pg_stat_activity, pg_stat_replication, pg_stat_user_tables from public",
        ):
            await catalog.connection.execute(statement)
        joint = "&" if "?" in database_url else "?"
        app = create_app(build_settings(), f"{database_url}{joint}role={role}")
        server = await aiohttp_server(app)
        page = await get_page(await aiohttp_client(server), "/system")
        await server.close()
    finally:
        await catalog.connection.execute(f"drop owned by {role}")
        await catalog.connection.execute(f"drop role {role}")

    assert page.status == 200
    # The server, the connections, what runs, the tables, the standbys.
    assert page.text.count("Not visible to the desk’s user of PostgreSQL.") == 5


async def test_slow_statements_are_shown_where_the_server_counts_them(
    desk: Desk, catalog: CatalogMaker
) -> None:
    without = await get_page(desk, "/system")
    assert "it takes the extension pg_stat_statements" in without.text
    try:
        await catalog.connection.execute("create extension pg_stat_statements")
    except asyncpg.FeatureNotSupportedError:
        pytest.skip("this PostgreSQL comes without it")

    page = await get_page(desk, "/system")

    # Installed and not loaded is an error of the view, and none of the page.
    assert page.status == 200


async def test_no_setting_tells_a_secret(open_desk: OpenDesk) -> None:
    desk = await open_desk(
        database_url=f"postgresql://desk:{SECRET}@db.example/products",
        oidc_client_secret=SECRET,
    )

    page = await get_page(desk, "/system")

    assert SECRET not in page.html
    assert _row(page, "DATABASE_URL")[1:] == ["set, and not shown", "given"]
    assert _row(page, "HANGTAG_OIDC_CLIENT_SECRET")[1] == "set, and not shown"
    assert _row(page, "HANGTAG_MIGRATE_URL")[1:] == ["not set", "default"]


async def test_admins_find_the_page_in_the_footer_and_others_do_not(desk: Desk) -> None:
    await account(desk)
    people = {}
    for role in Role:
        account_id = await add_account(app_of(desk)[POOL], f"Grace {role}", role, None)
        browser = await browser_of(desk, account_id)
        people[role] = "/system" in (await ask(desk, "GET", "/brands", browser)).hrefs

    assert people == {Role.VIEWER: False, Role.EDITOR: False, Role.ADMIN: True}
