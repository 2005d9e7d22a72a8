"""The clients: curl for what a person would run, a bare connection for what is timed in parts."""

import http.client
import time
from dataclasses import dataclass

from bench.figures import NotAvailableError
from bench.servers import Server, run, timed

_SECONDS = 60.0
_BUSY_TRIES = 50


@dataclass(frozen=True, slots=True)
class Download:
    """A finished download: how long it took, in seconds, and the bytes of its body."""

    seconds: float
    size: int


def download(server: Server, path: str, *headers: str) -> Download:
    """Fetch a path with curl into nothing.

    Raises:
        NotAvailableError: there is no such path.
    """
    command = ["curl", "--silent", "--show-error", "--output", "/dev/null"]
    command += ["--write-out", "%{http_code} %{size_download}"]
    for header in headers:
        command += ["--header", header]
    seconds, said = timed([*command, server.url(path)])
    status, size = said.split()
    if status == "404":
        raise NotAvailableError(f"{path} is not there")
    if status != "200":
        raise RuntimeError(f"{path} answered {status}")
    return Download(seconds, int(size))


def download_bytes_within(server: Server, path: str, seconds: float) -> int:
    """Fetch a path with curl, and again when it ends, and return the bytes of so many seconds."""
    command = ["curl", "--silent", "--show-error", "--output", "/dev/null"]
    command += ["--write-out", "%{http_code} %{size_download}"]
    total, end = 0, time.monotonic() + seconds
    while (left := end - time.monotonic()) > 0.01:
        limit = ["--max-time", f"{left:.3f}"]
        # 28: the time was over, which is how each of them ends.
        said = run(
            [*command, *limit, server.url(path)], timeout=seconds + _SECONDS, allowed=(0, 28)
        )
        status, size = said.split()
        if status not in {"200", "000"}:
            raise RuntimeError(f"{path} answered {status}")
        total += int(size)
    return total


class Client:
    """A connection that stays open, for requests one after another."""

    def __init__(self, server: Server) -> None:
        self._connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=_SECONDS)

    def get(self, path: str) -> tuple[float, int, str]:
        """Ask for a path; return the seconds until all of it was there, its status and text."""
        started = time.perf_counter()
        self._connection.request("GET", path)
        response = self._connection.getresponse()
        body = response.read()
        seconds = time.perf_counter() - started
        return seconds, response.status, body.decode()

    def close(self) -> None:
        """Close the connection."""
        self._connection.close()


def seconds_to_line(server: Server, path: str, number: int) -> float:
    """Ask for a download and return the seconds until its line `number`, from 1, was there.

    The connection is open before the clock starts and is closed as soon as the line has come.
    """
    for _ in range(_BUSY_TRIES):
        connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=_SECONDS)
        try:
            connection.connect()
            started = time.perf_counter()
            connection.request("GET", path)
            response = connection.getresponse()
            lines = [response.readline() for _ in range(number)]
            seconds = time.perf_counter() - started
        finally:
            connection.close()
        if response.status == 200:
            if not lines[-1].endswith(b"\n"):
                raise RuntimeError(f"{path} has no line {number}")
            return seconds
        if response.status != 503:
            raise RuntimeError(f"{path} answered {response.status}")
        time.sleep(0.1)  # the slots of those that were broken off are not free yet
    raise TimeoutError(f"{path} found no free slot")
