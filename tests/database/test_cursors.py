"""Blocks from a cursor: how far ahead of their reader they are fetched."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import asyncpg
import pytest

from tests.desk import CatalogMaker
from web.database.cursors import read_blocks
from web.database.queries import Query

# A block is as long as a whole fetch aims at, so that each fetch brings one.
LONG = Query(
    "blocks",
    "select convert_to(repeat('x', 600000) || number::text, 'UTF8') as block, 2 as row_count"
    " from generate_series(1, :count::integer) as number",
)
BREAKING = Query(
    "breaking blocks",
    "select convert_to(repeat('x', 600000) || (1 / (6 - number))::text, 'UTF8') as block,"
    " 2 as row_count from generate_series(1, :count::integer) as number",
)


class Turns:
    """Gives every turn at once, and counts those that were taken."""

    is_narrow = False

    def __init__(self) -> None:
        self.taken = 0

    @asynccontextmanager
    async def turn(self) -> AsyncIterator[None]:
        self.taken += 1
        yield


async def settled(turns: Turns) -> int:
    """Return how many turns were taken when no more are for a while."""
    taken = -1
    while taken != turns.taken:
        taken = turns.taken
        await asyncio.sleep(0.2)
    return taken


async def test_no_more_is_fetched_ahead_than_two_pieces(catalog: CatalogMaker) -> None:
    turns = Turns()
    async with catalog.connection.transaction():
        pieces = read_blocks(catalog.connection, LONG, turns, count=40)
        await anext(pieces)
        behind_first = await settled(turns)
        await anext(pieces)
        behind_second = await settled(turns)
        await pieces.aclose()

    # The one that is here, one that waits and one that has found no place yet.
    assert behind_first == 3
    assert behind_second == 4


async def test_error_comes_behind_what_was_fetched_before_it(catalog: CatalogMaker) -> None:
    came: list[int] = []

    async def read() -> None:
        async with catalog.connection.transaction():
            async for piece in read_blocks(catalog.connection, BREAKING, Turns(), count=40):
                came.append(len(piece.data))  # noqa: PERF401 - what came before the error counts

    with pytest.raises(asyncpg.DivisionByZeroError):
        await read()

    # Four rows in the first fetch, the fifth in the second; the sixth cannot be made.
    assert [length // 600_000 for length in came] == [4, 1]


async def test_every_block_comes_once_and_in_order(catalog: CatalogMaker) -> None:
    async with catalog.connection.transaction():
        pieces = [piece async for piece in read_blocks(catalog.connection, LONG, Turns(), count=9)]

    data = b"".join(piece.data for piece in pieces)
    assert [int(part) for part in data.replace(b"x", b" ").split()] == list(range(1, 10))
    assert sum(piece.row_count for piece in pieces) == 2 * 9
