"""Static files: kept for good under their hash, and never under another."""

import gzip
import re
from pathlib import Path

import pytest

from tests.desk import CatalogMaker, Desk, get_page
from tests.page import Page
from web.assets import STATIC_DIR, read_assets

IMMUTABLE = "public, max-age=31536000, immutable"
FILES = sorted(
    path.relative_to(STATIC_DIR).as_posix() for path in STATIC_DIR.rglob("*") if path.is_file()
)


def _files_of(page: Page) -> list[str]:
    """The addresses of style and scripts that a page names."""
    attributes = [e.attributes for e in page.elements if e.tag in {"link", "script"}]
    return [a.get("href") or a["src"] for a in attributes]


async def test_all_files_of_a_page_stand_under_one_hash_and_are_kept_for_good(desk: Desk) -> None:
    addresses = _files_of(await get_page(desk, "/"))

    assert len({address.split("/")[2] for address in addresses}) == 1
    assert {"app.css", "main.js"} <= {address.rsplit("/", 1)[1] for address in addresses}
    for address in addresses:
        async with desk.get(address) as response:
            assert response.status == 200, address
            assert response.headers["Cache-Control"] == IMMUTABLE
            assert response.headers["X-Content-Type-Options"] == "nosniff"
            path = address.split("/", 3)[3]
            assert await response.read() == (STATIC_DIR / path).read_bytes()


async def test_every_module_that_the_scripts_import_is_named_beforehand(desk: Desk) -> None:
    named = {address.rsplit("/", 1)[1] for address in _files_of(await get_page(desk, "/"))}

    main = (STATIC_DIR / "js" / "main.js").read_text(encoding="utf-8")
    waiting, imported = re.findall(r'from "\./(.+?)"', main), set[str]()
    while waiting:
        imported.add(name := waiting.pop())
        text = (STATIC_DIR / "js" / name).read_text(encoding="utf-8")
        waiting += set(re.findall(r'from "\./(.+?)"', text)) - imported
    assert imported
    assert imported <= named


@pytest.mark.parametrize("address", ["/static/app.css", "/static/0123456789abcdef/app.css"])
async def test_file_without_its_present_hash_is_the_present_one_and_not_kept(
    desk: Desk, address: str
) -> None:
    async with desk.get(address) as response:
        assert response.status == 200
        assert response.headers["Cache-Control"] == "public, no-cache"
        assert await response.read() == (STATIC_DIR / "app.css").read_bytes()


@pytest.mark.parametrize(
    ("path", "content_type"),
    [
        ("app.css", "text/css; charset=utf-8"),
        ("js/main.js", "text/javascript; charset=utf-8"),
        ("favicon.svg", "image/svg+xml"),
        ("speculation.json", "application/speculationrules+json"),
    ],
)
async def test_files_say_what_they_are(desk: Desk, path: str, content_type: str) -> None:
    async with desk.get(f"/static/{path}") as response:
        assert response.headers["Content-Type"] == content_type


@pytest.mark.parametrize("path", FILES)
async def test_file_is_compressed_for_who_takes_it_alone(desk: Desk, path: str) -> None:
    content = (STATIC_DIR / path).read_bytes()
    for accepted, takes in (
        ("gzip, br", True),
        ("br;q=1, gzip;q=0.2", True),
        ("gzip;q=0, identity", False),
        ("br", False),
    ):
        async with desk.get(
            f"/static/{path}", headers={"Accept-Encoding": accepted}, auto_decompress=False
        ) as response:
            body = await response.read()
            assert response.headers["Vary"] == "Accept-Encoding"
            if takes and "Content-Encoding" in response.headers:
                assert len(body) < len(content)
                body = gzip.decompress(body)
            else:
                assert "Content-Encoding" not in response.headers
            assert body == content


async def test_file_that_did_not_change_is_a_304(desk: Desk) -> None:
    async with desk.get("/static/app.css") as first:
        tag = first.headers["ETag"]
    async with desk.get("/static/app.css", headers={"If-None-Match": tag}) as second:
        assert second.status == 304
        assert await second.read() == b""
        assert second.headers["Cache-Control"] == "public, no-cache"


@pytest.mark.parametrize(
    "path",
    [
        "nothing.css",
        "js",
        "js/",
        "0123456789abcdef",
        "0123456789abcdef/",
        "0123456789abcdef/0123456789abcdef/app.css",
        "0123456789ABCDEF/app.css",
        "../run.py",
        "%2e%2e/run.py",
        "%2fetc/passwd",
        "app.css%00",
    ],
)
async def test_what_is_no_file_of_ours_is_a_404(desk: Desk, path: str) -> None:
    assert (await get_page(desk, f"/static/{path}")).status == 404


def test_hash_changes_with_any_content_and_any_name(tmp_path: Path) -> None:
    (tmp_path / "js").mkdir()
    (tmp_path / "js" / "main.js").write_text("1")
    hashes = [read_assets(tmp_path).hash, read_assets(tmp_path).hash]
    (tmp_path / "js" / "main.js").write_text("2")
    hashes.append(read_assets(tmp_path).hash)
    (tmp_path / "js" / "main.js").rename(tmp_path / "js" / "other.js")
    hashes.append(read_assets(tmp_path).hash)

    assert hashes[0] == hashes[1]
    assert len(set(hashes)) == 3


async def test_first_visit_is_at_most_60_kilobytes(desk: Desk, catalog: CatalogMaker) -> None:
    brand_id = await catalog.brand("Levis")
    await catalog.products([f"Product of number {number}" for number in range(100)], brand_id)
    headers = {"Accept-Encoding": "gzip"}
    for path in ("/", "/products", f"/brands/{brand_id}"):
        sizes = []
        for address in [path, *_files_of(await get_page(desk, path))]:
            async with desk.get(address, headers=headers, auto_decompress=False) as response:
                assert response.status == 200
                sizes.append(len(await response.read()))
        assert sum(sizes) <= 60_000, (path, sizes)
