"""Creating brands for those lines that can be, whatever the others are."""

import random
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import asyncpg
import pytest

from tests.desk import CatalogMaker
from web.catalog.brand_lines import (
    BrandLine,
    check_names,
    create_new_brands,
    create_those_possible,
)
from web.database.pool import Connection


def lines_of(*names: str) -> list[BrandLine]:
    return [BrandLine(number, name) for number, name in enumerate(names, start=1)]


@asynccontextmanager
async def savepoints_of(connection: Connection) -> AsyncIterator[list[str]]:
    """Collect the savepoints that are set meanwhile."""
    found: list[str] = []

    def note(record: "asyncpg.connection.LoggedQuery") -> None:
        if record.query.lower().startswith("savepoint"):
            found.append(record.query)

    connection.add_query_logger(note)
    yield found
    connection.remove_query_logger(note)


async def refuse(catalog: CatalogMaker, condition: str) -> None:
    """Let the database refuse brands for a reason that nobody can know beforehand."""
    await catalog.connection.execute(
        f"alter table brand add constraint whim check (not ({condition}))"
    )


async def names_by_id(catalog: CatalogMaker) -> dict[int, str]:
    rows = await catalog.connection.fetch("select brand_id, brand_name from brand")
    return {row["brand_id"]: row["brand_name"] for row in rows}


async def test_lines_that_are_all_new_take_one_savepoint_and_ids_in_order(
    catalog: CatalogMaker,
) -> None:
    lines = lines_of("Wrangler", "Levis", "Lee")

    async with catalog.connection.transaction(), savepoints_of(catalog.connection) as savepoints:
        created = await create_those_possible(catalog.connection, lines)

    assert len(savepoints) == 1
    assert created == {1: 1, 2: 2, 3: 3}
    assert await names_by_id(catalog) == {1: "Wrangler", 2: "Levis", 3: "Lee"}


async def test_no_lines_take_no_savepoint(catalog: CatalogMaker) -> None:
    async with catalog.connection.transaction(), savepoints_of(catalog.connection) as savepoints:
        assert await create_those_possible(catalog.connection, []) == {}
    assert savepoints == []


@pytest.mark.parametrize("scattered", ["evenly", "at random", "at one end"])
async def test_hundred_refused_lines_of_ten_thousand_take_at_most_2000_savepoints(
    catalog: CatalogMaker, scattered: str
) -> None:
    names = [f"Brand {number:05}" for number in range(10_000)]
    bad = {
        "evenly": names[50::100],
        "at random": random.Random(7).sample(names, 100),  # noqa: S311 - scattered, not secret
        "at one end": names[-100:],
    }[scattered]
    await catalog.brands(bad)

    async with catalog.connection.transaction(), savepoints_of(catalog.connection) as savepoints:
        created = await create_those_possible(catalog.connection, lines_of(*names))

    assert len(savepoints) <= 2000
    assert len(created) == 9_900
    kept = await names_by_id(catalog)
    assert len(kept) == 10_000
    assert all(kept[brand_id] == names[number - 1] for number, brand_id in created.items())


async def test_known_duplicates_cost_no_savepoints(catalog: CatalogMaker) -> None:
    names = [f"Brand {number}" for number in range(10_000)]
    await catalog.brands(names[::2])

    async with catalog.connection.transaction(), savepoints_of(catalog.connection) as savepoints:
        findings = await create_new_brands(catalog.connection, check_names(lines_of(*names)))

    assert len(savepoints) == 1
    assert sum(finding.created_id is not None for finding in findings) == 5_000
    assert [finding.line.number for finding in findings] == list(range(1, 10_001))


async def test_line_that_only_the_database_refuses_takes_none_of_the_others_with_it(
    catalog: CatalogMaker,
) -> None:
    await refuse(catalog, "brand_name like 'bad%'")
    lines = lines_of("Levis", "bad 1", "Lee", "BAD 1", "Bad 2", "bad 2", "Wrangler")

    async with catalog.connection.transaction():
        findings = await create_new_brands(catalog.connection, check_names(lines))

    assert sorted((await names_by_id(catalog)).values()) == ["Bad 2", "Lee", "Levis", "Wrangler"]
    assert [finding.is_refused for finding in findings] == [n == 2 for n in range(1, 8)]
    assert [finding.repeats for finding in findings] == [None, None, None, 2, None, 5, None]
    assert [bool(f.created_id) for f in findings] == [True, False, True, False, True, False, True]


async def test_names_that_cannot_be_never_reach_the_database(catalog: CatalogMaker) -> None:
    findings = check_names(lines_of("Levis", "a\tb", "\0", "\ud800", "x" * 201, "a\tb"))
    sent: list[object] = []

    async with catalog.connection.transaction():
        catalog.connection.add_query_logger(lambda record: sent.append(record.args))
        found = await create_new_brands(catalog.connection, findings)

    assert [finding.problem is None for finding in found] == [
        True,
        False,
        False,
        False,
        False,
        False,
    ]
    assert "a\\tb" not in repr(sent)
    assert await names_by_id(catalog) == {found[0].created_id: "Levis"}
