"""What is sent twice: a double click, a reload, a retry after an answer that was lost."""

import asyncio
from collections.abc import Mapping

import pytest
from aiohttp import TCPConnector
from aiohttp.test_utils import TestClient

from tests.desk import CatalogMaker, Desk, get_page, post_form
from tests.page import Page

HEADER = "Idempotency-Key"


def form(brand_name: str, key: str | None = "k", **others: str) -> dict[str, str]:
    fields = {"brand_name": brand_name, "mode": "all", **others}
    return fields if key is None else {**fields, "idempotency_key": key}


async def post(
    desk: Desk, fields: Mapping[str, str], headers: Mapping[str, str] | None = None
) -> Page:
    return await post_form(desk, "/brands", fields, headers)


def answer(page: Page) -> tuple[int, str | None, str]:
    return page.status, page.headers.get("Location"), page.html


async def names(catalog: CatalogMaker) -> list[str]:
    return await catalog.column("select brand_name from brand order by brand_id")


async def count(catalog: CatalogMaker, table: str) -> int:
    return int(await catalog.value(f"select count(*) from {table}"))  # noqa: S608 - the tests' own


@pytest.mark.parametrize(
    "fields",
    [
        form("Levis"),
        form("Levis\nLee"),
        form("Levis\nKept\nLee", mode="new"),  # answered by a page, and not a redirect
    ],
)
async def test_twenty_posts_at_once_are_one_change_and_twenty_equal_answers(
    desk: Desk, catalog: CatalogMaker, fields: dict[str, str]
) -> None:
    await catalog.brand("Kept")

    pages = await asyncio.gather(*(post(desk, fields) for _ in range(20)))

    assert len({answer(page) for page in pages}) == 1
    assert pages[0].status == (200 if fields["mode"] == "new" else 303)
    assert sorted(await names(catalog)) == sorted({"Kept", *fields["brand_name"].split("\n")})
    assert await count(catalog, "change_set") == 2
    assert await count(catalog, "idempotency_key") == 1


async def test_reload_after_a_save_shows_its_outcome_again(
    desk: Desk, catalog: CatalogMaker
) -> None:
    first = await post(desk, form("Levis"))
    await post(desk, form("Lee", key="other"))

    again = await post(desk, form("Levis"))

    assert first.status == 303
    assert answer(again) == answer(first)
    assert await names(catalog) == ["Levis", "Lee"]
    assert await count(catalog, "change_set") == 2


async def test_post_that_was_rolled_back_leaves_no_key(desk: Desk, catalog: CatalogMaker) -> None:
    brand_id = await catalog.brand("Levis")

    refused = await post(desk, form("Levis"))
    assert refused.status == 409
    assert await count(catalog, "idempotency_key") == 0
    assert refused.hidden("idempotency_key") == ["k"]

    await catalog.connection.execute("delete from brand where brand_id = $1", brand_id)
    assert (await post(desk, form("Levis"))).status == 303
    assert await names(catalog) == ["Levis"]


async def test_form_with_its_key_and_other_content_is_a_new_form(
    desk: Desk, catalog: CatalogMaker
) -> None:
    first = await post(desk, form("Levis"))
    changed = await post(desk, form("Levis 501"))

    assert [first.status, changed.status] == [303, 303]
    assert await names(catalog) == ["Levis", "Levis 501"]
    # Both are known from then on.
    assert answer(await post(desk, form("Levis"))) == answer(first)
    assert answer(await post(desk, form("Levis 501"))) == answer(changed)
    assert await count(catalog, "change_set") == 2


async def test_program_that_sends_its_key_with_other_content_is_told_so(
    desk: Desk, catalog: CatalogMaker
) -> None:
    first = await post(desk, form("Levis", key=None), {HEADER: "k"})
    same = await post(desk, form("Levis", key=None), {HEADER: "k"})
    other = await post(desk, form("Lee", key=None), {HEADER: "k"})

    assert first.status == 303
    assert answer(same) == answer(first)
    assert other.status == 422
    assert "This Idempotency-Key was sent before with other content." in other.text
    assert "Nothing was saved." in other.text
    assert await names(catalog) == ["Levis"]


async def test_of_header_and_field_the_header_counts(desk: Desk, catalog: CatalogMaker) -> None:
    first = await post(desk, form("Levis", key="a"), {HEADER: "k"})

    # Neither is the field a part of the content.
    assert answer(await post(desk, form("Levis", key="b"), {HEADER: "k"})) == answer(first)
    assert (await post(desk, form("Lee", key="a"), {HEADER: "k"})).status == 422
    # A form's key is another one than a program's.
    assert (await post(desk, form("Lee", key="k"))).status == 303
    assert await names(catalog) == ["Levis", "Lee"]


@pytest.mark.parametrize("key", ["a b", "ключ", "a\tb", "x" * 201, " k"])
async def test_field_that_cannot_be_a_key_is_refused_with_the_reason(
    desk: Desk, catalog: CatalogMaker, key: str
) -> None:
    page = await post(desk, form("Levis", key=key))

    assert page.status == 400
    assert "idempotency_key is not one key of 1 to 200 visible characters" in page.text
    assert await count(catalog, "brand") == 0


@pytest.mark.parametrize("keys", [["a b"], [""], ["x" * 201], ["é"], ["a", "a"]])
async def test_header_that_cannot_be_a_key_is_refused_with_the_reason(
    desk: Desk, catalog: CatalogMaker, keys: list[str]
) -> None:
    headers = [(HEADER, key) for key in keys]
    async with desk.post(
        "/brands", data=form("Levis", key=None), headers=headers, allow_redirects=False
    ) as response:
        text = await response.text()

    assert response.status == 400
    assert "Idempotency-Key is not one key of 1 to 200 visible characters" in text
    assert await count(catalog, "brand") == 0


async def test_longest_key_is_a_key(desk: Desk, catalog: CatalogMaker) -> None:
    key = "!~" * 100
    for fields, headers in [(form("Levis", key=key), {}), (form("Lee", key=None), {HEADER: key})]:
        first = await post(desk, fields, headers)
        assert first.status == 303
        assert answer(await post(desk, fields, headers)) == answer(first)
    assert await count(catalog, "brand") == 2


@pytest.mark.parametrize("key", [None, ""])
async def test_posts_without_a_key_are_each_a_write(
    desk: Desk, catalog: CatalogMaker, key: str | None
) -> None:
    assert (await post(desk, form("Levis", key=key))).status == 303
    await catalog.connection.execute("delete from brand")
    assert (await post(desk, form("Levis", key=key))).status == 303
    assert await count(catalog, "brand") == 1

    again = await post(desk, form("Levis", key=key))
    assert again.status == 409
    assert "Levis exists already." in again.text


@pytest.mark.parametrize("as_header", [False, True])
async def test_keys_of_two_addresses_are_two_keys(
    desk: Desk, catalog: CatalogMaker, as_header: bool
) -> None:
    def fields(name: str) -> dict[str, str]:
        return form(name, key=None if as_header else "k")

    headers = {HEADER: "k"} if as_header else {}
    elsewhere: Desk = TestClient(desk.server, connector=TCPConnector(local_addr=("127.0.0.2", 0)))
    async with elsewhere:
        here = await post(desk, fields("Levis"), headers)
        there = await post(elsewhere, fields("Lee"), headers)
        refused = await post(elsewhere, fields("Levis"), headers)

    assert [here.status, there.status] == [303, 303]
    assert refused.status == (422 if as_header else 409)
    assert await names(catalog) == ["Levis", "Lee"]
    addresses = await catalog.column("select address from change_set order by change_set_id")
    assert addresses == ["127.0.0.1", "127.0.0.2"]


async def test_page_of_the_form_has_a_new_key_each_time(desk: Desk) -> None:
    pages = [await get_page(desk, "/brands/new") for _ in range(2)]
    keys = [key for page in pages for key in page.hidden("idempotency_key")]
    assert len(set(keys)) == 2
    assert all(len(key) >= 20 for key in keys)
