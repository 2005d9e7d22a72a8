"""A batch: the products that a program asks for, line by line, in the order asked."""

import asyncio
import json
from collections.abc import Sequence
from contextlib import AsyncExitStack
from io import BytesIO
from typing import Any

import aiohttp
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.conftest import drop_database
from tests.desk import CatalogMaker, Desk, OpenDesk
from tests.downloads.expected import HARD_NAMES
from tests.downloads.test_arbitrary_names import TEXT
from tests.downloads.watching import until_freed, until_parked, waiting_bytes
from tests.wire import Wire, is_whole, open_wire, unchunked
from web.catalog.products import BATCH_BLOCK_BYTES, BATCH_BLOCKS

PATH = "/api/products/batch"
JSON = {"Content-Type": "application/json"}
MAX_ID = 2**63 - 1
# Fixtures are made once for all examples.
many = settings(
    max_examples=100, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)


async def batch(desk: Desk, product_ids: Sequence[int]) -> str:
    async with desk.post(PATH, json={"product_ids": product_ids}) as response:
        assert response.status == 200, await response.text()
        return await response.text()


async def lines(catalog: CatalogMaker, product_ids: Sequence[int]) -> str:
    """Return what Python's own json makes of the products."""
    products = {
        row["product_id"]: {**row, "skus": []}
        for row in await catalog.connection.fetch(
            "select product_id, product_name, brand_id, brand_name"
            " from product join brand using (brand_id)"
        )
    }
    for row in await catalog.connection.fetch(
        "select product_id, sku_id, product_color_name, product_size_name from sku"
        " join product_color using (product_color_id) join product_size using (product_size_id)"
        " order by sku_id"
    ):
        sku = dict(row)
        products[sku.pop("product_id")]["skus"].append(sku)
    return "".join(
        json.dumps(
            products.get(product_id, {"product_id": product_id, "missing": True}),
            ensure_ascii=False,
            separators=(",", ":"),
        )
        + "\n"
        for product_id in product_ids
    )


async def refusal(desk: Desk, body: bytes, headers: dict[str, str]) -> tuple[int, str]:
    """Return the status of a request that is refused, and the reason."""
    async with desk.post(PATH, data=body, headers=headers) as response:
        error = (await response.json())["error"]
        assert error["status"] == response.status
        assert error["reason"]
        return response.status, error["reason"]


async def add_assortment(catalog: CatalogMaker, products: int = 5) -> list[int]:
    """Add products with 0, 1, 2, … SKUs, whose ids are not in the order of the products."""
    product_ids = await catalog.products(
        [f"Jacket {number}" for number in range(products)], await catalog.brand("Levis")
    )
    for repetition in range(products):
        for product_id in product_ids[repetition + 1 :]:
            await catalog.skus(product_id, 1, 1 + repetition % 2, 1 + repetition % 3)
    return product_ids


async def add_large_product(catalog: CatalogMaker, skus: int = 400) -> int:
    """Add a product whose line is some 30 KB with 400 SKUs."""
    product_id = await catalog.product("Jacket", await catalog.brand("Levis"))
    await catalog.skus(product_id, skus)
    return product_id


async def test_products_come_in_the_order_asked_and_repetitions_again(
    desk: Desk, catalog: CatalogMaker
) -> None:
    a, b, c, d, e = await add_assortment(catalog)
    asked = [d, a, e, e, b, d, c, d]

    body = await batch(desk, asked)

    assert [json.loads(line)["product_id"] for line in body.splitlines()] == asked
    assert body == await lines(catalog, asked)


async def test_line_holds_the_product_its_brand_and_its_skus(
    desk: Desk, catalog: CatalogMaker
) -> None:
    product_id = (await add_assortment(catalog))[2]

    assert json.loads(await batch(desk, [product_id])) == {
        "product_id": 3,
        "product_name": "Jacket 2",
        "brand_id": 1,
        "brand_name": "Levis",
        "skus": [
            {"sku_id": 2, "product_color_name": "Blue", "product_size_name": "Small"},
            {"sku_id": 5, "product_color_name": "Black", "product_size_name": "Medium"},
        ],
    }


async def test_id_that_nobody_has_is_said_to_be_missing(desk: Desk, catalog: CatalogMaker) -> None:
    product_ids = await add_assortment(catalog)
    asked = [7, product_ids[0], MAX_ID, 7]

    body = await batch(desk, asked)

    assert body.splitlines()[0] == '{"product_id":7,"missing":true}'
    assert body == await lines(catalog, asked)


async def test_product_without_skus_has_an_empty_list_of_them(
    desk: Desk, catalog: CatalogMaker
) -> None:
    product_ids = await add_assortment(catalog)

    assert json.loads(await batch(desk, product_ids[:1]))["skus"] == []


async def test_empty_list_is_an_empty_body(desk: Desk) -> None:
    assert await batch(desk, []) == ""


async def test_body_is_ndjson_in_chunks(desk: Desk, catalog: CatalogMaker) -> None:
    product_ids = await add_assortment(catalog)

    async with desk.post(PATH, json={"product_ids": product_ids}) as response:
        assert response.content_type == "application/x-ndjson"
        assert response.headers["Transfer-Encoding"] == "chunked"
        assert response.headers["Cache-Control"] == "private, no-cache"


async def test_names_of_every_kind_are_written_as_python_writes_them(
    desk: Desk, catalog: CatalogMaker
) -> None:
    color_ids = await catalog.column(
        "insert into product_color (product_color_name)"
        " select * from unnest($1::text[]) returning product_color_id",
        HARD_NAMES,
    )
    size_ids = await catalog.column(
        "insert into product_size (product_size_name)"
        " select * from unnest($1::text[]) returning product_size_id",
        HARD_NAMES,
    )
    product_ids = []
    for number, name in enumerate(HARD_NAMES):
        product_id = await catalog.product(HARD_NAMES[number - 1], await catalog.brand(name))
        await catalog.skus(product_id, 2, color_ids[number - 2], size_ids[number - 3])
        product_ids.append(product_id)

    assert await batch(desk, product_ids) == await lines(catalog, product_ids)


@many
@given(st.lists(TEXT, min_size=1, max_size=20))
async def test_any_names_are_written_as_python_writes_them(
    desk: Desk, catalog: CatalogMaker, texts: list[str]
) -> None:
    await catalog.connection.execute("delete from sku; delete from product; delete from brand")
    await catalog.connection.execute(
        "insert into brand (brand_name)"
        " select distinct on (fold_name(text)) text from unnest($1::text[]) as text"
        " where fold_name(text) <> ''",
        texts,
    )
    await catalog.connection.execute(
        "insert into product (product_name, brand_id)"
        " select text, brand_id from brand, unnest($1::text[]) as text where fold_name(text) <> ''",
        texts,
    )
    await catalog.connection.execute(
        "insert into sku (product_id, product_color_id, product_size_id)"
        " select product_id, 1, 1 + product_id % 3 from product where product_id % 2 = 0"
    )
    product_ids = await catalog.column("select product_id from product order by product_name")

    assert await batch(desk, product_ids) == await lines(catalog, product_ids)


@pytest.mark.parametrize("skus", [700, 735, 736, 3000])
async def test_large_product_comes_in_small_blocks(
    desk: Desk, catalog: CatalogMaker, skus: int
) -> None:
    large = await catalog.product("Jacket", await catalog.brand("Levis"))
    await catalog.skus(large, skus, color_id=2, size_id=2)
    small = (await catalog.products(["Scarf"], 1))[0]
    await catalog.skus(small, 3)
    asked = [small, large, 4711, large, small]

    sql, arguments = BATCH_BLOCKS.bind(product_ids=asked, block_bytes=BATCH_BLOCK_BYTES)
    blocks = await catalog.column(sql, *arguments)

    assert max(map(len, blocks)) <= BATCH_BLOCK_BYTES
    # With ids of 19 digits the line of 735 SKUs would be as long as a block may be.
    assert len(blocks) == len(asked) + (0 if skus <= 735 else 2 * (skus + 1))
    assert b"".join(blocks).decode() == await lines(catalog, asked)
    assert await batch(desk, asked) == await lines(catalog, asked)


async def test_ten_thousand_ids_are_the_most(desk: Desk, catalog: CatalogMaker) -> None:
    product_ids = await add_assortment(catalog)
    asked = [product_ids[number % 5] if number % 3 else MAX_ID - number for number in range(10_000)]

    assert await batch(desk, asked) == await lines(catalog, asked)
    status, reason = await refusal(desk, _body([*asked, 1]), JSON)
    assert (status, reason) == (413, "The body has 10,001 ids; at most 10,000 are possible.")


async def test_body_that_is_longer_than_the_server_takes_is_refused(desk: Desk) -> None:
    body = BytesIO(b" " * 1024 * 1024 + _body([1]))  # aiohttp warns of large bodies as bytes
    async with desk.post(PATH, data=body, headers=JSON) as response:
        assert response.status == 413
        assert (await response.json())["error"]["reason"]


@pytest.mark.parametrize("method", ["GET", "HEAD", "PUT", "DELETE"])
async def test_only_post_asks_for_a_batch(desk: Desk, method: str) -> None:
    async with desk.request(method, PATH) as response:
        assert response.status == 405
        assert response.headers["Allow"] == "POST"
        assert response.content_type == "application/json"


@pytest.mark.parametrize(
    "content_type",
    ["", "text/plain", "application/x-www-form-urlencoded", "application/jsonl", "nonsense"],
)
async def test_body_that_is_not_sent_as_json_is_refused(desk: Desk, content_type: str) -> None:
    status, reason = await refusal(desk, _body([1]), {"Content-Type": content_type})
    assert (status, reason) == (415, "Send the ids as application/json.")


@pytest.mark.parametrize("content_type", ["application/json; charset=utf-8", "Application/JSON"])
async def test_content_type_is_read_as_http_says(desk: Desk, content_type: str) -> None:
    async with desk.post(PATH, data=_body([]), headers={"Content-Type": content_type}) as response:
        assert response.status == 200


NOT_IDS: list[Any] = [
    *(0, -1, MAX_ID + 1, 10**4000, 1.0, 1.5, 1e3, True, False, None),
    *("1", "", "x", "\0", "\ud800", [1], [], {}, {"product_id": 1}),
    *(float("nan"), float("inf"), -float("inf")),
]


@pytest.mark.parametrize("value", NOT_IDS, ids=lambda value: repr(value)[:20])
async def test_what_is_not_an_id_is_refused(desk: Desk, value: object) -> None:
    for values in ([value], [1, 2, value, 3]):
        assert (await refusal(desk, _body(values), JSON))[0] == 400


async def test_refusal_says_which_id_is_none(desk: Desk) -> None:
    assert (await refusal(desk, _body([1, 2, "3"]), JSON))[1] == (
        "What is in place 3 of “product_ids” is not an id: "
        "a whole number from 1 to 9223372036854775807."
    )


BAD_BODIES = {
    "nothing": b"",
    "not JSON": b"product_ids=1",
    "no end": b'{"product_ids": [1, 2',
    "more behind": b'{"product_ids": [1]} {}',
    "a comma too many": b'{"product_ids": [1,]}',
    "a leading zero": b'{"product_ids": [01]}',
    "digits that are not ASCII": '{"product_ids": [١]}'.encode(),
    "an underscore": b'{"product_ids": [1_0]}',
    "a comment": b'{"product_ids": [1]} // all',
    "not a number": b'{"product_ids": [NaN]}',
    "a number of many digits": b'{"product_ids": [' + b"9" * 100_000 + b"]}",
    "a large exponent": b'{"product_ids": [1e999999]}',
    "a list": b"[1, 2]",
    "a number": b"1",
    "null": b"null",
    "a text": b'"product_ids"',
    "an empty object": b"{}",
    "another key": b'{"ids": [1]}',
    "one key more": b'{"product_ids": [1], "brand_ids": []}',
    "one key twice": b'{"product_ids": [1], "product_ids": [2]}',
    "one key twice, spelled otherwise": b'{"product_ids": [1], "product\\u005fids": [2]}',
    "a surrogate as key": b'{"\\ud800": [1]}',
    "an object of ids": b'{"product_ids": {"1": 1}}',
    "a text of ids": b'{"product_ids": "1,2"}',
    "null for ids": b'{"product_ids": null}',
    "no UTF-8": b'{"product_ids": ["\xff"]}',
    "an encoded surrogate": b'{"product_ids": ["\xed\xa0\x80"]}',
    "UTF-16": '{"product_ids": [1]}'.encode("utf-16"),
    "a byte order mark": '\ufeff{"product_ids": [1]}'.encode(),
    "NUL behind": b'{"product_ids": [1]}\0',
    "NUL between": b'{"product_ids": [1,\x002]}',
    "deep lists": b'{"product_ids": ' + b"[" * 100_000 + b"]" * 100_000 + b"}",
    "deep objects": b'{"product_ids":' * 60_000 + b"1" + b"}" * 60_000,
}


@pytest.mark.parametrize("body", BAD_BODIES.values(), ids=BAD_BODIES)
async def test_body_that_is_not_a_list_of_ids_is_refused(desk: Desk, body: bytes) -> None:
    assert (await refusal(desk, body, JSON))[0] == 400


@pytest.mark.parametrize("coding", ["gzip", "deflate"])
async def test_body_that_is_not_compressed_as_it_says_is_refused(desk: Desk, coding: str) -> None:
    assert (await refusal(desk, _body([1]), {**JSON, "Content-Encoding": coding}))[0] == 400


IDS = st.integers(min_value=-1, max_value=20)
JSON_VALUES = st.recursive(
    st.none() | st.booleans() | IDS | st.integers() | st.floats() | st.text(),
    lambda values: (
        st.lists(values) | st.dictionaries(st.text() | st.just("product_ids"), values, max_size=3)
    ),
)


@many
@given(JSON_VALUES | st.fixed_dictionaries({"product_ids": st.lists(IDS) | JSON_VALUES}))
async def test_any_json_is_a_batch_or_is_refused(desk: Desk, value: object) -> None:
    ids = value.get("product_ids") if isinstance(value, dict) and len(value) == 1 else None
    is_batch = isinstance(ids, list) and all(type(i) is int and 1 <= i <= MAX_ID for i in ids)

    async with desk.post(PATH, data=json.dumps(value).encode(), headers=JSON) as response:
        assert response.status == (200 if is_batch else 400)
        text = await response.text()
    if isinstance(ids, list) and is_batch:
        assert [json.loads(line)["product_id"] for line in text.splitlines()] == ids
    else:
        assert json.loads(text)["error"]["reason"]


@many
@given(st.binary(max_size=60), st.integers(0, 25))
async def test_any_bytes_are_a_batch_or_are_refused(desk: Desk, noise: bytes, place: int) -> None:
    body = _body([1, 2])
    for sent in (noise, body[:place] + noise + body[place:]):
        async with desk.post(PATH, data=sent, headers=JSON) as response:
            assert response.status in {200, 400}
            assert response.status == 200 or (await response.json())["error"]["reason"]


async def test_batch_beyond_the_slots_is_told_to_come_back(
    open_desk: OpenDesk, catalog: CatalogMaker
) -> None:
    desk = await open_desk(download_slots=1, pool_size=1)
    large = await add_large_product(catalog)
    async with AsyncExitStack() as stack:
        wire = await stack.enter_async_context(open_wire(desk))
        await ask(wire, [large] * 1000)
        assert (await wire.head()).status == 200
        await until_parked(catalog)

        async with desk.post(PATH, json={"product_ids": [large]}) as refused:
            assert refused.status == 503
            assert int(refused.headers["Retry-After"]) > 0
            assert (await refused.json())["error"]["reason"]
        assert (await desk.get("/skus.csv")).status == 503
        assert (await desk.get("/products")).status == 200
        wire.leave()
    await until_freed(desk, catalog)
    assert await batch(desk, [large]) == await lines(catalog, [large])


async def test_batch_is_of_one_state_and_no_more_of_it_in_memory_than_its_reader_takes(
    desk: Desk, catalog: CatalogMaker
) -> None:
    large = await add_large_product(catalog)
    expected = await lines(catalog, [large]) * 500
    async with open_wire(desk) as wire:
        await ask(wire, [large] * 500)
        await wire.head()
        await until_parked(catalog)
        assert max(waiting_bytes(desk)) <= 3 * 64 * 1024

        await catalog.connection.execute("update product set product_name = 'Renamed'")
        await catalog.connection.execute("delete from sku where sku_id > 100")
        raw = await wire.rest()

    assert is_whole(raw)
    assert unchunked(raw).decode() == expected
    assert await batch(desk, [large]) != expected[: expected.index("\n") + 1]


async def test_connection_lost_midway_is_a_broken_transfer(
    desk: Desk, catalog: CatalogMaker
) -> None:
    large = await add_large_product(catalog)
    async with open_wire(desk) as wire:
        await ask(wire, [large] * 1000)
        assert (await wire.head()).status == 200
        [backend] = await until_parked(catalog)
        await catalog.value("select pg_terminate_backend($1)", backend.pid)
        raw = await wire.rest()

    assert not is_whole(raw)
    assert b"HTTP/1.1" not in raw
    assert b'"error"' not in raw
    await until_freed(desk, catalog)
    assert await batch(desk, [large]) == await lines(catalog, [large])


async def test_client_library_raises_for_a_broken_transfer(
    desk: Desk, catalog: CatalogMaker
) -> None:
    large = await add_large_product(catalog)
    async with desk.post(PATH, json={"product_ids": [large] * 10_000}) as response:
        assert response.status == 200
        [backend] = await until_parked(catalog)
        await catalog.value("select pg_terminate_backend($1)", backend.pid)
        with pytest.raises((aiohttp.ClientPayloadError, aiohttp.ClientOSError)):
            await response.read()


async def test_lost_database_is_said_as_json(
    desk: Desk, catalog: CatalogMaker, server_url: str
) -> None:
    await drop_database(server_url, await catalog.value("select current_database()"))

    async with desk.post(PATH, json={"product_ids": [1]}) as response:
        assert response.status == 503
        assert int(response.headers["Retry-After"]) > 0
        assert (await response.json())["error"]["status"] == 503


async def ask(wire: Wire, product_ids: Sequence[int]) -> None:
    """Ask for a batch over a wire."""
    body = _body(product_ids)
    head = (
        f"POST {PATH} HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n"
        f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
    )
    await asyncio.get_running_loop().sock_sendall(wire.socket, head.encode() + body)


def _body(product_ids: Sequence[object]) -> bytes:
    return json.dumps({"product_ids": product_ids}).encode()
