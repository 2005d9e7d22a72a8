"""How much of large bodies may be in memory at once: the rest waits, and is told so if it has to.

A form of the largest size takes some 50 MB until it is answered, of which 24 are its body. Small
bodies are most of all there are, and take no room here.
"""

import asyncio
from collections import deque
from typing import Final

# Four of the largest forms: six that came at once took 250 MB of memory.
MOST_BYTES: Final = 96 * 1024 * 1024
# A body of up to this is free.
FREE_BYTES: Final = 1024 * 1024
# How long somebody waits for room, in seconds: a form of the largest size is read in one or two.
_PATIENCE: Final = 5.0


class NoRoomError(Exception):
    """The others took longer than somebody waits."""


class BodyRoom:
    """The room of one process, given in the order in which it was asked for."""

    def __init__(self, most: int = MOST_BYTES) -> None:
        self._most = most
        self._free = most
        self._waiting: deque[tuple[int, asyncio.Future[None]]] = deque()

    @property
    def taken(self) -> int:
        """How many bytes are taken."""
        return self._most - self._free

    async def take(self, size: int) -> None:
        """Take room for a body of `size` bytes, until the request is over that this is called in.

        aiohttp runs every request in a task of its own.

        Raises:
            NoRoomError: there was none in time.
        """
        size = min(size, self._most)
        turn = asyncio.get_running_loop().create_future()
        self._waiting.append((size, turn))
        self._let_in()
        try:
            async with asyncio.timeout(_PATIENCE):
                await turn
        except BaseException as error:
            if turn.done() and not turn.cancelled():
                self._free += size
            self._let_in()
            if isinstance(error, TimeoutError):
                raise NoRoomError from None
            raise
        task = asyncio.current_task()
        assert task is not None, "a handler runs in a task"  # noqa: S101  # for the type checker
        task.add_done_callback(lambda _: self._give_back(size))

    def _give_back(self, size: int) -> None:
        self._free += size
        self._let_in()

    def _let_in(self) -> None:
        while self._waiting and (self._waiting[0][1].done() or self._waiting[0][0] <= self._free):
            size, turn = self._waiting.popleft()
            if not turn.done():
                self._free -= size
                turn.set_result(None)
