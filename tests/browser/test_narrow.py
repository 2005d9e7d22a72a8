"""No page is wider than a narrow window: nobody scrolls sideways to read."""

import pytest
from playwright.async_api import Browser

from tests.browser.test_desk import PATHS
from tests.desk import CatalogMaker, Desk, OpenDesk

# What is only there in some states: an empty list, many filters, a page that is not.
STATES = (
    "/brands?q=zzz",
    "/brands?q=e&sort=-skus",
    "/skus?product_id=1&color_id=1&size_id=2",
    "/search?q=1,2,3",
    "/history?noun=sku&person=local+desk&brand_id=1",
    "/changes/1",
    "/brands/999",
    "/styleguide",
)


async def filled(catalog: CatalogMaker) -> None:
    """Fill the catalog with names and counts that need room."""
    brand_id = await catalog.brand("Levi Strauss & Companions of San Francisco")
    product_id, _ = await catalog.products(["Trucker Jacket", "Jeans" * 8], brand_id)
    await catalog.skus(product_id, 4_000)
    await catalog.skus(product_id, 1_204, color_id=2, size_id=3)


@pytest.mark.parametrize("language", ["en", "de"])
async def test_no_page_scrolls_sideways(
    open_desk: OpenDesk, catalog: CatalogMaker, browser: Browser, language: str
) -> None:
    desk: Desk = await open_desk(development=True)
    await filled(catalog)
    context = await browser.new_context(
        base_url=str(desk.make_url("/")), locale=language, viewport={"width": 320, "height": 700}
    )
    page = await context.new_page()
    too_wide = []

    for path in (*PATHS, *STATES):
        answer = await page.goto(path)
        assert answer is not None
        assert answer.status == (404 if path == "/brands/999" else 200), path
        for width in (320, 360, 390):
            await page.set_viewport_size({"width": width, "height": 700})
            needed = await page.evaluate("document.scrollingElement.scrollWidth")
            if needed > width:
                too_wide.append((path, width, needed))

    assert too_wide == []


@pytest.mark.parametrize("language", ["en", "de"])
async def test_main_links_stand_in_one_line(desk: Desk, browser: Browser, language: str) -> None:
    page = await browser.new_page(locale=language)

    for width in (320, 360, 390, 1280):
        await page.set_viewport_size({"width": width, "height": 700})
        await page.goto(str(desk.make_url("/history")))
        links = page.locator(".bar nav a")
        boxes = [await link.bounding_box() for link in await links.all()]
        assert len({box["y"] for box in boxes if box}) == 1, width
        assert all(box and box["width"] >= 24 and box["height"] >= 40 for box in boxes), width
