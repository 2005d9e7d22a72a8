"""Whatever text comes where, the answer is never an error of the server's."""

import asyncio
import base64
import json
import re
from collections.abc import Iterable
from urllib.parse import quote_from_bytes

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from yarl import URL

from tests.desk import Desk, get_page, post_form
from web.api.operations import OPERATIONS

# Fixtures are made once for all examples: they only read.
many = settings(
    max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
# What a client can send: any bytes, among them what Python reads as surrogates.
texts = st.one_of(
    st.binary(max_size=40),
    st.text(max_size=40).map(lambda text: text.encode("utf-8", "surrogatepass")),
    st.integers().map(lambda number: str(number).encode()),
)
tokens = st.one_of(
    texts,
    st.tuples(
        st.sampled_from(["name", "-name", "newest", "changed", "-skus", ""]),
        st.one_of(st.text(), st.integers(), st.floats(), st.none(), st.booleans()),
        st.one_of(st.integers(), st.text()),
    ).map(lambda parts: base64.urlsafe_b64encode(json.dumps(parts).encode())),
)
bodies = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda values: (
        st.lists(values)
        | st.dictionaries(st.sampled_from(["product_ids", "brand_names", ""]), values, max_size=2)
    ),
).map(lambda value: json.dumps(value).encode())
sorts = st.sampled_from(["name", "-name", "newest", "-newest", "changed", "skus", "-skus"])


async def _answers(desk: Desk, paths: list[str], expected: set[int]) -> None:
    pages = await asyncio.gather(*(get_page(desk, path) for path in paths))
    odd = {path: p.status for path, p in zip(paths, pages, strict=True) if p.status not in expected}
    assert odd == {}


@many
@given(text=texts)
async def test_any_text_as_an_id(desk: Desk, text: bytes) -> None:
    sent = quote_from_bytes(text, safe="")
    names = ("product_id", "brand_id", "color_id", "size_id")
    await _answers(desk, [f"/skus?{name}={sent}" for name in names], {200, 400})
    await _answers(
        desk, [f"/{noun}/{sent}" for noun in ("brands", "products", "changes")], {200, 404}
    )


@many
@given(text=texts)
async def test_any_text_as_a_search(desk: Desk, text: bytes) -> None:
    sent = quote_from_bytes(text, safe="")
    paths = ["/brands", "/products", "/brands.csv", "/products.csv"]
    await _answers(desk, [f"{path}?q={sent}" for path in paths], {200, 400})


@many
@given(token=tokens, sort=sorts)
async def test_any_text_as_a_position(desk: Desk, token: bytes, sort: str) -> None:
    sent = quote_from_bytes(token, safe="")
    paths = [f"/brands?sort={sort}&after={sent}", f"/products?sort={sort}&before={sent}"]
    await _answers(desk, [*paths, f"/skus?after={sent}", f"/skus.csv?after={sent}"], {200, 400})


@many
@given(text=texts)
async def test_any_text_as_a_brand(desk: Desk, text: bytes) -> None:
    sent = quote_from_bytes(text, safe="")
    page = await post_form(desk, "/brands", f"brand_name={sent}")
    assert page.status in {303, 400, 409, 422}


@many
@given(
    start=st.sampled_from(
        ["", "brands/", "brands?q=", "skus?after=", "skus?size_id=", "brands?sort="]
    ),
    target=st.binary(min_size=1, max_size=30),
)
async def test_any_bytes_as_an_address(desk: Desk, start: str, target: bytes) -> None:
    # Bytes as no browser sends them, over a connection of their own.
    reader, writer = await asyncio.open_connection("127.0.0.1", desk.port)
    address = f"/{start}".encode() + target.translate(None, b" \r\n\t")
    writer.write(b"GET " + address + b" HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
    status_line = await reader.readline()
    await reader.read()
    writer.close()
    await writer.wait_closed()
    assert int(status_line.split()[1]) in {200, 400, 404}


@settings(many, max_examples=200)
@given(data=st.data(), key=st.sampled_from(sorted(OPERATIONS)))
async def test_any_text_in_any_place_of_any_route(
    desk: Desk, data: st.DataObject, key: tuple[str, str]
) -> None:
    method, path = key
    operation = OPERATIONS[key]

    def drawn(names: Iterable[str]) -> str:
        chosen = data.draw(st.lists(st.sampled_from(sorted(names)), unique=True, max_size=4))
        pairs = {name: quote_from_bytes(data.draw(texts), safe="") for name in chosen}
        return "&".join(f"{name}={value}" for name, value in pairs.items())

    address = re.sub(r"\{\w+\}", lambda _: quote_from_bytes(data.draw(texts), safe="") or "1", path)
    query = drawn(operation.query) if operation.query else ""
    url = URL(address + (f"?{query}" if query else ""), encoded=True)
    body, kind = b"", "application/x-www-form-urlencoded"
    if operation.form:
        body = drawn(re.sub("<.*?>", "1", name) for name in operation.form).encode()
    elif operation.json:
        kind = "application/json"
        body = data.draw(st.one_of(texts, bodies))
    headers = {"Content-Type": kind} if body else {}
    async with desk.request(
        method, url, data=body, headers=headers, allow_redirects=False
    ) as response:
        await response.read()
        # 404 is no provider to sign in with, 429 too many tries to sign in.
        assert response.status < 500, (method, url, body)
