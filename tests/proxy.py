"""A way to PostgreSQL that a test can cut, hold up and bring back."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from enum import Enum
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

from web.database.dsn import addresses

# A simple query: its letter, its length and its text.
_COMMIT = b"Q" + (4 + 8).to_bytes(4) + b"COMMIT;\0"

# Says of some bytes whether they pass; None cuts the connection.
_Judge = Callable[[bytes], bool | None]


class Fault(Enum):
    """What becomes of a COMMIT."""

    LOST = "it never reaches PostgreSQL, and the connection is cut"
    UNANSWERED = "it is done, and the connection is cut instead of the answer"
    HELD = "it is done, and the answer never comes"


class Proxy:
    """Passes connections on to PostgreSQL, except for what it was told to break.

    `faults` are what the next COMMITs meet, one each; with `goes_away` the last of them takes
    all connections with it, and those that come are cut until `come_back`.
    """

    def __init__(self, database_url: str) -> None:
        self._database_url = database_url
        self._port = 0
        self._ends: set[asyncio.StreamWriter] = set()
        self._moving = asyncio.Event()
        self._moving.set()
        self.faults: list[Fault] = []
        self.goes_away = False
        self._is_away = False
        self.commits = 0
        # After so many messages a connection for downloads is cut; None lets all pass.
        self.cut_after: int | None = None
        self.download_messages = 0

    @property
    def url(self) -> str:
        """The database's URL by way of this proxy."""
        split = urlsplit(self._database_url)
        login = split.netloc.rpartition("@")[0]
        place = f"{login}@127.0.0.1:{self._port}"
        return urlunsplit(split._replace(netloc=place, query="sslmode=disable"))

    def go_away(self) -> None:
        """Cut every connection, and all that come."""
        self._is_away = True
        for end in list(self._ends):
            end.transport.abort()

    def come_back(self) -> None:
        """Let connections through again."""
        self._is_away = False

    def freeze(self) -> None:
        """Let no byte pass."""
        self._moving.clear()

    def thaw(self) -> None:
        """Let bytes pass again."""
        self._moving.set()

    @asynccontextmanager
    async def running(self) -> AsyncIterator["Proxy"]:
        """Listen on a free port until the block ends."""
        tasks: set[asyncio.Task[None]] = set()

        def accept(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            tasks.add(asyncio.ensure_future(self._pass_on(reader, writer)))

        server = await asyncio.start_server(accept, "127.0.0.1", 0)
        self._port = server.sockets[0].getsockname()[1]
        try:
            yield self
        finally:
            server.close()
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
            await server.wait_closed()

    async def _pass_on(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        ends = [writer]
        try:
            if self._is_away:
                return
            answers, requests = await self._connect()
            ends.append(requests)
            self._ends.update(ends)
            link = _Link(self)
            pumps = [
                asyncio.ensure_future(self._pump(reader, requests, link.of_request)),
                asyncio.ensure_future(self._pump(answers, writer, link.of_answer)),
            ]
            try:
                await asyncio.wait(pumps, return_when=asyncio.FIRST_COMPLETED)
            finally:
                for pump in pumps:
                    pump.cancel()
                await asyncio.gather(*pumps, return_exceptions=True)
        finally:
            self._ends.difference_update(ends)
            for end in ends:
                end.transport.abort()
                with suppress(OSError):
                    await end.wait_closed()

    async def _connect(self) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        address = next(iter(addresses(self._database_url)))
        if address.host.startswith("/"):
            socket = Path(address.host, f".s.PGSQL.{address.port}")
            return await asyncio.open_unix_connection(str(socket))
        return await asyncio.open_connection(address.host, address.port)

    async def _pump(
        self,
        source: asyncio.StreamReader,
        goal: asyncio.StreamWriter,
        judge: _Judge,
    ) -> None:
        while data := await source.read(65536):
            await self._moving.wait()
            passes = judge(data)
            if passes is None:
                return
            if passes:
                goal.write(data)
                await goal.drain()


class _Link:
    """One connection: what it is about to lose."""

    def __init__(self, proxy: Proxy) -> None:
        self._proxy = proxy
        self._fault: Fault | None = None
        self._is_for_downloads = False

    def of_request(self, data: bytes) -> bool | None:
        # Its first message says what the connection is called.
        if self._is_for_downloads or b"hangtag downloads" in data:
            self._is_for_downloads = True
            self._proxy.download_messages += 1
            if self._proxy.cut_after is not None and (
                self._proxy.download_messages > self._proxy.cut_after
            ):
                return None
        if data == _COMMIT:
            self._proxy.commits += 1
            self._fault = self._proxy.faults.pop(0) if self._proxy.faults else None
        if self._fault is Fault.LOST:
            self._go_away()
            return None
        return True

    def of_answer(self, _data: bytes) -> bool | None:
        if self._fault is Fault.UNANSWERED:
            self._go_away()
            return None
        return self._fault is not Fault.HELD

    def _go_away(self) -> None:
        if self._proxy.goes_away and not self._proxy.faults:
            self._proxy.go_away()
