"""Every bad id and parameter: a path that names nothing is 404, a bad query is 400."""

import asyncio
import base64
import json
from urllib.parse import quote

import pytest

from tests.desk import CatalogMaker, Desk, get_page

MAX_ID = 9223372036854775807
BAD_IDS = [
    "0",
    "-1",
    "+1",
    "01",
    "1_0",
    "١",
    "1.0",
    "1e3",
    "0x1",
    "1,0",
    "²",
    "one",
    "null",
    str(MAX_ID + 1),
    "9" * 19,
    "1" * 20,
    "1" * 5000,
    " 1",
    "1 ",
    "1\n",
    "\u00a01",
    "1\0",
    "\0",
    "１",  # full-width
]
RAW_BAD_IDS = ["%FF", "%ED%A0%80", "%", "%zz", "%31%2", "1%0A"]
QUERY_IDS = [
    ("/products", "brand_id"),
    ("/skus", "product_id"),
    ("/skus", "brand_id"),
    ("/skus", "color_id"),
    ("/skus", "size_id"),
    ("/brands/1", "change"),
    ("/products.csv", "brand_id"),
    ("/skus.csv", "product_id"),
    ("/skus.ndjson", "size_id"),
]
LISTS = ["/brands", "/products", "/brands/1"]


def _token(*parts: object) -> str:
    return _encoded(json.dumps(parts).encode())


def _encoded(text: bytes) -> str:
    return base64.urlsafe_b64encode(text).decode().rstrip("=")


async def _statuses(desk: Desk, paths: list[str]) -> dict[str, int]:
    """Return the status of each path."""
    slots = asyncio.Semaphore(5)  # more downloads at once are told to wait

    async def status(path: str) -> int:
        async with slots:
            return (await get_page(desk, path)).status

    statuses = await asyncio.gather(*map(status, paths))
    return {path[:80]: status for path, status in zip(paths, statuses, strict=True)}


@pytest.fixture(autouse=True)
async def _one_brand(catalog: CatalogMaker) -> None:
    await catalog.skus(await catalog.product("Anorak", await catalog.brand("Levis")), 1)


@pytest.mark.parametrize("path", ["/brands/{}", "/products/{}", "/changes/{}"])
async def test_bad_id_in_a_path_is_a_404(desk: Desk, path: str) -> None:
    bad = [path.format(quote(text, safe="")) for text in BAD_IDS]
    bad += [path.format(text) for text in [*RAW_BAD_IDS, ""]]

    statuses = await _statuses(desk, bad)

    assert {p: status for p, status in statuses.items() if status != 404} == {}
    assert (await get_page(desk, path.format(MAX_ID))).status == 404
    assert (await get_page(desk, path.format(1))).status == 200


@pytest.mark.parametrize(("path", "name"), QUERY_IDS)
async def test_bad_id_in_a_query_is_a_400(desk: Desk, path: str, name: str) -> None:
    bad = [f"{path}?{name}={quote(text, safe='')}" for text in BAD_IDS]
    bad += [f"{path}?{name}={text}" for text in RAW_BAD_IDS]
    bad += [f"{path}?{name}=1&{name}=1", f"{path}?{name}=1&{name}=", f"{path}?{name}=1&{name}=x"]

    statuses = await _statuses(desk, bad)

    assert {p: status for p, status in statuses.items() if status != 400} == {}
    good = [f"{path}?{name}={value}" for value in ("1", str(MAX_ID), "")]
    assert set((await _statuses(desk, good)).values()) == {200}


@pytest.mark.parametrize("path", LISTS)
async def test_bad_sort_is_a_400_that_names_the_sorts(desk: Desk, path: str) -> None:
    bad = ["x", "--name", "name,skus", "NAME", "-", "name%00", "brand_name", "%FF", "name;--"]

    statuses = await _statuses(desk, [f"{path}?sort={sort}" for sort in bad])
    page = await get_page(desk, f"{path}?sort=price")

    assert set(statuses.values()) == {400}
    assert "none of: name, newest, changed, skus" in page.text
    assert (await get_page(desk, f"{path}?sort=name&sort=name")).status == 400
    assert (await get_page(desk, f"{path}?sort=")).status == 200


@pytest.mark.parametrize("path", LISTS)
@pytest.mark.parametrize("direction", ["after", "before"])
async def test_bad_position_is_a_400(desk: Desk, path: str, direction: str) -> None:
    bad = {
        "name": [
            "x",
            "é",
            "%00",
            "%FF",
            "1,1",
            "=",
            "====",
            "A" * 5000,
            _encoded(b"\xff\xfe"),
            _encoded(b"null"),
            _encoded(b"[" * 2000),
            _encoded(b'"abc"'),
            _encoded(b'["name","a",' + b"1" * 5000 + b"]"),
            _encoded(b'["name","a",1]') + "!",
            _encoded(b'["name","a",1] x'),
            _encoded(b'["name","\\ud800",1]'),
            _encoded(b'["name","\\u0000",1]'),
            _token("name", "a"),
            _token("name", "a", 1, 1),
            _token("name", 1, 1),
            _token("name", None, 1),
            _token("name", ["a"], 1),
            _token("name", "a", 0),
            _token("name", "a", -1),
            _token("name", "a", 1.5),
            _token("name", "a", "1"),
            _token("name", "a", True),
            _token("name", "a", MAX_ID + 1),
            _token("-name", "a", 1),
            _token("skus", 1, 1),
            _token("newest", 1, 1),
        ],
        "skus": [
            _token("skus", "1", 1),
            _token("skus", -1, 1),
            _token("skus", 1.0, 1),
            _token("skus", True, 1),
            _token("skus", MAX_ID + 1, 1),
            _token("-skus", 1, 1),
            _token("name", "a", 1),
        ],
        "-newest": [
            _token("-newest", -1, 1),
            _token("-newest", 10**30, 1),
            _token("-newest", 253402300800000000, 1),  # the year 10,000
            _token("-newest", "2026-01-01", 1),
            _token("-changed", 1, 1),
            _token("newest", 1, 1),
            _encoded(b'["-newest",NaN,1]'),
            _encoded(b'["-newest",Infinity,1]'),
        ],
    }

    statuses = await _statuses(
        desk,
        [
            f"{path}?sort={sort}&{direction}={token}"
            for sort, tokens in bad.items()
            for token in tokens
        ],
    )

    assert {p: status for p, status in statuses.items() if status != 400} == {}


@pytest.mark.parametrize("path", LISTS)
async def test_position_of_the_sort_is_taken(desk: Desk, path: str) -> None:
    good = {
        "name": _token("name", "", 1),
        "-name": _token("-name", "é'\\", MAX_ID),
        "skus": _token("skus", MAX_ID, MAX_ID),
        "newest": _token("newest", 0, 1),
        "-changed": _token("-changed", 253402300799999999, 1),
    }
    paths = [f"{path}?sort={sort}&after={token}" for sort, token in good.items()]
    paths += [f"{path}?sort={sort}&before={token}" for sort, token in good.items()]

    assert set((await _statuses(desk, paths)).values()) == {200}
    both = f"{path}?after={good['name']}&before={good['name']}"
    twice = f"{path}?after={good['name']}&after={good['name']}"
    assert set((await _statuses(desk, [both, twice])).values()) == {400}
    assert (await get_page(desk, f"{path}?after=&before=")).status == 200


@pytest.mark.parametrize("path", ["/skus", "/products/1", "/skus.csv", "/skus.ndjson"])
@pytest.mark.parametrize("direction", ["after", "before"])
async def test_bad_position_among_skus_is_a_400(desk: Desk, path: str, direction: str) -> None:
    bad = ["1", "1,", ",1", "1,1,1", "0,1", "1,0", "1;1", "a,b", "1, 1", "%201,1", "1,%2B1", "01,1"]
    bad += [f"{MAX_ID + 1},1", f"1,{MAX_ID + 1}", "1" * 5000 + ",1", "%D9%A1,1", "1,1%00"]
    bad += ["%FF,1", "%ED%A0%80,1", _token("name", "a", 1)]

    statuses = await _statuses(desk, [f"{path}?{direction}={text}" for text in bad])

    assert {p: status for p, status in statuses.items() if status != 400} == {}
    assert (await get_page(desk, f"{path}?after=1,1&before=1,1")).status == 400
    assert (await get_page(desk, f"{path}?after=1,1&after=1,1")).status == 400
    assert (await get_page(desk, f"{path}?after={MAX_ID},{MAX_ID}")).status == 200


@pytest.mark.parametrize("path", [*LISTS, "/brands.csv", "/products.csv"])
async def test_bad_search_is_a_400(desk: Desk, path: str) -> None:
    bad = ["%00", "a%00b", "x" * 201, "x&q=x"]
    good = ["", "%20", "x" * 200, "%25", "_", "%5C", "%F0%9F%91%9F", "%CC%81", "%E2%80%8B"]

    assert set((await _statuses(desk, [f"{path}?q={q}" for q in bad])).values()) == {400}
    assert set((await _statuses(desk, [f"{path}?q={q}" for q in good])).values()) == {200}


@pytest.mark.parametrize("path", ["/skus.csv", "/brands.csv", "/products.csv"])
async def test_flag_is_1_or_0(desk: Desk, path: str) -> None:
    bad = [f"{path}?excel={text}" for text in ("2", "true", "01", "1&excel=1", "%00")]
    good = [f"{path}?excel={text}" for text in ("0", "1", "")]

    assert set((await _statuses(desk, bad)).values()) == {400}
    assert set((await _statuses(desk, good)).values()) == {200}


async def test_unknown_parameters_are_passed_over(desk: Desk) -> None:
    paths = ["/?x=1", "/brands?x=1&x=2", "/skus?utm=%FF", "/brands/1?%00=%00", "/brands/new?x"]
    assert set((await _statuses(desk, paths)).values()) == {200}


async def test_bad_query_is_told_in_a_page_with_a_way_onward(desk: Desk) -> None:
    page = await get_page(desk, "/skus?brand_id=x")

    assert "The parameter “brand_id” is not an id: x" in page.text
    assert "/brands" in page.hrefs
