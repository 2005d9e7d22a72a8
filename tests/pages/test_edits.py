"""The edit forms: what they save, what they refuse, and what they keep of what was typed."""

import asyncio
from urllib.parse import quote_from_bytes

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.conftest import drop_database
from tests.desk import CatalogMaker, Desk, get_page, post_form
from tests.page import Page
from web.catalog.edits import EDITABLES, Editable


def _field(page: Page, name: str) -> str:
    """What a field of the form holds."""
    (value,) = (e.attributes["value"] for e in page.elements if e.attributes.get("name") == name)
    return value


def _sent_by(page: Page) -> dict[str, str]:
    """What a browser sends of the form when nothing is changed in it; no button, no choice."""
    start = next(i for i, e in enumerate(page.elements) if "data-draft" in e.attributes)
    return {
        e.attributes["name"]: e.attributes.get("value", "")
        for e in page.elements[start:]
        if e.tag == "input" and e.attributes.get("type") != "radio"
    }


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


async def test_product_is_renamed_and_moved_with_its_counts(
    desk: Desk, catalog: CatalogMaker
) -> None:
    levis, wrangler = await catalog.brands(["Levis", "Wrangler"])
    product_id = await catalog.product("Jacket", levis)
    await catalog.skus(product_id, 3)
    form = await get_page(desk, f"/products/{product_id}/edit")
    assert _field(form, "brand") == "Levis"

    saved = await post_form(
        desk,
        f"/products/{product_id}/edit",
        {**_sent_by(form), "product_name": "Jacket 2", "brand": " wrangler "},
    )

    assert saved.status == 303
    assert saved.headers["Location"].startswith(f"/products/{product_id}?change=")
    page = await get_page(desk, saved.headers["Location"])
    assert "Jacket 2" in page.text
    assert page.link("Wrangler") == f"/brands/{wrangler}"
    assert await catalog.column("select sku_count from brand_count order by brand_id") == [0, 3]


async def test_brand_that_is_left_as_it_is_stays_the_same_whatever_it_is_called_by_then(
    desk: Desk, catalog: CatalogMaker
) -> None:
    levis = await catalog.brand("1")
    await catalog.brand("Lee")
    product_id = await catalog.product("Jacket", levis)
    path = f"/products/{product_id}/edit"
    form = await get_page(desk, path)
    await catalog.connection.execute("update brand set brand_name = 'Levis' where brand_id = 1")
    await catalog.connection.execute("update brand set brand_name = '1' where brand_id = 2")

    saved = await post_form(desk, path, {**_sent_by(form), "product_name": "Trucker"})

    assert saved.status == 303
    assert await catalog.value("select brand_id from product") == levis


async def test_product_moves_to_the_brand_of_a_number(desk: Desk, catalog: CatalogMaker) -> None:
    levis, lee = await catalog.brands(["Levis", "Lee"])
    product_id = await catalog.product("Jacket", levis)
    path = f"/products/{product_id}/edit"

    for field, brand_id in (("brand", lee), ("brand_id", levis)):
        form = {"version": _field(await get_page(desk, path), "version"), "product_name": "Jacket"}
        saved = await post_form(desk, path, {**form, field: str(brand_id)})
        assert saved.status == 303
        assert await catalog.value("select brand_id from product") == brand_id


@pytest.mark.parametrize(
    ("typed", "reason"),
    [
        ("", "Type the brand’s name or number."),
        ("a\0", "It holds characters that are not text."),
        ("x" * 201, "It is 201 characters long"),
        ("999", "No brand’s name contains “999”."),
    ],
)
async def test_brand_that_cannot_be_is_said_at_the_field_and_kept(
    desk: Desk, catalog: CatalogMaker, typed: str, reason: str
) -> None:
    product_id = await catalog.product("Jacket", await catalog.brand("Levis"))
    path = f"/products/{product_id}/edit"
    form = {**_sent_by(await get_page(desk, path)), "product_name": "Jacket 2", "brand": typed}

    page = await post_form(desk, path, form)

    assert page.status == 422
    assert reason in page.text
    assert "Nothing was saved." in page.text
    (field,) = (e.attributes for e in page.elements if e.attributes.get("id") == "brand")
    assert (field["aria-invalid"], field["value"]) == ("true", typed.replace("\0", "\ufffd"))
    assert _field(page, "product_name") == "Jacket 2"
    assert _field(page, "idempotency_key") == form["idempotency_key"]
    assert await catalog.value("select product_name from product") == "Jacket"


@pytest.mark.parametrize("typed", ["", "0", "x", "01", "1.5", "١", "9" * 30, "-1", "1\0", "999"])
async def test_number_that_is_no_brand_s_is_refused(
    desk: Desk, catalog: CatalogMaker, typed: str
) -> None:
    product_id = await catalog.product("Jacket", await catalog.brand("Levis"))

    page = await post_form(
        desk,
        f"/products/{product_id}/edit",
        {"product_name": "Jacket 2", "brand_id": typed, "version": "1"},
    )

    assert page.status == 422
    (field,) = (e.attributes for e in page.elements if e.attributes.get("id") == "brand")
    assert field["aria-invalid"] == "true"
    assert _field(page, "product_name") == "Jacket 2"
    assert await catalog.value("select product_name from product") == "Jacket"


async def test_brand_that_is_not_clear_is_asked_about_and_the_choice_is_saved(
    desk: Desk, catalog: CatalogMaker
) -> None:
    lee, levis, levels = await catalog.brands(["Lee", "Levis", "Levels"])
    product_id = await catalog.product("Jacket", lee)
    path = f"/products/{product_id}/edit"
    form = {**_sent_by(await get_page(desk, path)), "product_name": "Jeans", "brand": "lev"}

    page = await post_form(desk, path, form)

    assert page.status == 422
    assert "“lev” is no brand’s name. Is it one of these?" in page.text
    radios = [e.attributes for e in page.elements if e.attributes.get("type") == "radio"]
    assert [radio["value"] for radio in radios] == [str(levels), str(levis)]
    sent = _sent_by(page)
    assert (sent["product_name"], sent["brand"]) == ("Jeans", "lev")
    # A form that is refused for something else keeps the choice.
    page = await post_form(desk, path, {**sent, "brand_id": str(levis), "product_name": ""})
    assert (page.status, _field(page, "brand")) == (422, "Levis")
    saved = await post_form(desk, path, {**_sent_by(page), "product_name": "Jeans"})
    assert saved.status == 303
    assert await catalog.value("select brand_id from product") == levis


async def test_brand_s_name_that_is_another_one_s_number_is_asked_about(
    desk: Desk, catalog: CatalogMaker
) -> None:
    lee, levis = await catalog.brands(["Lee", "Levis"])
    named = await catalog.brand(str(levis))
    product_id = await catalog.product("Jacket", lee)
    path = f"/products/{product_id}/edit"
    form = _sent_by(await get_page(desk, path))

    page = await post_form(desk, path, {**form, "brand": str(levis)})

    assert page.status == 422
    assert "is the name of one brand and the number of another" in page.text
    radios = [e.attributes for e in page.elements if e.attributes.get("type") == "radio"]
    assert {radio["value"] for radio in radios} == {str(levis), str(named)}


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


async def test_product_s_form_without_a_version_shows_the_brand_that_is_there(
    desk: Desk, catalog: CatalogMaker
) -> None:
    levis, lee = await catalog.brands(["Levis", "Lee"])
    product_id = await catalog.product("Jacket", levis)
    form = {"product_name": "Jacket", "brand": "LEE"}

    page = await post_form(desk, f"/products/{product_id}/edit", form)

    assert page.status == 422
    assert "Now it is “Levis”." in page.text
    assert {name: _field(page, name) for name in form} == form
    page = await post_form(desk, f"/products/{product_id}/edit", _sent_by(page))
    assert page.status == 303
    assert await catalog.value("select brand_id from product") == lee


async def test_brand_that_was_typed_is_kept_when_the_database_is_lost(
    desk: Desk, catalog: CatalogMaker, server_url: str, database_url: str
) -> None:
    product_id = await catalog.product("Jacket", await catalog.brand("Levis"))
    path = f"/products/{product_id}/edit"
    form = {**_sent_by(await get_page(desk, path)), "product_name": "Shirt"}
    await catalog.connection.close()
    await drop_database(server_url, database_url.partition("?")[0].rpartition("/")[2])

    for typed in ("Levis", "Lee"):
        page = await post_form(desk, path, {**form, "brand": typed})

        assert page.status == 503
        sent = _sent_by(page)
        assert (sent["product_name"], sent["brand"]) == ("Shirt", typed)
        # The same brand as before, or whatever has the name that was typed.
        assert (sent.get("brand_id"), sent.get("brand_asked")) == (
            (form["brand_id"], "Levis") if typed == "Levis" else (None, None)
        )


async def test_product_that_was_deleted_meanwhile_keeps_the_brand_that_was_typed(
    desk: Desk, catalog: CatalogMaker
) -> None:
    product_id = await catalog.product("Jacket", await catalog.brand("Levis"))
    await post_form(desk, f"/products/{product_id}/delete", {"version": "1"})

    page = await post_form(
        desk,
        f"/products/{product_id}/edit",
        {"product_name": "Shirt", "brand": "LEVIS", "version": "1"},
    )

    assert page.status == 409
    assert {"Shirt", "LEVIS"} <= {e.attributes.get("value") for e in page.elements}


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
