"""The end of a process that serves: one deadline, from which everything that closes has its own.

Timeouts of their own would add up: of what runs, of the records of downloads, of each pool.
"""

import asyncio
from typing import Final

# Behind the time that what runs is given at the end, for everything that closes after it.
CLOSE_SECONDS: Final = 0.5
# Before the deadline everybody who closes something has at least this.
_LEAST_SECONDS: Final = 0.1


class Ending:
    """When the process has to be gone, once it is known that it ends."""

    def __init__(self) -> None:
        self._at: float | None = None

    def begin(self, seconds: float) -> None:
        """Say that the process has to be gone in so many seconds."""
        self._at = asyncio.get_running_loop().time() + seconds

    def time_for(self, usual: float, *, before: float = 0.0) -> float:
        """Return how many seconds something may take to close.

        Args:
            usual: without a deadline, or with one that is far away.
            before: how long before the deadline it has to be closed.
        """
        if self._at is None:
            return usual
        left = self._at - before - asyncio.get_running_loop().time()
        return min(usual, max(_LEAST_SECONDS, left))
