"""Every kind of page through axe-core: both themes, on a telephone and on a desk."""

from collections.abc import Awaitable, Callable
from typing import Literal

import pytest
from axe_playwright_python.async_playwright import Axe  # type: ignore[import-untyped]
from playwright.async_api import Browser, Page

from tests.access.visits import PASSWORD, account
from tests.desk import CatalogMaker, Desk, post_form
from web.catalog.sample import SampleSize, load_sample

THEMES: tuple[Literal["light", "dark"], ...] = ("light", "dark")
# As the pages are, and with what only a click brings up.
PATHS = (
    "/",
    "/brands",
    "/brands?q=e&sort=-newest",
    "/brands?q=nothing+of+the+kind",
    "/brands/1",
    "/brands/1/edit",
    "/brands/new",
    "/products",
    "/products/1",
    "/products/1?edit=skus",
    "/products/new",
    "/skus?color_id=1",
    "/colors",
    "/sizes",
    "/history",
    "/changes/1",
    "/search",
    "/search?q=1",
    "/downloads?what=skus",
    "/system",
    "/partner-keys",
    "/sign-in",
    "/styleguide",
    "/brands/999",
)


async def findings(page: Page) -> None:
    """Open the brand form with a report on every line."""
    await page.goto("/brands/new")
    await page.fill("#brand-name", "Levis\nlevis\nLee\n" + "x" * 300)
    await page.click("button[value=all]")
    await page.wait_for_selector(".findings")


async def invalid(page: Page) -> None:
    """Open the product form with errors at its fields."""
    await page.goto("/products/new")
    await page.locator("main form").last.evaluate(
        "f => { f.noValidate = true; f.requestSubmit(); }"
    )
    await page.wait_for_selector("[data-summary]")


async def collision(page: Page) -> None:
    """Open the choice between one's own edit and a colleague's."""
    await page.goto("/brands/2/edit")
    await page.locator("main form [name=version]").evaluate("field => field.value = 1")
    await page.fill("[name=brand_name]", "Levi’s")
    await page.click("main button.primary")
    await page.wait_for_selector("text=Save this choice")


async def deletion(page: Page) -> None:
    """Open the question that a deletion asks."""
    await page.goto("/products/1")
    await page.click(".tag button.danger")
    await page.wait_for_selector("#question")


async def pasted_choice(page: Page) -> None:
    """Open the question what pasted ids are."""
    await page.goto("/search")
    await page.fill("#ids", "1 2 3 999999 x")
    await page.click("main button.primary")
    await page.wait_for_selector("text=They are SKUs")


async def pasted(page: Page) -> None:
    """Open what became of pasted ids."""
    await pasted_choice(page)
    await page.click("text=They are SKUs")
    await page.wait_for_selector("#found")


async def refused(page: Page) -> None:
    """Open what is said to more ids than can be looked up."""
    await page.goto("/search")
    await page.fill("#ids", " ".join(map(str, range(1, 5_010))))
    await page.click("main button.primary")
    await page.wait_for_selector("[data-summary], .message.danger")


async def in_use(page: Page) -> None:
    """Open what is said to the deletion of a color that SKUs have."""
    await page.goto("/colors")
    await page.locator("form[action='/colors/1/delete'] button").click()
    await page.wait_for_selector("a[href*='color_id=1']")


async def gone(page: Page) -> None:
    """Open the edit of a brand that a colleague has deleted meanwhile."""
    await page.goto("/brands/new")
    await page.fill("#brand-name", f"Gone {page.viewport_size}")
    await page.click("button[value=all]")
    await page.wait_for_selector("[data-saved]")
    brand = page.url.partition("?")[0]
    await page.goto(f"{brand}/edit")
    version = await page.input_value("main form [name=version]")
    await page.request.post(f"{brand}/delete", form={"version": version})
    await page.fill("[name=brand_name]", "Back again")
    await page.click("main button.primary")
    await page.wait_for_selector("main [data-error]")


async def saved(page: Page) -> None:
    """Open a page with the message after saving."""
    await page.goto("/colors")
    await page.fill("#color-name", f"Green {page.viewport_size}")
    await page.press("#color-name", "Enter")
    await page.wait_for_selector("[data-saved]")


async def menu(page: Page) -> None:
    """Open the menu of the bar."""
    await page.goto("/brands")
    await page.click("details.menu summary")


async def keys(page: Page) -> None:
    """Open the list of the keys."""
    await page.goto("/brands")
    await page.click("[data-show-keys]")


STEPS: tuple[Callable[[Page], Awaitable[None]], ...] = (
    findings,
    invalid,
    collision,
    deletion,
    pasted_choice,
    pasted,
    refused,
    in_use,
    gone,
    saved,
    menu,
    keys,
)


async def fill(desk: Desk, catalog: CatalogMaker) -> None:
    """Make a catalog with lists of several pages, and a history."""
    async with catalog.connection.transaction():
        await load_sample(catalog.connection, SampleSize(60, 130, 700), seed=1)
    await post_form(desk, "/brands", {"brand_name": "Levis", "mode": "all"})
    await post_form(desk, "/brands/2/edit", {"brand_name": "Levi", "version": "1"})


async def violations(page: Page, what: str) -> list[str]:
    """Look at a page in both themes, and return what axe-core has against it."""
    found = []
    for theme in THEMES:
        await page.emulate_media(color_scheme=theme, reduced_motion="reduce")
        results = await Axe().run(page)
        found += [
            f"{what}, {theme}: {violation['id']} at {node['target']}: {node['failureSummary']}"
            for violation in results.response["violations"]
            for node in violation["nodes"]
        ]
    return found


@pytest.mark.timeout(300)
@pytest.mark.parametrize("width", [390, 1280])
@pytest.mark.parametrize("part", ["paths", "steps"])
async def test_no_page_violates_a_rule_of_axe(
    desk: Desk, catalog: CatalogMaker, browser: Browser, width: int, part: str
) -> None:
    await fill(desk, catalog)
    context = await browser.new_context(
        base_url=str(desk.make_url("/")),
        locale="en-US",
        viewport={"width": width, "height": 900},
    )
    found = []
    page = await context.new_page()
    if part == "paths":
        for path in PATHS:
            await page.goto(path)
            found += await violations(page, path)
    else:
        for step in STEPS:
            await step(page)
            found += await violations(page, step.__name__)

    assert found == [], "\n\n".join(found)


async def test_form_that_waited_for_its_sender_to_sign_in_violates_no_rule_of_axe(
    desk: Desk, browser: Browser
) -> None:
    context = await browser.new_context(base_url=str(desk.make_url("/")), locale="en-US")
    page = await context.new_page()
    await page.goto("/brands/new")
    await page.fill("#brand-name", "Levis")
    await account(desk, "Ada")

    await page.click("button[value=all]")
    found = await violations(page, "sign-in with a form")
    await page.fill("[name=account_name]", "Ada")
    await page.fill("[name=password]", PASSWORD)
    await page.click("main button.primary")
    await page.wait_for_selector("text=Signed in again")
    found += await violations(page, "the form again")

    assert found == [], "\n\n".join(found)
