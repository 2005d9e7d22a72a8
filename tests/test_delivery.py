"""How pages reach a browser: compressed, and ahead of a click only where nothing comes of it."""

import gzip
import json

import pytest

from tests.desk import CatalogMaker, Desk, get_page, post_form

# What Chromium sends for a prefetch, for a prerender, and through a proxy of its own.
PURPOSES = ["prefetch", "prefetch;prerender", "prefetch;anonymous-client-ip"]


async def test_page_is_compressed_for_who_takes_it(desk: Desk, catalog: CatalogMaker) -> None:
    await catalog.brands([f"Brand {number}" for number in range(60)])
    plain = {"Accept-Encoding": "identity"}
    packed = {"Accept-Encoding": "gzip"}
    async with desk.get("/brands", headers=plain) as response:
        page, tag = await response.read(), response.headers["ETag"]
        assert "Content-Encoding" not in response.headers
        assert response.headers["Vary"] == "Accept-Encoding"
    async with desk.get("/brands", headers=packed, auto_decompress=False) as response:
        body = await response.read()
        assert response.headers["Content-Encoding"] == "gzip"
        assert response.headers["Content-Length"] == str(len(body))
        assert response.headers["Vary"] == "Accept-Encoding"
        # Weak: it stands for both.
        assert response.headers["ETag"] == tag
        assert tag.startswith("W/")
    assert gzip.decompress(body) == page
    assert len(body) < len(page) / 4


async def test_compressed_page_that_did_not_change_is_a_304(desk: Desk) -> None:
    packed = {"Accept-Encoding": "gzip"}
    async with desk.get("/brands", headers=packed) as first:
        tag = first.headers["ETag"]
    async with desk.get("/brands", headers={**packed, "If-None-Match": tag}) as second:
        assert second.status == 304
        assert await second.read() == b""
        assert "Content-Encoding" not in second.headers


async def test_head_of_a_page_has_no_body(desk: Desk) -> None:
    async with desk.head("/brands", headers={"Accept-Encoding": "gzip"}) as response:
        assert response.status == 200
        assert await response.read() == b""


async def test_pages_name_rules_that_fetch_lists_ahead_and_nothing_else(desk: Desk) -> None:
    page = await get_page(desk, "/brands")
    address = json.loads(page.headers["Speculation-Rules"])
    async with desk.get(address) as response:
        assert response.headers["Content-Type"] == "application/speculationrules+json"
        assert "immutable" in response.headers["Cache-Control"]
        rules = json.loads(await response.read())

    assert list(rules) == ["prefetch"]
    (rule,) = rules["prefetch"]
    assert rule["eagerness"] == "moderate"
    patterns = rule["where"]["and"][0]["href_matches"]
    lists = {pattern.removesuffix("?*") for pattern in patterns}
    assert lists == {"/brands", "/products", "/skus", "/history"}
    assert all(pattern.removesuffix("?*") in lists for pattern in patterns)


@pytest.mark.parametrize("purpose", PURPOSES)
@pytest.mark.parametrize("path", ["/brands", "/products?sort=newest", "/skus", "/static/app.css"])
async def test_list_may_be_fetched_ahead(desk: Desk, path: str, purpose: str) -> None:
    async with desk.get(path, headers={"Sec-Purpose": purpose}) as response:
        assert response.status == 200


@pytest.mark.parametrize("purpose", PURPOSES)
@pytest.mark.parametrize("path", ["/skus.csv", "/skus.ndjson", "/brands.csv", "/products.csv"])
async def test_download_fetched_ahead_is_refused_and_not_recorded(
    desk: Desk, catalog: CatalogMaker, path: str, purpose: str
) -> None:
    async with desk.get(path, headers={"Sec-Purpose": purpose}) as response:
        assert response.status == 503
        assert response.content_type == "text/html"
    assert await catalog.value("select count(*) from download") == 0


@pytest.mark.parametrize("header", ["Sec-Purpose", "Purpose"])
async def test_post_fetched_ahead_is_refused_and_saves_nothing(
    desk: Desk, catalog: CatalogMaker, header: str
) -> None:
    refused = await post_form(desk, "/brands", {"brand_name": "Levis"}, {header: "prefetch"})

    assert refused.status == 503
    assert await catalog.value("select count(*) from brand") == 0
