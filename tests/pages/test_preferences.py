"""How somebody wants the pages: remembered by cookies, shown by the page itself."""

from http.cookies import SimpleCookie

import pytest

from tests.desk import Desk, get_page, post_form
from tests.page import Page


def _cookies(page: Page) -> SimpleCookie:
    cookies = SimpleCookie()
    for name, value in page.headers.items():
        if name.lower() == "set-cookie":
            cookies.load(value)
    return cookies


def _html(page: Page) -> dict[str, str]:
    return next(element.attributes for element in page.elements if element.tag == "html")


def _pressed(page: Page) -> set[str]:
    return {
        element.attributes["value"]
        for element in page.elements
        if element.attributes.get("aria-pressed") == "true"
    }


async def test_nothing_chosen_follows_the_system(desk: Desk) -> None:
    page = await get_page(desk, "/brands")

    assert _html(page)["data-theme"] == "system"
    assert _html(page)["data-density"] == "comfortable"
    assert _html(page)["lang"] == "en"
    assert _pressed(page) == {"system", "comfortable", "en"}


@pytest.mark.parametrize(
    ("name", "value", "attribute"),
    [
        ("theme", "dark", "data-theme"),
        ("theme", "light", "data-theme"),
        ("density", "dense", "data-density"),
        ("language", "de", "lang"),
    ],
)
async def test_choice_is_remembered_and_leads_back_to_its_page(
    desk: Desk, name: str, value: str, attribute: str
) -> None:
    saved = await post_form(
        desk, "/preferences", {name: value, "next": "/brands?q=a%20b&sort=newest"}
    )

    assert saved.status == 303
    assert saved.headers["Location"] == "/brands?q=a%20b&sort=newest"
    (cookie,) = _cookies(saved).values()
    assert (cookie.key, cookie.value, cookie["path"]) == (name, value, "/")
    assert cookie["httponly"]
    assert cookie["samesite"] == "Lax"
    assert int(cookie["max-age"]) == 365 * 86_400
    # The client keeps cookies, as a browser does.
    page = await get_page(desk, "/products")
    assert _html(page)[attribute] == value
    assert value in _pressed(page)


async def test_form_carries_the_address_of_its_page(desk: Desk) -> None:
    page = await get_page(desk, "/brands?q=a%20b&sort=newest")

    fields = [e.attributes for e in page.elements if e.attributes.get("name") == "next"]
    assert [field["value"] for field in fields] == ["/brands?q=a%20b&sort=newest"]


async def test_form_on_what_was_posted_leads_to_the_overview(desk: Desk) -> None:
    page = await post_form(desk, "/brands", {"brand_name": ""})

    assert page.status == 422
    fields = [e.attributes for e in page.elements if e.attributes.get("name") == "next"]
    assert [field["value"] for field in fields] == ["/"]


@pytest.mark.parametrize(
    "target",
    [
        "https://elsewhere.example/",
        "//elsewhere.example/",
        "/\\elsewhere.example/",
        "\\\\elsewhere.example",
        "javascript:alert(1)",
        "brands",
        "/brands\r\nSet-Cookie: a=b",
        "/" + "a" * 5000,
        "",
    ],
)
async def test_choice_never_leads_to_another_host(desk: Desk, target: str) -> None:
    saved = await post_form(desk, "/preferences", {"theme": "dark", "next": target})

    assert saved.status == 303
    assert saved.headers["Location"] == "/"
    assert "a" not in _cookies(saved)


@pytest.mark.parametrize("name", ["theme", "density", "language"])
async def test_choice_that_there_is_not_is_refused_by_name(desk: Desk, name: str) -> None:
    refused = await post_form(desk, "/preferences", {name: "pink"})

    assert refused.status == 422
    assert f"“{name}”" in refused.text
    assert not _cookies(refused)


async def test_cookie_that_somebody_made_up_counts_as_none(desk: Desk) -> None:
    headers = {"Cookie": 'theme="><script>; density=huge; language=xx'}
    async with desk.get("/", headers=headers) as response:
        page = Page(response.status, response.headers, await response.text())

    assert page.status == 200
    assert _html(page)["data-theme"] == "system"
    assert _html(page)["data-density"] == "comfortable"
    assert _html(page)["lang"] == "en"


async def test_choice_sent_from_another_site_is_refused(desk: Desk) -> None:
    refused = await post_form(
        desk, "/preferences", {"theme": "dark"}, {"Sec-Fetch-Site": "cross-site"}
    )

    assert refused.status == 403
    assert not _cookies(refused)


async def test_every_section_has_its_key_and_the_list_of_keys_names_it(desk: Desk) -> None:
    page = await get_page(desk, "/brands")

    goes = {
        element.attributes["data-go"]: element.attributes["href"]
        for element in page.elements
        if "data-go" in element.attributes
    }
    assert goes == {
        "o": "/",
        "b": "/brands",
        "p": "/products",
        "s": "/skus",
        "h": "/history",
        "d": "/downloads",
    }
    assert "keys" in {e.attributes.get("id") for e in page.elements if e.tag == "dialog"}
    new = [e.attributes["href"] for e in page.elements if "data-new" in e.attributes]
    assert new == ["/brands/new"]
