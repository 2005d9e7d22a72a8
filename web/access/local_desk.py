"""The desk on its own machine: open without accounts, until there is the first one."""

import asyncio
import time
from contextlib import suppress
from typing import Final

from web.access.accounts import has_accounts
from web.database.errors import DatabaseUnavailableError
from web.database.pool import Pool

# How long it may take until the first account closes a local desk, in seconds.
_ASK_EVERY: Final = 2.0


class LocalDesk:
    """Whether there are no accounts, so that who is on this machine needs none.

    It is asked at the start, and then beside requests rather than before them: a busy or
    lost database is told by the page itself, which knows what was typed.
    """

    def __init__(self, pool: Pool) -> None:
        self._pool = pool
        self._is_open: bool | None = None
        self._asked_at = 0.0
        self._asking: asyncio.Task[None] | None = None

    async def is_open(self) -> bool:
        """Return whether there are no accounts, as of two seconds ago when requests come.

        While the database is away, what was known last counts; at first nobody is let in.

        Raises:
            DatabaseUnavailableError: PostgreSQL cannot be reached, and nothing is known yet.
        """
        if self._is_open is None:
            await self.ask()
        elif time.monotonic() - self._asked_at > _ASK_EVERY and self._asking is None:
            self._asking = asyncio.create_task(self._ask_again())
        return bool(self._is_open)

    async def close(self) -> None:
        """Ask no more."""
        if self._asking is not None:
            self._asking.cancel()
            with suppress(asyncio.CancelledError):
                await self._asking

    async def ask(self) -> None:
        """Ask now.

        Raises:
            DatabaseUnavailableError: PostgreSQL cannot be reached.
        """
        self._is_open = not await has_accounts(self._pool)
        self._asked_at = time.monotonic()

    async def _ask_again(self) -> None:
        try:
            await self.ask()
        except DatabaseUnavailableError:
            self._asked_at = time.monotonic()
        finally:
            self._asking = None
