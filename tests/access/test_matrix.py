"""Who may use which route, as the route table says it: route × role × method."""

import asyncio
import re

import pytest
from aiohttp import web
from aiohttp.test_utils import TestClient, TestServer

from tests.access.visits import account, ask, program
from tests.desk import CatalogMaker, Desk, OpenDesk, app_of, browser_of, build_settings
from tests.page import Page
from web.access import local_desk
from web.access.accounts import add_account, has_accounts
from web.access.local_desk import LocalDesk
from web.access.roles import Access, Role
from web.app import create_app
from web.database.errors import DatabaseUnavailableError
from web.database.pool import Pool
from web.keys import ACCESS, POOL
from web.routes import ROUTES, Route

ALLOWED, REFUSED, ASKED = "allowed", "refused", "asked to sign in"
EVERYBODY = {Access.PROBE: ALLOWED, Access.PUBLIC: ALLOWED}
# What each may do, by the access of the route.
EXPECTED: dict[str, dict[Access, str]] = {
    "anonymous": {
        **EVERYBODY,
        Access.READ: ASKED,
        Access.PROGRAM: ASKED,
        Access.WRITE: ASKED,
        Access.ADMIN: ASKED,
    },
    "viewer": {
        **EVERYBODY,
        Access.READ: ALLOWED,
        Access.PROGRAM: ALLOWED,
        Access.WRITE: REFUSED,
        Access.ADMIN: REFUSED,
    },
    "editor": {
        **EVERYBODY,
        Access.READ: ALLOWED,
        Access.PROGRAM: ALLOWED,
        Access.WRITE: ALLOWED,
        Access.ADMIN: REFUSED,
    },
    "admin": dict.fromkeys(Access, ALLOWED),
    "partner key": {
        **EVERYBODY,
        Access.READ: REFUSED,
        Access.PROGRAM: ALLOWED,
        Access.WRITE: REFUSED,
        Access.ADMIN: REFUSED,
    },
    "local desk": dict.fromkeys(Access, ALLOWED),
}
# What the route table has to say: what each may do is expected by it.
ADMINS = {
    ("GET", "/partner-keys"),
    ("POST", "/partner-keys"),
    ("POST", "/partner-keys/{partner_key_id}/revoke"),
    ("GET", "/system"),
    ("GET", "/metrics"),
}
PARTNERS = {
    ("GET", "/brands.csv"),
    ("GET", "/products.csv"),
    ("GET", "/skus.csv"),
    ("GET", "/skus.ndjson"),
    ("POST", "/api/products/batch"),
}
OPEN = {
    ("GET", "/api/openapi.json"),
    ("GET", "/sign-in"),
    ("POST", "/sign-in"),
    ("GET", "/sign-in/provider"),
    ("GET", "/sign-in/callback"),
    ("POST", "/sign-out"),
    ("POST", "/sign-out/everywhere"),
    ("POST", "/preferences"),
    ("GET", "/static/{path:.+}"),
    ("GET", "/healthz"),
    ("GET", "/readyz"),
}
# A POST, and still it changes nothing.
ASKING = {
    ("POST", "/search"),
    ("POST", "/search/found.csv"),
    ("POST", "/search/unknown.txt"),
    ("POST", "/api/brands/check"),
}


def _address(route: Route) -> str:
    """An address of the route that names nothing there is."""
    return re.sub(r"\{[^}]*\}", "999", route.path)


def _came_of(route: Route, page: Page) -> str:
    if route.access in EVERYBODY:
        # The form that signs in says 401 of a wrong password.
        refusals = {403} if route.path == "/sign-in" else {401, 403}
        return REFUSED if page.status in refusals else ALLOWED
    if page.status == 403:
        return REFUSED
    to_sign_in = page.status == 303 and page.headers["Location"].startswith("/sign-in?")
    return ASKED if page.status == 401 or to_sign_in else ALLOWED


def _routes_of(*accesses: Access) -> set[tuple[str, str]]:
    return {(route.method, route.path) for route in ROUTES if route.access in accesses}


def test_route_table_opens_no_more_than_is_meant() -> None:
    assert _routes_of(Access.ADMIN) == ADMINS
    assert _routes_of(Access.PROGRAM) == PARTNERS
    assert _routes_of(*EVERYBODY) == OPEN
    looking = _routes_of(Access.READ)
    assert {(method, path) for method, path in looking if method != "GET"} == ASKING


@pytest.mark.parametrize("who", EXPECTED)
async def test_each_may_use_what_the_route_table_says(desk: Desk, who: str) -> None:
    headers: dict[str, str] = {}
    account_id = None
    if who != "local desk":
        await account(desk, "Ada")
    if who in set(Role):
        account_id = await add_account(app_of(desk)[POOL], "Grace", Role(who), None)
    if who == "partner key":
        headers = await program(desk)
    came, expected = {}, {}

    for route in ROUTES:
        for method in ("GET", "HEAD") if route.method == "GET" else (route.method,):
            # A browser of its own for each: one of the routes signs out.
            mine = headers if account_id is None else await browser_of(desk, account_id)
            page = await ask(desk, method, _address(route), mine)
            assert page.status < 500, (route, page.text)
            came[method, route.path] = _came_of(route, page)
            expected[method, route.path] = EXPECTED[who][route.access]

    assert came == expected


async def test_route_outside_of_the_table_is_nobodys(database_url: str) -> None:
    async def forgotten(_request: web.Request) -> web.Response:
        return web.Response(text="secret")

    app = create_app(build_settings(), database_url)
    app.router.add_get("/forgotten", forgotten)
    client: Desk = TestClient(TestServer(app))  # type: ignore[assignment]  # as pytest-aiohttp has it
    async with client:
        page = await ask(client, "GET", "/forgotten")

    assert page.status == 403
    assert "secret" not in page.html


async def test_every_route_of_the_application_has_an_access(desk: Desk) -> None:
    app = app_of(desk)
    served = {
        (route.method, route.resource.canonical if route.resource else "")
        for route in app.router.routes()
        if route.method != "HEAD"
    }
    accesses = app[ACCESS]
    assert served == set(accesses)


@pytest.mark.parametrize("method", ["PUT", "DELETE", "PATCH", "OPTIONS", "TRACE"])
async def test_methods_that_no_route_has_are_nobodys(desk: Desk, method: str) -> None:
    await account(desk)
    for path in ("/", "/brands", "/brands/1", "/skus.csv", "/partner-keys"):
        assert (await ask(desk, method, path)).status == 405


async def test_anonymous_program_gets_a_401_and_a_browser_the_form(desk: Desk) -> None:
    await account(desk)

    curl = await ask(desk, "GET", "/skus.csv", {"Accept": "*/*"})
    browser = await ask(desk, "GET", "/skus.csv", {"Accept": "text/html,*/*;q=0.8"})
    batch = await ask(desk, "POST", "/api/products/batch")

    assert (curl.status, curl.headers["WWW-Authenticate"]) == (401, 'Bearer realm="Hangtag"')
    assert (browser.status, browser.headers["Location"]) == (303, "/sign-in?next=/skus.csv")
    assert (batch.status, batch.headers["Content-Type"]) == (401, "application/json; charset=utf-8")


@pytest.mark.parametrize(
    "header",
    [
        "Forwarded",
        "Via",
        "X-Forwarded-For",
        "X-Forwarded-Host",
        "X-Forwarded-Proto",
        "x-forwarded-anything",
        "X-Real-IP",
        "X-Client-IP",
        "X-Cluster-Client-IP",
        "True-Client-IP",
        "CF-Connecting-IP",
        "Fastly-Client-IP",
    ],
)
async def test_local_desk_refuses_what_came_through_a_proxy(desk: Desk, header: str) -> None:
    page = await ask(desk, "GET", "/brands", {header: "for=192.0.2.1"})

    assert page.status == 403
    assert "python run.py user add NAME --role admin" in page.text


async def test_first_account_closes_the_local_desk(open_desk: OpenDesk) -> None:
    desk = await open_desk()
    assert (await ask(desk, "GET", "/brands")).status == 200
    await account(desk)
    other_worker = await open_desk()

    assert (await ask(other_worker, "GET", "/brands")).status == 303


async def test_first_account_closes_a_desk_that_nobody_asked_meanwhile(
    open_desk: OpenDesk, catalog: CatalogMaker, monkeypatch: pytest.MonkeyPatch
) -> None:
    looked: asyncio.Queue[bool] = asyncio.Queue()

    async def noted(pool: Pool) -> bool:
        found = await has_accounts(pool)
        looked.put_nowait(found)
        return found

    monkeypatch.setattr(local_desk, "ASK_EVERY", 0.01)
    monkeypatch.setattr(local_desk, "has_accounts", noted)
    desk = await open_desk()
    await catalog.connection.execute(
        "insert into account (account_name, role) values ('Ada', 'admin')"
    )
    async with asyncio.timeout(20):
        while not await looked.get():
            pass

    assert (await ask(desk, "GET", "/brands")).status == 303


async def test_what_was_known_last_counts_while_the_accounts_cannot_be_looked_for(
    open_desk: OpenDesk, catalog: CatalogMaker, monkeypatch: pytest.MonkeyPatch
) -> None:
    failed: asyncio.Queue[Exception] = asyncio.Queue()
    errors = [DatabaseUnavailableError("it is away"), RuntimeError("whatever it is")]

    async def fail(pool: Pool) -> bool:
        if not errors:
            return await has_accounts(pool)
        failed.put_nowait(errors[0])
        raise errors.pop(0)

    desk = await open_desk()
    state = LocalDesk(app_of(desk)[POOL])
    assert await state.is_open()
    monkeypatch.setattr(local_desk, "ASK_EVERY", 0.01)
    monkeypatch.setattr(local_desk, "has_accounts", fail)
    await catalog.connection.execute(
        "insert into account (account_name, role) values ('Ada', 'admin')"
    )
    async with asyncio.timeout(20), state.keep_asking():
        await failed.get()
        assert await state.is_open()
        await failed.get()
        while await state.is_open():  # noqa: ASYNC110 - asked beside
            await asyncio.sleep(0.01)


async def test_late_answer_to_an_earlier_question_counts_no_more(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    loop = asyncio.get_running_loop()
    answers: list[asyncio.Future[bool]] = [loop.create_future(), loop.create_future()]
    asked = iter(answers)
    monkeypatch.setattr(local_desk, "has_accounts", lambda _: next(asked))
    state = LocalDesk(app_of(desk)[POOL])
    questions = []
    for _ in answers:
        questions.append(asyncio.ensure_future(state.ask()))
        await asyncio.sleep(0)

    # The later one has seen the first account, and the earlier one had not.
    for number, has_account in ((1, True), (0, False)):
        answers[number].set_result(has_account)
        await questions[number]

    assert not await state.is_open()


@pytest.mark.parametrize(
    "settings",
    [{"host": "0.0.0.0"}, {"trusted_proxies": "127.0.0.1"}],  # noqa: S104
)
async def test_desk_that_others_reach_is_never_the_local_desk(
    open_desk: OpenDesk, settings: dict[str, str]
) -> None:
    desk = await open_desk(**settings)

    assert (await ask(desk, "GET", "/brands")).status == 303
    assert (await ask(desk, "POST", "/brands")).status == 401
