"""A browser for the tests: Debian's Chromium, each test with one of its own.

Without Chromium these tests are skipped, unless HANGTAG_REQUIRE_BROWSER or CI is set.
"""

import asyncio
import os
import shutil
from collections.abc import AsyncIterator

import pytest
import pytest_asyncio
from playwright.async_api import Browser, Page, async_playwright


@pytest_asyncio.fixture
async def browser() -> AsyncIterator[Browser]:
    """Chromium without a window."""
    path = shutil.which("chromium")
    if path is None and not ({"CI", "HANGTAG_REQUIRE_BROWSER"} & os.environ.keys()):
        pytest.skip("there is no Chromium")
    arguments = ["--no-sandbox"] if os.getuid() == 0 else []
    async with async_playwright() as playwright:
        opened = await playwright.chromium.launch(
            executable_path=path or "/usr/bin/chromium", args=arguments
        )
        yield opened
        await opened.close()


@pytest_asyncio.fixture
async def page(browser: Browser) -> Page:
    """A page of the browser, in English."""
    return await browser.new_page(locale="en-US")


async def until(page: Page, expression: str) -> None:
    """Wait until an expression is true in the page.

    Playwright's own wait_for_function may evaluate texts in the page, which its policy forbids.
    """
    async with asyncio.timeout(30):
        while not await page.evaluate(expression):  # noqa: ASYNC110 - it is true elsewhere
            await asyncio.sleep(0.05)
