"""The peers' virtual environment, and the peers as running servers.

Each runs as its framework's documentation has it: one process, every core free to the others.
uvicorn writes a line about every request, as Hangtag does; gunicorn by its own default does not.
"""

import socket
import time
import venv
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from bench.data import Bench
from bench.servers import ROOT, Server, clean_environment, run, started

_REQUIREMENTS: Final = Path(__file__).with_name("requirements.txt")
_START_SECONDS: Final = 30.0


@contextmanager
def fastapi_server(bench: Bench) -> Iterator[Server]:
    """Serve the large catalog with FastAPI."""
    options = ("--loop", "uvloop", "--http", "httptools", "--workers", "1", "--port")
    with _served(bench, "uvicorn", ["bench.peers.fastapi_peer:app", *options], "") as server:
        yield server


@contextmanager
def django_server(bench: Bench) -> Iterator[Server]:
    """Serve the large catalog with Django."""
    # Its control socket would lie in the home folder.
    options = ("--no-control-socket", "--worker-class", "gthread", "--workers", "1")
    arguments = ["bench.peers.django_peer:application", *options, "--threads", "8", "--bind"]
    with _served(bench, "gunicorn", arguments, "127.0.0.1:") as server:
        yield server


@contextmanager
def _served(
    bench: Bench, program: str, arguments: Sequence[str], before_port: str
) -> Iterator[Server]:
    programs = _programs(bench.folder / "peers-venv")
    port = _free_port()
    environment = clean_environment(DATABASE_URL=bench.url(bench.large), PYTHONPATH=str(ROOT))
    with started(
        [programs / program, *arguments, f"{before_port}{port}"],
        environment=environment,
        log=bench.folder / "logs" / f"{program}.log",
        folder=bench.work,
    ) as process:
        _wait_until_listening(port)
        yield Server(process, port)


def _programs(folder: Path) -> Path:
    """Return the programs of the peers' environment; make it when its requirements changed."""
    stamp = folder / "requirements.txt"
    wanted = _REQUIREMENTS.read_text(encoding="utf-8")
    if not stamp.exists() or stamp.read_text(encoding="utf-8") != wanted:
        venv.create(folder, clear=True, with_pip=True)
        pip = [str(folder / "bin" / "python"), "-m", "pip", "install", "--quiet"]
        options = ["--disable-pip-version-check", "--require-hashes", "--requirement"]
        run([*pip, *options, _REQUIREMENTS], timeout=600)
        stamp.write_text(wanted, encoding="utf-8")
    return folder / "bin"


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as free:
        return int(free.getsockname()[1])


def _wait_until_listening(port: int) -> None:
    deadline = time.monotonic() + _START_SECONDS
    while True:
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
        except OSError:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.05)
        else:
            return
