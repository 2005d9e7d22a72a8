"""The concurrency limiter: downloads give way to pages.

What downloads take from pages is PostgreSQL's processors, a block fetch at a
time. While pages are being served only so many block fetches run at once,
among all downloads together; while none are, there is no limit.
"""

import asyncio
from collections import deque
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Final

# Pages come in bursts: after the last one the limiter stays narrow for this long, in seconds.
_LINGER: Final = 0.25


class PageTurn:
    """A request that counts as a page, until it ends."""

    def __init__(self, end: Callable[[bool], None]) -> None:
        self._end: Callable[[bool], None] | None = end

    def end(self, *, served: bool = True) -> None:
        """Say that the page has been served, or that the request is none; once is enough."""
        end, self._end = self._end, None
        if end is not None:
            end(served)


class ConcurrencyLimiter:
    """Lets block fetches run: `width` at a time beside pages, any number without them."""

    def __init__(self, width: int) -> None:
        self.width = width
        self._pages = 0
        self._narrow_until = 0.0
        self._running = 0
        self._waiting: deque[asyncio.Future[None]] = deque()

    @property
    def is_narrow(self) -> bool:
        """Whether pages are being served, or were a moment ago."""
        return self._pages > 0 or asyncio.get_running_loop().time() < self._narrow_until

    def begin_page(self) -> "PageTurn":
        """Say that a page is being served, until the turn that is returned ends."""
        self._pages += 1
        return PageTurn(self._end_page)

    def _end_page(self, served: bool) -> None:  # a callback
        self._pages -= 1
        if self._pages > 0:
            return
        linger = _LINGER if served else 0.0
        loop = asyncio.get_running_loop()
        self._narrow_until = max(self._narrow_until, loop.time() + linger)
        loop.call_later(self._narrow_until - loop.time(), self._admit)

    @asynccontextmanager
    async def turn(self) -> AsyncIterator[None]:
        """Wait for a turn, and hold it for one block fetch. Turns come in the order asked."""
        if self._waiting or not self._has_room():
            turn = asyncio.get_running_loop().create_future()
            self._waiting.append(turn)
            try:
                await turn
            except asyncio.CancelledError:
                if turn.done() and not turn.cancelled():
                    self._leave()  # the turn came at the moment of leaving
                raise
        else:
            self._running += 1
        try:
            yield
        finally:
            self._leave()

    def _has_room(self) -> bool:
        return self._running < self.width or not self.is_narrow

    def _leave(self) -> None:
        self._running -= 1
        self._admit()

    def _admit(self) -> None:
        while self._waiting and self._has_room():
            turn = self._waiting.popleft()
            if not turn.done():
                self._running += 1
                turn.set_result(None)
