"""How a download is sent: its headers, its chunks, and HEAD, which has no body."""

import asyncio
import re
from datetime import UTC, datetime, timedelta

import pytest

from tests.desk import CatalogMaker, Desk
from tests.wire import Head, is_whole, open_wire, unchunked

CSV_TYPE = "text/csv; charset=utf-8; header=present"
PATHS = ["/skus.csv", "/skus.ndjson", "/brands.csv", "/products.csv"]


def subject_and_moment(head: Head) -> tuple[str, datetime]:
    """Return what the file's name says is in it, its extension included, and when it was made."""
    name = re.fullmatch(
        r'attachment; filename="hangtag-(.+)-(\d{4}-\d\d-\d\dT\d{4}Z)\.(\w+)"',
        head.headers["content-disposition"],
    )
    assert name, head.headers["content-disposition"]
    moment = datetime.strptime(name[2], "%Y-%m-%dT%H%MZ").replace(tzinfo=UTC)
    return f"{name[1]}.{name[3]}", moment


@pytest.mark.parametrize("path", PATHS)
async def test_download_is_chunked_and_not_cached(
    desk: Desk, catalog: CatalogMaker, path: str
) -> None:
    await catalog.skus(await catalog.product("Jacket", await catalog.brand("Levis")), 3)

    async with open_wire(desk) as wire:
        await wire.ask(path)
        head = await wire.head()
        raw = await wire.rest()

    assert head.status == 200
    assert head.headers["transfer-encoding"] == "chunked"
    assert "content-length" not in head.headers
    assert head.headers["content-type"] == (
        "application/x-ndjson" if path.endswith("ndjson") else CSV_TYPE
    )
    assert head.headers["cache-control"] == "private, no-cache"
    assert head.headers["x-content-type-options"] == "nosniff"
    assert head.headers["x-request-id"]
    assert is_whole(raw)
    assert unchunked(raw) == await (await desk.get(path)).read()


@pytest.mark.parametrize(
    ("path", "subject"),
    [
        ("/skus.csv", "skus.csv"),
        ("/skus.csv?excel=1", "skus.csv"),
        ("/skus.ndjson?color_id=2", "skus-color-2.ndjson"),
        (
            "/skus.csv?size_id=3&product_id=7&brand_id=4&color_id=1&after=7,9",
            "skus-product-7-brand-4-color-1-size-3-rest.csv",
        ),
        ("/brands.csv", "brands.csv"),
        ("/brands.csv?q=%22x%0D%0Ay", "brands-found.csv"),
        ("/products.csv?brand_id=5", "products-brand-5.csv"),
        ("/products.csv?brand_id=5&q=x", "products-brand-5-found.csv"),
    ],
)
async def test_file_name_says_what_is_in_it_and_when(desk: Desk, path: str, subject: str) -> None:
    async with open_wire(desk) as wire:
        await wire.ask(path)
        named, moment = subject_and_moment(await wire.head())

    assert named == subject
    assert timedelta(0) <= datetime.now(UTC) - moment < timedelta(minutes=3)


@pytest.mark.parametrize("path", PATHS)
async def test_head_answers_with_the_headers_and_no_body(
    desk: Desk, catalog: CatalogMaker, path: str
) -> None:
    await catalog.skus(await catalog.product("Jacket", await catalog.brand("Levis")), 3)

    async with open_wire(desk) as wire:
        await wire.ask(path, "HEAD", keep=True)
        head = await wire.head()
        # A byte of a body would stand before the next answer on the same connection.
        await wire.ask("/healthz", keep=True)
        following = await wire.head()
        await wire.body(int(following.headers["content-length"]))
        await wire.ask(path)
        asked = await wire.head()
        raw = await wire.rest()

    assert (head.status, following.status, asked.status) == (200, 200, 200)
    for name in ("content-type", "content-disposition", "cache-control"):
        assert head.headers[name] == asked.headers[name]
    assert "content-length" not in head.headers  # nobody knows it; 0 would be a lie
    assert is_whole(raw)


async def test_head_of_a_bad_query_has_the_status_that_get_has(desk: Desk) -> None:
    async with open_wire(desk) as wire:
        await wire.ask("/skus.csv?brand_id=x", "HEAD", keep=True)
        assert (await wire.head()).status == 400
        await wire.ask("/healthz")
        assert (await wire.head()).status == 200


@pytest.mark.parametrize("version", ["0.9", "1.0", "2.0"])
async def test_another_version_is_told_that_a_download_needs_1_1(desk: Desk, version: str) -> None:
    # Without chunks nobody could tell a download that broke from one that ended.
    reader, writer = await asyncio.open_connection(desk.host, desk.port)
    head = f"GET /skus.csv HTTP/{version}\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n"
    writer.write(head.encode())
    answer = (await reader.read()).decode()
    writer.close()
    assert answer.startswith(f"HTTP/{version} 426 ")
    assert "Upgrade: HTTP/1.1" in answer
    assert "A download needs HTTP/1.1." in answer
