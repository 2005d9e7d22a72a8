"""The server's memory while it streams the small and the large catalog."""

import threading
from statistics import median
from typing import Final

from bench.data import SMALL, Bench, Catalog
from bench.figures import Row, mebibytes, take_turns
from bench.http import download
from bench.servers import Server

_LIMIT: Final = 16 * 2**20
_SAMPLE_SECONDS: Final = 0.01


def memory(bench: Bench) -> list[Row]:
    """Measure the peaks of servers that were started for one download each."""
    pairs = take_turns(lambda: _peak(bench, bench.large), lambda: _peak(bench, SMALL), warm=False)
    growth = median(a - b for a, b in zip(pairs.ours, pairs.theirs, strict=True))
    measured = (
        f"{mebibytes(growth)} ({mebibytes(median(pairs.theirs))} with {SMALL.skus:,} rows,"
        f" {mebibytes(median(pairs.ours))} with {bench.large.skus:,}, {len(pairs.ours)} pairs)"
    )
    return [Row("server memory during `/skus.csv`: growth", "≤ 16 MiB", measured, growth <= _LIMIT)]


def _peak(bench: Bench, catalog: Catalog) -> float:
    """Return the most that a server held while it sent all of a catalog."""
    with bench.serve(catalog) as server:
        samples = [server.resident_bytes()]
        ended = threading.Event()
        watcher = threading.Thread(target=_watch, args=(server, samples, ended))
        watcher.start()
        try:
            download(server, "/skus.csv")
        finally:
            ended.set()
            watcher.join()
        return float(max(samples))


def _watch(server: Server, samples: list[int], ended: threading.Event) -> None:
    while not ended.wait(_SAMPLE_SECONDS):
        samples.append(server.resident_bytes())
