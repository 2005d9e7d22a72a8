"""SIGTERM while people download and save: an end in time, and nothing untrue was said."""

import asyncio
import contextlib
import signal
import socket
import time
from dataclasses import dataclass, field

import aiohttp
import asyncpg

from tests.cli.conftest import PATIENCE, Home, Serve
from tests.faults.conftest import sized
from tests.faults.server import Server
from tests.figures import Note
from web.database.migrations import migrate

CLIENTS = sized(8, 20, 20)
ROUNDS = sized(1, 2, 5)
# As long as what runs is given at the end, in seconds.
STATED = 3
# Before the signal.
FIRST_POSTS = 40


@dataclass
class Saved:
    """What the posting clients were told."""

    names: list[str] = field(default_factory=list)
    in_doubt: int = 0


async def post_brands(base: str, client_number: str, saved: Saved) -> None:
    """Save brands one after the other, until the desk is gone."""
    async with aiohttp.ClientSession() as session:
        number = 0
        while True:
            number += 1
            name = f"Brand {client_number} {number}"
            try:
                async with session.post(
                    f"{base}/brands", data={"brand_name": name}, allow_redirects=False
                ) as response:
                    if response.status == 303:
                        saved.names.append(name)
            except aiohttp.ClientConnectorError:
                return
            except (aiohttp.ClientError, OSError):
                saved.in_doubt += 1


async def open_stalled_download(host: str, port: int) -> socket.socket:
    """Begin a download and take no more than its beginning."""
    loop = asyncio.get_running_loop()
    reader = socket.socket()
    reader.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    reader.setblocking(False)
    await loop.sock_connect(reader, (host, port))
    await loop.sock_sendall(reader, b"GET /skus.csv HTTP/1.1\r\nHost: localhost\r\n\r\n")
    assert (await loop.sock_recv(reader, 1024)).startswith(b"HTTP/1.1 200")
    return reader


async def rest_of(reader: socket.socket) -> bytes:
    raw = b""
    with contextlib.suppress(ConnectionResetError), reader:
        while data := await asyncio.get_running_loop().sock_recv(reader, 65536):
            raw += data
    return raw


def said(home: Home) -> str:
    return (home.folder / "log").read_text(encoding="utf-8")


async def test_sigterm_during_downloads_and_posts(
    filled_home: Home, serve: Serve, note: Note
) -> None:
    saved, exits, broken = Saved(), list[float](), 0
    for round_number in range(ROUNDS):
        desk = await asyncio.to_thread(
            lambda: serve(
                filled_home,
                HANGTAG_DOWNLOAD_SLOTS=str(CLIENTS),
                HANGTAG_SHUTDOWN_TIMEOUT=str(STATED),
                HANGTAG_DOWNLOAD_STALL_TIMEOUT="600",
            )
        )
        readers = [await open_stalled_download(desk.host, desk.port) for _ in range(CLIENTS)]
        base, before = f"http://127.0.0.1:{desk.port}", len(saved.names)
        posting = [
            asyncio.ensure_future(post_brands(base, f"{round_number} {client}", saved))
            for client in range(CLIENTS)
        ]
        async with asyncio.timeout(PATIENCE):
            while len(saved.names) < before + FIRST_POSTS:  # noqa: ASYNC110 - it happens elsewhere
                await asyncio.sleep(0.01)

        stopped = time.perf_counter()
        desk.process.send_signal(signal.SIGTERM)
        assert await asyncio.to_thread(desk.wait) == 0
        exits.append(time.perf_counter() - stopped)

        await asyncio.gather(*posting)
        for reader in readers:
            raw = await rest_of(reader)
            assert not raw.endswith(b"0\r\n\r\n"), "a part was passed off as the whole"
            assert b"HTTP/1.1" not in raw
            broken += 1
        assert not filled_home.has_server()

    assert "Traceback" not in said(filled_home)
    desk = await asyncio.to_thread(serve, filled_home)
    connection = await asyncpg.connect(filled_home.url())
    kept = await connection.fetch("select brand_name from brand where brand_name like 'Brand %'")
    await connection.close()
    names = [row[0] for row in kept]
    assert set(saved.names) <= set(names)
    assert len(names) <= len(saved.names) + saved.in_doubt
    note(
        f"SIGTERM with {CLIENTS} downloads and {CLIENTS} posting clients, "
        f"HANGTAG_SHUTDOWN_TIMEOUT={STATED}, {ROUNDS} times",
        f"ended after {max(exits):.2f} s at most, PostgreSQL included; all "
        f"{len(saved.names):,} acknowledged posts kept; {broken} downloads, each seen as broken",
        limit=f"ended within {STATED + 1} s, acknowledged posts kept, broken downloads seen as "
        "broken",
        met=max(exits) <= STATED + 1,
    )


async def test_sigterm_while_postgresql_is_frozen(
    home: Home, server: Server, serve: Serve, note: Note
) -> None:
    await migrate(server.url)
    desk = await asyncio.to_thread(
        lambda: serve(
            home,
            DATABASE_URL=server.url,
            HANGTAG_SHUTDOWN_TIMEOUT=str(STATED),
            HANGTAG_QUERY_TIMEOUT="600",
            HANGTAG_ACQUIRE_TIMEOUT="600",
        )
    )
    base, saved = f"http://127.0.0.1:{desk.port}", Saved()
    posting = [asyncio.ensure_future(post_brands(base, str(i), saved)) for i in range(CLIENTS)]
    async with asyncio.timeout(PATIENCE):
        while len(saved.names) < CLIENTS:  # noqa: ASYNC110 - it happens elsewhere
            await asyncio.sleep(0.01)

    with server.frozen():
        await asyncio.sleep(0.2)  # until all wait for an answer, as good as surely
        told = len(saved.names)
        stopped = time.perf_counter()
        desk.process.send_signal(signal.SIGTERM)
        assert await asyncio.to_thread(desk.wait) == 0
        took = time.perf_counter() - stopped
        await asyncio.gather(*posting)
    assert len(saved.names) == told, "it was said to be saved, and nobody could know"
    assert "Traceback" not in said(home)
    note(
        f"SIGTERM with {CLIENTS} posting clients while PostgreSQL is frozen, "
        f"HANGTAG_SHUTDOWN_TIMEOUT={STATED}",
        f"ended after {took:.2f} s",
        limit=f"ended within {STATED + 1} s",
        met=took <= STATED + 1,
    )
