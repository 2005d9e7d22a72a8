"""What happens around every request: headers, and the checks of Host and Origin."""

import logging

import pytest

from tests.desk import CatalogMaker, Desk, OpenDesk, get_page, post_form
from tests.page import Page

FORM = {"brand_name": "Levis"}


async def _with_host(desk: Desk, host: str, path: str = "/") -> Page:
    async with desk.get(path, headers={"Host": host}) as response:
        return Page(response.status, response.headers, await response.text())


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("/", 200),
        ("/brands", 200),
        ("/brands/new", 200),
        ("/nothing", 404),
        ("/brands?sort=x", 400),
        ("/api/nothing", 404),
        ("/healthz", 200),
        ("/skus.csv", 200),
        ("/skus.ndjson", 200),
        ("/brands.csv", 200),
        ("/static/app.css", 200),
        ("/static/nothing.css", 404),
        ("/static/%2e%2e/run.py", 404),
    ],
)
async def test_every_answer_has_the_security_headers(desk: Desk, path: str, status: int) -> None:
    page = await get_page(desk, path)

    assert page.status == status
    assert page.headers["X-Content-Type-Options"] == "nosniff"
    # With no-referrer Chromium would post forms with the Origin "null".
    assert page.headers["Referrer-Policy"] == "same-origin"
    assert page.headers["Cross-Origin-Opener-Policy"] == "same-origin"
    assert page.headers["Cross-Origin-Resource-Policy"] == "same-origin"
    assert "camera=()" in page.headers["Permissions-Policy"]
    assert "no-cache" in page.headers["Cache-Control"]
    assert page.headers["X-Request-ID"]
    policy = dict(
        part.strip().split(" ", 1) for part in page.headers["Content-Security-Policy"].split(";")
    )
    assert policy["default-src"] == "'none'"
    assert policy["frame-ancestors"] == "'none'"
    assert policy["base-uri"] == "'none'"
    assert policy["form-action"] == "'self'"
    assert set(policy.values()) == {"'none'", "'self'"}


async def test_redirect_and_refusal_have_the_security_headers(desk: Desk) -> None:
    saved = await post_form(desk, "/brands", FORM)
    refused = await post_form(desk, "/brands", FORM, {"Sec-Fetch-Site": "cross-site"})
    foreign = await _with_host(desk, "elsewhere.example")

    assert [page.status for page in (saved, refused, foreign)] == [303, 403, 421]
    for page in (saved, refused, foreign):
        assert "default-src 'none'" in page.headers["Content-Security-Policy"]
        assert page.headers["X-Request-ID"]


async def test_pages_hold_nothing_that_the_policy_forbids(
    desk: Desk, catalog: CatalogMaker
) -> None:
    await catalog.skus(await catalog.product("Anorak", await catalog.brand("Levis")), 3)

    paths = ["/", "/brands", "/brands/new", "/brands/1", "/products/1", "/skus", "/nothing"]
    pages = [await get_page(desk, path) for path in paths]

    for element in (element for page in pages for element in page.elements):
        assert element.tag not in {"style", "base", "iframe", "object", "embed"}
        assert "style" not in element.attributes
        assert not [name for name in element.attributes if name.startswith("on")]
        assert element.tag != "script" or element.attributes.get("src", "").startswith("/static/")
        assert element.attributes.get("action", "/").startswith("/")


async def test_on_loopback_only_its_own_names_are_answered(desk: Desk) -> None:
    expected = {
        "localhost": 200,
        "localhost:8080": 200,
        "LOCALHOST:8080": 200,
        "127.0.0.1": 200,
        "127.0.0.1:1": 200,
        "[::1]": 200,
        "[::1]:8080": 200,
        "elsewhere.example": 421,
        "localhost.elsewhere.example": 421,
        "127.0.0.1.elsewhere.example": 421,
        "localhost@elsewhere.example": 421,
        "elsewhere.example:80": 421,
        "192.168.0.7": 421,
        "[::2]": 421,
        "localhost:notaport": 421,
        "[": 421,
    }
    assert {host: (await _with_host(desk, host)).status for host in expected} == expected


async def test_foreign_name_gets_neither_a_download_nor_a_change(
    desk: Desk, catalog: CatalogMaker
) -> None:
    assert (await _with_host(desk, "elsewhere.example", "/skus.csv")).status == 421
    posted = await post_form(desk, "/brands", FORM, {"Host": "elsewhere.example"})

    assert posted.status == 421
    assert "Hangtag is not served under this name." in posted.text
    assert await catalog.value("select count(*) from brand") == 0


@pytest.mark.parametrize("listening_on", ["0.0.0.0", "::", "192.168.0.7", "desk.example"])  # noqa: S104
async def test_elsewhere_than_on_loopback_every_name_is_answered(
    open_desk: OpenDesk, listening_on: str
) -> None:
    desk = await open_desk(host=listening_on)
    assert (await _with_host(desk, "desk.example:8080")).status == 200


@pytest.mark.parametrize("listening_on", ["localhost", "127.0.0.1", "127.0.0.2", "::1"])
async def test_every_loopback_address_checks_the_name(
    open_desk: OpenDesk, listening_on: str
) -> None:
    desk = await open_desk(host=listening_on)

    assert (await _with_host(desk, "elsewhere.example")).status == 421
    own = f"[{listening_on}]" if ":" in listening_on else listening_on
    assert (await _with_host(desk, f"{own}:8080")).status == 200


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({}, 303),  # a program
        ({"Sec-Fetch-Site": "same-origin"}, 303),
        ({"Sec-Fetch-Site": "none"}, 303),  # typed by the user
        ({"Sec-Fetch-Site": "same-site"}, 403),
        ({"Sec-Fetch-Site": "cross-site"}, 403),
        ({"Sec-Fetch-Site": ""}, 403),
        ({"Sec-Fetch-Site": "cross-site", "Origin": "http://localhost:8080"}, 403),
        ({"Sec-Fetch-Site": "same-origin", "Origin": "https://elsewhere.example"}, 303),
        ({"Origin": "http://localhost:8080"}, 303),
        ({"Origin": "https://localhost:8080"}, 303),  # a proxy may end TLS
        ({"Origin": "http://localhost"}, 403),
        ({"Origin": "http://localhost:8081"}, 403),
        ({"Origin": "http://127.0.0.1:8080"}, 403),
        ({"Origin": "https://elsewhere.example"}, 403),
        ({"Origin": "http://elsewhere.example/localhost:8080"}, 403),
        ({"Origin": "http://localhost:8080@elsewhere.example"}, 403),
        ({"Origin": "null"}, 403),
        ({"Origin": ""}, 403),
        ({"Origin": "http://["}, 403),
    ],
)
async def test_form_is_taken_from_the_same_origin_only(
    desk: Desk, catalog: CatalogMaker, headers: dict[str, str], status: int
) -> None:
    page = await post_form(desk, "/brands", FORM, {"Host": "localhost:8080", **headers})

    assert page.status == status
    assert await catalog.value("select count(*) from brand") == (status == 303)


async def test_looking_is_possible_from_anywhere(desk: Desk) -> None:
    headers = {"Sec-Fetch-Site": "cross-site", "Origin": "https://elsewhere.example"}
    async with desk.get("/brands", headers=headers) as response:
        assert response.status == 200


async def test_request_leaves_one_line_in_the_log(
    desk: Desk, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO, "hangtag.requests")

    page = await get_page(desk, "/brands?q=%0Aforged")

    (record,) = [r for r in caplog.records if r.name == "hangtag.requests"]
    assert record.getMessage() == "GET /brands 200"
    assert record.__dict__["request_id"] == page.headers["X-Request-ID"]
