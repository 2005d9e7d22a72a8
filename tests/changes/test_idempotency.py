"""Keys over time: a repeat that meets the first one still running, and keys that expire."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from tests.desk import CatalogMaker, Desk, OpenDesk, get_page, post_form
from tests.page import Page

FORM = {"brand_name": "Levis", "mode": "all", "idempotency_key": "k"}


async def post(desk: Desk) -> Page:
    return await post_form(desk, "/brands", FORM)


@asynccontextmanager
async def writes_held(catalog: CatalogMaker) -> AsyncIterator[None]:
    """Let writes of brands wait while the block lasts; they are not kept from being read."""
    async with catalog.connection.transaction():
        await catalog.connection.execute("lock table brand in share mode")
        yield


async def waiting(catalog: CatalogMaker, count: int) -> None:
    """Return when so many connections wait for a lock."""
    async with asyncio.timeout(20):
        while True:
            found = await catalog.value(
                "select count(*) from pg_stat_activity"
                " where datname = current_database() and wait_event_type = 'Lock'"
            )
            if found == count:
                return
            await asyncio.sleep(0.01)


@pytest.mark.parametrize("processes", [1, 2])
async def test_repeat_waits_for_the_first_one_and_gets_its_outcome(
    open_desk: OpenDesk, catalog: CatalogMaker, processes: int
) -> None:
    # Two desks on one database are what two processes are.
    desks = [await open_desk() for _ in range(processes)]

    async with writes_held(catalog):
        first = asyncio.ensure_future(post(desks[0]))
        await waiting(catalog, 1)
        repeats = [asyncio.ensure_future(post(desk)) for desk in desks for _ in range(3)]
        await waiting(catalog, processes)
        await asyncio.sleep(0.1)
        assert not any(repeat.done() for repeat in repeats)

    pages = [await first, *await asyncio.gather(*repeats)]
    assert {(page.status, page.headers["Location"], page.html) for page in pages} == {
        (303, "/brands/1?change=1", pages[0].html)
    }
    assert await catalog.value("select count(*) from change_set") == 1


@pytest.mark.parametrize("processes", [1, 2])
async def test_repeat_of_what_still_runs_after_the_wait_is_told_so(
    open_desk: OpenDesk, catalog: CatalogMaker, processes: int
) -> None:
    desks = [await open_desk() for _ in range(processes)]

    async with writes_held(catalog):
        first = asyncio.ensure_future(post(desks[0]))
        await waiting(catalog, 1)
        repeat = await post(desks[-1])
        assert not first.done()

    assert repeat.status == 409
    assert "The same form is still being saved." in repeat.text
    assert "Nothing was saved" not in repeat.text
    assert int(repeat.headers["Retry-After"]) > 0
    assert repeat.typed == "Levis"
    assert (await first).status == 303
    assert (await post(desks[-1])).headers["Location"] == (await first).headers["Location"]


async def test_repeat_of_what_was_rolled_back_meanwhile_is_done(
    open_desk: OpenDesk, catalog: CatalogMaker
) -> None:
    desks = [await open_desk(), await open_desk(query_timeout=0.5)]

    async with writes_held(catalog):
        first = asyncio.ensure_future(post(desks[1]))
        await waiting(catalog, 1)
        repeat = asyncio.ensure_future(post(desks[0]))
        assert (await first).status == 503

    assert (await repeat).status == 303
    assert await catalog.column("select brand_name from brand") == ["Levis"]


async def test_repeat_of_a_client_that_left_is_done(desk: Desk, catalog: CatalogMaker) -> None:
    async with writes_held(catalog):
        first = asyncio.ensure_future(post(desk))
        await waiting(catalog, 1)
        # As a browser does at the second click.
        first.cancel()
        repeat = asyncio.ensure_future(post(desk))
        with pytest.raises(asyncio.CancelledError):
            await first

    assert (await repeat).status == 303
    assert await catalog.value("select count(*) from change_set") == 1


async def test_twenty_repeats_of_a_slow_write_take_no_page_its_connection(
    open_desk: OpenDesk, catalog: CatalogMaker
) -> None:
    desk = await open_desk(pool_size=2, acquire_timeout=1.5)

    async with writes_held(catalog):
        posts = [asyncio.ensure_future(post(desk))]
        await waiting(catalog, 1)
        posts += [asyncio.ensure_future(post(desk)) for _ in range(19)]
        for _ in range(3):
            assert (await get_page(desk, "/brands")).status == 200
        assert not any(one.done() for one in posts)

    pages = await asyncio.gather(*posts)
    assert {page.headers["Location"] for page in pages} == {"/brands/1?change=1"}


async def age_keys(catalog: CatalogMaker, seconds: int) -> None:
    await catalog.connection.execute(
        "update idempotency_key set created_at = created_at - make_interval(secs => $1)",
        float(seconds),
    )


async def test_key_is_known_until_it_expires(open_desk: OpenDesk, catalog: CatalogMaker) -> None:
    desk = await open_desk(idempotency_ttl=1000.0)
    await post(desk)
    await catalog.connection.execute("delete from brand")

    await age_keys(catalog, 900)
    known = await post(desk)
    assert known.headers["Location"] == "/brands/1?change=1"
    assert await catalog.value("select count(*) from brand") == 0

    await age_keys(catalog, 101)
    fresh = await post(desk)
    assert fresh.status == 303
    assert fresh.headers["Location"] != known.headers["Location"]
    assert await catalog.value("select count(*) from brand") == 1
    # From now on it stands for the second write.
    assert (await post(desk)).headers["Location"] == fresh.headers["Location"]


async def test_program_may_use_an_expired_key_for_other_content(
    open_desk: OpenDesk, catalog: CatalogMaker
) -> None:
    desk = await open_desk(idempotency_ttl=1000.0)
    headers = {"Idempotency-Key": "k"}
    await post_form(desk, "/brands", {"brand_name": "Levis"}, headers)
    await age_keys(catalog, 1001)

    assert (await post_form(desk, "/brands", {"brand_name": "Lee"}, headers)).status == 303


async def test_expired_keys_are_removed_a_few_with_each_write(
    open_desk: OpenDesk, catalog: CatalogMaker
) -> None:
    desk = await open_desk(idempotency_ttl=1000.0)
    await catalog.connection.execute(
        "insert into idempotency_key (owner, key, fingerprint, created_at, outcome)"
        " select 'o', n::text, '', now() - (n > 200)::int * interval '1 hour', '{}'"
        " from generate_series(1, 450) as n"
    )
    left = []
    for number in range(4):
        await post_form(desk, "/brands", {"brand_name": f"Brand {number}"})
        left.append(await catalog.value("select count(*) from idempotency_key where owner = 'o'"))

    assert left == [350, 250, 200, 200]
    assert await catalog.value("select max(key::int) from idempotency_key where owner = 'o'") == 200
