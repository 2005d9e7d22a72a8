"""The edit forms: what they save, what they refuse, and what they keep of what was typed."""

import asyncio
from urllib.parse import quote_from_bytes

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.desk import CatalogMaker, Desk, get_page, post_form
from tests.page import Page
from web.catalog.edits import EDITABLES, Editable


def _field(page: Page, name: str) -> str:
    """What a field of the form holds."""
    (value,) = (e.attributes["value"] for e in page.elements if e.attributes.get("name") == name)
    return value


async def _change_sets(catalog: CatalogMaker) -> int:
    return int(await catalog.value("select count(*) from change_set"))


@pytest.mark.parametrize("editable", EDITABLES, ids=lambda editable: editable.noun)
async def test_what_can_be_edited_is_what_the_queries_answer(
    catalog: CatalogMaker, editable: Editable
) -> None:
    for locked in (None, True):
        sql, _ = editable.get.bind(row_id=1, locked=locked)
        prepared = await catalog.connection.prepare(sql)
        columns = [attribute.name for attribute in prepared.get_attributes()]
        assert columns == ["version", *editable.fields]


async def test_brand_is_renamed_from_its_form(desk: Desk, catalog: CatalogMaker) -> None:
    brand_id = await catalog.brand("Levis")
    path = f"/brands/{brand_id}/edit"
    form = await get_page(desk, path)
    assert (form.status, _field(form, "brand_name"), _field(form, "version")) == (200, "Levis", "1")

    saved = await post_form(
        desk,
        path,
        {
            "brand_name": " Levi's & Søn ",
            "version": "1",
            "idempotency_key": _field(form, "idempotency_key"),
        },
    )

    assert saved.status == 303
    change = await catalog.value("select max(change_set_id) from change_set")
    assert saved.headers["Location"] == f"/brands/{brand_id}?change={change}"
    row = await catalog.connection.fetchrow("select brand_name, version from brand")
    assert row is not None
    assert tuple(row) == ("Levi's & Søn", 2)
    assert "Levi's & Søn" in (await get_page(desk, saved.headers["Location"])).text


async def test_brand_and_product_pages_lead_to_their_forms(
    desk: Desk, catalog: CatalogMaker
) -> None:
    brand_id = await catalog.brand("Levis")
    product_id = await catalog.product("Jacket", brand_id)

    for path in (f"/brands/{brand_id}", f"/products/{product_id}"):
        page = await get_page(desk, path)
        form = await get_page(desk, page.link("Edit"))
        assert form.status == 200
        assert form.link("Cancel") == path


async def test_same_form_sent_twice_is_one_change(desk: Desk, catalog: CatalogMaker) -> None:
    brand_id = await catalog.brand("Levis")
    form = {"brand_name": "Levi's", "version": "1", "idempotency_key": "abc"}

    answers = await asyncio.gather(
        *(post_form(desk, f"/brands/{brand_id}/edit", form) for _ in range(5))
    )

    assert {answer.status for answer in answers} == {303}
    assert len({answer.headers["Location"] for answer in answers}) == 1
    assert await catalog.value("select version from brand") == 2


async def test_edit_that_changes_nothing_saves_nothing(desk: Desk, catalog: CatalogMaker) -> None:
    brand_id = await catalog.brand("Levis")
    product_id = await catalog.product("Jacket", brand_id)
    before = await _change_sets(catalog)

    for path, fields in {
        f"/brands/{brand_id}": {"brand_name": "Levis"},
        f"/products/{product_id}": {"product_name": " Jacket", "brand_id": str(brand_id)},
        "/colors/1": {"product_color_name": "Blue", "product_color_hex": ""},
        "/sizes/1": {"product_size_name": "Small"},
    }.items():
        for _ in range(2):
            answer = await post_form(
                desk, f"{path}/edit", {**fields, "version": "1", "idempotency_key": "abc"}
            )
            assert answer.status == 303
            assert "?" not in answer.headers["Location"]

    assert await _change_sets(catalog) == before
    assert await catalog.value("select version from brand") == 1


@pytest.mark.parametrize(
    ("typed", "kept"),
    [("#0B5C56", "#0b5c56"), ("#abc", "#aabbcc"), (" #0b5c56 ", "#0b5c56"), ("", None)],
)
async def test_color_is_renamed_and_its_swatch_normalized(
    desk: Desk, catalog: CatalogMaker, typed: str, kept: str | None
) -> None:
    saved = await post_form(
        desk,
        "/colors/1/edit",
        {"product_color_name": "Navy", "product_color_hex": typed, "version": "1"},
    )

    assert saved.status == 303
    assert saved.headers["Location"].startswith("/colors?change=")
    row = await catalog.connection.fetchrow(
        "select product_color_name, product_color_hex from product_color where product_color_id = 1"
    )
    assert row is not None
    assert tuple(row) == ("Navy", kept)
    form = await get_page(desk, "/colors/1/edit")
    assert _field(form, "product_color_hex") == (kept or "")


@pytest.mark.parametrize("typed", ["0b5c56", "#12345", "#ggg", "teal", "#1234567", "#0b5c56\n#"])
async def test_what_is_no_color_is_said_at_the_field(
    desk: Desk, catalog: CatalogMaker, typed: str
) -> None:
    page = await post_form(
        desk,
        "/colors/1/edit",
        {"product_color_name": "Navy", "product_color_hex": typed, "version": "1"},
    )

    assert page.status == 422
    assert "It is not a color such as #0b5c56." in page.text
    assert _field(page, "product_color_hex") == typed
    assert await catalog.value("select count(*) from product_color where version > 1") == 0


async def test_size_is_renamed(desk: Desk, catalog: CatalogMaker) -> None:
    saved = await post_form(desk, "/sizes/1/edit", {"product_size_name": "XS", "version": "1"})

    assert saved.status == 303
    assert saved.headers["Location"].startswith("/sizes?change=")
    sizes = await catalog.column(
        "select product_size_name from product_size order by product_size_id"
    )
    assert sizes == ["XS", "Medium", "Large"]


async def test_name_that_exists_is_linked_and_what_was_typed_stays(
    desk: Desk, catalog: CatalogMaker
) -> None:
    levis, lee = await catalog.brands(["Levis", "Lee"])
    for path, name, typed, existing, href in [
        (f"/brands/{lee}", "brand_name", "ＬＥＶＩＳ", "Levis", f"/brands/{levis}"),
        ("/colors/1", "product_color_name", " black", "Black", "/colors/2/edit"),
        ("/sizes/1", "product_size_name", "LARGE ", "Large", "/sizes/3/edit"),
    ]:
        form = {name: typed, "version": "1", "idempotency_key": "abc"}
        page = await post_form(desk, f"{path}/edit", form)

        assert page.status == 409, path
        assert f"{existing} exists already. Nothing was saved." in page.text
        assert page.link(existing) == href
        assert {field: _field(page, field) for field in form} == form
    assert await catalog.column("select distinct version from brand") == [1]
    assert await catalog.value("select max(version) from product_color") == 1


async def test_case_of_the_own_name_can_be_changed(desk: Desk, catalog: CatalogMaker) -> None:
    brand_id = await catalog.brand("LEVIS")

    for path, name, typed in [
        (f"/brands/{brand_id}", "brand_name", "Levis"),
        ("/colors/1", "product_color_name", "BLUE"),
        ("/sizes/1", "product_size_name", "small"),
    ]:
        assert (
            await post_form(desk, f"{path}/edit", {name: typed, "version": "1"})
        ).status == 303, path
    assert await catalog.value("select brand_name from brand") == "Levis"


@pytest.mark.parametrize(
    ("typed", "reason"),
    [
        ("", "Type a name."),
        (" \u3000 ", "Type a name."),
        ("x" * 201, "It is 201 characters long; at most 200 are possible."),
        ("Le\tvis", "It holds a control character, such as a tab."),
        ("Le\0vis", "It holds characters that are not text."),
        ("\u200b", "It has no letter, digit, punctuation or symbol."),
    ],
)
async def test_what_cannot_be_a_name_is_said_at_the_field(
    desk: Desk, catalog: CatalogMaker, typed: str, reason: str
) -> None:
    brand_id = await catalog.brand("Levis")
    product_id = await catalog.product("Jacket", brand_id)
    before = await _change_sets(catalog)

    for path, name in {
        f"/brands/{brand_id}": "brand_name",
        f"/products/{product_id}": "product_name",
        "/colors/1": "product_color_name",
        "/sizes/1": "product_size_name",
    }.items():
        page = await post_form(desk, f"{path}/edit", {name: typed, "version": "1"})
        assert page.status == 422, path
        assert reason in page.text
        assert _field(page, name) == typed.replace("\0", "\ufffd")
        assert (await post_form(desk, f"{path}/edit", {"version": "1"})).status == 422
    assert await _change_sets(catalog) == before


@pytest.mark.parametrize("version", [None, "", "0", "one", "-1", "9" * 30, "1 "])
async def test_form_without_a_version_is_not_saved_and_shows_what_is_there(
    desk: Desk, catalog: CatalogMaker, version: str | None
) -> None:
    brand_id = await catalog.brand("Levis")
    form = {"brand_name": "Lee"} | ({} if version is None else {"version": version})

    page = await post_form(desk, f"/brands/{brand_id}/edit", form)

    assert page.status == 422
    assert "which version it began from" in page.text
    assert "Now it is “Levis”." in page.text
    assert (_field(page, "brand_name"), _field(page, "version")) == ("Lee", "1")
    assert await catalog.value("select brand_name from brand") == "Levis"


async def test_field_that_is_not_sent_stays_as_it_is(desk: Desk, catalog: CatalogMaker) -> None:
    brand_id = await catalog.brand("Levis")
    product_id = await catalog.product("Jacket", brand_id)

    saved = await post_form(
        desk, f"/products/{product_id}/edit", {"product_name": "Shirt", "version": "1"}
    )

    assert saved.status == 303
    row = await catalog.connection.fetchrow("select product_name, brand_id from product")
    assert row is not None
    assert tuple(row) == ("Shirt", brand_id)


@pytest.mark.parametrize("row_id", ["0", "x", "999", "9223372036854775807", "9" * 30])
@pytest.mark.parametrize("noun", ["brand", "product", "color", "size"])
async def test_id_that_nobody_has_is_not_found(desk: Desk, noun: str, row_id: str) -> None:
    path = f"/{noun}s/{row_id}/edit"
    name = f"{noun}_name" if noun in {"brand", "product"} else f"product_{noun}_name"

    assert (await get_page(desk, path)).status == 404
    assert (await post_form(desk, path, {name: "Levis", "version": "1"})).status == 404
    assert (await post_form(desk, path, {name: "", "version": "1"})).status == 404


async def test_row_that_was_deleted_meanwhile_keeps_what_was_typed(
    desk: Desk, catalog: CatalogMaker
) -> None:
    brand_id = await catalog.brand("Levis")
    await post_form(desk, f"/brands/{brand_id}/delete", {"version": "1"})
    change = await catalog.value("select max(change_set_id) from change_set")

    page = await post_form(
        desk, f"/brands/{brand_id}/edit", {"brand_name": "Levi's", "version": "1"}
    )

    assert page.status == 409
    assert "Somebody deleted this brand while you edited it. Nothing was saved." in page.text
    assert page.link("Look at what was deleted") == f"/changes/{change}"
    assert "Levi's" in [e.attributes.get("value") for e in page.elements]
    assert (await get_page(desk, f"/brands/{brand_id}/edit")).status == 404


async def test_edit_waits_for_whoever_holds_the_row(desk: Desk, catalog: CatalogMaker) -> None:
    brand_id = await catalog.brand("Levis")
    transaction = catalog.connection.transaction()
    await transaction.start()
    await catalog.connection.execute("update brand set brand_name = 'Levi'")

    waiting = asyncio.create_task(
        post_form(desk, f"/brands/{brand_id}/edit", {"brand_name": "Lee", "version": "1"})
    )
    done, _ = await asyncio.wait([waiting], timeout=0.3)
    assert not done
    await transaction.commit()

    assert (await waiting).status == 409
    assert await catalog.value("select brand_name from brand") == "Levi"


@settings(
    max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    text=st.one_of(
        st.binary(max_size=40), st.text(max_size=40).map(lambda t: t.encode(errors="surrogatepass"))
    ),
    version=st.one_of(st.binary(max_size=4), st.integers().map(lambda n: str(n).encode())),
)
async def test_any_text_in_any_field_is_an_answer(desk: Desk, text: bytes, version: bytes) -> None:
    typed, began = quote_from_bytes(text, safe=""), quote_from_bytes(version, safe="")
    for body in (
        f"product_color_name={typed}&product_color_hex=&version=1",
        f"product_color_name=Blue&product_color_hex={typed}&version=1",
        f"product_color_name=Blue&version={began}",
        f"product_color_name=Blue&version=1&idempotency_key={typed}",
    ):
        page = await post_form(desk, "/colors/1/edit", body)
        assert page.status in {303, 400, 409, 422}, body
    for body in (f"version={began}&skus={typed}", f"version=1&idempotency_key={typed}"):
        page = await post_form(desk, "/products/1/delete", body)
        assert page.status in {400, 404, 422}, body
