"""/metrics: what Prometheus is told, and whom it tells."""

import asyncio
import subprocess
import sys
from pathlib import Path

import pytest
from prometheus_client.parser import text_string_to_metric_families

from tests.access.visits import ask
from tests.desk import CatalogMaker, Desk, OpenDesk, app_of, get_page, post_form, sign_in
from tests.wire import open_wire
from web.access import local_desk
from web.access.roles import Role
from web.database.errors import BrokenReferenceError, DatabaseBusyError, RefusedValueError
from web.keys import DOWNLOAD_POOL, DOWNLOAD_RECORDER, POOL
from web.metrics import MULTIPROCESS_VARIABLE, exposition, forget_process

Labels = frozenset[tuple[str, str]]


def _numbers(text: str) -> dict[tuple[str, Labels], float]:
    return {
        (sample.name, frozenset(sample.labels.items())): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    }


class Numbers:
    """The numbers at two moments: the process that runs the tests has counted before."""

    def __init__(self, before: str, after: str) -> None:
        self._before, self._after = _numbers(before), _numbers(after)

    def grown(self, name: str, **labels: str) -> float:
        """Return by how much a number grew."""
        key = name, frozenset(labels.items())
        return self._after.get(key, 0) - self._before.get(key, 0)

    def now(self, name: str, **labels: str) -> float:
        """Return a number as it is."""
        return self._after[name, frozenset(labels.items())]

    def routes(self) -> set[str]:
        """Return the routes that are named."""
        return {value for _, labels in self._after for name, value in labels if name == "route"}


async def _read(desk: Desk) -> str:
    page = await get_page(desk, "/metrics")
    assert page.status == 200
    return page.html


async def test_requests_are_counted_by_route_and_status(desk: Desk, catalog: CatalogMaker) -> None:
    await catalog.brand("Levis")
    before = await _read(desk)

    for path in ("/brands/1", "/brands/1?q=x", "/brands/999", "/nowhere/7", "/nowhere/8"):
        await get_page(desk, path)
    async with desk.request("PROPFIND", "/brands") as response:
        assert response.status == 405

    numbers = Numbers(before, await _read(desk))
    counted = {"route": "/brands/{brand_id}", "method": "GET"}
    assert numbers.grown("hangtag_requests_total", **counted, status="200") == 2
    assert numbers.grown("hangtag_requests_total", **counted, status="404") == 1
    assert numbers.grown("hangtag_request_seconds_count", route="/brands/{brand_id}") == 3
    unknown = {"route": "none", "method": "GET", "status": "404"}
    assert numbers.grown("hangtag_requests_total", **unknown) == 2
    made_up = {"route": "none", "method": "other", "status": "405"}
    assert numbers.grown("hangtag_requests_total", **made_up) == 1


async def test_no_path_that_a_client_made_up_becomes_a_series(desk: Desk) -> None:
    for path in ("/brands/123456", "/static/js/made-up.js", "/made-up", "/%00"):
        await get_page(desk, path)

    routes = Numbers("", await _read(desk)).routes()

    assert not [route for route in routes if "made" in route or "123456" in route]
    assert "/brands/{brand_id}" in routes


async def test_pools_say_what_is_lent_out_and_how_long_it_was_waited_for(
    open_desk: OpenDesk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(local_desk, "ASK_EVERY", 3600.0)  # by the same pool
    desk = await open_desk(pool_size=2, acquire_timeout=2.0)
    pool = app_of(desk)[POOL]
    before = await _read(desk)

    async with pool.acquire(), app_of(desk)[DOWNLOAD_POOL].acquire():
        one = Numbers(before, await _read(desk))
        async with pool.acquire():
            with pytest.raises(DatabaseBusyError):
                async with pool.acquire():
                    pass

    assert one.now("hangtag_pool_connections_in_use", pool="pages") == 1
    assert one.now("hangtag_pool_connections_in_use", pool="downloads") == 1
    numbers = Numbers(before, await _read(desk))
    assert numbers.now("hangtag_pool_connections_in_use", pool="pages") == 0
    assert numbers.now("hangtag_pool_connections", pool="pages") == 2
    assert numbers.grown("hangtag_pool_wait_seconds_count", pool="pages") >= 3
    assert numbers.grown("hangtag_pool_wait_seconds_sum", pool="pages") >= 2.0
    assert numbers.grown("hangtag_database_errors_total", kind="DatabaseBusyError") == 1


async def test_downloads_are_counted_with_rows_bytes_and_why_they_ended(
    desk: Desk, catalog: CatalogMaker
) -> None:
    product_id = await catalog.product("Jacket", await catalog.brand("Levis"))
    await catalog.skus(product_id, 1000)
    before = await _read(desk)

    whole = await get_page(desk, "/skus.ndjson")

    numbers = Numbers(before, await _read(desk))
    assert numbers.grown("hangtag_downloads_total", cause="complete") == 1
    assert numbers.grown("hangtag_download_rows_total") == 1000
    assert numbers.grown("hangtag_download_bytes_total") == len(whole.html.encode())
    assert numbers.grown("hangtag_downloads_running") == 0


async def test_download_that_its_reader_left_is_running_and_then_counted_as_such(
    desk: Desk, catalog: CatalogMaker
) -> None:
    product_id = await catalog.product("Jacket", await catalog.brand("Levis"))
    await catalog.skus(product_id, 200_000)
    before = await _read(desk)
    async with open_wire(desk) as wire:
        await wire.ask("/skus.csv")
        await wire.head()
        during = Numbers(before, await _read(desk))
        wire.reset()
    await asyncio.wait_for(app_of(desk)[DOWNLOAD_RECORDER].close(), 10)

    assert during.grown("hangtag_downloads_running") == 1
    numbers = Numbers(before, await _read(desk))
    assert numbers.grown("hangtag_downloads_running") == 0
    assert numbers.grown("hangtag_downloads_total", cause="reader_left") == 1


async def test_what_postgresql_refuses_is_counted_by_its_kind(desk: Desk) -> None:
    before = await _read(desk)
    for refused, sql in (
        (RefusedValueError, "insert into brand (brand_name) values (null)"),
        (BrokenReferenceError, "insert into product (product_name, brand_id) values ('x', 77)"),
    ):
        with pytest.raises(refused):
            async with app_of(desk)[POOL].acquire() as connection:
                await connection.execute(sql)

    numbers = Numbers(before, await _read(desk))
    for kind in ("RefusedValueError", "BrokenReferenceError"):
        assert numbers.grown("hangtag_database_errors_total", kind=kind) == 1


async def test_event_loop_says_how_late_it_is(desk: Desk) -> None:
    before = await _read(desk)
    for _ in range(100):
        numbers = Numbers(before, await _read(desk))
        if numbers.grown("hangtag_event_loop_lag_seconds_count"):
            return
        await asyncio.sleep(0.05)
    raise AssertionError("the loop was not measured")


async def test_metrics_are_for_admins(desk: Desk, catalog: CatalogMaker) -> None:
    assert (await get_page(desk, "/metrics")).headers["Content-Type"].startswith("text/plain")
    assert (await post_form(desk, "/metrics", "")).status == 405
    await catalog.connection.execute(
        "insert into account (account_name, role) values ('Ann', 'admin')"
    )

    for _ in range(100):
        page = await get_page(desk, "/metrics")
        if page.status != 200:
            break
        await asyncio.sleep(0.05)

    assert page.status in {303, 401}
    assert "hangtag_requests" not in page.html
    for role in (Role.VIEWER, Role.EDITOR):
        page = await ask(desk, "GET", "/metrics", await sign_in(desk, role))
        assert page.status == 403
        assert "hangtag_requests" not in page.html


def test_several_processes_are_one_sum_and_one_that_ended_holds_nothing(tmp_path: Path) -> None:
    script = (
        "import os; from web.metrics import count_request, POOL_SIZE\n"
        "count_request('/brands', 'GET', '200', 0.1)\n"
        "POOL_SIZE.labels('pages').set(5)\n"
        "print(os.getpid())"
    )
    pids = [
        int(
            subprocess.run(
                [sys.executable, "-c", script],
                cwd=Path(__file__).parents[1],
                env={MULTIPROCESS_VARIABLE: str(tmp_path)},
                capture_output=True,
                check=True,
            ).stdout
        )
        for _ in range(2)
    ]
    counted = {"route": "/brands", "method": "GET", "status": "200"}

    both = Numbers("", exposition(str(tmp_path)).decode())
    forget_process(pids[0], str(tmp_path))
    one = Numbers("", exposition(str(tmp_path)).decode())

    assert both.now("hangtag_requests_total", **counted) == 2
    assert both.now("hangtag_pool_connections", pool="pages") == 10
    assert one.now("hangtag_requests_total", **counted) == 2
    assert one.now("hangtag_pool_connections", pool="pages") == 5
