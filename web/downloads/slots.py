"""How many downloads may run at the same time: over all workers, and all servers on the database.

A slot is a lock that ends with the download's own transaction, whatever ends that: nothing has
to give it back, and a worker that dies keeps none.
"""

from collections.abc import Iterator
from contextlib import contextmanager

from web.database.pool import Connection, fetch
from web.database.queries import load_queries

TAKE_SLOT = load_queries("downloads")["take_slot"]


class NoSlotError(Exception):
    """As many downloads are running as there may be."""


class DownloadSlots:
    """A number of slots. A download that finds none is refused rather than queued."""

    def __init__(self, total: int) -> None:
        self.total = total
        self.inside = 0

    @contextmanager
    def enter(self) -> Iterator[None]:
        """Let as many in here as there are slots: the pool has a connection for each, and no more.

        Who is kept out would find no slot either: those inside have one, or find none themselves.

        Raises:
            NoSlotError: so many are inside.
        """
        if self.inside >= self.total:
            raise NoSlotError
        self.inside += 1
        try:
            yield
        finally:
            self.inside -= 1

    async def take(self, connection: Connection, *, in_order: bool) -> None:
        """Take a slot until the transaction of `connection` ends, and prepare it for a download.

        Args:
            connection: in a transaction of the download's own.
            in_order: whether rows are to come in the order of an index, from the first on.

        Raises:
            NoSlotError: all are taken.
        """
        rows = await fetch(connection, TAKE_SLOT, total=self.total, in_order=in_order or None)
        if rows[0]["slot"] is None:
            raise NoSlotError
