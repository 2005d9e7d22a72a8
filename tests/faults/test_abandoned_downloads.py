"""Downloads that are abandoned at random points leave nothing behind."""

import asyncio
import random
import socket
import struct
import time

import asyncpg
import psutil

from tests.cli.conftest import Home, RunningDesk, Serve
from tests.desk import CatalogMaker
from tests.downloads.watching import PATIENCE, backends_in_transaction, slots_taken, until
from tests.faults.conftest import sized
from tests.figures import Note

DOWNLOADS = sized(60, 300, 1000)
CLIENTS = 8
WARM_UP = 40
# The CSV has about 8 MB.
MOST_BYTES = 2_000_000
MOST_GROWTH = 16 * 2**20
# Of asyncio and asyncpg, about what nobody waited for any more.
COMPLAINTS = ("Traceback", "never retrieved", "connection_lost", "Resetting connection")


async def abandon(desk: RunningDesk, chance: random.Random) -> bool:
    """Begin a download and leave somewhere in it; return whether there was a slot for it."""
    loop = asyncio.get_running_loop()
    stops_at = chance.choice([0, chance.randrange(2000), chance.randrange(MOST_BYTES)])
    by_reset = chance.random() < 0.5
    with socket.socket() as reader:
        reader.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        reader.setblocking(False)
        await loop.sock_connect(reader, (desk.host, desk.port))
        await loop.sock_sendall(reader, b"GET /skus.csv HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n")
        got = 0
        if stops_at == 0:
            await asyncio.sleep(chance.random() * 0.02)
        while got < stops_at:
            data = await loop.sock_recv(reader, 65536)
            if got == 0 and data.startswith(b"HTTP/1.1 503"):
                return False
            assert data, "the desk ended the download"
            got += len(data)
        if by_reset:
            reader.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    return True


async def abandon_many(desk: RunningDesk, count: int, seed: int) -> None:
    chance = random.Random(seed)  # noqa: S311 - where they stop is no secret
    left = iter(range(count))

    async def client() -> None:
        for _ in left:
            while not await abandon(desk, chance):  # noqa: ASYNC110 - somebody else has the slots
                await asyncio.sleep(0.01)

    async with asyncio.TaskGroup() as group:
        for _ in range(CLIENTS):
            group.create_task(client())


async def test_abandoned_downloads_leave_nothing_behind(
    filled_home: Home, serve: Serve, note: Note
) -> None:
    desk = await asyncio.to_thread(serve, filled_home)
    process = psutil.Process(desk.process.pid)
    connection = await asyncpg.connect(filled_home.url())
    catalog = CatalogMaker(connection)

    async def freed() -> bool:
        return not await slots_taken(catalog) and not await backends_in_transaction(catalog)

    await abandon_many(desk, WARM_UP, seed=1)
    await until(freed)
    before = process.memory_info().rss
    await abandon_many(desk, DOWNLOADS, seed=2)
    ended = time.perf_counter()
    await until(freed, PATIENCE)
    seconds = time.perf_counter() - ended
    growth = process.memory_info().rss - before

    assert growth <= MOST_GROWTH
    log = (filled_home.folder / "log").read_text(encoding="utf-8")
    assert [said for said in COMPLAINTS if said in log] == []
    async with asyncio.timeout(PATIENCE):
        status, text = await asyncio.to_thread(desk.get, "/skus.csv")
    assert status == 200
    assert text.count("\n") == 100_001
    await connection.close()
    note(
        f"{DOWNLOADS:,} downloads abandoned at random points, half by FIN, half by RST",
        f"slots and transactions free after {seconds:.2f} s, no traceback, "
        f"memory {growth / 2**20:+.1f} MiB",
        limit="all slots free within 1 s, no transaction left open, no traceback, memory +16 MiB "
        "at most",
        met=seconds <= 1.0,
    )
