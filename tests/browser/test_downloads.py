"""The panel of downloads in a browser: streamed into a file, cancelled, broken and gone on with."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress

import pytest
import pytest_asyncio
from playwright.async_api import Browser, Page, expect

from tests.browser.conftest import until
from tests.desk import CatalogMaker, Desk, OpenDesk

# A catalog of 12 MB: more than what fits between a server and its reader.
from tests.downloads.conftest import LARGE_SKUS, large_database_url, large_template  # noqa: F401  # fixtures
from tests.downloads.records import finished

# A file to write to, as the picker gives one, kept in the page.
PICKER = """
window.saved = new Uint8Array(0);
window.fileState = "none";
window.showSaveFilePicker = async () => ({
  createWritable: async () => {
    let position = 0;
    window.fileState = "open";
    return {
      write: async (bytes) => {
        const both = new Uint8Array(Math.max(window.saved.length, position + bytes.length));
        both.set(window.saved);
        both.set(bytes, position);
        window.saved = both;
        position += bytes.length;
      },
      truncate: async (size) => { window.saved = window.saved.slice(0, size); },
      seek: async (to) => { position = to; },
      close: async () => { window.fileState = "closed"; },
      abort: async () => { window.fileState = "aborted"; },
    };
  },
  remove: async () => { window.fileState = "removed"; },
});
"""


@pytest.fixture
def database_url(large_database_url: str) -> str:  # noqa: F811
    return large_database_url


@pytest_asyncio.fixture
async def page(browser: Browser) -> Page:
    """A page of a browser of the test's own, which has the picker."""
    opened = await browser.new_page()
    await opened.add_init_script(PICKER)
    return opened


class Proxy:
    """Stands between the browser and the desk, and breaks what it is told to break."""

    def __init__(self, port: int) -> None:
        self.port = port
        # Called with what was sent for a request so far; True breaks the connection.
        self.breaks: Callable[[bytes, int], bool] = lambda _head, _sent: False
        self.requests: list[str] = []
        self.on_break: Callable[[], Awaitable[object]] | None = None
        self.held = asyncio.Event()
        self.held.set()
        self.tasks: set[asyncio.Task[object]] = set()

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Pass one request on, and its answer back."""
        task = asyncio.current_task()
        assert task is not None
        self.tasks.add(task)
        with suppress(ConnectionError, asyncio.IncompleteReadError, asyncio.CancelledError):
            head = await reader.readuntil(b"\r\n\r\n")
            self.requests.append(head.split(b"\r\n", 1)[0].decode())
            head = b"\r\n".join(
                line
                for line in head.split(b"\r\n")
                # Uncompressed, so that it is known how much of it has gone by.
                if not line.lower().startswith((b"connection:", b"accept-encoding:"))
            ).replace(b"\r\n", b"\r\nConnection: close\r\n", 1)
            there, here = await asyncio.open_connection("127.0.0.1", self.port)
            try:
                here.write(head)
                sent = 0
                while part := await there.read(16 * 1024):
                    if self.breaks(head, sent):
                        if self.on_break is not None:
                            await self.on_break()
                        writer.transport.abort()
                        return
                    await self.held.wait()
                    writer.write(part)
                    sent += len(part)
                    await writer.drain()
            finally:
                here.close()
        writer.close()


@asynccontextmanager
async def proxied(desk: Desk) -> AsyncIterator[tuple[Proxy, str]]:
    """Yield a proxy before the desk, and its address."""
    assert desk.port is not None
    proxy = Proxy(desk.port)
    server = await asyncio.start_server(proxy.serve, "127.0.0.1", 0)
    try:
        yield proxy, f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    finally:
        server.close()
        for task in proxy.tasks:
            task.cancel()
        await asyncio.gather(*proxy.tasks, return_exceptions=True)


def downloads(proxy: Proxy) -> list[str]:
    """Return the addresses of the downloads that were asked for."""
    paths = [line.split(" ")[1] for line in proxy.requests]
    return [path for path in paths if path.partition("?")[0].endswith((".csv", ".ndjson"))]


async def saved(page: Page) -> bytes:
    """Return what is in the file."""
    text = await page.evaluate("new TextDecoder('utf-8', {ignoreBOM: true}).decode(window.saved)")
    return str(text).encode()


async def arrived(page: Page) -> None:
    """Wait until rows are in the file: a connection that breaks takes what is on its way along."""
    await until(page, "window.saved.length > 10_000")


async def is_over(page: Page, text: str) -> None:
    """Wait until the state of the download is said to be so."""
    await expect(page.locator("[data-download-state]")).to_have_text(text, timeout=30_000)


async def test_download_is_streamed_into_the_file_with_its_progress(desk: Desk, page: Page) -> None:
    async with proxied(desk) as (proxy, url):
        await page.goto(f"{url}/downloads?what=skus&color_id=1")
        proxy.breaks = lambda _head, sent: bool(sent > 50_000 and proxy.held.clear())  # type: ignore[func-returns-value]
        await page.click("[data-download-link]")
        await is_over(page, "Downloading")
        await expect(page.locator("[data-download-figures]")).to_contain_text("of 25,000 rows")
        assert int(await page.locator("[data-download] progress").evaluate("b => b.value")) > 0

        proxy.breaks = lambda _head, _sent: False
        proxy.held.set()
        await is_over(page, "Complete")

    assert await page.evaluate("window.fileState") == "closed"
    assert await saved(page) == await (await desk.get("/skus.csv?color_id=1")).read()
    await expect(page.locator("[data-download-figures]")).to_have_text("25,000 rows")
    assert not await page.locator("[data-download-cancel]").is_visible()


@pytest.mark.parametrize("query", ["", "form=excel", "form=ndjson&size_id=1"])
async def test_broken_download_goes_on_to_the_same_bytes(
    desk: Desk, page: Page, query: str
) -> None:
    async with proxied(desk) as (proxy, url):
        await page.goto(f"{url}/downloads?{query}")
        # The first two of them break, each somewhere in a row.
        proxy.on_break = lambda: arrived(page)
        proxy.breaks = lambda head, sent: (
            b"watch=" in head and len(downloads(proxy)) <= 2 and sent > 100_000
        )
        await page.click("[data-download-link]")
        await is_over(page, "Complete")
        asked = downloads(proxy)

    assert len(asked) == 3
    assert "after=" not in asked[0]
    assert "after=" in asked[1]
    assert "after=" in asked[2]
    path, _, filters = asked[0].partition("?")
    whole = "&".join(each for each in filters.split("&") if not each.startswith("watch="))
    assert await saved(page) == await (await desk.get(f"{path}?{whole}")).read()


async def test_changed_catalog_is_said_and_not_spliced(
    desk: Desk, catalog: CatalogMaker, page: Page
) -> None:
    async with proxied(desk) as (proxy, url):
        await page.goto(f"{url}/downloads")

        async def change() -> None:
            await arrived(page)
            await catalog.brand("Wrangler")

        proxy.on_break = change
        proxy.breaks = lambda head, sent: (
            b"watch=" in head and len(downloads(proxy)) == 1 and sent > 100_000
        )
        await page.click("[data-download-link]")
        await is_over(
            page,
            "The catalog has changed since the download began: the rest would not fit to what"
            " is here.",
        )
        assert await page.evaluate("window.fileState") == "open"

        await page.click("[data-download-anew]")
        await is_over(page, "Complete")

    assert await saved(page) == await (await desk.get("/skus.csv")).read()


async def test_cancelled_download_leaves_nothing(
    desk: Desk, catalog: CatalogMaker, page: Page
) -> None:
    async with proxied(desk) as (proxy, url):
        await page.goto(f"{url}/downloads")
        proxy.breaks = lambda head, sent: bool(
            b"watch=" in head and sent > 100_000 and proxy.held.clear()  # type: ignore[func-returns-value]
        )
        await page.click("[data-download-link]")
        await is_over(page, "Downloading")
        await page.click("[data-download-cancel]")
        await is_over(page, "Cancelled. Nothing was kept.")

        assert await page.evaluate("window.fileState") == "removed"
        assert await page.locator("[data-download-link]").is_visible()
        proxy.breaks = lambda _head, _sent: False
        proxy.held.set()
        [record] = await finished(catalog)
        assert record.cause == "reader_left"


async def test_without_the_picker_the_record_of_the_server_is_shown(
    open_desk: OpenDesk, catalog: CatalogMaker, page: Page
) -> None:
    desk = await open_desk()
    await page.add_init_script("delete window.showSaveFilePicker")
    await page.goto(str(desk.make_url("/downloads")))
    async with page.expect_download() as started:
        await page.click("[data-download-link]")
    download = await started.value

    await is_over(page, "Complete")
    await expect(page.locator("[data-download-figures]")).to_have_text(f"{LARGE_SKUS:,} rows")
    assert download.suggested_filename.startswith("hangtag-skus-")
    [record] = await finished(catalog)
    assert (record.request, record.cause) == ("/skus.csv", "complete")
