"""A worker is killed under load: its own connections break, and nobody else notices."""

import asyncio
import contextlib
import time
from dataclasses import dataclass, field

import psutil

from tests.cli.conftest import PATIENCE, Home, RunningDesk, Serve
from tests.faults.conftest import Note, sized

CLIENTS = sized(8, 16, 32)
KILLS = sized(1, 3, 10)


@dataclass
class Client:
    """A connection that asks for one page after another."""

    port: int = 0
    answers: list[int] = field(default_factory=list)
    broke: bool = False

    async def ask(self, desk: RunningDesk, stopping: asyncio.Event) -> None:
        """Ask until told to stop, or until the connection breaks."""
        try:
            reader, writer = await asyncio.open_connection(desk.host, desk.port)
        except OSError:
            self.broke = True
            return
        self.port = writer.get_extra_info("sockname")[1]
        try:
            while not stopping.is_set():
                writer.write(b"GET /products/1 HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n")
                head = await reader.readuntil(b"\r\n\r\n")
                self.answers.append(int(head.split(b" ")[1]))
                length = head.lower().partition(b"content-length: ")[2].partition(b"\r\n")[0]
                await reader.readexactly(int(length))
        except (OSError, asyncio.IncompleteReadError):
            self.broke = True
        finally:
            writer.close()
            with contextlib.suppress(OSError):
                await writer.wait_closed()


def workers_of(desk: RunningDesk) -> list[psutil.Process]:
    return psutil.Process(desk.process.pid).children()


def client_ports(worker: psutil.Process, desk: RunningDesk) -> set[int]:
    """Return the ports of the clients that a worker is connected to."""
    return {
        connection.raddr.port
        for connection in worker.net_connections("tcp")
        if connection.status == psutil.CONN_ESTABLISHED and connection.laddr.port == desk.port
    }


def listens(worker: psutil.Process) -> bool:
    try:
        return any(c.status == psutil.CONN_LISTEN for c in worker.net_connections("tcp"))
    except psutil.Error:
        return False


async def test_killed_worker_takes_only_its_own_connections(
    filled_home: Home, serve: Serve, note: Note
) -> None:
    desk = await asyncio.to_thread(lambda: serve(filled_home, HANGTAG_WORKERS="2"))
    waits: list[float] = []
    answered = others_broken = 0
    for _ in range(KILLS):
        killed, other = workers_of(desk)
        clients, stopping = [Client() for _ in range(CLIENTS)], asyncio.Event()
        asking = [asyncio.ensure_future(client.ask(desk, stopping)) for client in clients]
        async with asyncio.timeout(PATIENCE):
            while not all(client.answers for client in clients):  # noqa: ASYNC110
                await asyncio.sleep(0.01)
        others = client_ports(other, desk)

        killed.kill()
        started = time.perf_counter()
        async with asyncio.timeout(PATIENCE):
            while True:
                now = workers_of(desk)
                if killed not in now and [listens(worker) for worker in now] == [True, True]:
                    break
                await asyncio.sleep(0.02)
        waits.append(time.perf_counter() - started)
        stopping.set()
        await asyncio.gather(*asking)

        for client in clients:
            assert set(client.answers) == {200}
            assert client.broke is (client.port not in others)
            answered += len(client.answers)
            others_broken += client.broke and client.port in others
        async with asyncio.timeout(PATIENCE):
            assert (await asyncio.to_thread(desk.get, "/products/1"))[0] == 200
    note(
        f"one of two workers killed under {CLIENTS} busy connections, {KILLS} times",
        f"another listens after {max(waits):.2f} s at most; {answered:,} pages, all 200, "
        f"{others_broken} connections of the other worker broken",
    )
