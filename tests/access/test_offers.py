"""Nothing is offered that is then refused: every link and form of every page, for each role."""

import re
from collections.abc import Awaitable, Callable, Iterator

import pytest

from tests.access.visits import ask
from tests.desk import CatalogMaker, Desk, browser_of, new_account
from tests.page import Page
from web.access.roles import Role
from web.routes import ROUTES

LOCAL_DESK = "local desk"
# Of a browser that is signed in by itself: one of the forms signs out.
Browser = Callable[[], Awaitable[dict[str, str]]]
# What is only there in some states: nothing found, a list that has ended, an id that nobody has.
STATES = (
    "/brands?q=zzz",
    "/brands?change=1",
    "/brands/2",
    "/brands/999",
    "/products?q=zzz",
    "/products?brand_id=1",
    "/products?brand_id=2",
    "/products?brand_id=2&q=zzz",
    "/products?brand_id=999",
    "/products/1?edit=skus",
    "/products/2",
    "/skus?product_id=999",
    "/skus?after=999,999",
    "/search?q=1",
    "/search?q=1,2,3",
    "/search?q=zzz",
    "/history?person=nobody",
    "/nowhere",
)
PASTED = (
    {"ids": "1 2 999"},
    {"ids": "1 2 999", "noun": "skus"},
    {"ids": "1 2 999", "noun": "products"},
    {"ids": "nothing"},
)


async def fill(catalog: CatalogMaker) -> None:
    """Make a brand with two products, one of them with SKUs, and a brand without anything."""
    brand_id, _ = await catalog.brands(["Levis", "Lee"])
    product_id, _ = await catalog.products(["Shirt", "Jeans"], brand_id)
    await catalog.skus(product_id, 3)


def offers(page: Page) -> Iterator[tuple[str, str]]:
    """Return the method and the address of each link and form of a page of this desk."""
    method = "GET"
    for element in page.elements:
        attributes = element.attributes
        if element.tag == "form":
            method = attributes.get("method", "get").upper()
        for name, of_it in (
            ("href", "GET"),
            ("action", method),
            ("formaction", method),
            ("data-status-href", "GET"),
            ("data-check-href", "POST"),
        ):
            address = attributes.get(name, "")
            if address.startswith("/") and not address.startswith("/static/"):
                yield of_it, address


def alike(method: str, address: str) -> tuple[str, str, frozenset[str]]:
    """Return what addresses have in common of which one is visited: not each order of a list."""
    path, _, query = address.partition("?")
    return method, path, frozenset(part.partition("=")[0] for part in query.split("&"))


def is_refused(page: Page) -> bool:
    """Whether the answer is that somebody else may do this."""
    # Nor is it a way to sign in, with where to go on from there.
    return page.status == 403 or page.headers.get("Location", "").startswith("/sign-in?")


async def refused_offers(desk: Desk, browser: Browser) -> dict[tuple[str, str], str]:
    """Follow all that somebody is offered; return what of it is refused, and where it stood."""
    who = await browser()
    forms: dict[str, str] = {}
    refused: dict[tuple[str, str], str] = {}
    is_closed: dict[tuple[str, str, frozenset[str]], bool] = {}
    pages = [re.sub(r"\{[^}]*\}", "1", route.path) for route in ROUTES if route.method == "GET"]
    # Typed into the address bar: nobody offered them, but what they offer counts.
    links = [("", address) for address in (*pages, *STATES)]
    read = [("/search", await ask(desk, "POST", "/search", who, form)) for form in PASTED]

    while links or read:
        if links:
            place, address = links.pop()
            link = alike("GET", address)
            # What was typed is a state of its own each.
            if not place or link not in is_closed:
                page = await ask(desk, "GET", address, who)
                is_closed[link] = is_refused(page)
                read.append((address, page))
            if place and is_closed[link]:
                refused["GET", address] = place
            continue
        address, page = read.pop()
        assert page.status < 500, address
        for method, to in offers(page):
            if method == "GET":
                links.append((address, to))
            else:
                forms.setdefault(to, address)

    for action, place in forms.items():
        if is_refused(await ask(desk, "POST", action, await browser())):
            refused["POST", action] = place
    return refused


@pytest.mark.parametrize("is_filled", [False, True], ids=["empty", "filled"])
@pytest.mark.parametrize("who", [*Role, LOCAL_DESK])
async def test_what_is_offered_is_never_refused(
    desk: Desk, catalog: CatalogMaker, who: str, is_filled: bool
) -> None:
    if is_filled:
        await fill(catalog)
    account_id = None if who == LOCAL_DESK else await new_account(desk, "Ada", Role(who))

    async def browser() -> dict[str, str]:
        return {} if account_id is None else await browser_of(desk, account_id)

    assert await refused_offers(desk, browser) == {}


@pytest.mark.parametrize(("who", "is_told"), [(Role.VIEWER, False), (Role.EDITOR, True)])
async def test_to_add_skus_is_said_only_to_those_who_may(
    desk: Desk, catalog: CatalogMaker, who: Role, is_told: bool
) -> None:
    await fill(catalog)
    browser = await browser_of(desk, await new_account(desk, "Ada", who))

    page = await ask(desk, "GET", "/products/2", browser)

    assert "This product has no SKUs yet." in page.text
    assert ("Add some above" in page.text) is is_told
