"""The log: a line a request, and nothing in it that somebody must not read."""

import asyncio
import io
import json
import logging
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

import pytest
from pytest_aiohttp import AiohttpClient

from tests.access.provider import CLIENT_ID, CLIENT_SECRET, Provider, running
from tests.access.visits import account, ask, cookie_of, program, sign_in_by_form, token_of
from tests.conftest import drop_database
from tests.desk import CatalogMaker, Desk, OpenDesk, app_of, build_settings, get_page
from tests.wire import open_wire
from web.app import create_app
from web.database.errors import DatabaseUnavailableError
from web.database.pool import open_pool
from web.keys import DOWNLOAD_RECORDER
from web.logs import log_handler, log_to_stderr, parameter_names

SECRET = "s3cret"  # noqa: S105 - it marks what must not be in the log


@dataclass
class RememberingProvider(Provider):
    """A provider that remembers the tokens it gave."""

    id_tokens: list[str] = field(default_factory=list)

    def _id_token(self) -> str:
        self.id_tokens.append(super()._id_token())
        return self.id_tokens[-1]


@dataclass
class Log:
    """What was logged, as JSON for machines and as a terminal shows it."""

    machines: io.StringIO
    people: io.StringIO

    def lines(self) -> list[dict[str, Any]]:
        """Return the lines for machines."""
        return [json.loads(line) for line in self.machines.getvalue().splitlines()]

    def request(self) -> dict[str, Any]:
        """Return the one line of a request."""
        (line,) = (line for line in self.lines() if line["logger"] == "hangtag.requests")
        return line

    def everything(self) -> str:
        """Return all that was written, both ways."""
        return self.machines.getvalue() + self.people.getvalue()


@pytest.fixture
def log() -> Iterator[Log]:
    """What is logged while a test runs."""
    log = Log(io.StringIO(), io.StringIO())
    handlers = [
        log_handler(log.machines, for_people=False),
        log_handler(log.people, for_people=True),
    ]
    root, access = logging.getLogger(), logging.getLogger("aiohttp.access")
    level = root.level
    root.setLevel(logging.INFO)
    access.disabled = True  # of the tests' own server; `serve` has none
    for handler in handlers:
        root.addHandler(handler)
    yield log
    access.disabled = False
    root.setLevel(level)
    for handler in handlers:
        root.removeHandler(handler)


async def test_request_is_one_line_that_says_what_it_cost(
    desk: Desk, catalog: CatalogMaker, log: Log
) -> None:
    await catalog.brand("Levis")

    page = await get_page(desk, "/brands/1?sort=newest")

    line = log.request()
    assert line["event"] == "GET /brands/1 200"
    assert line["request_id"] == page.headers["X-Request-ID"]
    assert line["person"] == "local desk"
    assert line["route"] == "/brands/{brand_id}"
    assert line["status"] == 200
    assert line["queries"] >= 4
    assert line["ms"] > 0
    assert line["database_ms"] > 0
    assert line["parameters"] == ["sort"]
    assert "bytes" not in line
    (shown,) = log.people.getvalue().splitlines()
    assert "GET /brands/1 200" in shown
    assert page.headers["X-Request-ID"] in shown


async def test_queries_are_those_of_the_request_alone(desk: Desk, log: Log) -> None:
    await get_page(desk, "/brands")
    await get_page(desk, "/healthz")
    await get_page(desk, "/healthz")

    assert [line["queries"] for line in log.lines()][1:] == [0, 0]


async def test_saving_counts_its_commit(desk: Desk, log: Log) -> None:
    page = await ask(desk, "POST", "/brands", None, {"brand_name": "Levis"})

    assert page.status == 303
    assert log.request()["queries"] >= 3


async def test_download_says_its_rows_and_bytes(
    desk: Desk, catalog: CatalogMaker, log: Log
) -> None:
    await catalog.skus(await catalog.product("Jacket", await catalog.brand("Levis")), 500)

    page = await get_page(desk, "/skus.csv")
    await app_of(desk)[DOWNLOAD_RECORDER].close()

    line = log.request()
    assert line["rows"] == 500
    assert line["bytes"] == len(page.html.encode())
    assert line["queries"] >= 3


async def test_client_that_left_is_said_to_be_gone(
    desk: Desk, catalog: CatalogMaker, log: Log
) -> None:
    transaction = catalog.connection.transaction()
    await transaction.start()
    await catalog.connection.execute("lock table brand in access exclusive mode")
    async with open_wire(desk) as wire:
        await wire.ask("/brands")
        while not await catalog.value("select count(*) from pg_locks where not granted"):
            pass
        wire.reset()
        while "hangtag.requests" not in log.machines.getvalue():
            await catalog.value("select pg_sleep(0.01)")
    await transaction.rollback()

    assert log.request()["status"] == "gone"


async def test_error_is_one_traceback_with_the_request_and_without_variables(
    desk: Desk, monkeypatch: pytest.MonkeyPatch, log: Log
) -> None:
    async def fail(*_arguments: object, **_values: object) -> None:
        password = SECRET + "-in-a-variable"
        raise RuntimeError(f"it is {len(password)} letters long")

    monkeypatch.setattr("web.pages.brands.count_brands", fail)

    page = await get_page(desk, "/brands")

    assert page.status == 500
    (error,) = (line for line in log.lines() if "exception" in line)
    assert error["request_id"] == page.headers["X-Request-ID"]
    assert error["exception"].count("Traceback") == 1
    assert "RuntimeError: it is 20 letters long" in error["exception"]
    assert log.people.getvalue().count("Traceback") == 1
    assert f"{SECRET}-in" not in log.everything().replace('SECRET + "-in-a-variable"', "")


async def test_mishap_is_a_line_with_the_request_and_no_traceback(
    desk: Desk, monkeypatch: pytest.MonkeyPatch, log: Log
) -> None:
    async def fail(*_arguments: object, **_values: object) -> None:
        raise DatabaseUnavailableError("it is away")

    monkeypatch.setattr("web.pages.brands.count_brands", fail)

    page = await get_page(desk, "/brands")

    (mishap,) = (line for line in log.lines() if "it is away" in line["event"])
    assert mishap["request_id"] == page.headers["X-Request-ID"]
    assert mishap["level"] == "warning"
    assert "Traceback" not in log.everything()


async def test_nothing_that_is_secret_is_ever_in_the_log(
    open_desk: OpenDesk, catalog: CatalogMaker, log: Log
) -> None:
    desk = await open_desk()
    await catalog.brand("Levis")
    await account(desk)
    page = await sign_in_by_form(desk)
    admin, token = cookie_of(page), token_of(page)
    partner = await program(desk)
    key = partner["Authorization"].removeprefix("Bearer ")
    made = await ask(desk, "POST", "/partner-keys", admin, {"partner_key_name": "Acme"})
    (made_key,) = re.findall(r"hangtag_[A-Za-z0-9_-]{43}", made.html)
    marked = {"X-Api-Key": SECRET, "Cookie": f"__Host-hangtag={SECRET}; other={SECRET}"}
    for who in (admin, partner, marked, {"Authorization": f"Bearer {SECRET}"}):
        for path in (
            "/",
            f"/brands?q={SECRET}&{SECRET}&{SECRET}=1&after={SECRET}",
            f"/skus.csv?watch={SECRET * 4}",
            f"/skus.csv?brand_id={SECRET}",
            f"/sign-in?next=/brands?q={SECRET}",
            f"/downloads/status?watch={SECRET * 4}",
            f"/nowhere?token={SECRET}",
            f"/nowhere/{SECRET}",
            f"/{SECRET}",
            f"/brands/{SECRET}",
            f"/products/{SECRET}/edit",
            f"/changes/1{SECRET}",
            f"/static/{SECRET}.css",
            "/system",
            "/metrics",
        ):
            await ask(desk, "GET", path, who)
        await ask(desk, "POST", f"/partner-keys/{SECRET}/revoke", who)
        await ask(desk, "PUT", f"/brands/{SECRET}", who)
        await ask(desk, "POST", f"/brands?key={SECRET}", who, {"brand_name": "Levis", "x": SECRET})
        await ask(desk, "POST", "/partner-keys", who, {"partner_key_name": SECRET + "\0"})
        await ask(desk, "POST", "/sign-in", who, {"account_name": SECRET, "password": SECRET})
        await ask(desk, "POST", "/api/products/batch", who, {"product_ids": SECRET})
    await sign_in_by_form(desk, password=f"{SECRET} and wrong", next=f"/?q={SECRET}", held=SECRET)
    await ask(desk, "POST", "/sign-out/everywhere", admin, {"x": SECRET})
    for line in (
        f"GET /?{SECRET} HTTP/1.1\r\nHost: localhost\r\nCookie: {SECRET}\0\r\n\r\n",
        f"{SECRET} / HTTP/1.1\r\nHost: localhost\r\n\r\n",
        f"GET /?q={SECRET} HTTP/9.{SECRET}\r\n\r\n",
    ):
        async with open_wire(desk) as wire:
            await asyncio.get_running_loop().sock_sendall(wire.socket, line.encode())
            await wire.rest()
    await app_of(desk)[DOWNLOAD_RECORDER].close()

    written = log.everything()
    assert len(log.lines()) > 50
    assert "what was sent is no HTTP" in written
    assert SECRET not in written
    for secret in (token, key, made_key, "correct horse battery", "argon2"):
        assert secret not in written
    assert "Traceback" not in written


async def test_nothing_of_a_sign_in_with_a_provider_is_in_the_log(
    open_desk: OpenDesk, log: Log
) -> None:
    assert CLIENT_SECRET.startswith(SECRET)
    async with running(RememberingProvider()) as provider:
        assert isinstance(provider, RememberingProvider)
        desk = await open_desk(
            oidc_issuer=provider.issuer, oidc_client_id=CLIENT_ID, oidc_client_secret=CLIENT_SECRET
        )
        await account(desk, "ada@example.com")
        statuses, secrets = [], {SECRET, "the-code"}
        for claims in ({"iss": f"https://{SECRET}.example"}, {"aud": SECRET}, {}):
            provider.claims, provider.codes = claims, ["the-code"]
            left = await ask(desk, "GET", "/sign-in/provider?next=/brands")
            attempt = left.headers["Set-Cookie"].partition(";")[0]
            back = provider.authorize(left.headers["Location"])
            page = await ask(desk, "GET", back, {"Cookie": attempt})
            statuses.append(page.status)
            secrets |= {attempt.partition("=")[2], provider.asked["state"], provider.asked["nonce"]}

    assert statuses == [502, 502, 303]
    assert len(provider.id_tokens) == 3
    written = log.everything()
    assert "/sign-in/callback" in written
    for secret in (*secrets, *provider.id_tokens):
        assert secret not in written


async def test_password_of_the_database_is_not_in_the_log(
    server_url: str, database_url: str, aiohttp_client: AiohttpClient, log: Log
) -> None:
    url = database_url.replace("//postgres@", f"//postgres:{SECRET}@")
    assert SECRET in url
    app = create_app(build_settings(database_url=url), url)
    desk: Desk = await aiohttp_client(app)  # type: ignore[assignment]  # as pytest-aiohttp has it
    assert SECRET not in (await get_page(desk, "/system")).html
    await drop_database(server_url, urlsplit(database_url).path.removeprefix("/"))

    assert (await get_page(desk, "/brands")).status == 503
    assert (await get_page(desk, "/readyz")).status == 503
    with pytest.raises(DatabaseUnavailableError) as unavailable:
        async with open_pool(url, size=1, acquire_timeout=5.0, query_timeout=None):
            pass

    assert SECRET not in str(unavailable.value)
    assert SECRET not in log.everything()


@pytest.mark.parametrize(
    ("path", "logged"),
    [
        ("/brands/77", "/brands/77"),
        ("/brands/1x", "/brands/{brand_id}"),
        ("/static/app.css", "/static/app.css"),
        ("/static/none.css", "/static/{path}"),
        ("/nowhere", "none"),
    ],
)
async def test_path_is_logged_where_it_is_one_of_the_desk(
    desk: Desk, log: Log, path: str, logged: str
) -> None:
    page = await get_page(desk, path)

    assert log.request()["event"] == f"GET {logged} {page.status}"


@pytest.mark.parametrize(
    ("name", "logged"),
    [
        ("brand_id", "brand_id"),
        ("q", "q"),
        ("hangtag_Xk2", "…"),
        ("ghp_16C7e42F292c6912E7710c838347Ae178B4a", "…"),
        ("a" * 21, "…"),
        ("line\nbreak", "…"),
        ("", "…"),
    ],
)
def test_only_what_can_be_a_name_is_logged_as_one(name: str, logged: str) -> None:
    assert parameter_names([name]) == [logged]


def test_no_more_names_are_logged_than_a_query_of_the_desk_has() -> None:
    assert len(parameter_names(["q"] * 10_000)) == 20


def test_standard_error_gets_the_log_as_json_unless_it_is_a_terminal(
    capsys: pytest.CaptureFixture[str], restored_logging: Callable[[], None]
) -> None:
    log_to_stderr()
    logging.getLogger("asyncpg").info("hello")
    restored_logging()

    assert json.loads(capsys.readouterr().err)["event"] == "hello"


@pytest.fixture
def restored_logging() -> Callable[[], None]:
    """Puts the handlers back that were there before."""
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level

    def restore() -> None:
        root.handlers[:] = handlers
        root.setLevel(level)

    return restore
