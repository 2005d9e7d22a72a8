"""Clients that send forms of the largest size, all at once, and never finish them."""

import asyncio
import re
import socket
from contextlib import ExitStack
from pathlib import Path

from tests.cli.conftest import Home, RunningDesk, Serve
from tests.downloads.watching import PATIENCE, until
from tests.faults.conftest import sized
from tests.figures import Note
from web.body_room import MOST_BYTES
from web.pages.brand_form import MAX_FORM_BYTES

CLIENTS = sized(12, 40, 200)
HELD = MOST_BYTES // MAX_FORM_BYTES
# What grows is copied now and then, and who waits has a megabyte and buffers.
MOST_GROWTH = 2 * MOST_BYTES + CLIENTS * 4 * 2**20
HEAD = (
    "POST /brands HTTP/1.1\r\nHost: 127.0.0.1\r\n"
    "Content-Type: application/x-www-form-urlencoded\r\n"
    f"Content-Length: {MAX_FORM_BYTES}\r\n\r\n"
).encode()
# Its last byte never comes.
BODY = b"brand_name=" + b"+" * (MAX_FORM_BYTES - len(b"brand_name=") - 1)


def peak(pid: int) -> int:
    """Return the most memory that a process has held since it was last asked, in bytes."""
    status = Path(f"/proc/{pid}/status").read_text(encoding="ascii")
    Path(f"/proc/{pid}/clear_refs").write_text("5", encoding="ascii")
    found = re.search(r"VmHWM:\s+(\d+) kB", status)
    assert found is not None
    return int(found[1]) * 1024


async def send_form(desk: RunningDesk, wire: socket.socket) -> bytes:
    """Send all of a form but its end, and return how the answer begins."""
    loop = asyncio.get_running_loop()
    wire.setblocking(False)
    await loop.sock_connect(wire, (desk.host, desk.port))
    await loop.sock_sendall(wire, HEAD)
    await loop.sock_sendall(wire, BODY)
    return await loop.sock_recv(wire, len(b"HTTP/1.1 503"))


async def test_large_bodies_at_once_take_little_memory(
    filled_home: Home, serve: Serve, note: Note
) -> None:
    desk = await asyncio.to_thread(serve, filled_home)
    assert await asyncio.to_thread(desk.get, "/brands")
    peak(desk.process.pid)
    before = peak(desk.process.pid)

    with ExitStack() as stack:
        wires = [stack.enter_context(socket.socket()) for _ in range(CLIENTS)]
        sending = [asyncio.ensure_future(send_form(desk, wire)) for wire in wires]

        async def others_are_told() -> bool:
            return sum(one.done() for one in sending) >= CLIENTS - HELD

        await until(others_are_told, PATIENCE)
        status, _ = await asyncio.to_thread(desk.get, "/brands")
        growth = peak(desk.process.pid) - before
        told = [one.result() for one in sending if one.done()]
        for one in sending:
            one.cancel()
        await asyncio.gather(*sending, return_exceptions=True)

    assert status == 200
    assert told == [b"HTTP/1.1 503"] * (CLIENTS - HELD)
    assert growth <= MOST_GROWTH
    assert "Traceback" not in (filled_home.folder / "log").read_text(encoding="utf-8")
    note(
        f"{CLIENTS} forms of {MAX_FORM_BYTES / 1e6:.0f} MB at once, whose end does not come",
        f"{HELD} taken, the others 503 with Retry-After; memory {growth / 2**20:+.0f} MiB at most",
        limit=f"each is taken or told 503, pages keep answering, memory "
        f"{MOST_GROWTH / 2**20:+.0f} MiB at most",
    )
