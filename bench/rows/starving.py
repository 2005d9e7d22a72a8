"""Pages beside downloads: neither may starve the other."""

from concurrent.futures import ThreadPoolExecutor
from statistics import median
from typing import Final

from bench.data import Bench
from bench.figures import PAIRS, Pairs, Row, milliseconds
from bench.http import download_bytes_within
from bench.servers import Server
from bench.wrk import load_products, require_wrk

_CONNECTIONS: Final = 4
_DOWNLOADS: Final = 4
_SECONDS: Final = 6
_MOST_P99: Final = 3.0
_LEAST_RATE: Final = 0.6


def p99(bench: Bench) -> list[Row]:
    """Measure pages alone, downloads alone, and both at once, in turns."""
    require_wrk()
    idle: list[float] = []
    busy: list[float] = []
    alone: list[float] = []
    beside: list[float] = []
    with (
        bench.serve(bench.large) as server,
        ThreadPoolExecutor(_DOWNLOADS) as threads,
    ):
        _pages(bench, server)
        for _ in range(PAIRS):
            idle.append(_pages(bench, server))
            alone.append(sum(threads.map(_download, [server] * _DOWNLOADS)) / _SECONDS)
            downloads = threads.map(_download, [server] * _DOWNLOADS)
            busy.append(_pages(bench, server))
            beside.append(sum(downloads) / _SECONDS)
    slower, kept = Pairs(busy, idle).ratio, Pairs(beside, alone).ratio
    return [
        Row(
            "p99 of the product page beside four downloads, against idle",
            "≤ 3",
            f"{slower:.2f} (busy {milliseconds(median(busy))}, idle {milliseconds(median(idle))},"
            f" {len(idle)} pairs)",
            slower <= _MOST_P99,
        ),
        Row(
            "rate of four downloads beside those pages, against alone",
            "≥ 0.6",
            f"{kept:.2f} ({median(beside) / 1e6:.1f} MB/s beside pages,"
            f" {median(alone) / 1e6:.1f} MB/s alone, {len(alone)} pairs)",
            kept >= _LEAST_RATE,
        ),
    ]


def _pages(bench: Bench, server: Server) -> float:
    products = bench.large.products
    return load_products(server, products, connections=_CONNECTIONS, seconds=_SECONDS).p99


def _download(server: Server) -> float:
    return download_bytes_within(server, "/skus.csv", _SECONDS)
