"""Connections go back into the pool as they are, so nothing may leave a trace in a session."""

from tests.desk import CatalogMaker, OpenDesk, app_of, get_page, post_form
from web.database.pool import fetch
from web.database.queries import Query
from web.keys import DOWNLOAD_POOL, POOL

# Everything that a session can keep beyond a transaction, prepared statements apart.
STATE = Query(
    "session state",
    """
    select 'setting ' || name || '=' || setting from pg_settings
    -- jit: asyncpg turns it off and on again around its own look at types.
    where source = 'session' and name not in ('application_name', 'jit')
    union all
    select 'lock' from pg_locks where locktype = 'advisory' and pid = pg_backend_pid()
    union all
    select 'channel ' || channel from pg_listening_channels() as channel
    union all
    select 'cursor ' || name from pg_cursors where is_holdable
    union all
    select 'table ' || relname from pg_class where relnamespace = pg_my_temp_schema()
    union all
    select 'hangtag.' || name
    from unnest(
        array[
            'request_id', 'person', 'address', 'undoes', 'change_set', 'counter',
            'counted_change_set', 'bulk'
        ]
    ) as name
    where current_setting('hangtag.' || name, true) <> ''
    """,
)


async def test_no_request_leaves_a_trace_in_its_connection(
    open_desk: OpenDesk, catalog: CatalogMaker
) -> None:
    desk = await open_desk(pool_size=1, download_slots=1)
    product_id = await catalog.product("Jacket", await catalog.brand("Levis"))
    await catalog.skus(product_id, 3)
    for path in (
        "/",
        "/brands?q=lev&sort=skus",
        "/brands/1",
        "/products",
        f"/products/{product_id}",
        "/skus?color_id=1",
        "/changes/1",
        "/history?noun=brand&since=2026-01-01",
        "/readyz",
        "/brands/999",
        "/skus.csv",
        "/skus.ndjson",
        "/brands.csv",
        "/products.csv",
    ):
        await get_page(desk, path)
    for names in ("Lee\nWrangler", "levis", "Lee\nMustang", ""):
        await post_form(desk, "/brands", {"brand_name": names})
    for change in ("2", "3", "4", "77"):
        await post_form(desk, f"/changes/{change}/undo", {})

    app = app_of(desk)
    for key in (POOL, DOWNLOAD_POOL):
        async with app[key].acquire() as connection:
            assert await fetch(connection, STATE) == []


async def test_the_look_at_a_session_sees_what_is_left_there(
    open_desk: OpenDesk,
) -> None:
    desk = await open_desk(pool_size=1)
    app = app_of(desk)
    async with app[POOL].acquire() as connection:
        await connection.execute("set statement_timeout = 12345; select pg_advisory_lock(7)")
    async with app[POOL].acquire() as connection:
        left = {row[0] for row in await fetch(connection, STATE)}
    assert left == {"setting statement_timeout=12345", "lock"}
