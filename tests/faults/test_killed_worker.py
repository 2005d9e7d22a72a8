"""A worker is killed under load: its own connections break, and nobody else notices."""

import asyncio
import contextlib
import json
import re
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from statistics import median

import psutil

from tests.cli.conftest import (
    PATIENCE,
    Home,
    RunningDesk,
    Serve,
    listens,
    spares_of,
    workers_of,
)
from tests.faults.conftest import sized
from tests.figures import Note
from web.cli.workers import RAPID_SECONDS

CLIENTS = sized(8, 16, 32)
KILLS = sized(1, 3, 10)
# Connections by which the successor is looked for, one after the other each.
VISITORS = 4


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


def client_ports(worker: psutil.Process, desk: RunningDesk) -> set[int]:
    """Return the ports of the clients that a worker is connected to."""
    return {
        connection.raddr.port
        for connection in worker.net_connections("tcp")
        if connection.status == psutil.CONN_ESTABLISHED and connection.laddr.port == desk.port
    }


async def first_answer(desk: RunningDesk, worker: psutil.Process) -> tuple[float, int]:
    """Ask over a connection each until `worker` has answered.

    For a page that takes no time, or else it would be the others' that is measured: the answers
    of the worker that is left, with all clients on it.

    Returns:
        When that was, and how many connections broke meanwhile.
    """
    broken = 0
    while True:
        try:
            reader, writer = await asyncio.open_connection(desk.host, desk.port)
            try:
                writer.write(b"GET /healthz HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n")
                assert (await reader.readuntil(b"\r\n\r\n")).startswith(b"HTTP/1.1 200 ")
                answered = time.perf_counter()
                if writer.get_extra_info("sockname")[1] in client_ports(worker, desk):
                    return answered, broken
            finally:
                writer.close()
                with contextlib.suppress(OSError):
                    await writer.wait_closed()
        except (OSError, asyncio.IncompleteReadError):
            broken += 1


def ready_spare(desk: RunningDesk, home: Home) -> psutil.Process | None:
    """Return the process that waits for an order, and has nothing more to do before."""
    log = (home.folder / "log").read_text(encoding="utf-8")
    lines = re.findall(r'^{"event": "ready for an order".*}$', log, re.MULTILINE)
    ready = {json.loads(line)["process"] for line in lines}
    return next((spare for spare in spares_of(desk) if spare.pid in ready), None)


async def until(condition: Callable[[], object]) -> None:
    async with asyncio.timeout(PATIENCE):
        while not condition():  # noqa: ASYNC110 - it happens elsewhere
            await asyncio.sleep(0.02)


async def test_killed_worker_takes_only_its_own_connections(
    filled_home: Home, serve: Serve, note: Note
) -> None:
    desk = await asyncio.to_thread(lambda: serve(filled_home, HANGTAG_WORKERS="2"))
    listening, answering = list[float](), list[float]()
    pages = others_broken = refused = 0
    for round_number in range(KILLS):
        await until(lambda: ready_spare(desk, filled_home))
        successor = ready_spare(desk, filled_home)
        assert successor is not None
        killed, other = workers_of(desk)
        clients, stopping = [Client() for _ in range(CLIENTS)], asyncio.Event()
        asking = [asyncio.ensure_future(client.ask(desk, stopping)) for client in clients]
        await until(lambda: all(client.answers for client in clients))  # noqa: B023 - of this round
        others = client_ports(other, desk)

        killed.kill()
        started = time.perf_counter()
        visits = [asyncio.ensure_future(first_answer(desk, successor)) for _ in range(VISITORS)]
        await until(lambda: listens(successor))  # noqa: B023
        listening.append(time.perf_counter() - started)
        async with asyncio.timeout(PATIENCE):
            answers = await asyncio.gather(*visits)
        answering.append(min(answered for answered, _ in answers) - started)
        refused += sum(broken for _, broken in answers)
        stopping.set()
        await asyncio.gather(*asking)

        for client in clients:
            assert set(client.answers) == {200}
            assert client.broke is (client.port not in others)
            pages += len(client.answers)
            others_broken += client.broke and client.port in others
        if round_number + 1 < KILLS:
            # Killed again so soon it would be taken for one that cannot live, and given a pause.
            await asyncio.sleep(RAPID_SECONDS)
    note(
        f"one of two workers killed under {CLIENTS} busy connections, {KILLS} times",
        f"another listens after {median(listening):.2f} s ({max(listening):.2f} s at most) and has "
        f"answered after {median(answering):.2f} s ({max(answering):.2f} s); {pages:,} pages, all "
        f"200, {others_broken} connections of the other worker broken, {refused} that came while "
        "the killed one ended",
        limit="restarted within 1 s, other workers unaffected",
        met=max(answering) <= 1.0 and not others_broken,
    )
