"""The processes that the bench starts: commands that end, and servers that are ended.

Nothing stays behind: whatever is started is ended by its own id, also on Ctrl-C. Every command
has a time limit, so that a hanging one fails its row and not the run.
"""

import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import psutil

ROOT: Final = Path(__file__).resolve().parents[1]
# The largest load takes minutes; nothing honest takes hours.
COMMAND_SECONDS: Final = 3600.0
_START_SECONDS: Final = 60.0
_STOP_SECONDS: Final = 15.0
_ADDRESS: Final = re.compile(r"http://127\.0\.0\.1:(\d+)")


@dataclass(frozen=True, slots=True)
class Server:
    """A running HTTP server on the loopback."""

    process: psutil.Process
    port: int

    def url(self, path: str) -> str:
        """Return the address of a path."""
        return f"http://127.0.0.1:{self.port}{path}"

    def resident_bytes(self) -> int:
        """Return what the server and its children hold in memory."""
        family = [self.process, *self.process.children(recursive=True)]
        return sum(int(process.memory_info().rss) for process in family)


def clean_environment(**added: str) -> dict[str, str]:
    """Return our environment without what would set Hangtag or PostgreSQL up differently."""
    foreign = ("HANGTAG_", "PG", "DATABASE_URL", "PYTHON", "WEB_CONCURRENCY")
    kept = {name: value for name, value in os.environ.items() if not name.startswith(foreign)}
    return kept | added


def run(
    command: Sequence[str | Path],
    *,
    environment: Mapping[str, str] | None = None,
    folder: Path = ROOT,
    timeout: float = COMMAND_SECONDS,
    allowed: Sequence[int] = (0,),
) -> str:
    """Run a command to its end and return what it wrote to stdout.

    Raises:
        subprocess.CalledProcessError: its status is none of `allowed`; it holds what was said.
        subprocess.TimeoutExpired: it took too long and was killed.
    """
    done = subprocess.run(  # noqa: S603  # our own commands, without a shell
        command,
        check=False,
        cwd=folder,
        env=clean_environment() if environment is None else environment,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=timeout,
    )
    if done.returncode not in allowed:
        raise subprocess.CalledProcessError(
            done.returncode, [str(part) for part in command], done.stdout, done.stderr
        )
    return done.stdout


def timed(
    command: Sequence[str | Path], *, environment: Mapping[str, str] | None = None
) -> tuple[float, str]:
    """Run a command to its end and return how long it took, in seconds, and its stdout."""
    started = time.perf_counter()
    output = run(command, environment=environment)
    return time.perf_counter() - started, output


def run_py(*arguments: str, database_url: str, folder: Path) -> str:
    """Run one of Hangtag's commands against a database.

    Args:
        arguments: what stands behind `run.py`.
        database_url: the database.
        folder: the current folder, one without a .env.
    """
    return run(
        [sys.executable, ROOT / "run.py", *arguments],
        environment=clean_environment(DATABASE_URL=database_url),
        folder=folder,
    )


@contextmanager
def started(
    command: Sequence[str | Path],
    *,
    environment: Mapping[str, str],
    log: Path,
    folder: Path,
) -> Iterator[psutil.Process]:
    """Run a server in the background, its stdout and stderr going to `log`, and end it.

    It has a session of its own, so that a Ctrl-C reaches it through us alone, after whoever
    uses it has been told.
    """
    log.parent.mkdir(parents=True, exist_ok=True)
    with (
        log.open("wb") as output,
        subprocess.Popen(  # noqa: S603  # our own commands, without a shell
            command,
            cwd=folder,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        ) as running,
    ):
        process = psutil.Process(running.pid)
        try:
            yield process
        finally:
            _end(running, process)


def _end(running: "subprocess.Popen[bytes]", process: psutil.Process) -> None:
    if running.poll() is not None:
        return
    family = [process, *process.children(recursive=True)]
    running.send_signal(signal.SIGTERM)
    try:
        running.wait(_STOP_SECONDS)
    except subprocess.TimeoutExpired:
        for member in family:
            if member.is_running():
                member.kill()


@contextmanager
def hangtag(database_url: str, *, log: Path, folder: Path) -> Iterator[Server]:
    """Serve a database with Hangtag as it is: one process, every setting at its default."""
    command = [sys.executable, str(ROOT / "run.py"), "serve", "--port", "0"]
    environment = clean_environment(DATABASE_URL=database_url, PYTHONUNBUFFERED="1")
    with started(command, environment=environment, log=log, folder=folder) as process:
        yield Server(process, printed_port(process, log))


def printed_port(process: psutil.Process, log: Path) -> int:
    """Wait until a server says where it listens."""
    deadline = time.monotonic() + _START_SECONDS
    while time.monotonic() < deadline:
        said = log.read_text(encoding="utf-8", errors="replace")
        if found := _ADDRESS.search(said):
            return int(found[1])
        if not process.is_running() or process.status() == psutil.STATUS_ZOMBIE:
            raise RuntimeError(f"the server did not start: {said[-500:]}")
        time.sleep(0.05)
    raise TimeoutError(f"the server did not say where it listens within {_START_SECONDS:.0f} s")
