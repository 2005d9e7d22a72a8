"""Bodies that are not what they say, or more than anybody needs: refused in little memory."""

import asyncio
import gzip
import json
import re
import zlib
from functools import cache
from io import BytesIO
from pathlib import Path

import pytest

from tests.desk import CatalogMaker, Desk
from tests.wire import open_wire

FORM = {"Content-Type": "application/x-www-form-urlencoded"}
JSON = {"Content-Type": "application/json"}
MEGABYTE = 1024 * 1024
MOST_MEMORY = 50 * MEGABYTE


def peak() -> int:
    """Return the most memory that this process has held since it was last asked, in bytes."""
    status = Path("/proc/self/status").read_text(encoding="ascii")
    Path("/proc/self/clear_refs").write_text("5", encoding="ascii")
    found = re.search(r"VmHWM:\s+(\d+) kB", status)
    assert found is not None
    return int(found[1]) * 1024


@cache
def bomb(coding: str) -> bytes:
    """Return a gigabyte of zeros as a megabyte."""
    packer = zlib.compressobj(6, wbits=31 if coding == "gzip" else 15)
    return b"".join([*(packer.compress(bytes(MEGABYTE)) for _ in range(1024)), packer.flush()])


@pytest.mark.parametrize("coding", ["gzip", "deflate"])
@pytest.mark.parametrize("path", ["/brands", "/sizes", "/api/products/batch", "/sign-in"])
async def test_compressed_gigabyte_is_refused_unpacked(desk: Desk, coding: str, path: str) -> None:
    sent = bomb(coding)
    headers = {**(JSON if path.startswith("/api/") else FORM), "Content-Encoding": coding}
    peak()
    before = peak()

    async with desk.post(path, data=BytesIO(sent), headers=headers) as response:
        assert response.status == 415
        assert response.headers["Accept-Encoding"] == "identity"
        assert "not compressed" in await response.text()

    assert peak() - before < MOST_MEMORY


async def test_page_does_not_unpack_what_nobody_asked_for(desk: Desk) -> None:
    sent = bomb("gzip")
    peak()
    before = peak()
    headers = {"Content-Encoding": "gzip"}
    async with desk.get("/brands", data=BytesIO(sent), headers=headers) as response:
        assert response.status == 200
    assert peak() - before < MOST_MEMORY


@pytest.mark.parametrize("coding", ["gzip", "deflate", "br", "zstd", "gzip, gzip", "rot13"])
async def test_false_coding_is_refused_without_a_traceback(
    desk: Desk, coding: str, caplog: pytest.LogCaptureFixture
) -> None:
    headers = {**FORM, "Content-Encoding": coding}
    async with desk.post("/brands", data=b"brand_name=Levis", headers=headers) as response:
        assert response.status == 415
    assert [record for record in caplog.records if record.exc_info] == []


@pytest.mark.parametrize("charset", ["klingon", "utf-16", "iso-8859-1", "utf-7", "\\"])
async def test_other_charset_than_utf8_is_refused(desk: Desk, charset: str) -> None:
    for path, kind in (("/brands", FORM), ("/api/products/batch", JSON)):
        headers = {"Content-Type": f'{kind["Content-Type"]}; charset="{charset}"'}
        async with desk.post(path, data=b"brand_name=L", headers=headers) as response:
            assert response.status == 415
            assert "UTF-8" in await response.text()


@pytest.mark.parametrize("charset", ["utf-8", "UTF-8", "utf8", "us-ascii"])
async def test_utf8_by_any_of_its_names_is_taken(
    desk: Desk, catalog: CatalogMaker, charset: str
) -> None:
    headers = {"Content-Type": f"{FORM['Content-Type']}; charset={charset}"}
    async with desk.post(
        "/brands", data=b"brand_name=Levis", headers=headers, allow_redirects=False
    ) as response:
        assert response.status == 303
    assert await catalog.value("select count(*) from brand") == 1


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"Content-Type": "multipart/form-data; boundary=x"}, b"415"),
        ({**FORM, "Content-Length": "100000000"}, b"413"),
        ({**FORM, "Content-Encoding": "gzip"}, b"415"),
    ],
    ids=["multipart", "too long", "compressed"],
)
async def test_body_is_not_asked_for_when_it_would_be_refused(
    desk: Desk, headers: dict[str, str], status: bytes
) -> None:
    sent = {"Content-Length": "100", "Expect": "100-continue", **headers}
    async with open_wire(desk) as wire:
        await wire.ask("/brands", "POST", headers=sent)
        assert (await wire.receive(64)).split(b" ")[1] == status


async def test_body_is_asked_for_when_it_is_wanted(desk: Desk, catalog: CatalogMaker) -> None:
    body = b"brand_name=Levis"
    headers = {**FORM, "Expect": "100-continue", "Content-Length": str(len(body))}
    async with open_wire(desk) as wire:
        await wire.ask("/brands", "POST", headers=headers)
        assert (await wire.head()).status == 100
        await asyncio.get_running_loop().sock_sendall(wire.socket, body)
        assert (await wire.head()).status == 303
    assert await catalog.value("select count(*) from brand") == 1


@pytest.mark.parametrize("path", ["/brands", "/nowhere"])
async def test_expectation_that_nobody_knows_is_passed_over(desk: Desk, path: str) -> None:
    async with open_wire(desk) as wire:
        head = f"GET {path} HTTP/1.1\r\nHost: localhost\r\n".encode() + b"Expect: \x8a0ya\r\n\r\n"
        await asyncio.get_running_loop().sock_sendall(wire.socket, head)
        assert (await wire.head()).status in {200, 404}


@pytest.mark.parametrize(
    "chunks",
    [b"zz\r\n", b"3\r\nabcdef\r\n", b"f" * 20 + b"\r\n", b"-1\r\nabc"],
    ids=["no number", "longer than said", "beyond all numbers", "negative"],
)
async def test_broken_chunks_are_refused_without_a_traceback(
    desk: Desk, catalog: CatalogMaker, chunks: bytes, caplog: pytest.LogCaptureFixture
) -> None:
    loop = asyncio.get_running_loop()
    async with open_wire(desk) as wire:
        await wire.ask("/brands", "POST", headers={**FORM, "Transfer-Encoding": "chunked"})
        await loop.sock_sendall(wire.socket, b"10\r\nbrand_name=Levis\r\n")
        await asyncio.sleep(0.05)  # the handler has begun to read
        await loop.sock_sendall(wire.socket, chunks)
        assert (await wire.head()).status == 400
    assert [record for record in caplog.records if record.exc_info] == []
    assert await catalog.value("select count(*) from brand") == 0


LARGE = {
    "lists": (b"[],", 7_000_000),
    "numbers": (b"1,", 11_000_000),
    "objects": (b"{},", 7_000_000),
    "texts": (b'"",', 7_000_000),
    "deep": (b"[", 20_000_000),
    "a number": (b"9", 20_000_000),
}


@pytest.mark.parametrize(("value", "count"), LARGE.values(), ids=LARGE)
async def test_json_of_millions_of_values_is_refused_before_they_are_made(
    desk: Desk, value: bytes, count: int
) -> None:
    body = BytesIO(b'{"brand_names": [' + value * count + b"1]}")
    size = len(body.getvalue())
    peak()
    before = peak()
    async with desk.post("/api/brands/check", data=body, headers=JSON) as response:
        assert response.status in {400, 413}
        assert json.loads(await response.text())["error"]["reason"]
    # The body itself, and as a text.
    assert peak() - before < 2 * size + MOST_MEMORY


async def test_form_of_the_largest_size_takes_little_more_than_itself(desk: Desk) -> None:
    body = BytesIO(b"brand_name=" + b"%F0%9F%91%9F" * 2_000_000)
    peak()
    before = peak()
    async with desk.post("/sizes", data=body, headers=FORM) as response:
        assert response.status == 413
    assert peak() - before < MOST_MEMORY


def test_bomb_is_one() -> None:
    assert len(bomb("gzip")) < 2 * MEGABYTE
    assert len(gzip.decompress(gzip.compress(bytes(MEGABYTE)))) == MEGABYTE
