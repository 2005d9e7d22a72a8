"""The one search box: names, parts of names and ids of all nouns."""

import re

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.desk import CatalogMaker, Desk, get_page, post_form
from tests.page import Page


def headings(page: Page) -> list[str]:
    main = page.html.partition("<main")[2].partition("</main>")[0]
    return re.findall(r"<h2[^>]*>\s*(.*?)\s*</h2>", main)


async def test_box_stands_on_every_page_and_leads_to_the_search(desk: Desk) -> None:
    for path in ("/", "/brands", "/brands/new", "/products", "/skus", "/history", "/nowhere"):
        page = await get_page(desk, path)
        (box,) = (e for e in page.elements if e.tag == "input" and "data-search" in e.attributes)
        assert box.attributes["name"] == "q"
        assert any(
            e.tag == "form" and e.attributes.get("action") == "/search" for e in page.elements
        )
        assert any(
            e.tag == "label" and e.attributes["for"] == box.attributes["id"] for e in page.elements
        )


async def test_without_a_question_it_says_what_can_be_searched(desk: Desk) -> None:
    for path in ("/search", "/search?q=", "/search?q=%20"):
        page = await get_page(desk, path)
        assert page.status == 200
        assert "a part of a name" in page.text
        assert page.typed == ""


async def test_part_of_a_name_finds_brands_and_products(desk: Desk, catalog: CatalogMaker) -> None:
    levis, other = await catalog.brands(["Levis", "Other"])
    jeans = await catalog.product("Clever jeans", other)
    await catalog.product("Shirt", levis)

    page = await get_page(desk, "/search", q="LEV")

    assert headings(page) == ["Brands", "Products"]
    assert page.ids("products") == [jeans]
    assert page.ids("brands")[0] == levis
    assert "<mark>Lev</mark>is" in page.html
    assert "C<mark>lev</mark>er jeans" in page.html


async def test_number_finds_all_that_have_it_and_names_that_contain_it(
    desk: Desk, catalog: CatalogMaker
) -> None:
    execute = catalog.connection.execute
    await execute("insert into brand (brand_id, brand_name) values (1, 'A501'), (2, 'Plain')")
    await execute("insert into brand (brand_id, brand_name) values (501, 'Zeta'), (3, '501')")
    await execute(
        "insert into product (product_id, product_name, brand_id)"
        " values (501, 'Zebra', 2), (1, 'Original 501', 2), (2, 'Coat', 2)"
    )
    await execute(
        "insert into sku (sku_id, product_id, product_color_id, product_size_id)"
        " values (501, 2, 2, 3), (502, 2, 1, 1)"
    )

    page = await get_page(desk, "/search", q=" 501 ")

    assert headings(page) == ["Brands", "Products", "SKUs"]
    assert [row for row in page.rows if row[0] not in {"Brand", "Product"}] == [
        ["Zeta", "501", "0", "0"],
        ["501", "3", "0", "0"],
        ["A501", "1", "0", "0"],
        ["Zebra", "501", "Plain", "0"],
        ["Original 501", "1", "Plain", "0"],
        ["Coat", "501", "Plain", "Black", "Large"],
    ]
    assert "/products/2" in page.hrefs


async def test_ten_of_each_are_shown_with_the_way_to_all(desk: Desk, catalog: CatalogMaker) -> None:
    ids = await catalog.brands([f"Anorak {number:04}" for number in range(1_001)])
    await catalog.products([f"Anorak {number:02}" for number in range(11)], ids[0])

    page = await get_page(desk, "/search", q="anorak")

    assert len([row for row in page.rows if row[0].startswith("Anorak")]) == 20
    assert page.link("Show all brands whose names contain “anorak”: more than 1,000") == (
        "/brands?q=anorak"
    )
    assert page.link("Show all 11 products whose names contain “anorak”") == "/products?q=anorak"


async def test_brand_of_that_very_name_is_shown_before_the_others(
    desk: Desk, catalog: CatalogMaker
) -> None:
    ids = await catalog.brands([*(f"A{number} Rain" for number in range(20)), "Rain"])

    page = await get_page(desk, "/search", q="RAIN")

    assert page.ids("brands") == [
        ids[-1],
        *sorted(ids[:-1], key=lambda i: f"a{i - ids[0]} rain")[:9],
    ]


async def test_only_one_found_is_the_focus_and_not_a_redirect(
    desk: Desk, catalog: CatalogMaker
) -> None:
    await catalog.product("Coat", await catalog.brand("Levis"))

    one = await get_page(desk, "/search", q="Levis")
    assert one.status == 200
    assert [e.attributes["href"] for e in one.elements if "autofocus" in e.attributes] == [
        f"/brands/{one.ids('brands')[0]}"
    ]

    await catalog.brand("Levis Kids")
    two = await get_page(desk, "/search", q="Levis")
    assert not any("autofocus" in e.attributes for e in two.elements)


async def test_nothing_found_says_so_and_what_to_try(desk: Desk) -> None:
    name = await get_page(desk, "/search", q="<nobody>")
    assert "No brand’s and no product’s name contains “<nobody>”." in name.text
    assert "Try fewer letters" in name.text

    number = await get_page(desk, "/search", q="4711")
    assert "No brand, product or SKU has the number 4711" in number.text


@pytest.mark.parametrize("q", ["0501", "+501", "9223372036854775808", "٥٠١"])
async def test_what_is_no_id_is_searched_as_a_name(
    desk: Desk, catalog: CatalogMaker, q: str
) -> None:
    brand_id = await catalog.brand(f"Nr {q}")
    await catalog.connection.execute(
        "insert into product (product_id, product_name, brand_id) values (501, 'Coat', $1)",
        brand_id,
    )

    page = await get_page(desk, "/search", q=q)

    assert page.ids("brands") == [brand_id]
    assert page.ids("products") == []


@pytest.mark.parametrize("query", ["q=a&q=b", "q=%00", "q=" + 201 * "x"])
async def test_search_that_cannot_be_understood_is_refused(desk: Desk, query: str) -> None:
    page = await get_page(desk, f"/search?{query}")
    assert page.status == 400
    assert "“q”" in page.text


@settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(text=st.one_of(st.text(max_size=40), st.text("0123456789 ,;\n-", max_size=40)))
async def test_any_text_is_answered(desk: Desk, text: str) -> None:
    text = text.encode(errors="replace").decode()
    assert (await get_page(desk, "/search", q=text)).status in {200, 400}
    for noun in ("", "skus", "products"):
        page = await post_form(desk, "/search", {"ids": text, "noun": noun})
        assert page.status in {200, 422}
