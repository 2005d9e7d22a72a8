"""wrk: product pages as fast as a server answers them, over a number of connections."""

import re
import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from bench.figures import NotAvailableError
from bench.servers import Server, clean_environment, run

_SCRIPT: Final = Path(__file__).with_name("products.lua")
_UNITS: Final = {"us": 1e-6, "ms": 1e-3, "s": 1.0, "m": 60.0}


@dataclass(frozen=True, slots=True)
class Load:
    """What wrk saw: answers a second, and the 99th percentile of their times, in seconds."""

    rate: float
    p99: float


def require_wrk() -> None:
    """Say so when wrk is missing.

    Raises:
        NotAvailableError: it is.
    """
    if shutil.which("wrk") is None:
        raise NotAvailableError("wrk is missing: `apt-get install wrk`")


def load_products(server: Server, products: int, *, connections: int, seconds: int) -> Load:
    """Ask for pages of random products, with ids from 1 to `products`.

    Raises:
        RuntimeError: an answer was no page.
    """
    # One thread: the server is one process, and the load takes its share of the same cores.
    options = ["--threads=1", f"--connections={connections}", f"--duration={seconds}s"]
    said = run(
        ["wrk", *options, "--latency", "--timeout=30s", f"--script={_SCRIPT}", server.url("/")],
        environment=clean_environment(PRODUCTS=str(products)),
        timeout=seconds + 60,
    )
    rate = re.search(r"Requests/sec:\s+([\d.]+)", said)
    p99 = re.search(r"99%\s+([\d.]+)(us|ms|s|m)\b", said)
    if rate is None or p99 is None or "Non-2xx" in said:
        raise RuntimeError(f"wrk was not answered with pages: {said}")
    return Load(float(rate[1]), float(p99[1]) * _UNITS[p99[2]])
