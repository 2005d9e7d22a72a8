"""Whether Hangtag is alive, and whether requests should come here."""

from contextlib import AsyncExitStack

from tests.conftest import drop_database
from tests.desk import CatalogMaker, Desk, OpenDesk, app_of, get_page
from web.keys import DRAINING, POOL


async def test_current_desk_is_alive_and_ready(desk: Desk) -> None:
    alive, ready = await get_page(desk, "/healthz"), await get_page(desk, "/readyz")

    assert (alive.status, alive.html) == (200, "alive\n")
    assert (ready.status, ready.html) == (200, "ready\n")


async def test_without_its_database_it_is_alive_but_not_ready(
    desk: Desk, catalog: CatalogMaker, server_url: str, database_url: str
) -> None:
    await catalog.connection.close()
    await drop_database(server_url, database_url.partition("?")[0].rpartition("/")[2])

    assert (await get_page(desk, "/healthz")).status == 200
    ready = await get_page(desk, "/readyz")
    assert ready.status == 503
    assert ready.html == "not ready: the database cannot be reached\n"


async def test_with_an_unknown_migration_it_is_not_ready(desk: Desk, catalog: CatalogMaker) -> None:
    await catalog.connection.execute("insert into schema_migrations values ('99990101000000')")

    ready = await get_page(desk, "/readyz")

    assert (ready.status, ready.html) == (503, "not ready: the schema is newer\n")


async def test_with_a_migration_missing_it_is_not_ready(desk: Desk, catalog: CatalogMaker) -> None:
    await catalog.connection.execute(
        "delete from schema_migrations where version = (select max(version) from schema_migrations)"
    )

    ready = await get_page(desk, "/readyz")

    assert (ready.status, ready.html) == (503, "not ready: the schema is behind\n")


async def test_without_any_migration_it_is_not_ready(desk: Desk, catalog: CatalogMaker) -> None:
    await catalog.connection.execute("drop table schema_migrations")

    ready = await get_page(desk, "/readyz")

    assert (ready.status, ready.html) == (503, "not ready: the schema is behind\n")


async def test_while_draining_it_is_not_ready_but_serves(desk: Desk) -> None:
    app_of(desk)[DRAINING].set()

    ready = await get_page(desk, "/readyz")

    assert (ready.status, ready.html) == (503, "not ready: stopping\n")
    assert (await get_page(desk, "/")).status == 200
    assert (await get_page(desk, "/healthz")).status == 200


async def test_with_all_connections_in_use_it_is_not_ready(open_desk: OpenDesk) -> None:
    desk = await open_desk(pool_size=1, acquire_timeout=0.2)

    async with AsyncExitStack() as stack:
        await stack.enter_async_context(app_of(desk)[POOL].acquire())
        assert (await get_page(desk, "/readyz")).status == 503
        assert (await get_page(desk, "/healthz")).status == 200
    assert (await get_page(desk, "/readyz")).status == 200
