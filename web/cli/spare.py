"""The spare: a worker that has read its modules and waits to be told what to do.

Until a new Python has read the modules and compiled the templates, a second of a core passes, and
up to 12 s were measured while all cores were busy: too long for those whose worker has died. So one
more process than there are workers is there, for 65 MB. It has no connection and listens nowhere;
with an order it is a worker like the others, and another takes its place.

It costs as much as a process from which workers are forked, and is started like any other: nothing
depends on what a fork leaves behind of threads, locks, sockets and files.
"""

import asyncio
import logging
import os
import sys
from asyncio.subprocess import PIPE, Process
from contextlib import suppress
from pathlib import Path
from typing import Final, NoReturn

from web.cli.worker import GREETING
from web.metrics import MULTIPROCESS_VARIABLE, forget_process

_RUN: Final = Path(__file__).resolve().parents[2] / "run.py"
# Between the end of a spare that nobody took and the next; the pause doubles with each in a row.
_FIRST_PAUSE: Final = 1.0
_LONGEST_PAUSE: Final = 60.0

_LOG = logging.getLogger("hangtag.workers")


def describe_exit(status: int) -> str:
    """Return how a process ended, in words."""
    return f"signal {-status}" if status < 0 else f"status {status}"


class Spare:
    """Starts the processes of workers, and keeps one ahead once it is asked to."""

    def __init__(self, metrics_dir: str | None = None) -> None:
        self._metrics_dir = metrics_dir
        self._process: Process | None = None
        self._wanted = asyncio.Event()
        self._taken = asyncio.Event()

    async def take(self) -> Process:
        """Return a process that an order can be given to: the spare, or else a new one.

        A spare that has ended is not taken: `keep` says that it has, and puts it away.

        Raises:
            OSError: a new one could not be started.
        """
        process, self._process = self._process, None
        self._wanted.clear()  # whoever has taken it says when there is time for the next
        if process is None or process.returncode is not None:
            return await self._start()
        self._taken.set()
        return process

    def refill(self) -> None:
        """Let there be a spare: now there is time to start one."""
        self._wanted.set()

    def forget(self, process: Process) -> None:
        """Take what a process that has ended held out of the numbers of all."""
        if self._metrics_dir is not None:
            forget_process(process.pid, self._metrics_dir)

    async def keep(self) -> NoReturn:
        """Have a spare whenever one is wanted. When this is cancelled the spare ends, too."""
        pause = _FIRST_PAUSE
        while True:
            await self._wanted.wait()
            self._wanted.clear()
            try:
                process = await self._start()
            except OSError as error:  # out of processes, perhaps
                said = error.strerror or str(error)
            else:
                self._taken.clear()
                self._process = process
                if await self._until_taken(process):
                    pause = _FIRST_PAUSE
                    continue
                self.forget(process)
                said = describe_exit(await process.wait())
            _LOG.warning("the spare worker ended: %s; the next starts in %g s", said, pause)
            await asyncio.sleep(pause)
            pause = min(2 * pause, _LONGEST_PAUSE)
            self.refill()

    async def _start(self) -> Process:
        # prometheus-client reads it when it is imported.
        directory = self._metrics_dir
        environment = {**os.environ, **({MULTIPROCESS_VARIABLE: directory} if directory else {})}
        process = await asyncio.create_subprocess_exec(
            sys.executable, str(_RUN), "worker", stdin=PIPE, stdout=PIPE, env=environment
        )
        assert process.stdin is not None  # noqa: S101 - for the type checker
        process.stdin.write(GREETING)
        return process

    async def _until_taken(self, process: Process) -> bool:
        """Wait until a spare is taken or has ended; return whether it was taken."""
        taken = asyncio.create_task(self._taken.wait())
        ended = asyncio.create_task(process.wait())
        try:
            await asyncio.wait((taken, ended), return_when=asyncio.FIRST_COMPLETED)
            return self._taken.is_set()
        except asyncio.CancelledError:
            if not self._taken.is_set():
                with suppress(ProcessLookupError):
                    process.kill()  # it holds nothing that would have to be put away
                await process.wait()
            raise
        finally:
            taken.cancel()
            ended.cancel()
