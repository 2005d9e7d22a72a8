"""HTTP as the bytes on the wire: what a client library reads ahead of, hides or repairs.

A `Wire` reads nothing that it is not asked to read, so that a test can be a reader
who is slow, who stops, or who leaves.
"""

import asyncio
import socket
import struct
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from tests.desk import Desk

LAST_CHUNK = b"0\r\n\r\n"


@dataclass(frozen=True)
class Head:
    """The first part of an answer; the names of its headers are in lower case."""

    status: int
    headers: dict[str, str]


@dataclass
class Wire:
    """A connection to the desk, with what was received and not yet looked at."""

    socket: socket.socket
    received: bytearray = field(default_factory=bytearray)

    async def ask(
        self,
        path: str,
        method: str = "GET",
        *,
        keep: bool = False,
        headers: Mapping[str, str] | None = None,
    ) -> None:
        """Send a request; after the answer the server is to close, unless `keep`."""
        sent = {
            "Host": "127.0.0.1",
            "Connection": "keep-alive" if keep else "close",
            **(headers or {}),
        }
        fields = "".join(f"{name}: {value}\r\n" for name, value in sent.items())
        request = f"{method} {path} HTTP/1.1\r\n{fields}\r\n"
        await asyncio.get_running_loop().sock_sendall(self.socket, request.encode())

    async def receive(self, most: int = 64 * 1024) -> bytes:
        """Return the next bytes, none at the end, however the end came."""
        try:
            return await asyncio.get_running_loop().sock_recv(self.socket, most)
        except ConnectionResetError:
            return b""

    async def head(self) -> Head:
        """Read the status line and the headers."""
        while b"\r\n\r\n" not in self.received:
            data = await self.receive(4096)
            assert data, "the connection ended before the headers"
            self.received += data
        text, _, rest = bytes(self.received).partition(b"\r\n\r\n")
        self.received = bytearray(rest)
        status_line, *lines = text.decode().split("\r\n")
        fields = [line.split(": ", 1) for line in lines]
        return Head(int(status_line.split(" ")[1]), {name.lower(): value for name, value in fields})

    async def body(self, length: int) -> bytes:
        """Read a body of a known length."""
        while len(self.received) < length:
            data = await self.receive()
            assert data, "the connection ended before the body did"
            self.received += data
        body = bytes(self.received[:length])
        del self.received[:length]
        return body

    async def rest(self) -> bytes:
        """Read all that comes until the connection ends."""
        while data := await self.receive():
            self.received += data
        return bytes(self.received)

    def leave(self) -> None:
        """Close the connection as a client does that is done (FIN)."""
        self.socket.close()

    def reset(self) -> None:
        """Break the connection off (RST)."""
        no_lingering = struct.pack("ii", 1, 0)
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, no_lingering)
        self.socket.close()


@asynccontextmanager
async def open_wire(desk: Desk) -> AsyncIterator[Wire]:
    """Connect to the desk with a receive buffer so small that the server notices who does not read.

    The buffers of both ends would otherwise take several megabytes by themselves.
    """
    connected = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    connected.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    connected.setblocking(False)
    assert desk.port is not None
    await asyncio.get_running_loop().sock_connect(connected, ("127.0.0.1", desk.port))
    try:
        yield Wire(connected)
    finally:
        connected.close()


def is_whole(raw: bytes) -> bool:
    """Whether a chunked body ended as a whole one does."""
    return _unchunked(raw)[1]


def unchunked(raw: bytes) -> bytes:
    """Return what a chunked body holds, whole or not."""
    return _unchunked(raw)[0]


def _unchunked(raw: bytes) -> tuple[bytes, bool]:
    data = bytearray()
    position = 0
    while (line_end := raw.find(b"\r\n", position)) >= 0:
        size = int(raw[position:line_end], 16)
        if size == 0:
            return bytes(data), raw[position:] == LAST_CHUNK
        data += raw[line_end + 2 : line_end + 2 + size]
        position = line_end + 2 + size + 2
    return bytes(data), False
