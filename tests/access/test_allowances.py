"""So much in any stretch of time: counted by PostgreSQL, for all who use it at once."""

import asyncio
import time
from itertools import pairwise

import pytest

from tests.access.passing_time import pass_seconds
from tests.desk import CatalogMaker, Desk, app_of
from web.access.allowances import (
    Allowance,
    AllowanceUsedUpError,
    forget_old,
    overuse,
    use,
    use_each,
)
from web.database.pool import Pool
from web.keys import POOL

TEN_A_MINUTE = Allowance("tries", 10, 60)
ROWS_A_DAY = Allowance("rows of key 0", 10, 86_400)


@pytest.fixture
def pool(desk: Desk) -> Pool:
    return app_of(desk)[POOL]


async def _is_let_in(pool: Pool, *allowances: Allowance) -> bool:
    try:
        await use_each(pool, *allowances)
    except AllowanceUsedUpError:
        return False
    return True


async def _wait_of(pool: Pool, *allowances: Allowance) -> int:
    with pytest.raises(AllowanceUsedUpError) as refused:
        await use_each(pool, *allowances)
    return refused.value.retry_after


@pytest.mark.parametrize("step", [0.7, 7.0, 19.5, 29.5, 59.0])
async def test_no_minute_has_more_than_ten_however_they_are_spread(
    pool: Pool, catalog: CatalogMaker, step: float
) -> None:
    passed, let_in = 0.0, []
    while passed < 180:
        for _ in range(4 if step < 19 else 12):
            before = time.monotonic() + passed
            if await _is_let_in(pool, TEN_A_MINUTE):
                let_in.append((before, time.monotonic() + passed))
        await pass_seconds(catalog, step)
        passed += step

    assert len(let_in) >= 20
    spans = [last[1] - first[0] for first, last in zip(let_in, let_in[10:], strict=False)]
    assert min(spans) >= 60


async def test_who_comes_at_the_same_time_is_counted_one_after_another(pool: Pool) -> None:
    let_in = await asyncio.gather(*(_is_let_in(pool, TEN_A_MINUTE) for _ in range(30)))

    assert let_in.count(True) == 10


async def test_who_waits_as_long_as_told_is_let_in(pool: Pool, catalog: CatalogMaker) -> None:
    for number in range(10):
        await use(pool, TEN_A_MINUTE)
        await pass_seconds(catalog, 1.3 * (number % 4))

    waits = []
    for _ in range(15):
        waits.append(await _wait_of(pool, TEN_A_MINUTE))
        await pass_seconds(catalog, waits[-1])
        await use(pool, TEN_A_MINUTE)
        while await _is_let_in(pool, TEN_A_MINUTE):
            pass

    assert all(1 <= wait <= 61 for wait in waits)


async def test_who_waits_as_long_as_told_is_let_in_by_all(
    pool: Pool, catalog: CatalogMaker
) -> None:
    first, second = Allowance("address", 2, 60), Allowance("account", 1, 60)
    await use(pool, first)
    await pass_seconds(catalog, 20)
    await use(pool, second)
    await pass_seconds(catalog, 20)

    # The first of the two has one, which is taken; the second is what there is to wait for.
    wait = await _wait_of(pool, first, second)
    assert not await _is_let_in(pool, first, second)
    await pass_seconds(catalog, wait)

    assert await _is_let_in(pool, first, second)


async def test_who_waits_as_long_as_told_is_let_in_although_the_try_took_one(
    pool: Pool, catalog: CatalogMaker
) -> None:
    first, second = Allowance("address", 1, 60), Allowance("account", 1, 60)
    await use(pool, second)
    await pass_seconds(catalog, 20)

    # It takes the one of the first, of which there is one again later than of the second.
    await pass_seconds(catalog, await _wait_of(pool, first, second))

    assert await _is_let_in(pool, first, second)


async def test_nobody_is_told_to_wait_for_more_than_the_oldest_use(
    pool: Pool, catalog: CatalogMaker
) -> None:
    allowance = Allowance("tries", 2, 60)
    for seconds in (40, 10):
        await use(pool, allowance)
        await pass_seconds(catalog, seconds)

    assert await _wait_of(pool, allowance) <= 12


async def test_refused_use_is_not_counted(pool: Pool, catalog: CatalogMaker) -> None:
    for _ in range(10):
        await use(pool, TEN_A_MINUTE)
    waits = []
    for _ in range(3):
        waits.append(await _wait_of(pool, TEN_A_MINUTE))
        await pass_seconds(catalog, 10)

    assert all(later <= earlier - 9 for earlier, later in pairwise(waits))


async def test_what_counts_no_more_is_forgotten_a_part_at_a_time(
    pool: Pool, catalog: CatalogMaker
) -> None:
    await catalog.connection.execute(
        "insert into recent_use select 'sign-in of ' || n, '{}', '{}', now() - interval '1 hour'"
        " from generate_series(1, 150) as n"
    )
    await catalog.connection.execute(
        "insert into allowance select 'rows of key ' || n, now() - interval '3 days', 1"
        " from generate_series(1, 150) as n"
    )
    # Of the running day, and in the running minute.
    await overuse(pool, ROWS_A_DAY, 7)
    await use(pool, TEN_A_MINUTE)
    await pass_seconds(catalog, 59)

    kept = []
    for _ in range(2):
        await forget_old(pool)
        kept.append(
            [
                await catalog.value("select count(*) from recent_use"),
                await catalog.value("select count(*) from allowance"),
            ]
        )

    assert kept == [[51, 51], [1, 1]]
    assert await catalog.column("select used from allowance") == [7]


async def test_what_still_counts_is_kept_however_long_ago_it_began(
    pool: Pool, catalog: CatalogMaker
) -> None:
    for _ in range(5):
        await use(pool, TEN_A_MINUTE)
        await pass_seconds(catalog, 170)
    await use(pool, TEN_A_MINUTE)
    await pass_seconds(catalog, 30)

    await forget_old(pool)

    # And no more than that.
    assert await catalog.column("select cardinality(moments) from recent_use") == [1]


async def test_what_others_are_at_is_left_to_them(pool: Pool, catalog: CatalogMaker) -> None:
    await catalog.connection.execute(
        "insert into recent_use select 'sign-in of ' || n, '{}', '{}', now() - interval '1 hour'"
        " from generate_series(1, 3) as n;"
        "insert into allowance select 'rows of key ' || n, now() - interval '3 days', 1"
        " from generate_series(1, 3) as n"
    )
    async with catalog.connection.transaction():
        await catalog.connection.execute(
            "select from recent_use where subject = 'sign-in of 1' for update;"
            "select from allowance where subject = 'rows of key 1' for update"
        )
        # A guard: it would wait for as long as a query may.
        async with asyncio.timeout(20):
            await forget_old(pool)

    assert await catalog.column("select subject from recent_use") == ["sign-in of 1"]
    assert await catalog.column("select subject from allowance") == ["rows of key 1"]
