"""The brand in a product's edit form: typed by name or number, asked about, kept."""

import pytest

from tests.conftest import drop_database
from tests.desk import CatalogMaker, Desk, get_page, post_form
from tests.page import Page


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


@pytest.mark.parametrize(
    ("said", "is_shown"),
    [
        ({"brand": "Levis"}, False),
        ({"brand": " levis"}, False),
        ({"brand": "1"}, False),
        ({"brand_id": "1"}, False),
        ({"brand": "Lev"}, True),
        ({"brand_id": "2"}, True),
        ({"brand": "Levis\0"}, True),
    ],
    ids=str,
)
async def test_product_s_form_without_a_version_shows_no_brand_that_stands_in_it(
    desk: Desk, catalog: CatalogMaker, said: dict[str, str], *, is_shown: bool
) -> None:
    levis, _ = await catalog.brands(["Levis", "Lee"])
    product_id = await catalog.product("Jacket", levis)

    page = await post_form(desk, f"/products/{product_id}/edit", {"product_name": "Shirt", **said})

    assert page.status == 422
    assert "Now it is “Jacket”." in page.text
    assert ("Now it is “Levis”." in page.text) is is_shown


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
