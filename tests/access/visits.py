"""Requests of people and programs who are somebody."""

from collections.abc import Mapping
from http.cookies import SimpleCookie
from urllib.parse import urlencode

from yarl import URL

from tests.desk import Desk, app_of, new_account
from tests.page import Page
from web.access.guard import SESSION_COOKIE
from web.access.partner_keys import add_partner_key
from web.access.roles import Role
from web.keys import POOL

PASSWORD = "correct horse battery"  # noqa: S105 - of nobody


async def ask(
    desk: Desk,
    method: str,
    path: str,
    who: Mapping[str, str] | None = None,
    form: Mapping[str, str] | None = None,
) -> Page:
    """Send a request and return its answer; `who` is the headers of somebody."""
    headers = dict(who or {})
    data = None
    if method == "POST":
        headers.setdefault("Content-Type", "application/x-www-form-urlencoded")
        data = urlencode(form or {}).encode()
    url = URL(path, encoded=True)
    async with desk.request(
        method, url, headers=headers, data=data, allow_redirects=False
    ) as response:
        return Page(response.status, response.headers, await response.text())


async def account(desk: Desk, name: str = "Ada", role: Role = Role.ADMIN) -> int:
    """Add an account with the password of the tests."""
    return await new_account(desk, name, role, PASSWORD)


async def sign_in_by_form(
    desk: Desk,
    name: str = "Ada",
    password: str = PASSWORD,
    who: Mapping[str, str] | None = None,
    **fields: str,
) -> Page:
    """Send the form that signs in."""
    form = {"account_name": name, "password": password, **fields}
    return await ask(desk, "POST", "/sign-in", who, form)


def cookie_of(page: Page) -> dict[str, str]:
    """Return the headers of the browser that got this answer."""
    return {"Cookie": f"{SESSION_COOKIE}={token_of(page)}"}


def token_of(page: Page) -> str:
    """Return the session's token that an answer sets."""
    return SimpleCookie(page.headers["Set-Cookie"])[SESSION_COOKIE].value


async def program(
    desk: Desk, name: str = "Acme", *, requests: int = 10_000, rows: int = 1_000_000
) -> dict[str, str]:
    """Make a partner's key and return the headers of its program."""
    key = await add_partner_key(
        app_of(desk)[POOL], name, requests_per_minute=requests, rows_per_day=rows
    )
    return {"Authorization": f"Bearer {key}"}


def field(page: Page, name: str) -> str:
    """Return the value of the page's last input of a name: the frame has some of its own."""
    *_, value = (
        element.attributes.get("value", "")
        for element in page.elements
        if element.tag == "input" and element.attributes.get("name") == name
    )
    return value


def has_button(page: Page, action: str) -> bool:
    """Whether the page has a form or a button that sends to this address."""
    return any(
        action in (element.attributes.get("action"), element.attributes.get("formaction"))
        for element in page.elements
    )
