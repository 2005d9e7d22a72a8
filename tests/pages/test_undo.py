"""The undo button: on the page of a change set, and in the message after saving."""

import asyncio

import pytest

from tests.desk import CatalogMaker, Desk, OpenDesk, get_page, post_form
from tests.page import Page


def form_of(page: Page) -> tuple[str, str]:
    """Return where the undo form leads, and its key."""
    (action,) = [
        e.attributes["action"] for e in page.elements if e.attributes.get("class") == "undo"
    ]
    (key,) = {
        element.attributes["value"]
        for element in page.elements
        if element.attributes.get("name") == "idempotency_key"
        and element.attributes["value"].startswith("undo-")
    }
    return action, key


async def press(desk: Desk, page: Page) -> Page:
    """Press the undo button of a page."""
    action, key = form_of(page)
    return await post_form(desk, action, {"idempotency_key": key})


async def test_button_leads_to_the_change_set_of_the_undo(
    desk: Desk, catalog: CatalogMaker
) -> None:
    await catalog.brands(["Levis", "Lee"])
    page = await get_page(desk, "/changes/1")
    assert form_of(page) == ("/changes/1/undo", "undo-1-0")

    undone = await press(desk, page)

    assert (undone.status, undone.headers["Location"]) == (303, "/changes/2")
    assert await catalog.value("select count(*) from brand") == 0
    assert (
        "undo"
        not in (await get_page(desk, "/changes/1"))
        .html.partition("<h1>")[2]
        .partition("</h1>")[2]
        .partition('class="card')[0]
    )
    assert form_of(await get_page(desk, "/changes/2")) == ("/changes/2/undo", "undo-2-0")


async def test_button_pressed_twice_undoes_once(desk: Desk, catalog: CatalogMaker) -> None:
    await catalog.brand("Levis")
    page = await get_page(desk, "/changes/1")

    first, second = await press(desk, page), await press(desk, page)

    assert first.status == second.status == 303
    assert first.headers["Location"] == second.headers["Location"] == "/changes/2"
    assert await catalog.value("select count(*) from change_set") == 2


async def test_key_is_another_after_an_undo_in_part(desk: Desk, catalog: CatalogMaker) -> None:
    levis, _ = await catalog.brands(["Levis", "Lee"])
    await catalog.product("Shirt", levis)
    await press(desk, await get_page(desk, "/changes/1"))

    page = await get_page(desk, "/changes/1")

    assert form_of(page) == ("/changes/1/undo", "undo-1-1")
    assert "Undo the rest" in page.text
    again = await press(desk, page)
    assert again.status == 409
    assert ["Brand Levis", "is used by others since"] in again.rows


async def test_program_undoes_by_its_header(desk: Desk, catalog: CatalogMaker) -> None:
    await catalog.brand("Levis")

    pages = [
        await post_form(desk, "/changes/1/undo", {}, {"Idempotency-Key": "a"}) for _ in range(2)
    ]

    assert [page.headers["Location"] for page in pages] == ["/changes/2"] * 2


@pytest.mark.parametrize("change", ["77", "0", "x", "9223372036854775808"])
async def test_undo_of_an_unknown_change_is_a_404(desk: Desk, change: str) -> None:
    page = await post_form(desk, f"/changes/{change}/undo", {})

    assert page.status == 404


async def test_message_after_saving_offers_the_undo(desk: Desk, catalog: CatalogMaker) -> None:
    saved = await post_form(desk, "/brands", {"brand_name": "Levis"})

    page = await get_page(desk, saved.headers["Location"])

    assert "Levis was created." in page.text
    assert form_of(page) == ("/changes/1/undo", "undo-1-0")
    assert (await press(desk, page)).headers["Location"] == "/changes/2"
    assert await catalog.value("select count(*) from brand") == 0


@pytest.mark.parametrize("path", ["/brands", "/products", "/products/1", "/brands/1"])
async def test_message_says_what_its_change_did_wherever_it_is_shown(
    desk: Desk, catalog: CatalogMaker, path: str
) -> None:
    levis, _ = await catalog.brands(["Levis", "Lee"])
    await catalog.product("Shirt", levis)
    await catalog.connection.execute("update brand set brand_name = 'Lees' where brand_id = 2")

    told = await get_page(desk, path, change="3")
    plain = await get_page(desk, path)

    assert "Lee was renamed to Lees." in told.text
    assert form_of(told) == ("/changes/3/undo", "undo-3-0")
    assert "renamed" not in plain.text
    assert "change=" not in "".join(told.hrefs)
    assert (await get_page(desk, path, change="77")).status == 200
    assert "renamed" not in (await get_page(desk, path, change="77")).text
    assert (await get_page(desk, path, change="x")).status == 400


async def test_message_of_a_change_that_is_undone_says_so(
    desk: Desk, catalog: CatalogMaker
) -> None:
    await catalog.brand("Levis")
    await post_form(desk, "/changes/1/undo", {})

    page = await get_page(desk, "/brands", change="1")

    assert "Levis was created. It is undone since." in page.text
    assert "/undo" not in page.html


async def test_message_of_a_change_long_ago_offers_no_undo(
    desk: Desk, catalog: CatalogMaker
) -> None:
    brand_id = await catalog.brand("Levis")
    await catalog.connection.execute(
        "alter table change_set disable trigger change_set_is_only_added_to;"
        "update change_set set changed_at = changed_at - interval '61 minutes';"
        "alter table change_set enable trigger change_set_is_only_added_to"
    )

    page = await get_page(desk, f"/brands/{brand_id}", change="1")

    assert "Levis was created." in page.text
    assert "/undo" not in page.html
    # Its own page still does.
    assert form_of(await get_page(desk, "/changes/1")) == ("/changes/1/undo", "undo-1-0")


@pytest.mark.parametrize(("of_queries", "of_undos"), [(0.5, 120.0), (120.0, 0.5)])
async def test_undo_of_a_delete_may_take_its_time_and_as_long_as_any_query(
    open_desk: OpenDesk,
    catalog: CatalogMaker,
    monkeypatch: pytest.MonkeyPatch,
    of_queries: float,
    of_undos: float,
) -> None:
    monkeypatch.setattr("web.settings.LONG_QUERY_SECONDS", of_undos)
    desk = await open_desk(query_timeout=of_queries)
    await catalog.skus(await catalog.product("Shirt", await catalog.brand("Levis")), 3)
    await catalog.connection.execute("delete from sku")
    transaction = catalog.connection.transaction()
    await transaction.start()
    await catalog.connection.execute("lock table sku in share mode")

    undoing = asyncio.create_task(post_form(desk, "/changes/4/undo", {}))
    done, _ = await asyncio.wait([undoing], timeout=1.5)
    assert not done
    await transaction.rollback()

    assert (await undoing).status == 303
    assert await catalog.value("select count(*) from sku") == 3
