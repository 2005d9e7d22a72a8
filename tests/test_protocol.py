"""Requests whose bodies do not come to an end: answered, and their connections closed soon.

aiohttp waits for the rest of a body that nobody wants. Here it would wait for an hour, so that
what is closed is closed by the desk.
"""

import asyncio
from itertools import count

import pytest
from pytest_aiohttp import AiohttpClient, AiohttpServer

from tests.desk import Desk, OpenDesk, build_settings, get_page
from tests.wire import Wire, open_wire
from web import protocol
from web.app import create_app
from web.protocol import AUTO_DECOMPRESS, answer_mistakes

HOUR = 3600.0
# A guard: what is not closed would stay for an hour.
PATIENCE = 60
HOST = b"Host: 127.0.0.1\r\n"
POST = b"POST /brands HTTP/1.1\r\nContent-Type: application/x-www-form-urlencoded\r\n" + HOST
GET = b"GET /brands HTTP/1.1\r\n" + HOST
CHUNKED = b"Transfer-Encoding: chunked\r\n\r\n"


@pytest.fixture
async def desk(
    database_url: str, aiohttp_server: AiohttpServer, aiohttp_client: AiohttpClient
) -> Desk:
    settings = build_settings(request_timeout=0.3)
    app = create_app(settings, database_url)
    server = await aiohttp_server(app, auto_decompress=AUTO_DECOMPRESS, lingering_time=HOUR)
    assert server.runner is not None
    answer_mistakes(server.runner.server, settings.request_timeout)
    return await aiohttp_client(server)


async def send(wire: Wire, data: bytes) -> None:
    await asyncio.get_running_loop().sock_sendall(wire.socket, data)


async def keep_sending(wire: Wire) -> int:
    """Send a byte now and then until the desk takes no more, and return how many it took."""
    for taken in count():
        try:
            await send(wire, b"x")
        except OSError:
            return taken
        await asyncio.sleep(0.1)
    raise AssertionError


async def test_late_body_is_told_so_while_it_is_still_sent(desk: Desk) -> None:
    async with asyncio.timeout(PATIENCE), open_wire(desk) as wire:
        await send(wire, POST + b"Content-Length: 100000\r\n\r\nbrand_name=")
        sending = asyncio.ensure_future(keep_sending(wire))
        answer = await wire.rest()

        assert answer.startswith(b"HTTP/1.1 408 ")
        assert b"\r\nConnection: close\r\n" in answer
        assert b"did not arrive in time" in answer
        # Whoever goes on sending is cut off.
        await sending


async def test_late_body_is_told_that_nothing_follows_its_answer(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    # The desk would listen for as long, and the answer has its end all the same.
    monkeypatch.setattr(protocol, "_AFTER_TIMEOUT", HOUR)
    monkeypatch.setattr(protocol, "_MOST_SILENCE", HOUR)
    async with asyncio.timeout(PATIENCE), open_wire(desk) as wire:
        await send(wire, POST + b"Content-Length: 100000\r\n\r\nbrand_name=")

        assert (await wire.rest()).startswith(b"HTTP/1.1 408 ")
        await send(wire, b"Levis")


@pytest.mark.parametrize(
    ("before", "part"),
    [(b"", b""), (b"", GET[:-10]), (b"GET /healthz HTTP/1.1\r\n" + HOST + b"\r\n", GET[:-10])],
    ids=["nothing", "a part", "a part behind another one"],
)
async def test_head_that_does_not_come_is_not_waited_for(
    desk: Desk, before: bytes, part: bytes
) -> None:
    async with asyncio.timeout(PATIENCE), open_wire(desk) as wire:
        if before:
            await send(wire, before)
            await wire.body(int((await wire.head()).headers["content-length"]))
        await send(wire, part)

        assert await wire.rest() == b""


@pytest.mark.parametrize(
    ("request_", "status"),
    [
        (GET + b"Content-Length: 10\r\n\r\n", 200),
        (GET + CHUNKED + b"3\r\nabc\r\n", 200),
        (POST + b"Content-Length: 100000000\r\n\r\n", 413),
        (POST.replace(b"/brands", b"/nothing") + b"Content-Length: 10\r\n\r\n", 404),
    ],
    ids=["page", "page asked for in chunks", "too long", "nowhere"],
)
async def test_body_that_nobody_wants_and_that_does_not_come_is_not_waited_for(
    desk: Desk, request_: bytes, status: int
) -> None:
    async with asyncio.timeout(PATIENCE), open_wire(desk) as wire:
        await send(wire, request_)
        assert (await wire.head()).status == status
        await wire.rest()


async def test_body_that_nobody_wants_may_come_in_pieces(desk: Desk) -> None:
    async with asyncio.timeout(PATIENCE), open_wire(desk) as wire:
        await send(wire, GET + b"Content-Length: 100\r\n\r\n")
        first = await wire.head()
        await wire.body(int(first.headers["content-length"]))
        # For longer than the desk bears with silence.
        for _ in range(25):
            await send(wire, b"xxxx")
            await asyncio.sleep(0.1)
        # Once it is there the connection may rest.
        await asyncio.sleep(2.2)
        await wire.ask("/healthz")
        assert (await wire.head()).status == 200


@pytest.mark.parametrize("gap", [0, 0.001, 0.2], ids=["at once", "meanwhile", "afterwards"])
async def test_broken_chunks_of_a_page_close_its_connection(
    desk: Desk, gap: float, caplog: pytest.LogCaptureFixture
) -> None:
    async with asyncio.timeout(PATIENCE), open_wire(desk) as wire:
        await send(wire, GET + CHUNKED + b"3\r\nabc\r\n" + (b"" if gap else b"zz\r\n"))
        await asyncio.sleep(gap)
        if gap:
            await send(wire, b"zz\r\n")
        sending = asyncio.ensure_future(keep_sending(wire))
        # Once a page is out there is no other answer left than the end.
        assert (await wire.head()).status == (200 if gap else 400)
        await wire.rest()
        assert await sending < 10
    assert [record for record in caplog.records if record.exc_info] == []
    assert (await get_page(desk, "/brands")).status == 200


async def test_whole_body_is_not_spoiled_by_what_comes_behind_it(open_desk: OpenDesk) -> None:
    desk = await open_desk()
    async with asyncio.timeout(PATIENCE), open_wire(desk) as wire:
        await send(wire, POST + b"Content-Length: 16\r\n\r\nbrand_")
        # By then it is being read.
        await asyncio.sleep(0.1)
        await send(wire, b"name=Levis" + b"no request\r\n\r\n")

        assert (await wire.head()).status == 303
        assert b" 400 Bad Request\r\n" in await wire.rest()
