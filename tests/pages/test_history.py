"""The history: what was changed, by whom and when, newest first."""

import asyncio

import asyncpg
import pytest

from tests.desk import CatalogMaker, Desk, get_page, post_form, walk


async def set_day(catalog: CatalogMaker, change_id: int, moment: str) -> None:
    """Move a change set in time, as nobody else can."""
    refuse = "trigger change_set_is_only_added_to"
    await catalog.connection.execute(f"alter table change_set disable {refuse}")
    await catalog.connection.execute(
        "update change_set set changed_at = $1::text::timestamptz where change_set_id = $2",
        moment,
        change_id,
    )
    await catalog.connection.execute(f"alter table change_set enable {refuse}")
    await catalog.connection.execute(
        "update change_set_noun set changed_at = change_set.changed_at from change_set"
        " where change_set_noun.change_set_id = change_set.change_set_id"
    )


async def test_history_says_in_words_what_was_done(desk: Desk, catalog: CatalogMaker) -> None:
    levis = await catalog.brand("Levis")
    await catalog.brands([f"Brand {number}" for number in range(1200)])
    shirt, anorak = await catalog.products(["Shirt", "Anorak"], levis)
    await catalog.skus(shirt, 1204)
    await catalog.connection.execute("update brand set brand_name = 'Levi’s' where brand_id = 1")
    await catalog.connection.execute(
        "update product set brand_id = 2 where product_id = $1", anorak
    )
    await catalog.connection.execute("delete from sku where sku_id > 1203")
    async with catalog.connection.transaction():
        await catalog.connection.execute("delete from sku")
        await catalog.connection.execute("delete from product where brand_id = 1")
        await catalog.connection.execute("delete from brand where brand_id = 1")
    await post_form(desk, "/changes/8/undo", {})

    page = await get_page(desk, "/history")

    assert [row[0] for row in page.rows[1:]] == [
        "undid change 8: brought back Levi’s with 1 product and 1,203 SKUs",
        "deleted Levi’s with 1 product and 1,203 SKUs",
        "removed 1 SKU from Shirt",
        "changed Anorak",
        "renamed Levis to Levi’s",
        "added 1,204 SKUs to Shirt",
        "created 2 products",
        "created 1,200 brands",
        "created Levis",
    ]
    assert page.ids("changes") == list(range(9, 0, -1))
    assert page.rows[1][1:3] == ["local desk", "9"]


async def test_counts_are_exact_however_large_a_change_set_is(
    desk: Desk, catalog: CatalogMaker
) -> None:
    product_id = await catalog.product("Shirt", await catalog.brand("Levis"))
    await catalog.skus(product_id, 10_001)
    async with catalog.connection.transaction():
        for _ in range(2):
            await catalog.skus(product_id, 40_000)

    history = await get_page(desk, "/history")

    assert [row[0] for row in history.rows[1:3]] == [
        "added 80,000 SKUs to Shirt",
        "added 10,001 SKUs to Shirt",
    ]
    assert "80,000 SKUs were added to Shirt." in (await get_page(desk, "/changes/4")).text


async def test_history_comes_page_by_page(desk: Desk, catalog: CatalogMaker) -> None:
    for number in range(120):
        await catalog.brand(f"Brand {number}")
    # Of one moment: their numbers decide.
    await set_day(catalog, 60, "2020-01-01")
    await set_day(catalog, 70, "2020-01-01")
    expected = [*(n for n in range(120, 0, -1) if n not in {60, 70}), 70, 60]

    pages = await walk(desk, "/history")

    assert [len(page.ids("changes")) for page in pages] == [50, 50, 20]
    assert [number for page in pages for number in page.ids("changes")] == expected
    previous = pages[2].neighbor("prev")
    assert previous is not None
    assert (await get_page(desk, previous)).ids("changes") == pages[1].ids("changes")


@pytest.mark.parametrize(
    ("noun", "found"),
    [("brand", [5, 2, 1]), ("product", [5, 3]), ("sku", [4]), ("color", [6]), ("size", [7])],
)
async def test_history_of_a_noun(
    desk: Desk, catalog: CatalogMaker, noun: str, found: list[int]
) -> None:
    levis = await catalog.brand("Levis")
    await catalog.brand("Lee")
    shirt = await catalog.product("Shirt", levis)
    await catalog.skus(shirt, 2)
    async with catalog.connection.transaction():
        await catalog.product("Anorak", await catalog.brand("Wrangler"))
    await catalog.connection.execute("update product_color set product_color_hex = '#2d62b3'")
    await catalog.connection.execute("insert into product_size (product_size_name) values ('XS')")

    page = await get_page(desk, "/history", noun=noun)

    assert page.ids("changes") == found
    assert "/history" in [link.href for link in page.links if link.label.startswith("Remove What")]


async def test_history_of_bulk_loads(desk: Desk, catalog: CatalogMaker) -> None:
    await catalog.brand("Levis")
    await catalog.connection.copy_records_to_table(
        "brand", records=[(f"Brand {n}",) for n in range(50_001)], columns=["brand_name"]
    )

    page = await get_page(desk, "/history", noun="catalog")

    assert [row[0] for row in page.rows[1:]] == ["bulk load: 50,001 brands"]


async def test_each_brand_and_each_product_has_its_history(
    desk: Desk, catalog: CatalogMaker
) -> None:
    levis, lee = [await catalog.brand(name) for name in ("Levis", "Lee")]
    shirt = await catalog.product("Shirt", levis)
    await catalog.product("Anorak", lee)
    await catalog.skus(shirt, 2)
    await catalog.connection.execute("update brand set brand_name = 'Levi’s' where brand_id = 1")

    brand = await get_page(desk, f"/brands/{levis}")
    product = await get_page(desk, f"/products/{shirt}")

    brand_history = await get_page(desk, f"/history?brand_id={levis}")
    product_history = await get_page(desk, f"/history?product_id={shirt}")
    assert f"/history?brand_id={levis}" in brand.hrefs
    assert f"/history?product_id={shirt}" in product.hrefs
    assert brand_history.ids("changes") == [6, 5, 3, 1]
    assert product_history.ids("changes") == [5, 3]
    assert brand_history.link("Remove Brand Levi’s") == "/history"
    assert product_history.link("Remove Product Shirt") == "/history"


async def test_skus_of_a_product_are_in_the_history_of_the_brand_that_it_had(
    desk: Desk, catalog: CatalogMaker
) -> None:
    levis, lee = await catalog.brands(["Levis", "Lee"])
    shirt = await catalog.product("Shirt", levis)
    grid = {"skus_1_1": "2", "idempotency_key": "a"}
    await post_form(desk, f"/products/{shirt}/skus", grid)
    await catalog.connection.execute("update product set brand_id = $1", lee)
    await post_form(desk, f"/products/{shirt}/skus/delete", {"sku_id": "1"})

    assert (await get_page(desk, f"/history?brand_id={levis}")).ids("changes") == [3, 2, 1]
    assert (await get_page(desk, f"/history?brand_id={lee}")).ids("changes") == [5, 4, 1]
    assert (await get_page(desk, f"/history?brand_id={lee}&noun=sku")).ids("changes") == [5]
    assert "removed 1 SKU from Shirt" in (await get_page(desk, f"/brands/{lee}")).text


async def test_history_of_a_brand_that_is_gone_has_its_name(
    desk: Desk, catalog: CatalogMaker
) -> None:
    brand_id = await catalog.brand("Levis")
    await catalog.connection.execute("delete from brand")

    page = await get_page(desk, "/history", brand_id=str(brand_id))

    assert [row[0] for row in page.rows[1:]] == ["deleted Levis", "created Levis"]
    assert page.link("Remove Brand Levis") == "/history"


async def test_history_of_a_person(desk: Desk, database_url: str) -> None:
    await post_form(desk, "/brands", {"brand_name": "Levis"})
    connection = await asyncpg.connect(database_url)
    await connection.execute(
        "select set_config('hangtag.person', 'Ada & Co', false);"
        "insert into brand (brand_name) values ('Lee')"
    )
    await connection.close()

    page = await get_page(desk, "/history", person="Ada & Co")

    assert page.ids("changes") == [2]
    assert page.link("Remove Who Ada & Co") == "/history"
    assert (await get_page(desk, "/history", person="nobody")).ids("changes") == []


async def test_history_of_some_days(desk: Desk, catalog: CatalogMaker) -> None:
    for number in range(1, 5):
        await catalog.brand(f"Brand {number}")
    for number, moment in enumerate(
        ("2026-03-01 00:00Z", "2026-03-01 23:59:59.999999Z", "2026-03-02 00:00Z"), start=1
    ):
        await set_day(catalog, number, moment)
    for query, found in {
        "since=2026-03-01&until=2026-03-01": [2, 1],
        "since=2026-03-02": [4, 3],
        "until=2026-03-01": [2, 1],
        "until=2026-02-28": [],
        "since=0001-01-01&until=9999-12-31": [4, 3, 2, 1],
        "since=2026-03-02&until=2026-03-01": [],
    }.items():
        assert (await get_page(desk, f"/history?{query}")).ids("changes") == found, query


@pytest.mark.parametrize("name", ["since", "until"])
@pytest.mark.parametrize(
    "day",
    ["2026-13-01", "2026-02-30", "20260301", "2026-W10-1", "١٩٩٩-٠١-٠١", "0000-01-01", "x", "\0"],
)
async def test_day_that_is_none_is_a_400_that_names_the_parameter(
    desk: Desk, name: str, day: str
) -> None:
    page = await get_page(desk, "/history", **{name: day})

    assert page.status == 400
    assert f"“{name}”" in page.text


@pytest.mark.parametrize(
    "query",
    ["noun=brands", "brand_id=x", "product_id=0", "after=x", "person=%00", "noun=sku&noun=brand"],
)
async def test_parameter_that_cannot_be_understood_is_a_400(desk: Desk, query: str) -> None:
    page = await get_page(desk, f"/history?{query}")

    assert page.status == 400
    assert f"“{query.partition('=')[0]}”" in page.text


async def test_filters_stay_while_paging_and_go_one_by_one(
    desk: Desk, catalog: CatalogMaker
) -> None:
    for number in range(60):
        await catalog.brand(f"Brand {number}")
    await set_day(catalog, 60, "2020-01-01")

    pages = await walk(desk, "/history?noun=brand&since=2026-01-01&person=postgres")

    assert [len(page.ids("changes")) for page in pages] == [50, 9]
    assert pages[1].link("Remove From 2026-01-01") == "/history?noun=brand&person=postgres"
    assert pages[1].link("Remove What Brands") == "/history?since=2026-01-01&person=postgres"


async def test_empty_history_says_why_and_what_next(desk: Desk) -> None:
    empty, filtered = await asyncio.gather(
        get_page(desk, "/history"), get_page(desk, "/history?noun=sku")
    )

    assert "Nothing was changed yet." in empty.text
    assert empty.link("create the first brand") == "/brands/new"
    assert "No change fits what is asked for." in filtered.text
    assert filtered.link("show all changes") == "/history"


async def test_history_stands_in_the_bar(desk: Desk, catalog: CatalogMaker) -> None:
    await catalog.brand("Levis")

    for path, current in (("/history", "page"), ("/changes/1", "true"), ("/brands", None)):
        page = await get_page(desk, path)
        (link,) = [
            element
            for element in page.elements
            if element.tag == "a"
            and element.attributes["href"] == "/history"
            and "class" not in element.attributes
        ]
        assert link.attributes.get("aria-current") == current
