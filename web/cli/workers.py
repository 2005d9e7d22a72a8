"""The parent of several processes that serve one port: `serve --workers`.

It starts them, puts another one in the place of one that ends (web/cli/spare.py has it ready), and
passes Ctrl-C and SIGTERM on. It holds the port and answers none of its requests: the kernel divides
the connections among the workers, and one that ends takes none of the others' with it. Only a port
for `/metrics` is its own.
"""

import asyncio
import logging
import socket
from asyncio.subprocess import Process
from collections.abc import Callable, Sequence
from contextlib import suppress
from tempfile import TemporaryDirectory
from typing import Final, NoReturn

from web.api.metrics import metrics_port
from web.cli.spare import Spare, describe_exit
from web.cli.worker import LISTENING, UNAVAILABLE, Order
from web.database.checkpoint import write_checkpoint
from web.ending import CLOSE_SECONDS
from web.server import bind, close, listen_on, stop_at_signals
from web.settings import Settings, worker_settings

# A worker that ends sooner than this after its start has crashed rapidly; the pause before the next
# start doubles with each in a row.
RAPID_SECONDS: Final = 10.0
_MOST_RAPID: Final = 5
_FIRST_PAUSE: Final = 0.25
_LONGEST_PAUSE: Final = 5.0
# Beyond the time in which a worker ends: one that is only slow, on a busy machine, is not killed.
_GRACE_SECONDS: Final = 10.0

_LOG = logging.getLogger("hangtag.workers")


class WorkersError(Exception):
    """The workers cannot go on; the text is a sentence for a person."""


def hold_port(host: str, port: int) -> list[socket.socket]:
    """Return sockets that keep the port for workers, which bind to it, too. They never listen.

    A port that can be shared can be shared with another Hangtag by mistake, and requests would be
    answered by either. So it is taken alone first.

    Raises:
        OSError: the port is in use, or the host is none of this machine.
    """
    alone = listen_on(host, port)
    try:
        for each in alone:
            each.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
        return [held for each in alone for held in bind(*_address(each), shared=True)]
    finally:
        close(alone)


async def supervise(
    settings: Settings,
    url: str,
    held: Sequence[socket.socket],
    *,
    listening: Callable[[], None],
    metrics: Sequence[socket.socket] = (),
) -> None:
    """Keep `settings.workers` workers serving until Ctrl-C or SIGTERM, and let them drain then.

    Args:
        settings: of the whole server.
        url: the migrated database.
        held: the sockets that hold the port.
        listening: called once, when all workers answer requests.
        metrics: bound sockets that answer `/metrics` for all of them, and nothing else.

    Raises:
        WorkersError: a worker did not come up, keeps ending, or did not end well.
    """
    stopping = asyncio.Event()
    stop_at_signals(stopping)
    with TemporaryDirectory(prefix="hangtag-metrics-") as metrics_dir:
        async with metrics_port(metrics, directory=metrics_dir):
            await _supervise(settings, url, held, listening, metrics_dir, stopping)


async def _supervise(
    settings: Settings,
    url: str,
    held: Sequence[socket.socket],
    listening: Callable[[], None],
    metrics_dir: str,
    stopping: asyncio.Event,
) -> None:
    patience = settings.drain_delay + settings.shutdown_timeout + CLOSE_SECONDS + _GRACE_SECONDS
    spare = Spare(metrics_dir)
    workers = [
        _Worker(
            Order(
                settings=worker_settings(settings, index).model_dump(mode="json"),
                database_url=url,
                addresses=[_address(each) for each in held],
            ),
            patience,
            spare,
        )
        for index in range(settings.workers)
    ]
    keepers = [asyncio.create_task(worker.keep(stopping)) for worker in workers]
    keeping_spare = asyncio.create_task(spare.keep())
    keeping_spare.add_done_callback(_log_unless_cancelled)
    for keeper in keepers:
        keeper.add_done_callback(lambda _: stopping.set())  # one gives up, and all end
    try:
        for worker in workers:
            await _wait_for_any(worker.listening, stopping)
        if not stopping.is_set():
            listening()
            spare.refill()
        await stopping.wait()
    finally:
        stopping.set()
        keeping_spare.cancel()
        begun: list[asyncio.Task[None]] = [keeping_spare]
        if settings.database_url is None:
            begun.append(asyncio.create_task(write_checkpoint(url)))
        ends = await asyncio.gather(*keepers, return_exceptions=True)
        await asyncio.wait(begun, timeout=CLOSE_SECONDS)
    for problem in filter(None, ends):
        raise problem


class _Worker:
    """One of the workers: a process, and when that ends the next one."""

    def __init__(self, order: Order, patience: float, spare: Spare) -> None:
        self._order = order
        self._patience = patience
        self._spare = spare
        self.listening = asyncio.Event()
        """Set for good when it has listened once."""

    async def keep(self, stopping: asyncio.Event) -> None:
        """Keep a process running until `stopping` is set, and return when it has drained.

        Raises:
            WorkersError: it did not come up, keeps ending, or did not end well.
        """
        clock = asyncio.get_running_loop().time
        rapid, pause = 0, 0.0
        while True:
            started = clock()
            try:
                status = await self._run(stopping)
                said = describe_exit(status)
            except OSError as error:  # out of processes or memory, perhaps: the others serve on
                if stopping.is_set():
                    return
                status, said = UNAVAILABLE, error.strerror or str(error)
            if stopping.is_set():
                if status != 0:
                    raise WorkersError(f"A worker did not end well: {said}.")
                return
            if not self.listening.is_set():
                raise WorkersError(f"A worker did not come up: {said}.")
            if clock() - started >= RAPID_SECONDS:
                rapid, pause = 0, 0.0
            elif status != UNAVAILABLE:
                rapid += 1
            if rapid == _MOST_RAPID:
                raise WorkersError(
                    f"A worker ended {rapid} times in a row soon after its start, the last time"
                    f" with {said}: Hangtag gives up. The log says what came before."
                )
            _LOG.warning("a worker ended: %s; the next starts in %g s", said, pause)
            with suppress(TimeoutError):
                await asyncio.wait_for(stopping.wait(), pause)
                return
            pause = min(max(_FIRST_PAUSE, 2 * pause), _LONGEST_PAUSE)

    async def _run(self, stopping: asyncio.Event) -> int:
        """Run one process to its end and return its status; tell it when it is time to stop.

        Raises:
            OSError: it could not be started.
        """
        process = await self._spare.take()
        assert process.stdin is not None  # noqa: S101 - for the type checker
        process.stdin.write(self._order.line())  # and left open: its end is the parent's
        telling = asyncio.create_task(self._tell(process, stopping))
        try:
            return await self._watch(process)
        finally:
            telling.cancel()
            self._spare.forget(process)

    async def _watch(self, process: Process) -> int:
        """Note when the process listens, and return its status at its end."""
        assert process.stdout is not None  # noqa: S101 - for the type checker
        async for line in process.stdout:
            if line == LISTENING:
                _LOG.info("worker %d listens", process.pid)
                if self.listening.is_set():
                    self._spare.refill()  # not before, so that it has the cores for itself
                self.listening.set()
        return await process.wait()

    async def _tell(self, process: Process, stopping: asyncio.Event) -> None:
        """Tell the process when it is time to stop, and kill it if it does not."""
        await stopping.wait()
        with suppress(ProcessLookupError):  # it has ended already
            process.terminate()
            await asyncio.sleep(self._patience)
            _LOG.error("worker %d does not end, and is killed", process.pid)
            process.kill()


def _log_unless_cancelled(keeping_spare: asyncio.Task[NoReturn]) -> None:
    """Say that there is no spare any more: nobody waits for the task, and the workers serve on."""
    if not keeping_spare.cancelled():
        _LOG.error("no spare worker is kept ready from now on", exc_info=keeping_spare.exception())


async def _wait_for_any(*events: asyncio.Event) -> None:
    """Wait until one of several events is set."""
    waiting = [asyncio.create_task(event.wait()) for event in events]
    await asyncio.wait(waiting, return_when=asyncio.FIRST_COMPLETED)
    for each in waiting:
        each.cancel()


def _address(bound: socket.socket) -> tuple[str, int]:
    flags = socket.NI_NUMERICHOST | socket.NI_NUMERICSERV
    host, port = socket.getnameinfo(bound.getsockname(), flags)
    return host, int(port)
