"""The security headers stand on every kind of answer, and say what a careful browser wants.

By the rules of MDN's Observatory (https://developer.mozilla.org/en-US/observatory/docs/tests_and_scoring)
a desk behind TLS has 100 and, of the bonuses, csp-implemented-with-no-unsafe-default-src-none 10,
cross-origin-resource-policy-implemented-with-same-origin 10, referrer-policy-private 5,
x-frame-options-implemented-via-csp 5 and, on a page that sets a cookie,
cookies-secure-with-httponly-sessions-and-samesite 5; hsts-implemented-max-age-at-least-six-months
is 0: 130, and 135 with the cookie.
"""

import asyncio
from collections.abc import Mapping

import pytest

from tests.desk import CatalogMaker, Desk, OpenDesk, post_form
from tests.wire import open_wire

NO_SOURCES = {"'none'", "'self'"}
HTML = {"Accept": "text/html"}
# A name, the request, the status that makes it that kind of answer.
KINDS = {
    "page": ("GET", "/brands", {}, 200),
    "page of nobody's row": ("GET", "/brands/9", {}, 404),
    "bad parameter": ("GET", "/brands?sort=x", {}, 400),
    "no such address": ("GET", "/nothing", {}, 404),
    "no such method": ("DELETE", "/brands", {}, 405),
    "redirect": (
        "POST",
        "/preferences",
        {"Content-Type": "application/x-www-form-urlencoded"},
        303,
    ),
    "wrong type": ("POST", "/brands", {"Content-Type": "multipart/form-data"}, 415),
    "foreign form": ("POST", "/brands", {"Sec-Fetch-Site": "cross-site"}, 403),
    "foreign name": ("GET", "/", {"Host": "elsewhere.example"}, 421),
    "prefetched download": ("GET", "/skus.csv", {"Sec-Purpose": "prefetch"}, 503),
    "wrong key": ("GET", "/skus.csv", {"Authorization": "Bearer x"}, 401),
    "download": ("GET", "/skus.csv", {}, 200),
    "download in gzip": ("GET", "/skus.csv", {"Accept-Encoding": "gzip"}, 200),
    "lines of JSON": ("GET", "/skus.ndjson", {}, 200),
    "static file": ("GET", "/static/app.css", {}, 200),
    "no such file": ("GET", "/static/nothing.css", {}, 404),
    "JSON": ("GET", "/api/openapi.json", {}, 200),
    "error in JSON": ("POST", "/api/products/batch", {"Content-Type": "text/plain"}, 415),
    "HEAD of a page": ("HEAD", "/brands", {}, 200),
    "HEAD of a download": ("HEAD", "/skus.csv", {}, 200),
    "HEAD of a file": ("HEAD", "/static/app.css", {}, 200),
    "probe": ("GET", "/healthz", {}, 200),
    "form that signs in": ("GET", "/sign-in", {}, 200),
}
# What shows a secret, or is the answer to one.
SECRET = {"/sign-in", "/partner-keys", "/downloads/status?watch=aaaaaaaaaaaaaaaa"}


def assert_secured(headers: Mapping[str, str]) -> None:
    policy = dict(
        part.strip().split(" ", 1) for part in headers["Content-Security-Policy"].split(";")
    )
    assert policy["default-src"] == policy["frame-ancestors"] == policy["base-uri"] == "'none'"
    assert set(policy.values()) <= NO_SOURCES
    assert headers["Referrer-Policy"] == "same-origin"
    assert headers["Cross-Origin-Opener-Policy"] == "same-origin"
    assert headers["Cross-Origin-Resource-Policy"] == "same-origin"
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["X-Frame-Options"] == "DENY"
    assert "camera=()" in headers["Permissions-Policy"]
    assert headers["Cache-Control"]
    # Which software answers, and of which version, is nobody's business.
    assert headers["Server"] == "Hangtag"


@pytest.mark.parametrize(("method", "path", "sent", "status"), KINDS.values(), ids=KINDS)
async def test_every_kind_of_answer_has_the_headers(
    desk: Desk, method: str, path: str, sent: dict[str, str], status: int
) -> None:
    async with desk.request(method, path, headers=sent, allow_redirects=False) as response:
        assert response.status == status
        assert_secured(response.headers)
        assert response.headers["X-Request-ID"]
        assert "Strict-Transport-Security" not in response.headers  # it is not behind TLS


async def test_answer_that_nothing_has_changed_has_the_headers(desk: Desk) -> None:
    for path in ("/brands", "/static/app.css"):
        async with desk.get(path) as first:
            tag = first.headers["ETag"]
        async with desk.get(path, headers={"If-None-Match": tag}) as second:
            assert second.status == 304
            assert_secured(second.headers)


async def test_answer_to_a_saved_form_has_the_headers(desk: Desk, catalog: CatalogMaker) -> None:
    page = await post_form(desk, "/brands", {"brand_name": "Levis"})
    assert page.status == 303
    assert_secured(page.headers)
    assert await catalog.value("select count(*) from brand") == 1


@pytest.mark.parametrize(
    "raw",
    [
        b"nonsense\r\n\r\n",
        b"GET / HTTP/1.1\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: 127.0.0.1\r\nX: \x00\r\n\r\n",
        b"GET /" + b"a" * 20_000 + b" HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n",
    ],
    ids=["no HTTP", "no Host", "NUL", "long"],
)
async def test_answer_to_what_is_no_request_has_the_headers(desk: Desk, raw: bytes) -> None:
    async with open_wire(desk) as wire:
        await asyncio.get_running_loop().sock_sendall(wire.socket, raw)
        head = await wire.head()
    assert head.status == 400
    named = {name.title(): value for name, value in head.headers.items()}
    assert_secured({**named, "X-Content-Type-Options": head.headers["x-content-type-options"]})


async def test_pages_are_asked_for_again_and_secrets_are_kept_nowhere(desk: Desk) -> None:
    for path in ("/", "/brands", "/skus", "/history", *SECRET):
        async with desk.get(path) as response:
            expected = "no-store" if path in SECRET else "private, no-cache"
            assert (path, response.headers["Cache-Control"]) == (path, expected)


@pytest.mark.parametrize("path", ["/healthz", "/sign-in", "/static/app.css", "/nothing"])
async def test_behind_tls_browsers_are_told_to_stay_there(open_desk: OpenDesk, path: str) -> None:
    desk = await open_desk(trusted_proxies="127.0.0.1")
    for scheme, expected in (("https", "max-age=31536000"), ("http", None)):
        async with desk.get(path, headers={"X-Forwarded-Proto": scheme}) as response:
            assert response.headers.get("Strict-Transport-Security") == expected
