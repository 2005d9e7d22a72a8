"""A form that comes while the database is away is held by the answer, and sent with one press."""

import asyncio
from collections.abc import AsyncIterator
from html import unescape

import pytest
import pytest_asyncio
from pytest_aiohttp import AiohttpClient, AiohttpServer

from tests.access.visits import (
    PASSWORD,
    account,
    ask,
    cookie_of,
    field,
    has_button,
    sign_in_by_form,
)
from tests.desk import CatalogMaker, Desk, build_settings, post_form
from tests.page import Page
from tests.proxy import Proxy
from web.access import passwords
from web.app import create_app
from web.pages.held_forms import HELD_BYTES, pack_form, unpack_form

FORM = {
    "brand_name": "Lévi’s\r\n“Wrangler” & <Lee>",
    "mode": "all",
    "idempotency_key": "0123456789abcdef",
}


@pytest_asyncio.fixture
async def proxy(database_url: str) -> AsyncIterator[Proxy]:
    async with Proxy(database_url).running() as running:
        yield running


@pytest_asyncio.fixture
async def desk(proxy: Proxy, aiohttp_server: AiohttpServer, aiohttp_client: AiohttpClient) -> Desk:
    return await aiohttp_client(await aiohttp_server(create_app(build_settings(), proxy.url)))


async def signed_in_without_database(desk: Desk, proxy: Proxy) -> dict[str, str]:
    """Sign somebody in, let the database go away, and return the browser's headers."""
    await account(desk)
    who = cookie_of(await sign_in_by_form(desk))
    proxy.go_away()
    return who


def held(page: Page) -> dict[str, str]:
    return {name: unescape(page.hidden(name)[0]) for name in FORM}


async def test_form_of_somebody_signed_in_is_sent_again_with_one_press(
    desk: Desk, proxy: Proxy, catalog: CatalogMaker
) -> None:
    who = await signed_in_without_database(desk, proxy)

    page = await ask(desk, "POST", "/brands", who, FORM)

    assert page.status == 503
    assert int(page.headers["Retry-After"]) > 0
    assert page.headers["Cache-Control"] == "no-store"
    assert "The database cannot be reached just now. Nothing was saved." in page.text
    assert "Send it again" in page.text
    (form,) = [one for one in page.elements if one.attributes.get("action") == "/brands"]
    assert form.attributes["method"] == "post"
    assert held(page) == FORM
    assert (await ask(desk, "POST", "/brands", who, held(page))).status == 503

    proxy.come_back()
    saved = [await ask(desk, "POST", "/brands", who, held(page)) for _ in range(2)]
    assert [one.status for one in saved] == [303, 303]
    assert await catalog.column("select brand_name from brand order by brand_id") == [
        "Lévi’s",
        "“Wrangler” & <Lee>",
    ]
    assert await catalog.value("select count(*) from change_set") == 1


async def test_field_that_is_there_several_times_is_held_so(desk: Desk, proxy: Proxy) -> None:
    who = await signed_in_without_database(desk, proxy)

    page = await post_form(desk, "/search?q=1", "ids=1&noun=skus&ids=2", who)

    assert page.status == 503
    assert page.hidden("ids") == ["1", "2"]
    (form,) = [one for one in page.elements if one.attributes.get("action") == "/search?q=1"]
    assert form.attributes["method"] == "post"


@pytest.mark.parametrize(
    "headers",
    [
        {"Content-Type": "multipart/form-data; boundary=x"},
        {"Content-Type": "application/json"},
        {"Content-Encoding": "gzip"},
        {"Authorization": "Basic QWRhOg=="},
    ],
    ids=["files", "JSON", "compressed", "of a program"],
)
async def test_what_is_no_form_is_told_that_the_database_is_away(
    desk: Desk, proxy: Proxy, headers: dict[str, str]
) -> None:
    who = await signed_in_without_database(desk, proxy)

    page = await ask(desk, "POST", "/brands", {**who, **headers}, FORM)

    assert page.status == 503
    assert "The database cannot be reached just now. Nothing was saved." in page.text
    assert page.hidden("brand_name") == []


@pytest.mark.parametrize(
    "body", ["brand_name=%ff", "brand_name=" + "Levis%0A" * (HELD_BYTES // 6)], ids=["odd", "large"]
)
async def test_form_that_no_page_can_hold_is_told_that_the_database_is_away(
    desk: Desk, proxy: Proxy, body: str
) -> None:
    who = await signed_in_without_database(desk, proxy)

    page = await post_form(desk, "/brands", body, who)

    assert page.status == 503
    assert "The database cannot be reached just now. Nothing was saved." in page.text
    assert page.hidden("brand_name") == []


async def test_page_is_told_that_the_database_is_away(desk: Desk, proxy: Proxy) -> None:
    who = await signed_in_without_database(desk, proxy)

    page = await ask(desk, "GET", "/brands", who)

    assert page.status == 503
    assert "The database cannot be reached just now." in page.text
    assert "Nothing was saved" not in page.text


async def test_signing_in_keeps_the_form_that_waits_and_never_the_password(
    desk: Desk, proxy: Proxy, catalog: CatalogMaker
) -> None:
    await account(desk)
    refused = await ask(desk, "POST", "/brands", form=FORM)
    waiting = {name: field(refused, name) for name in ("next", "held")}
    assert waiting["next"] == "/brands"
    proxy.go_away()

    page = await sign_in_by_form(desk, next=waiting["next"], held=waiting["held"])

    assert page.status == 503
    assert int(page.headers["Retry-After"]) > 0
    assert "The database cannot be reached just now." in page.text
    assert page.headers["Cache-Control"] == "no-store"
    assert PASSWORD not in page.html
    assert {name: field(page, name) for name in ("next", "held")} == waiting
    proxy.come_back()
    resumed = await sign_in_by_form(desk, next=waiting["next"], held=waiting["held"])
    assert held(resumed) == FORM
    assert await catalog.value("select count(*) from brand") == 0


@pytest.mark.parametrize("is_away", [True, False])
async def test_password_is_in_no_page_whatever_form_it_came_with(
    desk: Desk, proxy: Proxy, is_away: bool
) -> None:
    await account(desk)
    who = cookie_of(await sign_in_by_form(desk)) if is_away else {}
    if is_away:
        proxy.go_away()

    page = await ask(desk, "POST", "/brands", who, {**FORM, "password": PASSWORD})

    assert page.status == (503 if is_away else 401)
    assert PASSWORD not in page.html
    assert "Wrangler" in page.html


@pytest.mark.parametrize(
    "held", ["{", "[]", '{"a": "b"}', '{"a": [1]}', '{"a": ["\\ud800"]}', '{"\\udc00": [""]}']
)
async def test_form_that_was_tampered_with_is_a_400(desk: Desk, held: str) -> None:
    await account(desk)

    assert (await sign_in_by_form(desk, held=held)).status == 400


@pytest.mark.parametrize(
    "form",
    [
        {},
        {"sku_id": ["7", "8", "7"], "mode": [""]},
        {
            "brand_name": ['Lévi’s "501"\r\n</textarea>\\ \0\N{EARTH GLOBE EUROPE-AFRICA}'],
            "": ["x"],
        },
    ],
    ids=["nothing", "several values", "odd characters"],
)
def test_form_in_one_field_of_another_is_the_same_when_it_is_unpacked(
    form: dict[str, list[str]],
) -> None:
    assert unpack_form(pack_form(form)) == form


async def test_form_that_waits_stays_when_the_database_is_lost_behind_the_right_password(
    desk: Desk, proxy: Proxy, catalog: CatalogMaker, monkeypatch: pytest.MonkeyPatch
) -> None:
    await account(desk)
    refused = await ask(desk, "POST", "/brands", form=FORM)
    waiting = {name: field(refused, name) for name in ("next", "held")}
    loop, matches = asyncio.get_running_loop(), passwords._matches  # noqa: SLF001 - in between

    def lost_behind(password: str, password_hash: str) -> bool:
        loop.call_soon_threadsafe(proxy.go_away)
        return matches(password, password_hash)

    monkeypatch.setattr(passwords, "_matches", lost_behind)
    page = await sign_in_by_form(desk, next=waiting["next"], held=waiting["held"])

    assert page.status == 503
    assert int(page.headers["Retry-After"]) > 0
    assert "Set-Cookie" not in page.headers
    assert not has_button(page, "/sign-out")
    assert {name: field(page, name) for name in ("next", "held")} == waiting
    monkeypatch.undo()
    proxy.come_back()
    resumed = await sign_in_by_form(desk, next=waiting["next"], held=waiting["held"])
    assert held(resumed) == FORM
    assert await catalog.value("select count(*) from session") == 1


async def test_signing_out_everywhere_says_so_when_it_is_not_done(
    desk: Desk, proxy: Proxy, catalog: CatalogMaker
) -> None:
    await account(desk)
    here, there = [cookie_of(await sign_in_by_form(desk)) for _ in range(2)]
    proxy.go_away()

    page = await ask(desk, "POST", "/sign-out/everywhere", here)

    assert page.status == 503
    assert "Nothing was signed out." in page.text
    assert int(page.headers["Retry-After"]) > 0
    assert "Set-Cookie" not in page.headers
    proxy.come_back()
    assert (await ask(desk, "GET", "/brands", there)).status == 200
    assert (await ask(desk, "POST", "/sign-out/everywhere", here)).status == 303
    assert await catalog.value("select count(*) from session") == 0


async def test_form_too_large_for_a_page_is_told_the_truth(desk: Desk) -> None:
    await account(desk)
    large = {**FORM, "brand_name": "\N{GREEK SMALL LETTER ALPHA}" * (HELD_BYTES // 6 + 1)}

    page = await post_form(desk, "/brands", large)

    assert page.status == 413
    assert page.headers["Cache-Control"] == "no-store"
    assert "too large to be held by this page. Nothing was saved." in page.text
    assert "the most that can be sent" not in page.text
    (link,) = (one.attributes for one in page.elements if one.attributes.get("target") == "_blank")
    assert link["href"] == "/sign-in"
    who = cookie_of(await sign_in_by_form(desk))
    assert (await post_form(desk, "/brands", large, who)).status == 422
