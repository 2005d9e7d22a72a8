"""The overview page."""

from datetime import UTC, date, datetime, timedelta

from tests.desk import CatalogMaker, Desk, get_page, post_form
from web.catalog.growth import DayOfGrowth, growth_up_to
from web.catalog.totals import Totals


async def test_overview_shows_the_totals(desk: Desk, catalog: CatalogMaker) -> None:
    brand_id = await catalog.brand("Levis")
    product_id = await catalog.product("Trucker jacket", brand_id)
    await catalog.skus(product_id, 1234)

    page = await get_page(desk, "/")

    assert page.status == 200
    labels = {" ".join(link.text.split()): link.href for link in page.links}
    assert labels["1 brand"] == "/brands"
    assert labels["1 product"] == "/products"
    assert labels["1,234 SKUs"] == "/skus"
    assert f"/brands/{brand_id}" in page.hrefs


async def test_largest_brands_are_a_chart_with_its_numbers_in_words_and_in_a_table(
    desk: Desk, catalog: CatalogMaker
) -> None:
    brand_ids = await catalog.brands([f"Brand {number}" for number in range(10)])
    for number in (3, 7):
        await catalog.skus(await catalog.product("Anorak", brand_ids[number]), 1000 * number)

    page = await get_page(desk, "/")

    assert [row for row in page.rows if row[0].startswith("Brand ")][:2] == [
        ["Brand 7", "1", "7,000"],
        ["Brand 3", "1", "3,000"],
    ]
    assert page.ids("brands")[:2] == [brand_ids[7], brand_ids[3]]
    assert "SKUs of the largest brands Brand 7: 7,000; Brand 3: 3,000; Brand 9: 0;" in page.text
    bars = [e.attributes["width"] for e in page.elements if e.tag == "rect"]
    assert bars[:2] == ["100.00%", "42.86%"]


async def test_overview_tells_the_last_ten_changes(desk: Desk, catalog: CatalogMaker) -> None:
    for number in range(12):
        await catalog.brand(f"Brand {number}")

    page = await get_page(desk, "/")

    told = [link.text for link in page.links if link.href.startswith("/changes/")]
    assert told == [f"created Brand {number}" for number in range(11, 1, -1)]


async def test_growth_is_counted_from_what_came_and_went(desk: Desk, catalog: CatalogMaker) -> None:
    await post_form(desk, "/brands", {"brand_name": "Levis\nLee\nWrangler"})
    product_id = await catalog.product("Anorak", 1)
    await catalog.skus(product_id, 1200)
    await catalog.connection.execute("delete from brand where brand_id = 3")

    page = await get_page(desk, "/")

    today, yesterday = page.rows[1:3]
    assert today[1:] == ["2", "1", "1,200"]
    assert yesterday[1:] == ["0", "0", "0"]
    assert "+2 in 30 days" in page.text
    assert "+1,200 in 30 days" in page.text
    assert "From 0 to 1,200, at least 0 and at most 1,200." in page.text


async def test_rows_of_a_transaction_that_was_rolled_back_are_no_growth(
    desk: Desk, catalog: CatalogMaker
) -> None:
    await post_form(desk, "/brands", {"brand_name": "Levis", "mode": "check"})

    assert await catalog.value("select count(*) from catalog_growth") == 0
    assert "unchanged in 30 days" in (await get_page(desk, "/")).text


async def test_statement_of_more_rows_than_the_history_names_is_growth_too(
    catalog: CatalogMaker,
) -> None:
    product_id = await catalog.product("Anorak", await catalog.brand("Levis"))

    await catalog.skus(product_id, 50_001)

    assert await catalog.value("select sum(sku_count) from catalog_growth") == 50_001


def test_growth_goes_back_from_the_totals_day_by_day_and_later_by_month() -> None:
    today = date(2026, 3, 15)
    totals = Totals(10, 100, 1000)

    daily = growth_up_to(totals, [DayOfGrowth(today - timedelta(days=2), 1, 2, -30)], today)
    monthly = growth_up_to(
        totals, [DayOfGrowth(date(2025, 12, 31), 1, 2, 300), DayOfGrowth(today, 0, 0, 50)], today
    )

    assert [point.sku_count for _, point in daily.points[-4:]] == [1030, 1000, 1000, 1000]
    assert daily.added("brand_count") == 1
    assert monthly.is_monthly
    assert [(start, point.sku_count) for start, point in monthly.points[-5:]] == [
        (date(2025, 11, 1), 650),
        (date(2025, 12, 1), 950),
        (date(2026, 1, 1), 950),
        (date(2026, 2, 1), 950),
        (date(2026, 3, 1), 1000),
    ]
    assert len(monthly.points) == 13


async def test_downloads_that_are_running_are_shown(desk: Desk, catalog: CatalogMaker) -> None:
    await catalog.brand("Levis")
    assert "None just now." in (await get_page(desk, "/")).text
    insert = (
        "insert into download (person, address, request, row_count, seen_at, ended_at)"
        " values ('Ada', '::1', $1, 5000, $2, $3)"
    )
    now = datetime.now(UTC)
    await catalog.connection.execute(insert, "/skus.csv", now + timedelta(hours=1), None)
    await catalog.connection.execute(insert, "/lost.csv", now - timedelta(hours=1), None)
    await catalog.connection.execute(insert, "/over.csv", now + timedelta(hours=1), now)

    page = await get_page(desk, "/")

    assert "/skus.csv Ada, 5,000 rows" in page.text
    assert "/lost.csv" not in page.text
    assert "/over.csv" not in page.text


async def test_overview_of_an_empty_catalog_leads_to_the_form(desk: Desk) -> None:
    page = await get_page(desk, "/")

    assert page.status == 200
    assert page.link("Create the first brand") == "/brands/new"


async def test_navigation_leads_to_every_list(desk: Desk) -> None:
    page = await get_page(desk, "/")

    assert {"/", "/brands", "/products", "/skus"} <= set(page.hrefs)
    assert await _statuses(desk, page.hrefs) == {200}


async def _statuses(desk: Desk, hrefs: list[str]) -> set[int]:
    return {(await get_page(desk, href)).status for href in hrefs if href.startswith("/")}
