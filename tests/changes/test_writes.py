"""A COMMIT whose answer is lost: the page says what really happened, and nothing happens twice."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable

import pytest
import pytest_asyncio
from pytest_aiohttp import AiohttpClient, AiohttpServer

from tests.desk import CatalogMaker, Desk, app_of, build_settings, get_page, post_form
from tests.page import Page
from tests.proxy import Fault, Proxy
from web.app import create_app
from web.keys import RUNNING

FORM = {"brand_name": "Levis", "mode": "all", "idempotency_key": "k"}
UNCERTAIN = "it is not certain whether that was done."

OpenProxied = Callable[..., Awaitable[Desk]]


@pytest_asyncio.fixture
async def proxy(database_url: str) -> AsyncIterator[Proxy]:
    """The way by which the desk reaches the test's database."""
    async with Proxy(database_url).running() as running:
        yield running


@pytest.fixture
def open_proxied(
    proxy: Proxy, aiohttp_server: AiohttpServer, aiohttp_client: AiohttpClient
) -> OpenProxied:
    """Serve the desk by way of the proxy, with settings of the test's choosing."""

    async def opened(**values: object) -> Desk:
        server = await aiohttp_server(create_app(build_settings(**values), proxy.url))
        desk: Desk = await aiohttp_client(server)
        assert (await get_page(desk, "/brands/new")).status == 200
        return desk

    return opened


async def post(desk: Desk, **others: str) -> Page:
    return await post_form(desk, "/brands", {**FORM, **others})


async def assert_saved_once(catalog: CatalogMaker, page: Page) -> None:
    assert page.status == 303, page.text
    assert page.headers["Location"].startswith("/brands/")
    assert await catalog.column("select brand_name from brand") == ["Levis"]
    assert await catalog.column("select after ->> 'brand_name' from history") == ["Levis"]
    assert await catalog.value("select count(*) from change_set") == 1


async def assert_uncertain(page: Page, advice: str) -> None:
    assert page.status == 503
    assert UNCERTAIN in page.text
    assert advice in page.text
    assert "Nothing was saved" not in page.text
    assert int(page.headers["Retry-After"]) > 0
    assert page.typed == "Levis"


@pytest.mark.parametrize("fault", [Fault.LOST, Fault.UNANSWERED])
@pytest.mark.parametrize("key", ["k", ""])
async def test_write_whose_commit_got_no_answer_is_there_once(
    open_proxied: OpenProxied, proxy: Proxy, catalog: CatalogMaker, fault: Fault, key: str
) -> None:
    desk = await open_proxied()
    proxy.faults = [fault]

    page = await post(desk, idempotency_key=key)

    await assert_saved_once(catalog, page)
    assert proxy.commits == 2
    if key:
        assert (await post(desk)).headers["Location"] == page.headers["Location"]


@pytest.mark.parametrize("second", [Fault.LOST, Fault.UNANSWERED])
async def test_resolving_that_is_cut_off_as_well_goes_on(
    open_proxied: OpenProxied, proxy: Proxy, catalog: CatalogMaker, second: Fault
) -> None:
    desk = await open_proxied()
    proxy.faults = [Fault.LOST, second, Fault.UNANSWERED]
    await assert_saved_once(catalog, await post(desk))


async def test_commit_that_is_never_answered_is_bounded(
    open_proxied: OpenProxied, proxy: Proxy, catalog: CatalogMaker
) -> None:
    desk = await open_proxied(query_timeout=1.0)
    proxy.faults = [Fault.HELD]
    async with asyncio.timeout(30):
        await assert_saved_once(catalog, await post(desk))


async def test_commit_without_an_answer_is_not_asked_after_when_nobody_waits(
    open_proxied: OpenProxied, proxy: Proxy
) -> None:
    desk = await open_proxied(query_timeout=1.0)
    proxy.faults = [Fault.HELD]
    posted = asyncio.ensure_future(post(desk))
    running = app_of(desk)[RUNNING]
    async with asyncio.timeout(30):
        while proxy.commits == 0:  # noqa: ASYNC110 - it happens elsewhere
            await asyncio.sleep(0.01)

        for task in running:  # as the server does at its end
            task.cancel()

        while running:  # noqa: ASYNC110
            await asyncio.sleep(0.01)
    assert proxy.commits == 1
    await asyncio.gather(posted, return_exceptions=True)


async def test_connection_that_is_ended_during_the_commit(
    desk: Desk, catalog: CatalogMaker
) -> None:
    # It sleeps once only: a sequence counts on, whatever is rolled back.
    await catalog.connection.execute("""
        create sequence commits;
        create function sleep_at_commit() returns trigger language plpgsql as
        $$ begin if nextval('commits') = 1 then perform pg_sleep(60); end if; return null; end $$;
        create constraint trigger slow_commit after insert on brand
        deferrable initially deferred for each row execute function sleep_at_commit();
    """)
    posted = asyncio.ensure_future(post(desk))
    async with asyncio.timeout(20):
        while not await catalog.value(  # noqa: ASYNC110 - it happens elsewhere
            "select count(pg_terminate_backend(pid)) from pg_stat_activity"
            " where datname = current_database() and wait_event = 'PgSleep'"
        ):
            await asyncio.sleep(0.01)

    await assert_saved_once(catalog, await posted)


@pytest.mark.parametrize("fault", [Fault.LOST, Fault.UNANSWERED])
async def test_database_that_stays_away_leaves_it_open_until_the_form_is_sent_again(
    open_proxied: OpenProxied, proxy: Proxy, catalog: CatalogMaker, fault: Fault
) -> None:
    desk = await open_proxied()
    proxy.faults = [fault]
    proxy.goes_away = True

    page = await post(desk)

    await assert_uncertain(page, "Send the form again: nothing will be done twice.")
    assert page.hidden("idempotency_key") == ["k"]
    assert await catalog.value("select count(*) from brand") == (fault is Fault.UNANSWERED)
    still_away = await post(desk)
    assert still_away.status == 503

    proxy.come_back()
    await assert_saved_once(catalog, await post(desk))


async def test_write_without_a_key_is_not_said_to_be_safe_to_send_again(
    open_proxied: OpenProxied, proxy: Proxy
) -> None:
    desk = await open_proxied()
    proxy.faults = [Fault.UNANSWERED]
    proxy.goes_away = True

    page = await post(desk, idempotency_key="")

    await assert_uncertain(page, "Look whether it is there before you send it again.")


async def test_name_that_somebody_took_after_a_lost_commit_is_a_duplicate(
    open_proxied: OpenProxied, proxy: Proxy, catalog: CatalogMaker
) -> None:
    desk = await open_proxied()
    proxy.faults = [Fault.LOST]
    proxy.goes_away = True
    assert (await post(desk)).status == 503
    await catalog.brand("LEVIS")

    proxy.come_back()
    page = await post(desk)

    assert page.status == 409
    assert "LEVIS exists already. Nothing was saved." in page.text


@pytest.mark.parametrize("path", ["/brands", "/brands/1"])
async def test_frozen_database_is_a_503_for_pages_and_forms(
    open_proxied: OpenProxied, proxy: Proxy, catalog: CatalogMaker, path: str
) -> None:
    await catalog.brand("Lee")
    desk = await open_proxied(query_timeout=0.5, acquire_timeout=0.5)
    assert (await get_page(desk, path)).status == 200
    proxy.freeze()

    async with asyncio.timeout(20):
        page, form = await asyncio.gather(get_page(desk, path), post(desk))

    assert [page.status, form.status] == [503, 503]
    assert "The database is busy." in page.text
    assert "The database is busy. Nothing was saved." in form.text
    proxy.thaw()
    async with asyncio.timeout(20):
        while (await post(desk)).status != 303:  # noqa: ASYNC110 - it happens elsewhere
            await asyncio.sleep(0.1)
    assert await catalog.value("select count(*) from brand") == 2
