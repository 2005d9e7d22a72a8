"""The panel of downloads: what it builds, what it refuses, and what came of those of late."""

import re

import pytest

from tests.desk import CatalogMaker, Desk, get_page
from tests.downloads.records import finished


async def fill(catalog: CatalogMaker) -> tuple[int, int]:
    """Add two brands and three products with 3, 5 and 7 SKUs; return a brand and a product."""
    levis, lee = await catalog.brands(["Levis", "Lee & Sons"])
    jacket = await catalog.product("Jacket", levis)
    await catalog.skus(jacket, 3, color_id=1, size_id=2)
    await catalog.skus(await catalog.product("Jeans", levis), 5, color_id=2)
    await catalog.skus(await catalog.product("Shirt", lee), 7, color_id=2)
    return levis, jacket


def offered(html: str) -> str:
    """Return the address that the panel's one download leads to, without its token."""
    [href] = re.findall(r'href="([^"]*)"[^>]*data-download-link', html, re.DOTALL)
    path, watch = re.split(r"(?:\?|&amp;)watch=", href)
    assert re.fullmatch(r"[A-Za-z0-9_-]{16,64}", watch)
    return path.replace("&amp;", "&")


async def test_panel_offers_all_skus_at_first(desk: Desk, catalog: CatalogMaker) -> None:
    await fill(catalog)

    page = await get_page(desk, "/downloads")

    assert page.status == 200
    assert "SKUs, CSV Rows 15" in page.text
    assert offered(page.html) == "/skus.csv"
    assert f"curl -fOJ --compressed http://127.0.0.1:{desk.port}/skus.csv" in page.text
    assert "Nothing has been downloaded this week." in page.text


@pytest.mark.parametrize(
    ("query", "path", "rows"),
    [
        ({"color_id": "2"}, "/skus.csv?color_id=2", 12),
        ({"color_id": "2", "size_id": "2"}, "/skus.csv?color_id=2&size_id=2", 0),
        ({"form": "excel"}, "/skus.csv?excel=1", 15),
        ({"form": "ndjson", "size_id": "1"}, "/skus.ndjson?size_id=1", 12),
        ({"what": "products"}, "/products.csv", 3),
        ({"what": "products", "q": "je"}, "/products.csv?q=je", 1),
        ({"what": "brands", "form": "excel"}, "/brands.csv?excel=1", 2),
        ({"what": "brands", "q": "s &"}, "/brands.csv?q=s+%26", 0),
        # What does not count for a list is kept and changes nothing.
        ({"what": "brands", "color_id": "2"}, "/brands.csv", 2),
        ({"brand_id": "999"}, "/skus.csv?brand_id=999", 0),
    ],
)
async def test_panel_builds_the_address_and_knows_its_rows(
    desk: Desk, catalog: CatalogMaker, query: dict[str, str], path: str, rows: int
) -> None:
    await fill(catalog)

    page = await get_page(desk, "/downloads", **query)

    assert page.status == 200
    assert offered(page.html) == path
    assert re.search(rf"Rows {rows}\b", page.text)
    answer = await (await desk.get(path)).read()
    assert answer.count(b"\n") == rows + (not path.startswith("/skus.ndjson"))


async def test_panel_names_what_it_filters_by_and_takes_a_brand_by_its_name(
    desk: Desk, catalog: CatalogMaker
) -> None:
    levis, jacket = await fill(catalog)

    page = await get_page(desk, "/downloads", brand_id="LEVIS", product_id=str(jacket))

    assert offered(page.html) == f"/skus.csv?brand_id={levis}&product_id={jacket}"
    assert page.link("Levis") == f"/brands/{levis}"
    assert page.link("Jacket") == f"/products/{jacket}"
    assert re.search(r"Rows 3\b", page.text)


async def test_panel_says_that_nobody_has_a_number(desk: Desk) -> None:
    page = await get_page(desk, "/downloads", brand_id="7", product_id="8")

    assert page.status == 200
    assert "No brand has the number 7." in page.text
    assert "No product has the number 8." in page.text


@pytest.mark.parametrize(
    ("field", "value", "reason"),
    [
        ("brand_id", "Wrangler", "There is no brand “Wrangler”."),
        ("product_id", "Jacket", "“Jacket” is not a product’s number."),
        ("color_id", "0", "“0” is not a color’s number."),
        ("size_id", "9" * 30, "is not a size’s number."),
        ("what", "sizes", "“sizes” is none of: skus, products, brands."),
        ("form", "xml", "“xml” is none of: csv, excel, ndjson."),
        ("product_id", "1" * 201, "This is too long"),
        ("brand_id", "a\0b", "This is too long, or holds characters that are not text."),
    ],
)
async def test_bad_field_is_marked_and_what_was_typed_stays(
    desk: Desk, field: str, value: str, reason: str
) -> None:
    page = await get_page(desk, "/downloads", **{field: value})

    assert page.status == 400
    assert reason in page.text
    assert "data-download-link" not in page.html
    if field.endswith("_id") and len(value) < 40 and "\0" not in value:
        assert f'value="{value}"' in page.html


async def test_list_that_has_no_ndjson_says_so(desk: Desk) -> None:
    page = await get_page(desk, "/downloads", what="brands", form="ndjson")

    assert page.status == 400
    assert "Only SKUs come as NDJSON." in page.text


async def test_parameter_given_twice_is_refused(desk: Desk) -> None:
    assert (await get_page(desk, "/downloads?what=skus&what=brands")).status == 400


async def test_list_pages_lead_to_the_panel_with_their_filters(
    desk: Desk, catalog: CatalogMaker
) -> None:
    levis, _ = await fill(catalog)

    page = await get_page(desk, "/skus", brand_id=str(levis), color_id="2")

    href = page.link("More…")
    assert href.startswith("/downloads?")
    assert offered((await get_page(desk, href)).html) == f"/skus.csv?brand_id={levis}&color_id=2"
    assert "/downloads" in (await get_page(desk, "/")).hrefs


async def test_panel_shows_the_downloads_of_late(desk: Desk, catalog: CatalogMaker) -> None:
    await fill(catalog)
    await (await desk.get("/skus.csv?color_id=2&watch=abcdefghijklmnop")).read()
    await finished(catalog)

    page = await get_page(desk, "/downloads")

    [_, row] = page.rows
    assert row[0] == "/skus.csv?color_id=2"
    assert row[3:] == ["12", row[4], "complete"]


async def test_panel_shows_what_runs_with_its_progress(desk: Desk, catalog: CatalogMaker) -> None:
    await catalog.connection.execute(
        "insert into download (person, address, request, expected_row_count, row_count, seen_at)"
        " values ('ann', '', '/skus.csv', 100, 40, clock_timestamp()),"
        " ('bob', '', '/brands.csv', 100, 40, clock_timestamp() - interval '11 s')"
    )

    page = await get_page(desk, "/downloads")

    assert [row[-1] for row in page.rows[1:]] == ["broken off: the server was lost", "running"]
    assert 'max="100"' in page.html


async def test_address_that_was_asked_for_is_shown_as_text(
    desk: Desk, catalog: CatalogMaker
) -> None:
    await catalog.connection.execute(
        "insert into download (person, address, request) values ('<b>', '', '/x?q=<script>')"
    )

    page = await get_page(desk, "/downloads")

    assert "<script>" not in page.html
    assert "/x?q=<script>" in page.text


@pytest.mark.parametrize(
    "query", ["", "?watch=", "?watch=short", "?watch=" + "a" * 65, "?watch=a%00b"]
)
async def test_status_without_a_token_is_refused(desk: Desk, query: str) -> None:
    assert (await desk.get(f"/downloads/status{query}")).status == 400


async def test_status_of_a_token_that_nobody_used_is_unknown(desk: Desk) -> None:
    response = await desk.get("/downloads/status?watch=abcdefghijklmnop")

    assert await response.json() == {"state": "unknown"}
