"""run.py: stopping the desk, gently and not."""

import asyncio
import contextlib
import signal
import socket
import time

import aiohttp
import asyncpg
import pytest

from tests.cli.conftest import PATIENCE, Home, RunningDesk, Serve
from web.database.postmaster import find_postmaster

BOTH = pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
ALONE_AND_TOGETHER = pytest.mark.parametrize("workers", ["1", "2"])


async def _until_it_stops_listening(desk: RunningDesk) -> None:
    async with asyncio.timeout(PATIENCE):
        while True:
            try:
                _, writer = await asyncio.open_connection(desk.host, desk.port)
            except OSError:
                return
            writer.close()
            with contextlib.suppress(OSError):
                await writer.wait_closed()
            await asyncio.sleep(0.05)


@BOTH
@ALONE_AND_TOGETHER
async def test_running_request_finishes(
    filled_home: Home, serve: Serve, number: signal.Signals, workers: str
) -> None:
    desk = serve(filled_home, HANGTAG_WORKERS=workers)
    connection = await asyncpg.connect(filled_home.url())
    async with aiohttp.ClientSession() as client:
        transaction = connection.transaction()
        await transaction.start()
        await connection.execute("lock table brand")
        running = asyncio.ensure_future(client.get(f"http://127.0.0.1:{desk.port}/brands"))
        while not await connection.fetchval("select count(*) from pg_locks where not granted"):  # noqa: ASYNC110
            await asyncio.sleep(0.02)

        desk.send(number)
        await _until_it_stops_listening(desk)
        assert not running.done()
        await transaction.rollback()
        response = await running
        assert response.status == 200
        assert "</html>" in await response.text()
    await connection.close()

    assert await asyncio.to_thread(desk.wait) == 0
    assert not filled_home.has_server()


@BOTH
@ALONE_AND_TOGETHER
async def test_running_download_is_broken_off_so_that_its_reader_knows(
    filled_home: Home, serve: Serve, number: signal.Signals, workers: str
) -> None:
    desk = serve(
        filled_home,
        HANGTAG_WORKERS=workers,
        HANGTAG_SHUTDOWN_TIMEOUT="0.5",
        HANGTAG_DOWNLOAD_STALL_TIMEOUT="600",
    )
    slow = socket.socket()
    slow.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    slow.setblocking(False)
    await asyncio.get_running_loop().sock_connect(slow, (desk.host, desk.port))
    reader, writer = await asyncio.open_connection(sock=slow, limit=4096)
    writer.write(b"GET /skus.csv HTTP/1.1\r\nHost: localhost\r\n\r\n")
    head = await reader.readuntil(b"\r\n\r\n")
    assert b"Transfer-Encoding: chunked" in head

    desk.send(number)

    # It ends although nobody reads, and what is read then is no whole body.
    assert await asyncio.to_thread(desk.wait) == 0
    assert not filled_home.has_server()
    body = b""
    with contextlib.suppress(ConnectionResetError):
        while part := await reader.read(65536):
            body += part
    assert body.count(b"\r\n") < 100_000
    assert not body.endswith(b"0\r\n\r\n")
    writer.close()


@ALONE_AND_TOGETHER
async def test_finished_download_is_whole_although_the_end_was_near(
    filled_home: Home, serve: Serve, workers: str
) -> None:
    desk = serve(filled_home, HANGTAG_SHUTDOWN_TIMEOUT="60", HANGTAG_WORKERS=workers)
    async with aiohttp.ClientSession() as client:
        response = await client.get(f"http://127.0.0.1:{desk.port}/skus.csv")
        first = await response.content.readany()

        desk.send(signal.SIGTERM)
        await _until_it_stops_listening(desk)
        body = first + await response.read()

    assert body.count(b"\r\n") == 100_001
    assert await asyncio.to_thread(desk.wait) == 0


@ALONE_AND_TOGETHER
def test_postgresql_begins_to_write_down_what_it_holds_before_it_is_stopped(
    filled_home: Home, serve: Serve, workers: str
) -> None:
    log = filled_home.data_dir / "postgresql.log"
    desk = serve(filled_home, HANGTAG_WORKERS=workers)
    assert desk.create_brand("Levis") == 303
    before = len(log.read_text(encoding="utf-8"))

    assert desk.stop() == 0

    said = log.read_text(encoding="utf-8")[before:]
    assert 0 <= said.find("checkpoint starting") < said.find("received fast shutdown request")
    assert not filled_home.has_server()


async def test_before_it_stops_it_says_so_and_still_serves(filled_home: Home, serve: Serve) -> None:
    desk = serve(filled_home, HANGTAG_DRAIN_DELAY="3")
    assert desk.get("/readyz") == (200, "ready\n")

    desk.send(signal.SIGTERM)
    async with asyncio.timeout(PATIENCE):
        while desk.get("/readyz") == (200, "ready\n"):  # noqa: ASYNC110
            await asyncio.sleep(0.02)

    assert desk.get("/readyz") == (503, "not ready: stopping\n")
    assert desk.get("/brands")[0] == 200
    assert desk.get("/healthz")[0] == 200
    assert desk.wait() == 0
    assert not filled_home.has_server()


@BOTH
@ALONE_AND_TOGETHER
def test_later_signals_do_no_harm_whenever_they_come(
    filled_home: Home, serve: Serve, number: signal.Signals, workers: str
) -> None:
    desk = serve(filled_home, HANGTAG_DRAIN_DELAY="0.5", HANGTAG_WORKERS=workers)

    while desk.process.poll() is None:
        desk.send(number)
        time.sleep(0.01)

    assert desk.wait() == 0
    assert not filled_home.has_server()


def test_after_kill_9_the_next_start_takes_over(filled_home: Home, serve: Serve) -> None:
    desk = serve(filled_home)
    assert desk.create_brand("Levis") == 303
    desk.process.kill()
    desk.wait()
    assert filled_home.has_server()

    desk = serve(filled_home)

    assert desk.create_brand("Levis") == 409
    assert desk.get("/")[0] == 200
    assert desk.stop() == 0
    assert not filled_home.has_server()


def test_second_desk_shares_the_server_and_the_last_one_stops_it(
    filled_home: Home, serve: Serve
) -> None:
    first, second = serve(filled_home), serve(filled_home)
    assert first.create_brand("Levis") == 303

    assert first.stop() == 0
    assert filled_home.has_server()
    assert second.create_brand("Levis") == 409

    assert second.stop() == 0
    assert not filled_home.has_server()


def test_crash_of_postgresql_is_told_and_mended_by_the_next_start(
    filled_home: Home, serve: Serve
) -> None:
    desk = serve(filled_home, HANGTAG_ACQUIRE_TIMEOUT="1")
    assert desk.create_brand("Levis") == 303
    postmaster = find_postmaster(filled_home.data_dir / "postgresql")
    assert postmaster is not None
    postmaster.process.kill()
    postmaster.process.wait(PATIENCE)

    assert desk.get("/")[0] == 503
    assert desk.get("/readyz")[0] == 503
    assert desk.get("/healthz")[0] == 200
    assert desk.stop() == 0

    desk = serve(filled_home)
    assert desk.create_brand("Levis") == 409
    assert desk.stop() == 0
    assert not filled_home.has_server()
