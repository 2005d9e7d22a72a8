"""What somebody does at the desk in a browser: with the mouse, by keys, and without JavaScript."""

import re
from collections.abc import AsyncIterator

import pytest_asyncio
from playwright.async_api import Browser, Page, expect

from tests.desk import CatalogMaker, Desk

FIELD = "#brand-name"
ROWS = "main table.rows tbody tr"
PATHS = (
    "/",
    "/brands",
    "/brands/new",
    "/brands/1",
    "/brands/1/edit",
    "/products",
    "/products/new",
    "/products/1",
    "/products/1?edit=skus",
    "/products/1/edit",
    "/skus",
    "/colors",
    "/colors/1/edit",
    "/sizes",
    "/sizes/1/edit",
    "/search",
    "/search?q=1",
    "/history",
    "/downloads",
    "/sign-in",
    "/partner-keys",
    "/system",
)


@pytest_asyncio.fixture
async def page(desk: Desk, browser: Browser) -> Page:
    """A page of a browser whose addresses begin at the desk."""
    context = await browser.new_context(base_url=str(desk.make_url("/")), locale="en-US")
    return await context.new_page()


@pytest_asyncio.fixture
async def plain(desk: Desk, browser: Browser) -> AsyncIterator[Page]:
    """A page of a browser without JavaScript."""
    context = await browser.new_context(
        base_url=str(desk.make_url("/")), locale="en-US", java_script_enabled=False
    )
    yield await context.new_page()
    await context.close()


def ends(path: str) -> re.Pattern[str]:
    """Match the addresses that end so."""
    return re.compile(re.escape(path) + "$")


async def names(page: Page) -> list[str]:
    """Return the names in a list, in its order."""
    return await page.locator(f"{ROWS} .name").all_inner_texts()


async def test_brand_is_created_and_its_duplicate_is_shown(page: Page) -> None:
    await page.goto("/brands")
    await page.click("[data-new]")
    await page.fill(FIELD, "Levis")
    await page.click("button[value=all]")
    await expect(page).to_have_url(re.compile(r"/brands/\d+\?change=\d+$"))
    await expect(page.locator("h1")).to_have_text("Levis")
    await expect(page.locator("[data-saved]")).to_contain_text("Levis")

    await page.goto("/brands/new")
    await page.fill(FIELD, "LEVIS")
    await page.click("button[value=all]")
    summary = page.locator("[data-summary]")
    await expect(summary).to_contain_text("Levis exists already. Nothing was saved.")
    await expect(page.locator(FIELD)).to_have_value("LEVIS")
    await summary.get_by_role("link", name="Levis").click()
    await expect(page).to_have_url(re.compile(r"/brands/\d+$"))


async def test_several_lines_are_told_one_by_one_and_saved_without_the_bad_one(
    catalog: CatalogMaker, page: Page
) -> None:
    await catalog.brand("Levis")
    await page.goto("/brands/new")
    await page.fill(FIELD, "Lee\nlevis\nWrangler")
    await page.click("button[value=all]")
    await expect(page.locator("[data-summary]")).to_contain_text("1 of 3 lines")
    await expect(page.locator(".findings .bad")).to_contain_text("Levis exists already.")

    await page.fill(FIELD, "Lee\nWrangler")
    await page.click("button[value=all]")
    await expect(page).to_have_url(re.compile(r"/changes/\d+"))
    await expect(page.locator("main")).to_contain_text("Wrangler")
    brands = await catalog.column("select brand_name from brand order by 1")
    assert brands == ["Lee", "Levis", "Wrangler"]


async def test_slash_goes_to_the_search_box_and_enter_searches(
    catalog: CatalogMaker, page: Page
) -> None:
    brand_id = await catalog.brand("Levis")
    await catalog.product("Levis 501", brand_id)
    await page.goto("/")
    await page.keyboard.press("/")
    await expect(page.locator("[data-search]")).to_be_focused()
    await page.keyboard.type("lev")
    await page.keyboard.press("Enter")

    await expect(page).to_have_url(ends("/search?q=lev"))
    assert await names(page) == ["Levis", "Levis 501", "Levis"]
    await expect(page.locator("mark").first).to_have_text("Lev")


async def test_filter_is_a_chip_that_can_be_taken_off(catalog: CatalogMaker, page: Page) -> None:
    await catalog.brands(["Levis", "Lee"])
    await page.goto("/brands?sort=newest")
    await page.fill("main input[type=search]", "lev")
    await page.press("main input[type=search]", "Enter")
    await expect(page.locator(ROWS)).to_have_count(1)
    await expect(page.locator(".chip")).to_have_count(2)

    await page.click(".chip:has-text('lev') a")
    await expect(page.locator(ROWS)).to_have_count(2)
    await expect(page).to_have_url(ends("/brands?sort=newest"))


async def test_column_sorts_and_once_more_the_other_way(catalog: CatalogMaker, page: Page) -> None:
    await catalog.brands(["Levis", "Lee", "Wrangler"])
    await page.goto("/brands")
    assert await names(page) == ["Lee", "Levis", "Wrangler"]

    await page.click("thead a.sort >> nth=0")
    await expect(page.locator("thead th >> nth=0")).to_have_attribute("aria-sort", "descending")
    assert await names(page) == ["Wrangler", "Levis", "Lee"]
    await page.click("thead a.sort >> nth=0")
    await expect(page.locator("thead th >> nth=0")).to_have_attribute("aria-sort", "ascending")
    assert await names(page) == ["Lee", "Levis", "Wrangler"]


async def test_back_returns_to_the_page_of_the_list_that_was_left(
    catalog: CatalogMaker, page: Page
) -> None:
    await catalog.brands([f"Brand {number:03}" for number in range(150)])
    await page.goto("/brands?sort=-name")
    first = await names(page)
    await page.click("[rel=next]")
    await expect(page.locator("[rel=prev]")).to_be_visible()
    second, address = await names(page), page.url
    assert not set(first) & set(second)
    assert "sort=-name" in address

    await page.click(f"{ROWS} a >> nth=3")
    await expect(page.locator("h1")).to_have_text(second[3])
    await page.go_back()
    await expect(page).to_have_url(address)
    assert await names(page) == second
    await page.go_back()
    await expect(page).to_have_url(ends("/brands?sort=-name"))
    assert await names(page) == first


async def test_keys_walk_a_list_and_open_a_row(catalog: CatalogMaker, page: Page) -> None:
    await catalog.brands(["Lee", "Levis", "Wrangler"])
    await page.goto("/")
    await page.keyboard.press("g")
    await page.keyboard.press("b")
    await expect(page).to_have_url(ends("/brands"))

    for key, row in (("j", 0), ("j", 1), ("j", 2), ("k", 1)):
        await page.keyboard.press(key)
        await expect(page.locator(f"{ROWS} >> nth={row} >> a")).to_be_focused()
    await page.keyboard.press("Enter")
    await expect(page.locator("h1")).to_have_text("Levis")


async def test_keys_open_the_form_and_are_letters_in_it(page: Page) -> None:
    await page.goto("/brands")
    await page.keyboard.press("n")
    await expect(page).to_have_url(ends("/brands/new"))
    await expect(page.locator(FIELD)).to_be_focused()
    await page.keyboard.type("jn?/gb")

    await expect(page.locator(FIELD)).to_have_value("jn?/gb")
    await expect(page).to_have_url(ends("/brands/new"))


async def test_question_mark_lists_the_keys_until_escape(page: Page) -> None:
    await page.goto("/brands")
    await page.keyboard.press("?")
    await expect(page.locator("dialog#keys")).to_be_visible()
    await page.keyboard.press("n")
    await expect(page).to_have_url(ends("/brands"))
    await page.keyboard.press("Escape")
    await expect(page.locator("dialog#keys")).to_be_hidden()


async def test_theme_changes_at_once_and_is_remembered(page: Page) -> None:
    await page.goto("/brands")
    await page.click("details.menu summary")
    async with page.expect_response("**/preferences"):
        await page.click("button[name=theme][value=dark]")
    await expect(page.locator("html")).to_have_attribute("data-theme", "dark")
    await expect(page).to_have_url(ends("/brands"))

    other = await page.context.new_page()
    await other.goto("/products")
    await expect(other.locator("html")).to_have_attribute("data-theme", "dark")
    scheme = "getComputedStyle(document.documentElement).colorScheme"
    assert await other.evaluate(scheme) == "dark"


async def test_language_changes_on_the_same_page_and_is_remembered(page: Page) -> None:
    await page.goto("/brands?sort=newest")
    await page.click("details.menu summary")
    await page.click("button[name=language][value=de]")
    await expect(page.locator("html")).to_have_attribute("lang", "de")
    await expect(page).to_have_url(ends("/brands?sort=newest"))
    await page.goto("/products")
    await expect(page.locator("html")).to_have_attribute("lang", "de")


async def test_whole_row_opens_and_a_middle_click_opens_another_tab(
    catalog: CatalogMaker, page: Page
) -> None:
    await catalog.brand("Levis")
    await page.goto("/brands")
    cell = page.locator(f"{ROWS} td").last
    async with page.context.expect_page() as opened:
        await cell.click(button="middle")
    other = await opened.value
    await expect(other.locator("h1")).to_have_text("Levis")
    await expect(page).to_have_url(ends("/brands"))

    await cell.click()
    await expect(page.locator("h1")).to_have_text("Levis")


async def test_text_of_a_row_can_be_selected(catalog: CatalogMaker, page: Page) -> None:
    await catalog.brand("Levis")
    await page.goto("/brands")
    box = await page.locator(f"{ROWS} td").last.bounding_box()
    assert box is not None
    middle = box["y"] + box["height"] / 2
    await page.mouse.move(box["x"] + box["width"] - 4, middle)
    await page.mouse.down()
    await page.mouse.move(box["x"] + 4, middle, steps=4)
    await page.mouse.up()

    assert await page.evaluate("getSelection().toString().trim()")
    await expect(page).to_have_url(ends("/brands"))


async def test_every_page_is_whole_without_javascript(catalog: CatalogMaker, plain: Page) -> None:
    product_id = await catalog.product("501", await catalog.brand("Levis"))
    await catalog.skus(product_id, 3)
    for path in PATHS:
        answer = await plain.goto(path)
        assert answer is not None
        assert answer.status == 200, path
        await expect(plain.locator("h1")).to_be_visible()
        # A button that no form is behind does nothing.
        dead = await plain.locator("button:visible").evaluate_all(
            "buttons => buttons.filter(b => !b.form).map(b => b.textContent)"
        )
        assert dead == [], path


async def test_brand_is_created_and_found_without_javascript(
    catalog: CatalogMaker, plain: Page
) -> None:
    await plain.goto("/brands")
    await plain.click("text=New brand")
    await plain.fill(FIELD, "Levis")
    await plain.click("button[value=all]")
    await expect(plain.locator("[data-saved]")).to_contain_text("Levis")

    await plain.goto("/brands/new")
    await plain.fill(FIELD, "Lee\nLevis")
    await plain.click("button[value=all]")
    await expect(plain.locator("[data-summary]")).to_contain_text("Nothing was saved.")
    await expect(plain.locator(FIELD)).to_have_value("Lee\nLevis")
    await plain.click("button[value=new]")
    assert await catalog.column("select brand_name from brand order by 1") == ["Lee", "Levis"]

    await plain.fill("[data-search]", "lev")
    await plain.press("[data-search]", "Enter")
    await expect(plain.locator(ROWS)).to_have_count(1)
    await plain.goto("/brands")
    await plain.fill("main input[type=search]", "lee")
    await plain.click("main form[role=search] button")
    await expect(plain.locator(ROWS)).to_have_count(1)
    await plain.click(".chip a")
    await expect(plain.locator(ROWS)).to_have_count(2)


async def test_preferences_change_without_javascript(plain: Page) -> None:
    await plain.goto("/brands?sort=newest")
    await plain.click("details.menu summary")
    await plain.click("button[name=theme][value=dark]")
    await expect(plain.locator("html")).to_have_attribute("data-theme", "dark")
    await plain.click("details.menu summary")
    await plain.click("button[name=language][value=de]")
    await expect(plain.locator("html")).to_have_attribute("lang", "de")
    await expect(plain.locator("html")).to_have_attribute("data-theme", "dark")
    await expect(plain).to_have_url(ends("/brands?sort=newest"))


async def test_brand_is_deleted_and_brought_back_without_javascript(
    catalog: CatalogMaker, plain: Page
) -> None:
    brand_id = await catalog.brand("Levis")
    await catalog.product("501", brand_id)
    await plain.goto(f"/brands/{brand_id}")
    await plain.click("main button.danger")
    await expect(plain.locator("#question")).to_contain_text("Levis has 1 product")
    await plain.click("main button.danger")
    await expect(plain.locator("[data-saved]")).to_be_visible()
    assert await catalog.value("select count(*) from product") == 0

    await plain.click("[data-saved] button")
    await expect(plain.locator("main")).to_contain_text("Levis")
    assert await catalog.column("select product_name from product") == ["501"]
