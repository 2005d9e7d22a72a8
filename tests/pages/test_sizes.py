"""The page of sizes, and the form that creates one."""

import asyncio
from urllib.parse import quote_from_bytes

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.conftest import drop_database
from tests.desk import CatalogMaker, Desk, get_page, post_form
from tests.page import Page


def field(page: Page, name: str) -> dict[str, str]:
    """Return the attributes of the first field of a name."""
    return next(e.attributes for e in page.elements if e.attributes.get("name") == name)


async def names(catalog: CatalogMaker) -> list[str]:
    """Return the names of all sizes."""
    return await catalog.column(
        "select product_size_name from product_size order by product_size_id"
    )


async def test_sizes_are_listed_with_their_skus(desk: Desk, catalog: CatalogMaker) -> None:
    for brand in ("Levis", "Lee"):
        product_id = await catalog.product("Anorak", await catalog.brand(brand))
        await catalog.skus(product_id, 600, color_id=1, size_id=2)
        await catalog.skus(product_id, 7, color_id=2, size_id=2)

    page = await get_page(desk, "/sizes")

    assert page.status == 200
    assert [row[:2] for row in page.rows[1:]] == [
        ["Small", "0"],
        ["Medium", "1,214"],
        ["Large", "0"],
    ]
    assert page.link("Medium") == "/skus?size_id=2"
    assert "/sizes/3/edit" in page.hrefs
    assert "Sizes 3" in page.text


async def test_size_is_saved_and_the_page_says_so(desk: Desk, catalog: CatalogMaker) -> None:
    saved = await post_form(desk, "/sizes", {"product_size_name": " 42½ <wide> "})

    assert saved.status == 303
    change_id = await catalog.value("select max(change_set_id) from change_set")
    assert saved.headers["Location"] == f"/sizes?change={change_id}"
    page = await get_page(desk, saved.headers["Location"])
    assert "42½ <wide> was created." in page.text
    assert "was created" not in (await get_page(desk, "/sizes")).text
    assert await names(catalog) == ["Small", "Medium", "Large", "42½ <wide>"]


@pytest.mark.parametrize("typed", ["Medium", "MEDIUM", " medium ", "Ｍｅｄｉｕｍ"])
async def test_duplicate_is_a_409_that_leads_to_the_size_and_keeps_what_was_typed(
    desk: Desk, catalog: CatalogMaker, typed: str
) -> None:
    page = await post_form(desk, "/sizes", {"product_size_name": typed, "idempotency_key": "k"})

    assert page.status == 409
    assert "Medium exists already. Nothing was saved." in page.text
    assert "#size-2" in page.hrefs
    assert "size-2" in {e.attributes.get("id") for e in page.elements}
    assert field(page, "product_size_name")["value"] == typed
    assert len(await names(catalog)) == 3
    # And no number is used up by trying: there are only 32,767.
    await post_form(desk, "/sizes", {"product_size_name": "X-Large"})
    assert await catalog.value("select max(product_size_id) from product_size") == 4


async def test_ten_simultaneous_posts_of_one_name_save_it_once(
    desk: Desk, catalog: CatalogMaker
) -> None:
    answers = await asyncio.gather(
        *(post_form(desk, "/sizes", {"product_size_name": name}) for name in ["XL", "xl"] * 5)
    )

    assert sorted(answer.status for answer in answers) == [303] + [409] * 9
    assert len(await names(catalog)) == 4


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("", "Type the size’s name."),
        (" ", "Type the size’s name."),
        ("a\tb", "It holds a control character"),
        ("a\0b", "It holds characters that are not text."),
        ("x" * 201, "It is 201 characters long"),
        ("\u200b", "It has no letter"),
    ],
)
async def test_name_that_cannot_be_is_refused_and_kept(
    desk: Desk, catalog: CatalogMaker, name: str, reason: str
) -> None:
    page = await post_form(desk, "/sizes", {"product_size_name": name})

    assert page.status == 422
    assert reason in page.text
    assert "Nothing was saved." in page.text
    assert field(page, "product_size_name")["aria-invalid"] == "true"
    assert field(page, "product_size_name")["value"] == name.replace("\0", "\ufffd")
    assert len(await names(catalog)) == 3


async def test_numbers_that_are_used_up_are_a_409_that_says_so(
    desk: Desk, catalog: CatalogMaker
) -> None:
    await catalog.connection.execute(
        "alter table product_size alter column product_size_id restart with 32767"
    )
    assert (await post_form(desk, "/sizes", {"product_size_name": "XL"})).status == 303

    page = await post_form(desk, "/sizes", {"product_size_name": "XXL"})

    assert page.status == 409
    assert "All 32,767 numbers that sizes can have are used up. Nothing was saved." in page.text
    assert field(page, "product_size_name")["value"] == "XXL"


async def test_same_form_twice_is_one_size_and_the_same_answer(
    desk: Desk, catalog: CatalogMaker
) -> None:
    form = {"product_size_name": "XL", "idempotency_key": "k"}

    answers = [await post_form(desk, "/sizes", form) for _ in range(3)]

    assert {answer.status for answer in answers} == {303}
    assert len({answer.headers["Location"] for answer in answers}) == 1
    assert len(await names(catalog)) == 4


async def test_no_sizes_at_all_says_what_to_do(desk: Desk, catalog: CatalogMaker) -> None:
    await catalog.connection.execute("delete from product_size")
    page = await get_page(desk, "/sizes")
    assert page.status == 200
    assert "There are no sizes yet." in page.text


async def test_lost_database_is_a_503_that_keeps_what_was_typed(
    desk: Desk, catalog: CatalogMaker, server_url: str, database_url: str
) -> None:
    await get_page(desk, "/sizes")
    await catalog.connection.close()
    await drop_database(server_url, database_url.partition("?")[0].rpartition("/")[2])

    page = await post_form(desk, "/sizes", {"product_size_name": "XL"})

    assert page.status == 503
    assert "cannot be reached just now. Nothing was saved." in page.text
    assert field(page, "product_size_name")["value"] == "XL"


@settings(
    max_examples=20, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(text=st.one_of(st.binary(max_size=40), st.text(max_size=20).map(str.encode)))
async def test_any_text_as_a_name_gets_an_answer(desk: Desk, text: bytes) -> None:
    page = await post_form(desk, "/sizes", f"product_size_name={quote_from_bytes(text)}")
    assert page.status in {303, 400, 409, 422}
