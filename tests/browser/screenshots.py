"""The screenshots in docs/screenshots, made anew by `make screenshots`."""

import asyncio
import os
import sys
from collections.abc import Awaitable, Callable
from typing import Final

from playwright.async_api import Browser, Page, async_playwright

from tests.browser.sample_desk import ROOT, sample_desk

FOLDER: Final = ROOT / "docs" / "screenshots"
THEMES: Final = ("light", "dark")
# They are part of every clone.
MOST_BYTES: Final = 150_000


def opened(path: str) -> Callable[[Page], Awaitable[None]]:
    """Return what opens a page."""

    async def open_page(page: Page) -> None:
        await page.goto(path)

    return open_page


async def duplicates(page: Page) -> None:
    """Try to create brands of which one exists."""
    await page.goto("/brands")
    name = await page.locator("main table .name").first.inner_text()
    await page.goto("/brands/new")
    await page.fill("#brand-name", f"Levis\nWrangler\n{name.upper()}\nLee\nLEVIS")
    await page.click("button[value=all]")
    await page.wait_for_selector(".findings")


PAGES: Final = {
    "overview": opened("/"),
    "brands": opened("/brands?sort=skus"),
    "brand": opened("/brands/7"),
    "product": opened("/products/42"),
    "new-brand": duplicates,
    "downloads": opened("/downloads?what=skus&color_id=1"),
}
NARROW: Final = ("brands", "product")


async def take(browser: Browser, url: str, theme: str, width: int, names: list[str]) -> None:
    """Take pictures of pages in one theme and of one width."""
    context = await browser.new_context(
        base_url=url,
        locale="en-US",
        color_scheme="dark" if theme == "dark" else "light",
        reduced_motion="reduce",
        viewport={"width": width, "height": 844 if width < 600 else 800},
    )
    page = await context.new_page()
    for name in names:
        await PAGES[name](page)
        await page.mouse.move(0, 0)
        file = FOLDER / f"{name}-{theme}{'' if width == 1280 else f'-{width}'}.png"
        size = len(await page.screenshot(path=file, caret="hide", animations="disabled"))
        print(f"{file.relative_to(ROOT)}  {size:,} bytes")
        if size > MOST_BYTES:
            sys.exit(f"{file.name} has more than {MOST_BYTES:,} bytes")
    await context.close()


async def main(url: str) -> None:
    """Take all pictures."""
    FOLDER.mkdir(exist_ok=True)
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(
            executable_path="/usr/bin/chromium", args=["--no-sandbox"] if os.getuid() == 0 else []
        )
        for theme in THEMES:
            await take(browser, url, theme, 1280, list(PAGES))
            await take(browser, url, theme, 390, list(NARROW))
        await browser.close()


if __name__ == "__main__":
    with sample_desk() as address:
        asyncio.run(main(address))
