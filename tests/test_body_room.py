"""Large bodies at once: as many as there is room for, and the others wait or are told to."""

import asyncio
from collections.abc import Awaitable, Callable

import pytest
from pytest_aiohttp import AiohttpClient, AiohttpServer

from tests.desk import CatalogMaker, Desk, app_of, build_settings, get_page, post_form
from tests.downloads.watching import until
from tests.page import Page
from tests.wire import Wire, open_wire
from web import body_room
from web.app import create_app
from web.body_room import FREE_BYTES, BodyRoom
from web.keys import BODY_ROOM
from web.protocol import AUTO_DECOMPRESS, answer_mistakes

LARGE = "+" * (FREE_BYTES + 1000)
PATIENCE = 60

OpenSmallDesk = Callable[..., Awaitable[Desk]]


@pytest.fixture
def open_small_desk(
    database_url: str, aiohttp_server: AiohttpServer, aiohttp_client: AiohttpClient
) -> OpenSmallDesk:
    """Serve a desk that has room for so many large bodies of the tests."""

    async def opened(bodies: int, **settings: object) -> Desk:
        app = create_app(build_settings(**settings), database_url)
        app[BODY_ROOM] = BodyRoom(int((bodies + 0.5) * len(LARGE)))
        server = await aiohttp_server(app, auto_decompress=AUTO_DECOMPRESS)
        assert server.runner is not None
        answer_mistakes(server.runner.server)
        return await aiohttp_client(server)

    return opened


async def save(desk: Desk, name: str) -> Page:
    """Send a large form: its spaces are trimmed."""
    return await post_form(desk, "/brands", f"brand_name={name}{LARGE}")


async def begin(desk: Desk, wire: Wire, size: int = FREE_BYTES + 500) -> bytes:
    """Send a large form as far as that, and return its rest."""
    body = f"brand_name=Lee{LARGE}".encode()
    head = (
        "POST /brands HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n"
        "Content-Type: application/x-www-form-urlencoded\r\n"
        f"Content-Length: {len(body)}\r\n\r\n"
    )
    await send(wire, head.encode() + body[:size])
    if size > FREE_BYTES:
        await until(lambda: taken(desk))
    return body[size:]


async def send(wire: Wire, data: bytes) -> None:
    await asyncio.get_running_loop().sock_sendall(wire.socket, data)


async def taken(desk: Desk) -> bool:
    return app_of(desk)[BODY_ROOM].taken > 0


async def test_body_without_room_is_a_503_and_small_ones_need_none(
    open_small_desk: OpenSmallDesk, catalog: CatalogMaker, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(body_room, "_PATIENCE", 0.2)
    desk = await open_small_desk(1)
    async with asyncio.timeout(PATIENCE), open_wire(desk) as wire:
        rest = await begin(desk, wire)

        refused = await save(desk, "Levis")
        assert refused.status == 503
        assert int(refused.headers["Retry-After"]) > 0
        assert "Too much is being sent at the same time." in refused.text
        assert (await post_form(desk, "/brands", {"brand_name": "Wrangler"})).status == 303
        assert (await get_page(desk, "/brands")).status == 200

        await send(wire, rest)
        assert (await wire.head()).status == 303
    assert (await save(desk, "Levis")).status == 303
    assert app_of(desk)[BODY_ROOM].taken == 0
    names = await catalog.column("select brand_name from brand order by brand_id")
    assert names == ["Wrangler", "Lee", "Levis"]


async def test_body_waits_until_another_one_has_left(
    open_small_desk: OpenSmallDesk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(body_room, "_PATIENCE", 3600.0)
    desk = await open_small_desk(1)
    async with asyncio.timeout(PATIENCE), open_wire(desk) as wire:
        await begin(desk, wire)
        waiting = [asyncio.ensure_future(save(desk, name)) for name in ("Levis", "Wrangler")]
        await asyncio.sleep(0.3)
        assert not any(one.done() for one in waiting)

        # One that leaves while it waits keeps nobody behind it waiting.
        waiting.pop(0).cancel()
        wire.reset()
        assert [(await one).status for one in waiting] == [303]
    assert app_of(desk)[BODY_ROOM].taken == 0


async def test_body_whose_end_does_not_come_in_time_gives_its_room_back(
    open_small_desk: OpenSmallDesk,
) -> None:
    desk = await open_small_desk(1, request_timeout=1.0)
    async with asyncio.timeout(PATIENCE), open_wire(desk) as wire:
        await begin(desk, wire)
        assert (await wire.head()).status == 408
    assert app_of(desk)[BODY_ROOM].taken == 0
    assert (await save(desk, "Levis")).status == 303


async def test_as_many_as_there_is_room_for_are_taken_at_once(
    open_small_desk: OpenSmallDesk,
) -> None:
    desk = await open_small_desk(2)
    async with asyncio.timeout(PATIENCE), open_wire(desk) as wire:
        await begin(desk, wire)
        pages = [await save(desk, name) for name in ("Levis", "Wrangler")]
    assert [page.status for page in pages] == [303, 303]


async def test_what_only_says_that_it_is_large_takes_no_room(
    open_small_desk: OpenSmallDesk,
) -> None:
    desk = await open_small_desk(1)
    async with asyncio.timeout(PATIENCE), open_wire(desk) as wire:
        await begin(desk, wire, size=1000)
        assert (await save(desk, "Levis")).status == 303


async def test_body_that_does_not_say_how_large_it_is_takes_all_it_may_need(
    open_small_desk: OpenSmallDesk,
) -> None:
    desk = await open_small_desk(1)
    body = f"brand_name=Lee{LARGE}".encode()
    head = (
        "POST /brands HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n"
        "Content-Type: application/x-www-form-urlencoded\r\nTransfer-Encoding: chunked\r\n\r\n"
        f"{len(body):x}\r\n"
    )
    async with asyncio.timeout(PATIENCE), open_wire(desk) as wire:
        await send(wire, head.encode() + body)
        await until(lambda: taken(desk))
        assert app_of(desk)[BODY_ROOM].taken == int(1.5 * len(LARGE))

        await send(wire, b"\r\n0\r\n\r\n")
        assert (await wire.head()).status == 303


async def test_largest_body_of_all_is_taken_in_any_room(open_small_desk: OpenSmallDesk) -> None:
    desk = await open_small_desk(0)
    assert (await save(desk, "Levis")).status == 303


async def turns() -> None:
    for _ in range(10):
        await asyncio.sleep(0)


async def test_room_is_given_in_the_order_in_which_it_was_asked_for() -> None:
    room = BodyRoom(100)

    async def hold(size: int) -> None:
        await room.take(size)
        await asyncio.sleep(3600)

    holding = asyncio.ensure_future(hold(60))
    await turns()
    large, small, last = (asyncio.ensure_future(hold(size)) for size in (70, 30, 50))
    await turns()
    # There would be room for the small one, but the other one was first.
    assert room.taken == 60

    large.cancel()
    await turns()
    assert room.taken == 60 + 30

    holding.cancel()
    await turns()
    assert room.taken == 30 + 50

    small.cancel()
    last.cancel()
    await turns()
    assert room.taken == 0


async def test_one_that_leaves_at_the_moment_of_its_turn_takes_no_room() -> None:
    room, leaving = BodyRoom(100), asyncio.Event()

    async def hold() -> None:
        await room.take(100)
        await leaving.wait()

    holding, waiting = asyncio.ensure_future(hold()), asyncio.ensure_future(hold())
    await turns()
    # Called behind what gives the room on.
    holding.add_done_callback(lambda _: waiting.cancel())
    leaving.set()
    await turns()

    assert waiting.cancelled()
    assert room.taken == 0
