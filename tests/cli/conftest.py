"""run.py as a process of its own, on an embedded PostgreSQL of its own."""

import os
import re
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from http.client import HTTPConnection
from pathlib import Path

import psutil
import pytest

from tests.conftest import short_folder
from web.database.embedded import EmbeddedServer
from web.database.postmaster import find_postmaster

RUN = Path(__file__).parents[2] / "run.py"
# A guard, not an expectation: a busy machine may take long.
PATIENCE = 60

Command = Callable[..., "subprocess.CompletedProcess[str]"]


@dataclass
class RunningDesk:
    """A running `run.py serve`."""

    process: "subprocess.Popen[str]"
    host: str
    port: int

    def get(self, path: str) -> tuple[int, str]:
        """Return the status and the body of a page, over a connection of its own."""
        return self._request("GET", path)

    def create_brand(self, name: str) -> int:
        """Send the brand form and return the status."""
        status, _ = self._request("POST", "/brands", f"brand_name={name}")
        return status

    def send(self, number: signal.Signals) -> None:
        """Send a signal as a terminal does: to the whole process group."""
        os.killpg(self.process.pid, number)

    def wait(self) -> int:
        """Wait until it has ended and return its exit status."""
        return self.process.wait(PATIENCE)

    def stop(self) -> int:
        """Stop it with SIGTERM and return its exit status."""
        self.process.terminate()
        return self.wait()

    def _request(self, method: str, path: str, form: str | None = None) -> tuple[int, str]:
        connection = HTTPConnection(self.host, self.port, timeout=PATIENCE)
        try:
            headers = {"Content-Type": "application/x-www-form-urlencoded"} if form else {}
            connection.request(method, path, form, headers)
            response = connection.getresponse()
            return response.status, response.read().decode()
        finally:
            connection.close()


Serve = Callable[..., RunningDesk]


def listens(process: psutil.Process) -> bool:
    """Whether a process has a listening socket."""
    try:
        return any(c.status == psutil.CONN_LISTEN for c in process.net_connections("tcp"))
    except psutil.Error:
        return False


def workers_of(desk: RunningDesk) -> list[psutil.Process]:
    """Return the workers that listen; a desk also has a process that waits to become one."""
    return [child for child in psutil.Process(desk.process.pid).children() if listens(child)]


def spares_of(desk: RunningDesk) -> list[psutil.Process]:
    """Return the processes that wait to become workers, or are on their way to it."""
    return [child for child in psutil.Process(desk.process.pid).children() if not listens(child)]


@dataclass(frozen=True)
class Home:
    """Where a desk runs: a folder of its own, an environment without settings."""

    folder: Path

    @property
    def data_dir(self) -> Path:
        """Where the embedded PostgreSQL keeps its data."""
        return self.folder / "data"

    def environment(self, **settings: str) -> dict[str, str]:
        """The environment of a command."""
        kept = {
            name: value
            for name, value in os.environ.items()
            if not name.startswith("HANGTAG_") and name != "DATABASE_URL"
        }
        own = {"HANGTAG_DATA_DIR": str(self.data_dir), "HANGTAG_PAGE_TIMEOUT": "60"}
        return {**kept, **own, **settings}

    def has_server(self) -> bool:
        """Whether a PostgreSQL runs on the data."""
        return self.data_dir.exists() and find_postmaster(self.data_dir / "postgresql") is not None

    def url(self) -> str:
        """The URL of the running catalog."""
        postmaster = find_postmaster(self.data_dir / "postgresql")
        assert postmaster is not None
        return EmbeddedServer(postmaster.socket_dir).url("products")


def run_command(home: Home, *arguments: str, **settings: str) -> "subprocess.CompletedProcess[str]":
    """Run a command to its end."""
    return subprocess.run(
        [sys.executable, str(RUN), *arguments],
        cwd=home.folder,
        env=home.environment(**settings),
        capture_output=True,
        text=True,
        timeout=PATIENCE,
        check=False,
    )


@pytest.fixture
def home() -> Iterator[Home]:
    """A machine on which Hangtag has never run."""
    for folder in short_folder(in_memory=True):
        yield Home(folder)


@pytest.fixture(scope="session")
def _filled_data_dir() -> Iterator[Path]:
    for folder in short_folder(in_memory=True):
        done = run_command(Home(folder), "sample")
        assert done.returncode == 0, done.stderr
        yield folder / "data"


@pytest.fixture
def filled_home(home: Home, _filled_data_dir: Path) -> Home:
    """A machine whose catalog is the sample; nothing runs."""
    subprocess.run(["cp", "-a", _filled_data_dir, home.data_dir], check=True)
    return home


@pytest.fixture
def serve() -> Iterator[Serve]:
    """Start desks, wait for their address, and stop those that a test has left running."""
    processes: list[subprocess.Popen[str]] = []

    def started(home: Home, *arguments: str, **settings: str) -> RunningDesk:
        command = [sys.executable, str(RUN), *(arguments or ("serve", "--port", "0"))]
        with (home.folder / "log").open("ab") as log:
            process = subprocess.Popen(
                command,
                cwd=home.folder,
                env=home.environment(**settings),
                stdout=subprocess.PIPE,
                stderr=log,
                text=True,
                start_new_session=True,
            )
        processes.append(process)
        assert process.stdout is not None
        for line in process.stdout:
            if address := re.fullmatch(r"Hangtag is at https?://(.*):(\d+)/\n", line):
                return RunningDesk(process, address[1].strip("[]"), int(address[2]))
        said = (home.folder / "log").read_text(encoding="utf-8")
        raise AssertionError(f"it ended with {process.wait()} and said:\n{said}")

    yield started
    for process in processes:
        process.terminate()
        process.wait(PATIENCE)
        if process.stdout:
            process.stdout.close()
