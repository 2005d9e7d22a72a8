"""Error pages, and names that try to be more than names."""

import json
import re
from typing import Any

import pytest

from tests.desk import CatalogMaker, Desk, get_page, post_form
from tests.page import Page

SECRET = "the exception says postgresql://user:secret@host"  # noqa: S105
NASTY = [
    "<script>alert(1)</script>",
    '"><img src=x onerror=alert(1)>',
    "' onmouseover='alert(1)",
    "</textarea><script>alert(1)</script>",
    "{{ 7 * 7 }}{% raw %}",
    "&lt;b&gt; &amp;",
    "javascript:alert(1)",
    "\u202eright to left",
]


async def _fail(*_arguments: object, **_values: object) -> Any:
    raise RuntimeError(SECRET)


async def test_unknown_address_is_a_page_with_a_way_onward(desk: Desk) -> None:
    page = await get_page(desk, "/nothing/here")

    assert page.status == 404
    assert page.headers["Content-Type"] == "text/html; charset=utf-8"
    assert "Not found 404" in page.text
    assert "There is nothing at this address." in page.text
    assert {"/", "/brands", "/products", "/skus"} <= set(page.hrefs)


async def test_error_page_names_its_request_as_the_header_does(desk: Desk) -> None:
    page = await get_page(desk, "/nothing/here")

    assert len(page.headers["X-Request-ID"]) == 16
    assert page.headers["X-Request-ID"] in page.text


async def test_every_request_has_an_id_of_its_own(desk: Desk) -> None:
    ids = {(await get_page(desk, "/healthz")).headers["X-Request-ID"] for _ in range(5)}
    assert len(ids) == 5


@pytest.mark.parametrize(
    ("method", "path", "allowed"),
    [
        ("DELETE", "/brands", "GET,HEAD,POST"),
        ("POST", "/", "GET,HEAD"),
        ("PUT", "/brands/1", "GET,HEAD"),
        ("OPTIONS", "/skus.csv", "GET,HEAD"),
    ],
)
async def test_method_that_an_address_does_not_take_is_a_405_with_what_it_takes(
    desk: Desk, method: str, path: str, allowed: str
) -> None:
    async with desk.request(method, path) as response:
        page = Page(response.status, response.headers, await response.text())

    assert page.status == 405
    assert page.headers["Allow"] == allowed
    assert "This address does not take such a request." in page.text


async def test_error_below_api_is_json(desk: Desk) -> None:
    page = await get_page(desk, "/api/nothing")

    assert page.status == 404
    assert page.headers["Content-Type"] == "application/json; charset=utf-8"
    assert json.loads(page.html) == {
        "error": {
            "status": 404,
            "reason": "There is nothing at this address.",
            "request_id": page.headers["X-Request-ID"],
        }
    }


@pytest.mark.parametrize(
    ("path", "broken"),
    [
        ("/", "web.pages.overview.get_totals"),
        ("/brands", "web.pages.brands.count_brands"),
        ("/brands/1", "web.pages.brands.variants_of_brand"),
        ("/products/1", "web.pages.products.variants_of_product"),
        ("/skus", "web.pages.skus.list_colors"),
        ("/changes/1", "web.pages.changes.get_change_set"),
    ],
)
async def test_unexpected_error_is_a_500_that_tells_its_text_to_the_log_only(
    desk: Desk,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
    path: str,
    broken: str,
) -> None:
    monkeypatch.setattr(broken, _fail)

    page = await get_page(desk, path)

    assert page.status == 500
    assert "Something went wrong here. It has been noted." in page.text
    assert "secret" not in page.html
    assert "RuntimeError" not in page.html
    request_id = page.headers["X-Request-ID"]
    assert request_id in page.text
    assert SECRET in caplog.text
    assert f"unexpected error, request {request_id}" in caplog.text


async def test_unexpected_error_while_saving_saves_nothing(
    desk: Desk, catalog: CatalogMaker, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("web.pages.brand_form.current_change_set", _fail)

    page = await post_form(desk, "/brands", {"brand_name": "Levis"})

    assert page.status == 500
    assert "secret" not in page.html
    assert await catalog.value("select count(*) from brand") == 0
    monkeypatch.undo()
    assert (await post_form(desk, "/brands", {"brand_name": "Levis"})).status == 303


async def test_head_of_an_error_has_no_body(desk: Desk) -> None:
    async with desk.head("/brands/77") as response:
        assert response.status == 404
        assert await response.read() == b""


def _assert_harmless(page: Page) -> None:
    foreign = [
        element
        for element in page.elements
        if element.tag in {"script", "img"}
        and not re.fullmatch(r"/static/[0-9a-f]{16}/js/\w+\.js", element.attributes.get("src", ""))
    ]
    assert not foreign
    for element in page.elements:
        assert not [name for name in element.attributes if name.startswith("on")]
    assert all(href.startswith(("/", "#")) or href == "" for href in page.hrefs), page.hrefs


@pytest.mark.parametrize("name", NASTY)
async def test_names_are_shown_as_text_wherever_they_stand(
    desk: Desk, catalog: CatalogMaker, name: str
) -> None:
    brand_id = await catalog.brand(name)
    product_id = await catalog.product(name, brand_id)
    await catalog.product(name, brand_id)
    await catalog.connection.execute(
        "insert into product_color (product_color_id, product_color_name) values (9, $1)", name
    )
    await catalog.connection.execute(
        "insert into product_size (product_size_id, product_size_name) values (9, $1)", name
    )
    await catalog.skus(product_id, 1, color_id=9, size_id=9)
    change_id = await catalog.value("select change_set_id from history where noun = 'brand'")

    for path in [
        "/",
        "/brands",
        f"/brands/{brand_id}",
        f"/brands/{brand_id}?change={change_id}",
        "/products",
        f"/products?brand_id={brand_id}",
        f"/products/{product_id}",
        "/skus",
        f"/skus?product_id={product_id}&brand_id={brand_id}&color_id=9&size_id=9",
        f"/changes/{change_id}",
    ]:
        page = await get_page(desk, path)
        assert page.status == 200
        assert name in page.text, path
        _assert_harmless(page)
    for path in ("/brands", "/products", "/search"):
        page = await get_page(desk, path, q=name)
        assert name in page.text, path
        _assert_harmless(page)


@pytest.mark.parametrize("text", NASTY)
async def test_what_was_typed_is_shown_as_text(
    desk: Desk, catalog: CatalogMaker, text: str
) -> None:
    await catalog.brand(text)

    duplicate = await post_form(desk, "/brands", {"brand_name": text})
    invalid = await post_form(desk, "/brands", {"brand_name": f"{text}\t{text}\nOther"})
    for page, typed in ((duplicate, text), (invalid, f"{text}\t{text}\nOther")):
        assert page.status in {409, 422}
        assert page.typed == typed
        _assert_harmless(page)

    for path in ("/brands", "/products", "/brands/1", "/search"):
        _assert_harmless(await get_page(desk, path, q=text + "x"))
    for path in ("/brands", "/products", "/search"):
        assert text in (await get_page(desk, path, q=text + "x")).text
    for path, name in (
        ("/skus", "color_id"),
        ("/skus", "after"),
        ("/brands", "after"),
        ("/brands", "sort"),
    ):
        refused = await get_page(desk, path, **{name: text})
        assert refused.status == 400
        _assert_harmless(refused)
