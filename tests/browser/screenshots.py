"""The screenshots in docs/screenshots, made anew by `make screenshots`."""

import asyncio
import os
import sys
from collections.abc import Awaitable, Callable
from http import HTTPStatus
from typing import Final

import typer
from playwright.async_api import Browser, Page, async_playwright

from tests.browser.palette import with_palette
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
    """Try to create brands of which two exist."""
    await page.goto("/brands/new")
    await page.fill("#brand-name", "Lee\nLevis\nWrangler\nService\nLEE")
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
WORK: Final[dict[str, dict[str, str | float | bool]]] = {
    "/brands": {"brand_name": "Levis", "mode": "all"},
    "/colors": {"product_color_name": "Green"},
    "/products/42/skus": {"skus_3_1": "12", "skus_3_2": "30"},
    "/brands/12/edit": {"brand_name": "Harbor", "version": "1"},
}
NARROW: Final = ("brands", "product")


async def work(browser: Browser, url: str) -> None:
    """Do what staff do in an hour, so that there is a history."""
    context = await browser.new_context(base_url=url)
    for path, form in WORK.items():
        answer = await context.request.post(path, form=form, max_redirects=0)
        if answer.status != HTTPStatus.SEE_OTHER:
            sys.exit(f"{path} was not saved: {answer.status}")
    await context.close()


async def take(browser: Browser, url: str, theme: str, width: int, names: list[str]) -> None:
    """Take pictures of pages in one theme and of one width."""
    context = await browser.new_context(
        base_url=url,
        locale="en-US",
        color_scheme="dark" if theme == "dark" else "light",
        reduced_motion="reduce",
        viewport={"width": width, "height": 844 if width < 600 else 800},
    )
    page, mapper = await context.new_page(), await context.new_page()
    for name in names:
        await PAGES[name](page)
        await page.mouse.move(0, 0)
        file = FOLDER / f"{name}-{theme}{'' if width == 1280 else f'-{width}'}.png"
        png = await page.screenshot(caret="hide", animations="disabled")
        size = file.write_bytes(await with_palette(mapper, png))
        typer.echo(f"{file.relative_to(ROOT)}  {size:,} bytes")
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
        await work(browser, url)
        for theme in THEMES:
            await take(browser, url, theme, 1280, list(PAGES))
            await take(browser, url, theme, 390, list(NARROW))
        await browser.close()


if __name__ == "__main__":
    with sample_desk() as address:
        asyncio.run(main(address))
