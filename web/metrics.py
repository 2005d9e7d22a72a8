"""What Prometheus is told: requests, pools, downloads, database errors, the event loop.

The instruments alone, for whoever counts with them; web/api/metrics.py answers with what they
show. Labels are of closed sets: routes rather than paths, and no method that a client made up.

With several workers every process writes its numbers into files of a directory
(`PROMETHEUS_MULTIPROC_DIR`, which prometheus-client reads when it is imported, so `serve --workers`
sets it for them), and whoever is asked answers for all.
"""

import os
from functools import lru_cache
from typing import Final

from prometheus_client import (
    CollectorRegistry,
    Counter,
    Gauge,
    Histogram,
    disable_created_metrics,
    generate_latest,
)
from prometheus_client.multiprocess import MultiProcessCollector, mark_process_dead

MULTIPROCESS_VARIABLE: Final = "PROMETHEUS_MULTIPROC_DIR"
# The status of a request whose client left before there was an answer.
GONE: Final = "gone"
# And of one whose answer did not come to its end.
BROKEN_OFF: Final = "broken off"
NO_ROUTE: Final = "none"

_METHODS: Final = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})
_SECONDS: Final = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10)

# When each series began; nobody asks, and they are half of the answer.
disable_created_metrics()  # type: ignore[no-untyped-call]

REGISTRY: Final = CollectorRegistry()
REQUESTS: Final = Counter(
    "hangtag_requests",
    "Requests that were answered.",
    ("route", "method", "status"),
    registry=REGISTRY,
)
REQUEST_SECONDS: Final = Histogram(
    "hangtag_request_seconds",
    "From a request to its answer; of a download to the end of it.",
    ("route",),
    buckets=_SECONDS,
    registry=REGISTRY,
)
POOL_SIZE: Final = Gauge(
    "hangtag_pool_connections",
    "Open connections to PostgreSQL, as of a second ago at most.",
    ("pool",),
    multiprocess_mode="livesum",
    registry=REGISTRY,
)
POOL_IN_USE: Final = Gauge(
    "hangtag_pool_connections_in_use",
    "Connections that are lent out, as of a second ago at most.",
    ("pool",),
    multiprocess_mode="livesum",
    registry=REGISTRY,
)
POOL_WAIT_SECONDS: Final = Histogram(
    "hangtag_pool_wait_seconds",
    "How long a connection was waited for, whether one came or not.",
    ("pool",),
    buckets=_SECONDS,
    registry=REGISTRY,
)
DOWNLOADS_RUNNING: Final = Gauge(
    "hangtag_downloads_running",
    "Downloads and batches under way.",
    multiprocess_mode="livesum",
    registry=REGISTRY,
)
DOWNLOADS: Final = Counter(
    "hangtag_downloads",
    "Downloads and batches that ended, and why.",
    ("cause",),
    registry=REGISTRY,
)
DOWNLOAD_BYTES: Final = Counter(
    "hangtag_download_bytes", "Bytes of downloads before compression.", registry=REGISTRY
)
DOWNLOAD_ROWS: Final = Counter("hangtag_download_rows", "Rows of downloads.", registry=REGISTRY)
DATABASE_ERRORS: Final = Counter(
    "hangtag_database_errors",
    "What went wrong with PostgreSQL, or was refused by it.",
    ("kind",),
    registry=REGISTRY,
)
LOOP_LAG: Final = Histogram(
    "hangtag_event_loop_lag_seconds",
    "How much later than planned the event loop came, asked once a second.",
    buckets=_SECONDS,
    registry=REGISTRY,
)


def count_request(route: str, method: str, status: str, seconds: float) -> None:
    """Count a request that is over.

    Args:
        route: the route's canonical path, or `NO_ROUTE`.
        method: as the client sent it.
        status: of the answer, or `GONE` or `BROKEN_OFF`.
        seconds: how long it took.
    """
    requests(route, method if method in _METHODS else "other", status).inc()
    request_seconds(route).observe(seconds)


# The instruments of labels that come again and again: to look one up costs more than to count.
requests = lru_cache(maxsize=4096)(REQUESTS.labels)
request_seconds = lru_cache(maxsize=1024)(REQUEST_SECONDS.labels)
pool_wait_seconds = lru_cache(maxsize=16)(POOL_WAIT_SECONDS.labels)


def exposition(directory: str | None = None) -> bytes:
    """Return all numbers in the text form that Prometheus reads.

    Args:
        directory: of several processes' files; None for this process's own, if it has one.
    """
    directory = directory or os.environ.get(MULTIPROCESS_VARIABLE)
    if directory is None:
        return generate_latest(REGISTRY)
    registry = CollectorRegistry()
    MultiProcessCollector(registry, directory)  # type: ignore[no-untyped-call]
    return generate_latest(registry)


def forget_process(pid: int, directory: str) -> None:
    """Take what a process that has ended held out of the sums; what it counted stays."""
    mark_process_dead(pid, directory)  # type: ignore[no-untyped-call]
