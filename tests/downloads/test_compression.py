"""Downloads compressed with gzip."""

import gzip

import pytest

from tests.desk import CatalogMaker, Desk, OpenDesk
from tests.downloads.watching import until_freed
from tests.wire import is_whole, open_wire, unchunked


@pytest.fixture
def database_url(large_database_url: str) -> str:
    return large_database_url


async def body(desk: Desk, path: str, accept: str) -> tuple[str | None, bytes]:
    async with open_wire(desk) as wire:
        await wire.ask(path, headers={"Accept-Encoding": accept})
        head = await wire.head()
        raw = await wire.rest()
    assert is_whole(raw)
    assert head.headers["vary"] == "Accept-Encoding"
    return head.headers.get("content-encoding"), unchunked(raw)


@pytest.mark.parametrize("path", ["/skus.csv", "/skus.ndjson", "/brands.csv"])
async def test_compressed_download_is_the_plain_one(
    desk: Desk, catalog: CatalogMaker, path: str
) -> None:
    coding, packed = await body(desk, path, "gzip")
    plain_coding, plain = await body(desk, path, "identity")
    assert (coding, plain_coding) == ("gzip", None)
    assert gzip.decompress(packed) == plain
    await until_freed(desk, catalog)


async def test_compressed_skus_take_under_a_quarter_of_the_bytes(desk: Desk) -> None:
    _, packed = await body(desk, "/skus.csv", "gzip")
    _, plain = await body(desk, "/skus.csv", "identity")
    assert len(packed) < len(plain) / 4


@pytest.mark.parametrize(
    ("accept", "coding"),
    [
        ("gzip, deflate, br, zstd", "gzip"),
        ("br;q=1.0, GZIP;q=0.5", "gzip"),
        ("deflate", None),
        ("gzip;q=0", None),
        ("gzip; q=0.000, identity", None),
        ("", None),
        ("*", None),
    ],
)
async def test_only_who_takes_gzip_gets_it(desk: Desk, accept: str, coding: str | None) -> None:
    assert (await body(desk, "/brands.csv", accept))[0] == coding


async def test_reader_of_a_compressed_download_who_stalls_is_broken_off(
    open_desk: OpenDesk, catalog: CatalogMaker
) -> None:
    desk = await open_desk(download_stall_timeout=0.5)
    async with open_wire(desk) as wire:
        await wire.ask("/skus.ndjson", headers={"Accept-Encoding": "gzip"})
        await wire.head()
        # Whatever of it fits into the system's buffers has been sent by then.
        await until_freed(desk, catalog)
