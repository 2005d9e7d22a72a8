"""What a program sends: exactly an object with a list of ids, or it gets a 4xx that says why."""

import json
from io import BytesIO
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.api.batches import JSON, MAX_ID, PATH, add_assortment, batch, body_of, lines, many
from tests.desk import CatalogMaker, Desk


async def refusal(desk: Desk, body: bytes, headers: dict[str, str]) -> tuple[int, str]:
    """Return the status of a request that is refused, and the reason."""
    async with desk.post(PATH, data=body, headers=headers) as response:
        error = (await response.json())["error"]
        assert error["status"] == response.status
        assert error["reason"]
        return response.status, error["reason"]


async def test_ten_thousand_ids_are_the_most(desk: Desk, catalog: CatalogMaker) -> None:
    product_ids = await add_assortment(catalog)
    asked = [product_ids[number % 5] if number % 3 else MAX_ID - number for number in range(10_000)]

    assert await batch(desk, asked) == await lines(catalog, asked)
    status, reason = await refusal(desk, body_of([*asked, 1]), JSON)
    assert (status, reason) == (413, "The body has 10,001 ids; at most 10,000 are possible.")


async def test_body_that_is_longer_than_the_server_takes_is_refused(desk: Desk) -> None:
    body = BytesIO(b" " * 1024 * 1024 + body_of([1]))  # aiohttp warns of large bodies as bytes
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
    status, reason = await refusal(desk, body_of([1]), {"Content-Type": content_type})
    assert (status, reason) == (415, "Send the ids as application/json.")


@pytest.mark.parametrize("content_type", ["application/json; charset=utf-8", "Application/JSON"])
async def test_content_type_is_read_as_http_says(desk: Desk, content_type: str) -> None:
    headers = {"Content-Type": content_type}
    async with desk.post(PATH, data=body_of([]), headers=headers) as response:
        assert response.status == 200


NOT_IDS: list[Any] = [
    *(0, -1, MAX_ID + 1, 10**4000, 1.0, 1.5, 1e3, True, False, None),
    *("1", "", "x", "\0", "\ud800", [1], [], {}, {"product_id": 1}),
    *(float("nan"), float("inf"), -float("inf")),
]


@pytest.mark.parametrize("value", NOT_IDS, ids=lambda value: repr(value)[:20])
async def test_what_is_not_an_id_is_refused(desk: Desk, value: object) -> None:
    for values in ([value], [1, 2, value, 3]):
        assert (await refusal(desk, body_of(values), JSON))[0] == 400


async def test_refusal_says_which_id_is_none(desk: Desk) -> None:
    assert (await refusal(desk, body_of([1, 2, "3"]), JSON))[1] == (
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
async def test_compressed_body_is_refused(desk: Desk, coding: str) -> None:
    assert (await refusal(desk, body_of([1]), {**JSON, "Content-Encoding": coding}))[0] == 415


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
    body = body_of([1, 2])
    for sent in (noise, body[:place] + noise + body[place:]):
        async with desk.post(PATH, data=sent, headers=JSON) as response:
            assert response.status in {200, 400}
            assert response.status == 200 or (await response.json())["error"]["reason"]
