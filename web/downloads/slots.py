"""How many downloads may run at the same time."""

from collections.abc import Iterator
from contextlib import contextmanager


class NoSlotError(Exception):
    """As many downloads are running as there may be."""


class DownloadSlots:
    """A fixed number of slots. A download that finds none is refused rather than queued."""

    def __init__(self, total: int) -> None:
        self.total = total
        self.taken = 0

    @contextmanager
    def take(self) -> Iterator[None]:
        """Hold a slot.

        Raises:
            NoSlotError: all are taken.
        """
        if self.taken >= self.total:
            raise NoSlotError
        self.taken += 1
        try:
            yield
        finally:
            self.taken -= 1
