"""The desk on its own machine: open without accounts, until there is the first one."""

import asyncio
import logging
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress

from web.access.accounts import has_accounts
from web.database.errors import DatabaseUnavailableError
from web.database.pool import Pool

# How long it may take until the first account closes a local desk, in seconds.
ASK_EVERY = 2.0

_LOG = logging.getLogger("hangtag.access")


class LocalDesk:
    """Whether there are no accounts, so that who is on this machine needs none.

    It is asked beside requests, whether any come or not, rather than before them: a busy or
    lost database is told by the page itself, which knows what was typed, and after a quiet
    night the first request is answered as the last one would be.
    """

    def __init__(self, pool: Pool) -> None:
        self._pool = pool
        self._is_open: bool | None = None
        self._asked_at = 0.0

    async def is_open(self) -> bool:
        """Return whether there are no accounts, as of two seconds ago.

        While the database is away, what was known last counts; at first nobody is let in.

        Raises:
            DatabaseUnavailableError: PostgreSQL cannot be reached, and nothing is known yet.
        """
        if self._is_open is None:
            await self.ask()
        return bool(self._is_open)

    async def ask(self) -> None:
        """Ask now.

        Raises:
            DatabaseUnavailableError: PostgreSQL cannot be reached.
        """
        asked_at = time.monotonic()
        is_open = not await has_accounts(self._pool)
        if asked_at >= self._asked_at:  # a later question may have been answered sooner
            self._is_open, self._asked_at = is_open, asked_at

    @asynccontextmanager
    async def keep_asking(self) -> AsyncIterator[None]:
        """Ask every two seconds while the block runs."""
        asking = asyncio.create_task(self._ask_often())
        try:
            yield
        finally:
            asking.cancel()
            with suppress(asyncio.CancelledError):
                await asking

    async def _ask_often(self) -> None:
        while True:
            await asyncio.sleep(ASK_EVERY)
            try:
                await self.ask()
            except DatabaseUnavailableError:
                pass  # whoever comes is told
            except Exception:  # noqa: BLE001  # whatever it is, the first account must be seen
                _LOG.exception("it is not known whether there are accounts")
