"""Pasted lists of ids: asked what they are, looked up, and downloaded."""

import csv
import io
import re

import pytest

from tests.desk import CatalogMaker, Desk, get_page, post_form
from tests.page import Page

SKU_HEADER = (
    "sku_id,product_id,product_name,brand_id,brand_name,product_color_name,product_size_name"
)
LIST = "501, 7;501\n x-1 \t0501 999 502,9223372036854775808 x-1"


@pytest.fixture
async def filled(catalog: CatalogMaker) -> CatalogMaker:
    """Products 7 and 999 and SKUs 501, 502 and 7, of which 501 is of the later product."""
    execute = catalog.connection.execute
    await execute("insert into brand (brand_id, brand_name) values (1, 'A, \"B\"'), (2, '=C')")
    await execute(
        "insert into product (product_id, product_name, brand_id)"
        " values (7, 'Coat', 1), (999, 'Hat', 2)"
    )
    await execute(
        "insert into sku (sku_id, product_id, product_color_id, product_size_id)"
        " values (501, 999, 1, 1), (502, 7, 2, 3), (7, 7, 1, 2), (8, 7, 1, 2)"
    )
    return catalog


def unknown_of(page: Page) -> list[str]:
    return (page.typed or "").split("\n")


async def download(desk: Desk, path: str, **form: str) -> bytes:
    response = await desk.post(path, data=form)
    assert response.status == 200, await response.text()
    return await response.read()


@pytest.mark.usefixtures("filled")
async def test_list_asks_whether_it_is_of_skus_or_products_and_says_how_many_of_each(
    desk: Desk,
) -> None:
    page = await post_form(desk, "/search", {"ids": LIST})

    assert page.status == 200
    assert "They are SKUs 3 found, 4 unknown" in page.text
    assert "They are products 2 found, 5 unknown" in page.text
    assert "9 entries were pasted. 2 of them repeat others and are counted once." in page.text
    assert [e.attributes["value"] for e in page.elements if e.attributes.get("name") == "noun"] == [
        "skus",
        "products",
    ]


@pytest.mark.usefixtures("filled")
@pytest.mark.parametrize("q", ["501 502", "501,502", "501;502;", "501\t999999999999999999999"])
async def test_several_numbers_in_the_box_are_a_list(desk: Desk, q: str) -> None:
    page = await get_page(desk, "/search", q=q)

    assert "SKUs or products?" in page.text
    (ids,) = (e for e in page.elements if e.attributes.get("name") == "ids")
    assert ids.attributes["value"].split() == q.split()


async def test_name_of_several_words_is_no_list(desk: Desk, catalog: CatalogMaker) -> None:
    brand_id = await catalog.brand("7 For All 501")

    page = await get_page(desk, "/search", q="7 for all 501")

    assert page.ids("brands") == [brand_id]


async def test_name_of_numbers_alone_is_found_beside_the_list(
    desk: Desk, catalog: CatalogMaker
) -> None:
    await catalog.brand("1900 2000")

    page = await get_page(desk, "/search", q="1900 2000")

    assert "SKUs or products?" in page.text
    assert page.link("brands") == "/brands?q=1900+2000"
    assert "/products?q=1900+2000" not in page.hrefs


@pytest.mark.usefixtures("filled")
async def test_skus_of_a_list_are_shown_with_what_is_unknown(desk: Desk) -> None:
    page = await post_form(desk, "/search", {"ids": LIST, "noun": "skus"})

    assert "3 found, 4 unknown" in page.text
    assert "Products among what was found: 2, brands: 2." in page.text
    assert page.rows[1:] == [
        ["Coat", "7", 'A, "B"', "Blue", "Medium"],
        ["Coat", "502", 'A, "B"', "Black", "Large"],
        ["Hat", "501", "=C", "Blue", "Small"],
    ]
    assert unknown_of(page) == ["x-1", "0501", "999", "9223372036854775808"]
    for place, entry in ((4, "x-1"), (5, "0501"), (8, "9223372036854775808")):
        assert f"In place {place}: “{entry}”" in page.text
    assert "“999”" not in page.text


@pytest.mark.usefixtures("filled")
async def test_products_of_a_list_are_shown_with_what_is_unknown(desk: Desk) -> None:
    page = await post_form(desk, "/search", {"ids": LIST, "noun": "products"})

    assert "2 found, 5 unknown" in page.text
    assert "SKUs of what was found: 4, brands: 2." in page.text
    assert page.rows[1:] == [["Coat", "7", 'A, "B"', "3"], ["Hat", "999", "=C", "1"]]
    assert unknown_of(page) == ["501", "x-1", "0501", "502", "9223372036854775808"]


async def test_none_or_all_of_a_list_found_is_said(desk: Desk, filled: CatalogMaker) -> None:
    assert await filled.value("select count(*) from sku") == 4

    none = await post_form(desk, "/search", {"ids": "1 2", "noun": "skus"})
    assert "None of them is the id of a SKU." in none.text
    assert "Download CSV" not in none.text

    all_of_them = await post_form(desk, "/search", {"ids": "501 502", "noun": "skus"})
    assert "All of them were found." in all_of_them.text
    assert "Download as text" not in all_of_them.text


async def test_five_thousand_ids_show_two_hundred_rows_and_all_that_is_unknown(
    desk: Desk, catalog: CatalogMaker
) -> None:
    product_id = await catalog.product("Coat", await catalog.brand("Levis"))
    await catalog.skus(product_id, 4_987)
    known = await catalog.column("select sku_id from sku")
    unknown = [str(max(known) + number) for number in range(1, 14)]
    ids = "\r\n".join([*map(str, reversed(known)), *unknown])

    page = await post_form(desk, "/search", {"ids": ids, "noun": "skus"})

    assert "4,987 found, 13 unknown" in page.text
    assert len(page.rows) == 201
    assert "These are the first 200" in page.text
    assert unknown_of(page) == unknown
    body = await download(desk, "/search/found.csv", ids=ids, noun="skus")
    records = list(csv.reader(io.StringIO(body.decode(), newline="")))
    assert [int(record[0]) for record in records[1:]] == sorted(known)


async def test_more_than_five_thousand_are_refused_and_kept(desk: Desk) -> None:
    ids = " ".join(map(str, range(1, 5_002)))
    for path in ("/search", "/search/found.csv", "/search/unknown.txt"):
        page = await post_form(desk, path, {"ids": ids, "noun": "skus"})
        assert page.status == 422
        assert "The list has 5,001 ids; at most 5,000 are possible." in page.text
        assert page.typed == ids


@pytest.mark.parametrize("ids", ["", " ,;\n", "501 \0 502"])
async def test_list_of_nothing_and_what_is_no_text_are_refused(desk: Desk, ids: str) -> None:
    page = await post_form(desk, "/search", {"ids": ids})
    assert page.status == 422
    assert any(e.attributes.get("aria-invalid") == "true" for e in page.elements)


async def test_noun_that_is_none_is_refused(desk: Desk) -> None:
    assert (await post_form(desk, "/search", {"ids": "1 2", "noun": "brands"})).status == 400
    for path in ("/search/found.csv", "/search/unknown.txt"):
        assert (await post_form(desk, path, {"ids": "1 2"})).status == 400
    page = await post_form(desk, "/search/found.csv?excel=2", {"ids": "1", "noun": "skus"})
    assert page.status == 400


@pytest.mark.usefixtures("filled")
async def test_found_skus_are_downloaded_as_the_sku_list_is(desk: Desk) -> None:
    body = await download(desk, "/search/found.csv", ids=LIST, noun="skus")

    whole = (await (await desk.get("/skus.csv")).read()).decode().splitlines(keepends=True)
    assert whole[0] == f"{SKU_HEADER}\r\n"
    assert body.decode() == "".join(line for line in whole if not line.startswith("8,"))


@pytest.mark.usefixtures("filled")
async def test_found_products_are_downloaded_as_the_product_list_is(desk: Desk) -> None:
    body = await download(desk, "/search/found.csv", ids=LIST, noun="products")

    assert body == await (await desk.get("/products.csv")).read()
    excel = await download(desk, "/search/found.csv?excel=1", ids=LIST, noun="products")
    assert excel == await (await desk.get("/products.csv?excel=1")).read()


@pytest.mark.usefixtures("filled")
@pytest.mark.parametrize(
    ("noun", "expected"),
    [
        ("skus", "x-1\n0501\n999\n9223372036854775808\n"),
        ("products", "501\nx-1\n0501\n502\n9223372036854775808\n"),
    ],
)
async def test_unknown_is_downloaded_in_the_order_pasted(
    desk: Desk, noun: str, expected: str
) -> None:
    response = await desk.post("/search/unknown.txt", data={"ids": LIST, "noun": noun})

    assert (await response.text()) == expected
    assert response.content_type == "text/plain"
    file_name = response.headers["Content-Disposition"]
    assert re.search(rf'"hangtag-{noun}-unknown-[^"]*\.txt"', file_name)


@pytest.mark.usefixtures("filled")
async def test_buttons_of_the_page_send_the_list_again(desk: Desk) -> None:
    page = await post_form(desk, "/search", {"ids": LIST, "noun": "skus"})

    (form,) = (e for e in page.elements if e.attributes.get("id") == "pasted")
    assert form.attributes["method"] == "post"
    targets = {
        e.attributes.get("formaction", form.attributes["action"]): e.attributes["value"]
        for e in page.elements
        if e.attributes.get("name") == "noun"
    }
    assert targets == {
        "/search": "products",
        "/search/found.csv": "skus",
        "/search/found.csv?excel=1": "skus",
        "/search/unknown.txt": "skus",
    }
