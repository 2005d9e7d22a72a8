"""Clients that stop reading, and clients whose requests never come to an end."""

import asyncio
import time
from contextlib import AsyncExitStack
from itertools import cycle
from typing import Any

import pytest

from tests.desk import CatalogMaker, Desk, OpenDesk, get_page
from tests.downloads.conftest import LARGE_SKUS
from tests.downloads.watching import until_freed
from tests.faults.conftest import sized
from tests.figures import Note
from tests.wire import Wire, open_wire
from web.settings import Settings

SLOTS = 8
CLIENTS = sized(10, 50, 200)
SLOW_POST = (
    b"POST /brands HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 100000\r\n"
    b"Content-Type: application/x-www-form-urlencoded\r\n\r\nbrand_name="
)
# As a desk has it that nobody has set: its limit is what the drill looks at.
STALL_SECONDS: float = Settings.model_fields["download_stall_timeout"].default
REQUEST_SECONDS = float(sized(1, 5, 10))
PAGES = ["/brands", "/products/1", "/skus?brand_id=1"]


@pytest.fixture
def database_url(large_database_url: str) -> str:
    return large_database_url


async def pages_until(desk: Desk, over: "asyncio.Future[Any]") -> tuple[list[float], float]:
    """Open pages one after the other until something is over.

    Returns:
        How long each took, and when it was over.
    """
    ended: list[float] = []
    over.add_done_callback(lambda _: ended.append(time.perf_counter()))
    seconds: list[float] = []
    for path in cycle(PAGES):
        started = time.perf_counter()
        assert (await get_page(desk, path)).status == 200
        seconds.append(time.perf_counter() - started)
        if ended:
            break
        await asyncio.sleep(0.02)
    await over
    return seconds, ended[0]


def told(seconds: list[float]) -> str:
    return f"slowest of {len(seconds):,} pages meanwhile {max(seconds) * 1000:.0f} ms"


async def test_twice_as_many_stalled_readers_as_slots(
    open_desk: OpenDesk, catalog: CatalogMaker, note: Note
) -> None:
    desk = await open_desk(download_slots=SLOTS)
    async with AsyncExitStack() as stack:
        wires = [await stack.enter_async_context(open_wire(desk)) for _ in range(2 * SLOTS)]
        statuses = []
        for wire in wires:
            await wire.ask("/skus.csv")
            statuses.append((await wire.head()).status)
        stalled = time.perf_counter()
        freed = asyncio.ensure_future(until_freed(desk, catalog, patience=3 * STALL_SECONDS + 20))
        pages, ended = await pages_until(desk, freed)
        seconds = ended - stalled

    # A slow machine may have freed some before the last had asked.
    assert statuses[:SLOTS] == [200] * SLOTS
    assert set(statuses) <= {200, 503}
    assert (await (await desk.get("/skus.ndjson")).read()).count(b"\n") == LARGE_SKUS
    note(
        f"{2 * SLOTS} readers that stop reading, on {SLOTS} slots "
        f"(broken off after {STALL_SECONDS:g} s)",
        f"slots back after {seconds:.1f} s, {told(pages)}",
        limit="pages keep answering, slots back within 10 s",
        met=seconds <= 10.0,
    )


async def drip(wire: Wire, data: bytes) -> None:
    """Send a byte now and then, until the desk takes no more."""
    loop = asyncio.get_running_loop()
    try:
        for number in range(len(data)):
            await loop.sock_sendall(wire.socket, data[number : number + 1])
            await asyncio.sleep(0.05)
    except OSError:
        return


async def send_slowly(desk: Desk, begin: bytes, rest: bytes) -> bytes:
    """Send a request whose rest drips, and return what the desk says before it closes."""
    async with open_wire(desk) as wire:
        await asyncio.get_running_loop().sock_sendall(wire.socket, begin)
        dripping = asyncio.ensure_future(drip(wire, rest))
        try:
            return await wire.rest()
        finally:
            dripping.cancel()


@pytest.mark.parametrize(
    ("what", "begin", "answer"),
    [
        ("headers", b"GET /brands HTTP/1.1\r\nX-Slow: ", b""),
        (
            "bodies",
            SLOW_POST,
            b"HTTP/1.1 408 ",
        ),
    ],
)
async def test_requests_that_never_end_are_closed(
    open_desk: OpenDesk, catalog: CatalogMaker, note: Note, what: str, begin: bytes, answer: bytes
) -> None:
    desk = await open_desk(request_timeout=REQUEST_SECONDS)
    before = await catalog.value("select count(*) from brand")
    started = time.perf_counter()
    async with asyncio.timeout(60):
        slow = asyncio.gather(*(send_slowly(desk, begin, b"x" * 5000) for _ in range(CLIENTS)))
        pages, ended = await pages_until(desk, slow)
    seconds = ended - started

    for said in slow.result():
        assert said.startswith(answer)
        assert bool(said) is bool(answer)
    assert await catalog.value("select count(*) from brand") == before
    note(
        f"{CLIENTS} clients with slow {what} (given {REQUEST_SECONDS:g} s)",
        f"the last was closed after {seconds:.1f} s, {told(pages)}",
        limit=f"pages keep answering, slow {what} closed",
    )


async def test_connection_may_rest_between_requests(open_desk: OpenDesk) -> None:
    desk = await open_desk(request_timeout=0.3)
    async with open_wire(desk) as wire:
        for _ in range(3):
            await wire.ask("/healthz", keep=True)
            head = await wire.head()
            assert head.status == 200
            await wire.body(int(head.headers["content-length"]))
            await asyncio.sleep(0.6)
