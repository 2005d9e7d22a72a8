"""What a request has asked of the database so far: for its line in the log.

The tasks that a request starts inherit its context, and with it the same tally: what
`concurrently` runs side by side is counted together, so the seconds may be more than the request's.
"""

from contextvars import ContextVar
from time import perf_counter


class Tally:
    """Queries and the seconds they took; of a download also how much of it was sent."""

    __slots__ = ("byte_count", "query_count", "query_seconds", "row_count")

    def __init__(self) -> None:
        self.query_count = 0
        self.query_seconds = 0.0
        self.row_count: int | None = None
        self.byte_count: int | None = None


_TALLY: ContextVar[Tally | None] = ContextVar("tally", default=None)


def begin_tally() -> Tally:
    """Count into a new tally from here on, in this task and those that it starts."""
    tally = Tally()
    _TALLY.set(tally)
    return tally


def count_query(started: float) -> None:
    """Count a query that began at `started` (`perf_counter`) and is over, well or not."""
    if (tally := _TALLY.get()) is not None:
        tally.query_count += 1
        tally.query_seconds += perf_counter() - started


def count_download(row_count: int, byte_count: int) -> None:
    """Note how much of a download was sent."""
    if (tally := _TALLY.get()) is not None:
        tally.row_count, tally.byte_count = row_count, byte_count
