"""Forms in a browser: what is typed is not lost, is checked while it is typed, is sent once."""

import asyncio

from playwright.async_api import Page, Route, expect

from tests.browser.conftest import until
from tests.desk import CatalogMaker, Desk

FIELD = "#brand-name"
NOTE = "[data-draft-note]"


async def open_form(desk: Desk, page: Page, path: str = "/brands/new") -> None:
    """Open a form of the desk."""
    await page.goto(str(desk.make_url(path)))


async def refuse(route: Route) -> None:
    """Answer a form as a desk does that cannot reach its database."""
    if route.request.method == "POST":
        await route.fulfill(
            status=503, content_type="text/html", body="<main data-error>Busy</main>"
        )
    else:
        await route.continue_()


async def test_typed_text_survives_a_reload_and_can_be_discarded(desk: Desk, page: Page) -> None:
    await open_form(desk, page)
    assert not await page.locator(NOTE).is_visible()
    await page.fill(FIELD, "Levis\nLee")
    await page.reload()

    await expect(page.locator(FIELD)).to_have_value("Levis\nLee")
    await expect(page.locator(NOTE)).to_be_visible()

    await page.click(f"{NOTE} button")
    await expect(page.locator(FIELD)).to_have_value("")
    await page.reload()
    await expect(page.locator(FIELD)).to_have_value("")
    assert not await page.locator(NOTE).is_visible()


async def test_typed_text_survives_a_503_and_is_forgotten_once_it_is_saved(
    desk: Desk, catalog: CatalogMaker, page: Page
) -> None:
    await open_form(desk, page)
    await page.fill(FIELD, "Levis")
    await page.route("**/brands", refuse)
    await page.click("text=Save all")
    await page.wait_for_selector("text=Busy")
    await page.unroute("**/brands", refuse)

    await open_form(desk, page)
    await expect(page.locator(FIELD)).to_have_value("Levis")
    await page.click("text=Save all")
    await page.wait_for_selector("[data-saved]")
    await open_form(desk, page)

    await expect(page.locator(FIELD)).to_have_value("")
    assert await catalog.column("select brand_name from brand") == ["Levis"]


async def test_text_that_was_refused_is_still_there_after_a_look_elsewhere(
    desk: Desk, catalog: CatalogMaker, page: Page
) -> None:
    await catalog.brand("Levis")
    await open_form(desk, page)
    await page.fill(FIELD, "Lee\nLevis")
    await page.click("text=Save all")
    await page.wait_for_selector("[data-summary]")
    assert await page.evaluate("document.activeElement.matches('[data-summary]')")

    await open_form(desk, page, "/brands")
    await open_form(desk, page)

    await expect(page.locator(FIELD)).to_have_value("Lee\nLevis")


async def test_edit_that_was_kept_is_still_an_edit_of_what_it_began_from(
    desk: Desk, catalog: CatalogMaker, page: Page
) -> None:
    brand_id = await catalog.brand("Levis")
    await open_form(desk, page, f"/brands/{brand_id}/edit")
    version = await page.input_value("form[data-draft] [name=version]")
    await page.fill("[name=brand_name]", "Levi’s")
    await until(page, "sessionStorage.length > 0")
    await catalog.connection.execute("update brand set brand_name = 'Levi Strauss'")
    await page.reload()

    await expect(page.locator("[name=brand_name]")).to_have_value("Levi’s")
    assert await page.input_value("form[data-draft] [name=version]") == version
    await page.keyboard.press("Tab")
    await page.focus("[name=brand_name]")
    await page.keyboard.press("Control+Enter")
    await page.wait_for_selector("text=Save this choice")


async def test_saved_color_does_not_come_back_into_its_form(desk: Desk, page: Page) -> None:
    await open_form(desk, page, "/colors")
    await page.fill("#color-name", "Green")
    await page.press("#color-name", "Control+Enter")
    await page.wait_for_selector("[data-saved]")

    await expect(page.locator("#color-name")).to_have_value("")
    assert not await page.locator(NOTE).is_visible()


async def test_lines_that_could_not_be_saved_are_told_while_typing(
    desk: Desk, catalog: CatalogMaker, page: Page
) -> None:
    brand_id = await catalog.brand("Levis")
    await open_form(desk, page)
    lines = page.locator("[data-lines] li")

    await page.fill(FIELD, "Lee\n\nlevis\nLee")
    await expect(lines).to_have_text(["Line 3: Levis exists already.", "Line 4 repeats line 1."])
    assert await lines.locator("a").get_attribute("href") == f"/brands/{brand_id}"

    await page.fill(FIELD, "\n".join(["Lee"] * 31))
    await expect(lines).to_have_count(21)
    await expect(lines.last).to_have_text("and 10 more")

    await page.fill(FIELD, "Lee")
    await expect(lines).to_have_count(0)


async def test_check_that_fails_says_nothing_and_does_not_stand_in_the_way(
    desk: Desk, catalog: CatalogMaker, page: Page
) -> None:
    await open_form(desk, page)
    await page.route("**/api/brands/check", lambda route: route.fulfill(status=500, body="no"))
    async with page.expect_response("**/api/brands/check"):
        await page.fill(FIELD, "Levis")
    await expect(page.locator("[data-lines] li")).to_have_count(0)
    await page.press(FIELD, "Control+Enter")

    await page.wait_for_selector("[data-saved]")
    assert await catalog.column("select brand_name from brand") == ["Levis"]


async def test_two_clicks_send_one_form_and_back_lets_it_be_sent_again(
    desk: Desk, catalog: CatalogMaker, page: Page
) -> None:
    posts = []
    page.on(
        "request", lambda sent: posts.append(sent.url) if sent.url.endswith("/brands") else None
    )

    async def slowly(route: Route) -> None:
        await asyncio.sleep(0.5)
        await route.continue_()

    await open_form(desk, page)
    await page.fill(FIELD, "Levis")
    await page.route("**/brands", slowly)
    await page.dblclick("text=Save all", no_wait_after=True)
    await page.wait_for_selector("[data-saved]")
    assert len(posts) == 1

    await page.go_back()
    await page.fill(FIELD, "Lee")
    await page.click("text=Save all")
    await page.wait_for_selector("[data-saved]")
    assert len(posts) == 2
    assert await catalog.column("select brand_name from brand order by 1") == ["Lee", "Levis"]


async def test_skus_to_add_survive_a_reload_and_a_look_elsewhere_until_they_are_saved(
    desk: Desk, catalog: CatalogMaker, page: Page
) -> None:
    brand_id = await catalog.brand("Levis")
    shirt, jeans = await catalog.products(["Shirt", "Jeans"], brand_id)
    cell = page.locator("[name=skus_1_2]")
    await open_form(desk, page, f"/products/{shirt}?edit=skus")
    assert not await page.locator(NOTE).is_visible()
    await cell.fill("12")
    await page.reload()
    await expect(cell).to_have_value("12")
    await expect(page.locator(NOTE)).to_be_visible()

    await open_form(desk, page, f"/products/{jeans}?edit=skus")
    await expect(cell).to_have_value("")
    await open_form(desk, page, f"/products/{shirt}?edit=skus")
    await expect(cell).to_have_value("12")
    await cell.press("Control+Enter")
    await page.wait_for_selector("[data-saved]")
    await open_form(desk, page, f"/products/{shirt}?edit=skus")

    await expect(cell).to_have_value("")
    assert not await page.locator(NOTE).is_visible()
    assert await catalog.value("select count(*) from sku") == 12


async def test_skus_to_add_that_were_refused_are_forgotten_once_they_are_saved(
    desk: Desk, catalog: CatalogMaker, page: Page
) -> None:
    product_id = await catalog.product("Shirt", await catalog.brand("Levis"))
    cell = page.locator("[name=skus_1_2]")
    await open_form(desk, page, f"/products/{product_id}?edit=skus")
    await cell.fill("a dozen")
    await cell.press("Control+Enter")
    await page.wait_for_selector("[aria-invalid]")
    await open_form(desk, page, "/brands")
    await open_form(desk, page, f"/products/{product_id}?edit=skus")
    await expect(cell).to_have_value("a dozen")

    await cell.fill("12")
    await cell.press("Control+Enter")
    await page.wait_for_selector("[data-saved]")
    await open_form(desk, page, f"/products/{product_id}?edit=skus")
    await expect(cell).to_have_value("")
