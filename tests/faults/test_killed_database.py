"""PostgreSQL is killed while people save: what was acknowledged is there once, nothing twice."""

import asyncio
import re
import time
from dataclasses import dataclass, field

import asyncpg
from pytest_aiohttp import AiohttpClient, AiohttpServer

from tests.database.test_counts import assert_counts
from tests.desk import Desk, build_settings, get_page, post_form
from tests.faults.conftest import sized
from tests.faults.server import Server
from tests.figures import Note
from web.app import create_app
from web.database.migrations import migrate

POSTS = sized(200, 500, 1000)
CLIENTS = 8
# After so many acknowledged posts the server is killed.
KILLS = range(40, POSTS, POSTS // sized(2, 4, 10))
MOST_TRIES = 300

# A longer COMMIT is more likely to be the moment of the kill.
SLOW_COMMIT = """
    create function sleep_at_commit() returns trigger
    language plpgsql as $$ begin perform pg_sleep(0.02); return null; end $$;
    create constraint trigger slow_commit after insert on product
    deferrable initially deferred for each row execute function sleep_at_commit();
"""


@dataclass
class Record:
    """What the clients were told."""

    locations: dict[int, str] = field(default_factory=dict)
    statuses: list[int] = field(default_factory=list)
    # Seconds from the server's return to the next acknowledged post.
    waits: list[float] = field(default_factory=list)


async def post(desk: Desk, number: int) -> tuple[int, str | None]:
    page = await post_form(
        desk,
        "/products",
        {
            "product_name": f"Product {number}",
            "brand_id": "1",
            "idempotency_key": f"key-{number}",
        },
    )
    return page.status, page.headers.get("Location")


async def save(desk: Desk, number: int, record: Record) -> None:
    """Send a form as often as the answer says that it was not saved, or not for certain."""
    for _ in range(MOST_TRIES):
        status, location = await post(desk, number)
        record.statuses.append(status)
        if location is not None:
            assert status == 303
            record.locations[number] = location
            return
        assert status in {409, 503}
        await asyncio.sleep(0.1)
    raise AssertionError(f"post {number} was never acknowledged")


async def kill_and_start_again(server: Server, desk: Desk, record: Record) -> None:
    for count in KILLS:
        while len(record.locations) < count:  # noqa: ASYNC110 - it happens elsewhere
            await asyncio.sleep(0.005)
        server.kill()
        await asyncio.sleep(0.2)
        for path in ("/", "/brands", "/products"):
            page = await get_page(desk, path)
            assert page.status == 503
            assert int(page.headers["Retry-After"]) > 0
        await asyncio.to_thread(server.start)
        before, started = len(record.locations), time.perf_counter()
        while len(record.locations) == before:  # noqa: ASYNC110 - likewise
            await asyncio.sleep(0.005)
        record.waits.append(time.perf_counter() - started)


async def test_what_was_acknowledged_is_there_exactly_once(
    server: Server, aiohttp_server: AiohttpServer, aiohttp_client: AiohttpClient, note: Note
) -> None:
    await migrate(server.url)
    connection = await asyncpg.connect(server.url)
    await connection.execute(SLOW_COMMIT)
    await connection.execute("insert into brand (brand_id, brand_name) values (1, 'Levis')")
    await connection.close()
    desk: Desk = await aiohttp_client(
        await aiohttp_server(create_app(build_settings(), server.url))
    )
    numbers, record = iter(range(1, POSTS + 1)), Record()

    async def client() -> None:
        for number in numbers:
            await save(desk, number, record)

    await asyncio.gather(
        kill_and_start_again(server, desk, record), *(client() for _ in range(CLIENTS))
    )

    assert len(record.locations) == POSTS
    assert record.statuses.count(503) >= len(KILLS), "nobody noticed the kill"
    again = {number: (await post(desk, number))[1] for number in range(1, POSTS + 1)}
    assert again == record.locations

    connection = await asyncpg.connect(server.url)
    products = await connection.fetch("select product_id, product_name from product")
    saved = {row["product_id"]: row["product_name"] for row in products}
    assert sorted(saved.values()) == sorted(f"Product {number}" for number in record.locations)
    for number, location in record.locations.items():
        found = re.match(r"/products/(\d+)\?", location)
        assert found
        assert saved[int(found[1])] == f"Product {number}"
    history = await connection.fetch(
        "select row_id, after ->> 'product_name' from history where noun = 'product'"
    )
    assert sorted(map(tuple, history)) == sorted(saved.items())
    assert await connection.fetchval("select count(*) from change_set") == 1 + POSTS
    assert await connection.fetchval("select count(*) from idempotency_key") == POSTS
    await assert_counts(connection)
    await connection.close()
    note(
        f"kill -9 of PostgreSQL during {POSTS:,} posts, {len(KILLS)} times",
        f"{len(record.locations):,} acknowledged, each there once, none half there; pages 503 "
        f"with Retry-After; writes work {max(record.waits):.2f} s after it is back, at most",
        limit="no acknowledged change lost, none half there; pages answer 503 with Retry-After; "
        "writes work within 1 s after it is back",
        met=max(record.waits) <= 1.0,
    )
