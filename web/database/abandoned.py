"""What goes on for a moment after whoever waited for it has left, without a word in the log.

A client that leaves cancels its request wherever it just is. Two endings go on without it then,
and may fail with nobody there to hear of it: asyncio writes their errors into the log, each with
a traceback, "Future exception was never retrieved" and "Task exception was never retrieved".
"""

import asyncio
from collections.abc import Awaitable
from typing import Any

from asyncpg import connect_utils


class _Greeting(connect_utils.TLSUpgradeProto):
    """The first words with a server: whether it speaks TLS.

    asyncpg (0.32) waits for them once it has the connection. Cancelled in the turn of the event
    loop before that, it closes the connection, and the end, "unexpected connection_lost() call",
    is kept for somebody who will never ask. Whoever does ask is told all the same.
    """

    def connection_lost(self, exc: Exception | None) -> None:
        super().connection_lost(exc)
        ignore_error(self.on_data)


def expect_abandoned_connections() -> None:
    """Let asyncpg open connections, and send requests to cancel, with the greeting above."""
    connect_utils.TLSUpgradeProto = _Greeting  # type: ignore[misc]  # as said


async def finish_even_if_cancelled(ending: Awaitable[None]) -> None:
    """Wait for an ending; when the waiter is cancelled, it goes on, and its error is let go."""
    task = asyncio.ensure_future(ending)
    task.add_done_callback(ignore_error)
    # Not a shield: of one that nobody waits for any more, Python 3.14 logs the error all the same.
    await asyncio.wait({task})
    task.result()


def ignore_error(future: asyncio.Future[Any]) -> None:
    """Take note of the error of a future, if it has one: then asyncio does not."""
    if future.done() and not future.cancelled():
        future.exception()
