"""run.py serve --workers: several processes on one port under one parent."""

import asyncio
import errno
import json
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable

import psutil
import pytest

from tests.cli.conftest import (
    PATIENCE,
    RUN,
    Home,
    RunningDesk,
    Serve,
    run_command,
    spares_of,
    workers_of,
)
from web.cli import workers
from web.cli.spare import Spare
from web.cli.worker import UNAVAILABLE, Order
from web.cli.workers import WorkersError
from web.database.postmaster import find_postmaster
from web.server import run


def _until(condition: Callable[[], object]) -> None:
    deadline = time.monotonic() + PATIENCE
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.02)


def _log(home: Home) -> str:
    return (home.folder / "log").read_text(encoding="utf-8")


def _kill(worker: psutil.Process) -> None:
    worker.kill()
    _until(lambda: not worker.is_running())  # a zombie may still have its sockets open


def _answers(desk: RunningDesk, home: Home) -> set[int]:
    """Ask a number of times, over a connection each, and return the processes that answered."""
    before = len(_log(home))
    for _ in range(30):
        assert desk.get("/healthz") == (200, "alive\n")
    lines = re.findall(r'^{"event": "GET /healthz 200".*}$', _log(home)[before:], re.MULTILINE)
    return {json.loads(line)["process"] for line in lines}


def test_workers_answer_together_on_one_port(filled_home: Home, serve: Serve) -> None:
    desk = serve(filled_home, "serve", "--host", "::1", "--port", "0", "--workers", "2")
    assert desk.host == "::1"

    pids = {worker.pid for worker in workers_of(desk)}
    assert len(pids) == 2
    assert _answers(desk, filled_home) == pids
    assert desk.create_brand("Levis") == 303
    assert desk.stop() == 0
    assert not filled_home.has_server()
    assert not any(psutil.pid_exists(pid) for pid in pids)
    assert desk.process.stdout is not None
    assert desk.process.stdout.read() == "", "the address is printed once"


def test_killed_worker_is_replaced_while_the_other_answers(filled_home: Home, serve: Serve) -> None:
    desk = serve(filled_home, HANGTAG_WORKERS="2")
    killed, other = workers_of(desk)

    _kill(killed)

    assert other.pid in _answers(desk, filled_home)
    _until(lambda: len(_answers(desk, filled_home) - {killed.pid, other.pid}) == 1)
    assert "a worker ended: signal 9" in _log(filled_home)
    assert desk.stop() == 0


def test_spare_takes_the_place_of_a_killed_worker_and_gets_a_successor(
    filled_home: Home, serve: Serve
) -> None:
    desk = serve(filled_home, HANGTAG_WORKERS="2")
    killed, other = workers_of(desk)
    _until(lambda: len(spares_of(desk)) == 1)
    (spare,) = spares_of(desk)

    _kill(killed)

    _until(lambda: len(workers_of(desk)) == 2)
    assert set(workers_of(desk)) == {other, spare}
    assert _answers(desk, filled_home) == {other.pid, spare.pid}
    _until(lambda: len(spares_of(desk)) == 1)
    (next_one,) = spares_of(desk)
    assert desk.stop() == 0
    assert not next_one.is_running()


def test_killed_spare_is_replaced_and_nobody_else_notices(filled_home: Home, serve: Serve) -> None:
    desk = serve(filled_home, HANGTAG_WORKERS="2")
    serving = workers_of(desk)
    _until(lambda: len(spares_of(desk)) == 1)
    (killed,) = spares_of(desk)

    _kill(killed)

    _until(lambda: "the spare worker ended: signal 9" in _log(filled_home))
    _until(lambda: len(spares_of(desk)) == 1 and spares_of(desk) != [killed])
    assert workers_of(desk) == serving
    assert _answers(desk, filled_home) == {worker.pid for worker in serving}
    assert desk.stop() == 0
    assert "a worker ended" not in _log(filled_home)


def test_worker_that_is_told_to_end_drains_and_is_replaced(filled_home: Home, serve: Serve) -> None:
    desk = serve(filled_home, HANGTAG_WORKERS="2")
    told, other = workers_of(desk)

    told.terminate()

    _until(lambda: "a worker ended: status 0" in _log(filled_home))
    _until(lambda: len(_answers(desk, filled_home) - {told.pid, other.pid}) == 1)
    assert desk.stop() == 0


def test_signal_while_workers_start_ends_all(filled_home: Home) -> None:
    with subprocess.Popen(
        [sys.executable, RUN, "serve", "--port", "0", "--workers", "2"],
        cwd=filled_home.folder,
        env=filled_home.environment(),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    ) as process:
        desk = RunningDesk(process, "127.0.0.1", 0)
        _until(lambda: len(psutil.Process(process.pid).children()) == 2)
        started = psutil.Process(process.pid).children()

        desk.send(signal.SIGINT)
        desk.send(signal.SIGTERM)

        said, log = process.communicate(timeout=PATIENCE)
    assert process.returncode == 0, log
    assert said == ""
    assert "Traceback" not in log
    assert not any(worker.is_running() for worker in started)
    assert not filled_home.has_server()


def test_after_kill_9_of_the_parent_no_worker_is_left(filled_home: Home, serve: Serve) -> None:
    desk = serve(filled_home, HANGTAG_WORKERS="2", HANGTAG_DRAIN_DELAY="300")
    _until(lambda: len(spares_of(desk)) == 1)
    left = [*workers_of(desk), *spares_of(desk)]
    assert len(left) == 3

    desk.process.kill()
    desk.wait()

    _, alive = psutil.wait_procs(left, timeout=PATIENCE)
    assert not alive
    assert filled_home.has_server()
    # The port is free, and the server has no other user than the next desk.
    desk = serve(filled_home, "serve", "--port", str(desk.port), "--workers", "2")
    assert desk.get("/brands")[0] == 200
    assert desk.stop() == 0
    assert not filled_home.has_server()


def test_worker_that_does_not_end_is_killed(filled_home: Home, serve: Serve) -> None:
    desk = serve(filled_home, HANGTAG_WORKERS="2", HANGTAG_SHUTDOWN_TIMEOUT="1")
    frozen, other = workers_of(desk)

    frozen.suspend()

    assert desk.stop() == 1
    said = _log(filled_home)
    assert f"worker {frozen.pid} does not end, and is killed" in said
    assert f"worker {other.pid} does not end" not in said
    assert "A worker did not end well: signal 9" in said
    assert not frozen.is_running()
    assert not filled_home.has_server()


def test_worker_that_keeps_crashing_ends_the_desk_with_a_sentence(
    filled_home: Home, serve: Serve
) -> None:
    desk = serve(filled_home, HANGTAG_WORKERS="2")
    spared = workers_of(desk)[0]

    while desk.process.poll() is None:
        try:
            for worker in workers_of(desk):
                if worker != spared:
                    worker.kill()
        except psutil.NoSuchProcess:
            continue
        time.sleep(0.02)

    assert desk.wait() == 1
    said = _log(filled_home)
    assert "A worker ended 5 times in a row soon after its start, the last time with" in said
    assert "Traceback" not in said
    assert not spared.is_running()
    assert not filled_home.has_server()


def test_worker_that_ends_while_postgresql_is_away_comes_back_with_it(
    filled_home: Home, serve: Serve
) -> None:
    desk = serve(filled_home, HANGTAG_WORKERS="2")
    postmaster = find_postmaster(filled_home.data_dir / "postgresql")
    assert postmaster is not None
    postmaster.process.kill()
    postmaster.process.wait(PATIENCE)
    killed, other = workers_of(desk)

    _kill(killed)

    _until(lambda: f"a worker ended: status {UNAVAILABLE}" in _log(filled_home))
    assert _answers(desk, filled_home) == {other.pid}
    assert run_command(filled_home, "migrate").returncode == 0  # it starts PostgreSQL again
    _until(lambda: len(_answers(desk, filled_home) - {killed.pid, other.pid}) == 1)
    assert desk.get("/brands")[0] == 200
    assert desk.stop() == 0


class _Scripted(workers._Worker):  # noqa: SLF001 - what decides whether to go on
    """A worker whose processes end at once, with the statuses that a test gives."""

    def __init__(self, statuses: list[int]) -> None:
        super().__init__(Order(settings={}, database_url="", addresses=[]), 0, Spare())
        self.listening.set()
        self.statuses = statuses

    async def _run(self, stopping: asyncio.Event) -> int:
        status = self.statuses.pop(0)
        if not self.statuses:
            stopping.set()
        return status


@pytest.fixture
def _without_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(workers, "_LONGEST_PAUSE", 0.0)


@pytest.mark.usefixtures("_without_pauses")
async def test_outage_of_postgresql_never_ends_the_desk() -> None:
    await _Scripted([*[UNAVAILABLE] * 50, 0]).keep(asyncio.Event())


@pytest.mark.usefixtures("_without_pauses")
async def test_process_that_cannot_be_started_is_tried_again(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    tries, stopping = 0, asyncio.Event()

    async def fail(*_arguments: object, **_settings: object) -> None:
        nonlocal tries
        tries += 1
        if tries == 20:
            stopping.set()
        raise BlockingIOError(errno.EAGAIN, "Resource temporarily unavailable")

    monkeypatch.setattr(asyncio, "create_subprocess_exec", fail)
    order = Order(settings={}, database_url="", addresses=[])
    worker = workers._Worker(order, 0, Spare())  # noqa: SLF001 - what decides whether to go on
    with pytest.raises(WorkersError, match="did not come up: Resource temporarily unavailable"):
        await worker.keep(stopping)
    worker.listening.set()

    await worker.keep(stopping)

    assert tries == 20
    assert "a worker ended: Resource temporarily unavailable; the next starts in" in caplog.text


@pytest.mark.usefixtures("_without_pauses")
async def test_fifth_rapid_crash_in_a_row_ends_the_desk(monkeypatch: pytest.MonkeyPatch) -> None:
    worker = _Scripted([1, -11, UNAVAILABLE, 1, 0, 3, 0])
    with pytest.raises(WorkersError, match=r"5 times in a row .* with status 3: "):
        await worker.keep(asyncio.Event())
    monkeypatch.setattr(workers, "RAPID_SECONDS", 0.0)
    await _Scripted([*[1] * 50, 0]).keep(asyncio.Event())


async def test_worker_that_does_not_end_well_is_told() -> None:
    with pytest.raises(WorkersError, match="did not end well: signal 9"):
        await _Scripted([-9]).keep(asyncio.Event())


@pytest.mark.parametrize("other_workers", ["1", "2"])
def test_port_in_use_is_a_sentence_and_leaves_no_server(
    home: Home, filled_home: Home, serve: Serve, database_url: str, other_workers: str
) -> None:
    # The other one shares its port among workers, and still not with another desk.
    other = serve(home, DATABASE_URL=database_url, HANGTAG_WORKERS=other_workers)

    for own in ("1", "2"):
        done = run_command(filled_home, "serve", "--port", str(other.port), "--workers", own)
        assert done.returncode == 1
        assert f"Cannot listen on 127.0.0.1 port {other.port}: " in done.stderr
        assert "Traceback" not in done.stderr
        assert "Hangtag is at" not in done.stdout
    assert not filled_home.has_server()


def test_worker_without_a_parent_says_what_starts_it(home: Home) -> None:
    done = subprocess.run(
        [sys.executable, RUN, "worker"],
        cwd=home.folder,
        env=home.environment(),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=PATIENCE,
        check=False,
    )

    assert done.returncode == 2
    assert done.stderr == "Workers are started by: serve --workers.\n"


def test_what_serves_runs_on_uvloop() -> None:
    async def loop_module() -> str:
        return type(asyncio.get_running_loop()).__module__

    assert run(loop_module()) == "uvloop"
