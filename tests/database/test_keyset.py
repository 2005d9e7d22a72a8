"""Keyset pages: walking a list to its end and back shows every row once, in order."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import product
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.desk import CatalogMaker
from web.catalog import products
from web.catalog.products import (
    PRODUCT_SORTS,
    Product,
    list_and_count_products,
    list_products,
)
from web.catalog.skus import SkuFilter, list_skus
from web.database.keyset import Key, Order, Page, Position
from web.database.pool import Pool

# Few values, so that there are many ties.
NAMES = st.sampled_from(["a", "B", "b", "Ä", "z", "ﬀ", "日", "\U0001f600", "\uffff"])
MOMENTS = st.integers(0, 2).map(lambda day: datetime(2026, 1, 1 + day, 0, 0, 0, 1, tzinfo=UTC))
ORDERS = st.sampled_from([o for order in PRODUCT_SORTS.values() for o in (order, order.reversed())])


@dataclass(frozen=True)
class Row:
    name: str
    created_at: datetime
    changed_at: datetime
    sku_count: int


ROWS = st.lists(st.builds(Row, NAMES, MOMENTS, MOMENTS, st.integers(0, 2)), max_size=12)


async def fill(catalog: CatalogMaker, rows: list[Row]) -> None:
    """Let the catalog hold these products and nothing else."""
    await catalog.connection.execute("delete from sku; delete from product; delete from brand")
    await catalog.brand("Levis")
    await catalog.connection.execute(
        "insert into product (product_name, brand_id, created_at, changed_at)"
        " select name, brand_id, typed.created_at, typed.changed_at"
        " from brand, unnest($1::text[], $2::timestamptz[], $3::timestamptz[])"
        " as typed (name, created_at, changed_at)",
        [row.name for row in rows],
        [row.created_at for row in rows],
        [row.changed_at for row in rows],
    )
    ids = await catalog.connection.fetch("select product_id from product order by product_id")
    for (product_id,), row in zip(ids, rows, strict=True):
        await catalog.skus(product_id, row.sku_count)


async def sorted_products(pool: Pool, order: Order) -> list[Product]:
    """Return all products in an order that Python makes."""
    page = await list_products(pool, PRODUCT_SORTS["name"], Position(), size=1000)
    return sorted(page.rows, key=key_of(order), reverse=order.descending)


def key_of(order: Order) -> Callable[[Product], Any]:
    first, second = order.columns
    # Code points are in the order of the bytes of UTF-8, which is collation "C".
    return lambda row: (getattr(row, first), getattr(row, second))


@settings(
    max_examples=150,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(ROWS, ORDERS, st.integers(1, 5))
async def test_walking_to_the_end_and_back_shows_the_sorted_list(
    pool: Pool, catalog: CatalogMaker, rows: list[Row], order: Order, size: int
) -> None:
    await fill(catalog, rows)
    expected = await sorted_products(pool, order)

    async def page_at(position: Position) -> Page[Product]:
        return await list_products(pool, order, position, size=size)

    page = await page_at(Position())
    assert page.previous is None
    walked = list(page.rows)
    while page.next is not None:
        assert len(page.rows) == size
        page = await page_at(Position(after=page.next))
        assert page.rows
        assert page.previous is not None
        walked += page.rows
    assert walked == expected

    start = len(expected) - len(page.rows)
    while page.previous is not None:
        page = await page_at(Position(before=page.previous))
        start = max(start - size, 0)
        # The first page is shown in full, even if it overlaps.
        assert page.rows == expected[start : start + size]
        assert page.next is not None
    assert start == 0


@settings(
    max_examples=75,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(ROWS.filter(lambda rows: len(rows) >= 3), ORDERS, st.data())
async def test_page_goes_on_where_its_neighbor_was_deleted(
    pool: Pool, catalog: CatalogMaker, rows: list[Row], order: Order, data: st.DataObject
) -> None:
    await fill(catalog, rows)
    expected = await sorted_products(pool, order)
    gone = data.draw(st.integers(0, len(expected) - 1), label="deleted")
    product_id = expected[gone].product_id
    await catalog.connection.execute("delete from sku where product_id = $1", product_id)
    await catalog.connection.execute("delete from product where product_id = $1", product_id)
    key: Key = key_of(order)(expected[gone])

    after = await list_products(pool, order, Position(after=key), size=2)
    before = await list_products(pool, order, Position(before=key), size=2)

    left = expected[:gone] + expected[gone + 1 :]
    assert after.rows == left[gone : gone + 2]
    assert before.rows == (left[gone - 2 : gone] if gone >= 2 else left[:2])


async def test_empty_list_has_no_neighbors(pool: Pool) -> None:
    examples: dict[type, str | int | datetime] = {
        str: "x",
        int: 1,
        datetime: datetime(2026, 1, 1, tzinfo=UTC),
    }
    for order in PRODUCT_SORTS.values():
        key = (examples[order.key_type], 1)
        for position in (Position(), Position(after=key), Position(before=key)):
            assert await list_products(pool, order, position, size=2) == Page([], None, None)


async def test_row_that_comes_in_between_moves_no_other(pool: Pool, catalog: CatalogMaker) -> None:
    brand_id = await catalog.brand("Levis")
    for name in ("b", "d", "f", "h"):
        await catalog.product(name, brand_id)
    order = PRODUCT_SORTS["name"]
    first = await list_products(pool, order, Position(), size=2)
    for name in ("a", "c", "e"):
        await catalog.product(name, brand_id)

    second = await list_products(pool, order, Position(after=first.next), size=3)
    back = await list_products(pool, order, Position(before=second.previous), size=3)

    assert [row.product_name for row in second.rows] == ["e", "f", "h"]
    assert [row.product_name for row in back.rows] == ["b", "c", "d"]


async def test_skus_are_walked_in_order_of_product_and_sku(
    pool: Pool, catalog: CatalogMaker
) -> None:
    brand_id = await catalog.brand("Levis")
    products = [await catalog.product(name, brand_id) for name in "abc"]
    for product_id in [*products, *reversed(products)]:
        await catalog.skus(product_id, 3)
    expected = await catalog.connection.fetch(
        "select product_id, sku_id from sku order by product_id, sku_id"
    )

    walked: list[tuple[int, int]] = []
    position = Position()
    while True:
        page = await list_skus(pool, SkuFilter(), position, size=4)
        walked += [(row.product_id, row.sku_id) for row in page.rows]
        if page.next is None:
            break
        position = Position(after=page.next)

    assert walked == [tuple(row) for row in expected]


@pytest.mark.parametrize("sorted_up_to", [0, 30, 2000])
@pytest.mark.parametrize("q", ["k", "ki", "kid", "%", "é", "zq"])
async def test_search_finds_the_same_whichever_way_it_takes(
    pool: Pool, catalog: CatalogMaker, monkeypatch: pytest.MonkeyPatch, q: str, sorted_up_to: int
) -> None:
    monkeypatch.setattr(products, "FOUND_SORTED", sorted_up_to)
    levis, wrangler = await catalog.brands(["Levis", "Wrangler"])
    for number in range(60):
        name = f"{number * 37 % 60} {('Kid', 'KILT 5%', 'Kafé', 'Coat')[number % 4]}"
        product_id = await catalog.product(name, (levis, wrangler)[number % 2])
        await catalog.skus(product_id, number % 5)

    for order, brand_id in product(PRODUCT_SORTS.values(), (None, levis)):
        expected = [
            row
            for row in await sorted_products(pool, order)
            if q in row.product_name_folded and brand_id in {None, row.brand_id}
        ]
        rows: list[Product] = []
        position: Position | None = Position()
        while position:
            page, count = await list_and_count_products(
                pool, order, position, size=7, q=q.upper(), brand_id=brand_id
            )
            rows += page.rows
            position = Position(after=page.next) if page.next else None
            assert count == min(len(expected), sorted_up_to + 1)
        assert rows == expected
        if len(rows) > 7:
            before = Position(before=key_of(order)(rows[-1]))
            page, _ = await list_and_count_products(
                pool, order, before, size=7, q=q, brand_id=brand_id
            )
            assert page.rows == rows[-8:-1]
