"""The spare when it ends at the wrong moment: what is taken in its place, and what the log says."""

import asyncio
import os
import signal
from asyncio.subprocess import PIPE, Process
from collections.abc import Callable
from typing import NoReturn

import pytest

from tests.cli.conftest import PATIENCE
from web.cli import spare as spares
from web.cli import workers
from web.cli.spare import Spare
from web.settings import Settings


class WaitingSpare(Spare):
    """Starts processes that wait as workers do, without the second that those take to get ready."""

    def __init__(self) -> None:
        super().__init__()
        self.started: list[Process] = []

    async def _start(self) -> Process:
        process = await asyncio.create_subprocess_exec("cat", stdin=PIPE, stdout=PIPE)
        self.started.append(process)
        return process


async def _until(condition: Callable[[], bool]) -> None:
    async with asyncio.timeout(PATIENCE):
        while not condition():  # noqa: ASYNC110 - what happens in other processes sets no event
            await asyncio.sleep(0.01)


async def test_spare_that_has_just_ended_is_not_taken_and_the_log_says_so(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(spares, "_FIRST_PAUSE", 0.0)
    spare = WaitingSpare()
    keeping = asyncio.create_task(spare.keep())
    try:
        spare.refill()
        await _until(lambda: len(spare.started) == 1)
        (ended,) = spare.started
        os.kill(ended.pid, signal.SIGKILL)
        await ended.wait()

        taken = await spare.take()

        assert taken.pid != ended.pid
        assert taken.returncode is None
        # One more is there for the next, as after any that ended by itself.
        await _until(lambda: len(spare.started) == 3)
        assert "the spare worker ended: signal 9; the next starts in 0 s" in caplog.text
        assert await spare.take() is spare.started[2]
    finally:
        keeping.cancel()
        await asyncio.wait({keeping})
        for process in spare.started:
            if process.returncode is None:
                process.kill()
            await process.wait()


async def test_spare_that_nobody_keeps_any_more_is_told_in_the_log(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    async def fail(_spare: Spare) -> NoReturn:
        raise ValueError("a defect")

    async def stop_when_logged(_worker: object, stopping: asyncio.Event) -> None:
        await _until(lambda: "a defect" in caplog.text)
        stopping.set()

    # Here they would be blocked for all tests to come, and for the processes that those start.
    monkeypatch.setattr(workers, "stop_at_signals", lambda _stopping: None)
    monkeypatch.setattr(Spare, "keep", fail)
    monkeypatch.setattr(workers._Worker, "keep", stop_when_logged)  # noqa: SLF001 - starts processes
    settings = Settings.model_construct(workers=1, database_url="postgresql://", drain_delay=0.0)
    await workers.supervise(settings, "", (), listening=lambda: None)

    assert "no spare worker is kept ready from now on" in caplog.text
