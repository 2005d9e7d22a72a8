"""Blocks from a cursor: how far ahead of their reader they are fetched."""

import asyncio
from typing import cast

import pytest

from web.database.cursors import read_blocks
from web.database.pool import Connection
from web.database.queries import Query, load_queries
from web.downloads.limiter import ConcurrencyLimiter

QUERY: Query = load_queries("downloads")["plan_in_order"]


class Cursor:
    """A connection and its cursor: so many fetches of a block, then the end or an error."""

    def __init__(self, fetches: int, error: Exception | None = None) -> None:
        self.left = fetches
        self.error = error
        self.fetched = 0

    async def cursor(self, _sql: str, *_arguments: object) -> "Cursor":
        return self

    async def fetch(self, _rows: int) -> list[tuple[bytes]]:
        await asyncio.sleep(0)
        if self.left == 0:
            if self.error is not None:
                raise self.error
            return []
        self.left -= 1
        self.fetched += 1
        return [(b"%d\r\n" % self.fetched,)]


async def settle() -> None:
    for _ in range(50):
        await asyncio.sleep(0)


async def test_two_pieces_are_fetched_ahead_and_no_more() -> None:
    cursor = Cursor(fetches=10)
    pieces = read_blocks(cast(Connection, cursor), QUERY, ConcurrencyLimiter(1))
    for taken in range(1, 5):
        assert await anext(pieces) == b"%d\r\n" % taken
        await settle()
        assert cursor.fetched == taken + 2
    await pieces.aclose()
    await settle()
    assert cursor.fetched == 6


async def test_error_comes_behind_what_was_fetched_before_it() -> None:
    cursor = Cursor(fetches=3, error=ValueError("lost"))
    pieces = read_blocks(cast(Connection, cursor), QUERY, ConcurrencyLimiter(1))
    assert [await anext(pieces) for _ in range(3)] == [b"1\r\n", b"2\r\n", b"3\r\n"]
    with pytest.raises(ValueError, match="lost"):
        await anext(pieces)
