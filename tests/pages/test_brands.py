"""The brand list: its sorts, its pages, its search."""

from datetime import UTC, datetime, timedelta

import pytest

from tests.desk import CatalogMaker, Desk, get_page, walk

COLUMNS = {
    "name": "brand_name_folded",
    "newest": "created_at",
    "changed": "changed_at",
    "skus": "sku_count",
}
SORTS = [*COLUMNS, *(f"-{name}" for name in COLUMNS)]


async def _fill(catalog: CatalogMaker) -> None:
    """Add 120 brands that differ in all that can be sorted by, with ties in each."""
    ids = await catalog.brands([f"{'äbÇ日'[n % 4]} brand {n * 37 % 120}" for n in range(120)])
    start = datetime(2026, 1, 1, tzinfo=UTC)
    for column, factor in (("created_at", 7), ("changed_at", 11)):
        await catalog.connection.executemany(
            f"update brand set {column} = $2 where brand_id = $1",  # noqa: S608
            [(i, start + timedelta(microseconds=i * factor % 40)) for i in ids],
        )
    for brand_id in ids[::3]:
        product_id = await catalog.product("Anorak", brand_id)
        await catalog.skus(product_id, brand_id % 5 + 1)


async def _ids_in_order(catalog: CatalogMaker, sort: str) -> list[int]:
    column = COLUMNS[sort.removeprefix("-")]
    descending = (sort.removeprefix("-") != "name") != sort.startswith("-")
    way = "desc" if descending else "asc"
    return await catalog.column(
        "select brand_id from brand join brand_count using (brand_id)"  # noqa: S608
        f" order by {column} {way}, brand_id {way}"
    )


@pytest.mark.parametrize("sort", SORTS)
async def test_pages_hold_every_brand_once_in_order(
    desk: Desk, catalog: CatalogMaker, sort: str
) -> None:
    await _fill(catalog)
    expected = await _ids_in_order(catalog, sort)

    forward = await walk(desk, f"/brands?sort={sort}")
    last = forward[-1]
    assert [page.ids("brands") for page in forward] == [
        expected[:50],
        expected[50:100],
        expected[100:],
    ]

    previous = last.neighbor("prev")
    assert previous is not None
    backward = await walk(desk, previous, "prev")
    assert [page.ids("brands") for page in backward] == [expected[50:100], expected[:50]]
    assert backward[-1].neighbor("next") is not None
    assert last.neighbor("next") is None
    assert forward[0].neighbor("prev") is None


async def test_list_is_sorted_by_name_unless_told_otherwise(
    desk: Desk, catalog: CatalogMaker
) -> None:
    ids = await catalog.brands(["beta", "Alpha", "Gamma"])
    assert (await get_page(desk, "/brands")).ids("brands") == [ids[1], ids[0], ids[2]]


async def test_link_of_the_sort_in_use_turns_it_around(desk: Desk, catalog: CatalogMaker) -> None:
    ids = await catalog.brands(["beta", "Alpha"])

    page = await get_page(desk, "/brands?q=a")
    turned = await get_page(desk, page.link("Brand"))
    assert turned.ids("brands") == ids
    assert [row[0] for row in turned.rows[1:]] == ["beta", "Alpha"]

    back = await get_page(desk, turned.link("Brand"))
    assert back.ids("brands") == ids[::-1]
    assert "q=a" in back.link("Brand")


async def test_brand_added_meanwhile_neither_skips_nor_repeats(
    desk: Desk, catalog: CatalogMaker
) -> None:
    names = [f"Brand {number:03}" for number in range(100)]
    ids = await catalog.brands(names)
    first = await get_page(desk, "/brands")
    await catalog.brand("A brand before all others")

    following = first.neighbor("next")
    assert following is not None
    second = await get_page(desk, following)

    assert first.ids("brands") + second.ids("brands") == ids


async def test_page_before_that_comes_out_short_is_the_first_page(
    desk: Desk, catalog: CatalogMaker
) -> None:
    ids = await catalog.brands([f"Brand {number:03}" for number in range(101)])
    pages = await walk(desk, "/brands")
    await catalog.connection.execute("delete from brand where brand_id = any($1)", ids[10:20])

    previous = pages[1].neighbor("prev")
    assert previous is not None
    page = await get_page(desk, previous)

    assert page.ids("brands") == [*ids[:10], *ids[20:60]]
    assert page.neighbor("prev") is None


async def test_page_behind_the_end_says_so_and_leads_back(
    desk: Desk, catalog: CatalogMaker
) -> None:
    ids = await catalog.brands([f"Brand {number:03}" for number in range(51)])
    following = (await get_page(desk, "/brands")).neighbor("next")
    assert following is not None
    await catalog.connection.execute("delete from brand where brand_id = $1", ids[50])

    page = await get_page(desk, following)

    assert page.status == 200
    assert "The list ends before this page." in page.text
    assert (await get_page(desk, page.link("Go to its first page"))).ids("brands") == ids[:50]


async def test_search_finds_names_that_contain_it_literally(
    desk: Desk, catalog: CatalogMaker
) -> None:
    await catalog.brands(["Levi's", "levis 100%", "snake_case", "back\\slash", "Straße", "Other"])
    for q, found in {
        "LEVI": ["Levi's", "levis 100%"],
        "  levi  ": ["Levi's", "levis 100%"],
        "%": ["levis 100%"],
        "_": ["snake_case"],
        "\\": ["back\\slash"],
        "100％": ["levis 100%"],  # full-width
        "ＳＮＡＫＥ": ["snake_case"],
        "STRASSE": ["Straße"],
        "e_c": ["snake_case"],
        "e%c": [],
        "' or true --": [],
    }.items():
        page = await get_page(desk, "/brands", q=q)

        assert page.status == 200
        assert [row[0] for row in page.rows[1:]] == found, q
        assert f"Brands {len(found)}" in page.text


async def test_search_that_finds_nothing_says_what_was_searched_for(
    desk: Desk, catalog: CatalogMaker
) -> None:
    await catalog.brand("Levis")

    page = await get_page(desk, "/brands", q="50% <off>")

    assert "“50% <off>”" in page.text
    assert page.link("show all brands") == "/brands"
    assert page.link("create it") == "/brands/new"


async def test_pages_of_a_search_stay_in_the_search(desk: Desk, catalog: CatalogMaker) -> None:
    found = await catalog.brands([f"Levis & {number:03}" for number in range(60)])
    await catalog.brands([f"Other {number:03}" for number in range(60)])

    pages = await walk(desk, "/brands?q=s+%26+&sort=-name")

    assert [page.ids("brands") for page in pages] == [found[:9:-1], found[9::-1]]
    assert pages[1].link("Remove Name contains s &") == "/brands?sort=-name"


@pytest.mark.parametrize(
    ("brands", "of_all", "of_search"),
    [(1000, "Brands 1,000", "Brands 1,000"), (1001, "Brands 1,001", "Brands more than 1,000")],
)
async def test_count_of_a_search_is_exact_up_to_a_thousand(
    desk: Desk, catalog: CatalogMaker, brands: int, of_all: str, of_search: str
) -> None:
    await catalog.brands([f"Levis {number}" for number in range(brands)])

    assert of_all in (await get_page(desk, "/brands")).text
    assert of_search in (await get_page(desk, "/brands?q=levis")).text


async def test_empty_list_leads_to_the_form(desk: Desk) -> None:
    page = await get_page(desk, "/brands")

    assert page.status == 200
    assert page.link("Create the first one") == "/brands/new"


async def test_list_shows_how_much_each_brand_has(desk: Desk, catalog: CatalogMaker) -> None:
    brand_id = await catalog.brand("Levis")
    await catalog.product("Shirt", brand_id)
    await catalog.skus(await catalog.product("Anorak", brand_id), 1234)

    page = await get_page(desk, "/brands")

    assert page.rows[1][:3] == ["Levis", "2", "1,234"]


async def test_download_links_carry_the_search(desk: Desk, catalog: CatalogMaker) -> None:
    await catalog.brand("Beta b")
    page = await get_page(desk, "/brands", q="a b", sort="-skus")

    assert page.link("Download CSV") == "/brands.csv?q=a+b"
    assert page.link("For spreadsheets") == "/brands.csv?q=a+b&excel=1"
