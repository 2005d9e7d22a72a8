"""Two people edit one row: what does not collide is merged, what does is put to the person."""

import asyncio

from tests.desk import CatalogMaker, Desk, get_page, post_form
from tests.page import Page


def _sent_by(page: Page, **chosen: str) -> dict[str, str]:
    """Return what the form sends: hidden fields, and the radio buttons chosen or preselected."""
    fields: dict[str, str] = {}
    for element in page.elements:
        kind = element.attributes.get("type")
        if kind == "hidden" or (kind == "radio" and "checked" in element.attributes):
            fields[element.attributes["name"]] = element.attributes["value"]
    return {**fields, **chosen}


def _choices(page: Page, name: str) -> list[str]:
    return [
        e.attributes["value"]
        for e in page.elements
        if e.attributes.get("type") == "radio" and e.attributes.get("name") == name
    ]


async def test_edits_of_different_fields_are_both_kept(desk: Desk, catalog: CatalogMaker) -> None:
    levis, wrangler = await catalog.brands(["Levis", "Wrangler"])
    product_id = await catalog.product("Jacket", levis)
    path = f"/products/{product_id}/edit"
    mine = {"product_name": "Trucker", "brand_id": str(levis), "version": "1"}
    theirs = {"product_name": "Jacket", "brand_id": str(wrangler), "version": "1"}

    assert "merged" not in (await post_form(desk, path, theirs)).headers["Location"]
    saved = await post_form(desk, path, mine)

    assert saved.status == 303
    change = await catalog.value("select max(change_set_id) from change_set")
    assert saved.headers["Location"] == f"/products/{product_id}?change={change}&merged=1"
    row = await catalog.connection.fetchrow("select product_name, brand_id, version from product")
    assert row is not None
    assert tuple(row) == ("Trucker", wrangler, 3)
    shown = await get_page(desk, saved.headers["Location"])
    assert "What a colleague saved meanwhile was kept." in shown.text


async def test_edits_of_the_same_field_are_put_side_by_side(
    desk: Desk, catalog: CatalogMaker
) -> None:
    brand_id = await catalog.brand("Levis")
    path = f"/brands/{brand_id}/edit"
    await post_form(desk, path, {"brand_name": "Levi & Co", "version": "1"})

    page = await post_form(desk, path, {"brand_name": "<b>Levi's</b>", "version": "1"})

    assert page.status == 409
    assert await catalog.value("select brand_name from brand") == "Levi & Co"
    assert _choices(page, "brand_name") == ["<b>Levi's</b>", "Levi & Co", "Levis"]
    for words in ("Yours <b>Levi's</b>", "Theirs Levi & Co", "Original Levis"):
        assert words in page.text
    sent = _sent_by(page)
    assert (sent["brand_name"], sent["version"]) == ("<b>Levi's</b>", "2")
    assert (await post_form(desk, path, sent)).status == 303
    assert await catalog.value("select brand_name from brand") == "<b>Levi's</b>"


async def test_choosing_theirs_saves_nothing(desk: Desk, catalog: CatalogMaker) -> None:
    brand_id = await catalog.brand("Levis")
    path = f"/brands/{brand_id}/edit"
    await post_form(desk, path, {"brand_name": "Levi", "version": "1"})
    page = await post_form(desk, path, {"brand_name": "Levi's", "version": "1"})

    saved = await post_form(desk, path, _sent_by(page, brand_name="Levi"))

    assert saved.status == 303
    assert saved.headers["Location"] == f"/brands/{brand_id}"
    assert await catalog.value("select version from brand") == 2


async def test_fields_that_do_not_collide_ride_along(desk: Desk, catalog: CatalogMaker) -> None:
    first = {"product_color_name": "Navy", "product_color_hex": "#000080", "version": "1"}
    await post_form(desk, "/colors/1/edit", first)

    mine = {"product_color_name": "Sea", "product_color_hex": "", "version": "1"}
    page = await post_form(desk, "/colors/1/edit", mine)

    assert page.status == 409
    assert _choices(page, "product_color_name") == ["Sea", "Navy", "Blue"]
    assert _choices(page, "product_color_hex") == []
    saved = await post_form(desk, "/colors/1/edit", _sent_by(page))
    assert saved.status == 303
    row = await catalog.connection.fetchrow(
        "select product_color_name, product_color_hex from product_color where product_color_id = 1"
    )
    assert row is not None
    assert tuple(row) == ("Sea", "#000080")


async def test_brands_to_choose_between_are_shown_by_name(
    desk: Desk, catalog: CatalogMaker
) -> None:
    levis, wrangler, lee = await catalog.brands(["Levis", "Wrangler", "Lee"])
    product_id = await catalog.product("Jacket", levis)
    path = f"/products/{product_id}/edit"
    form = {"product_name": "Jacket", "version": "1"}
    await post_form(desk, path, {**form, "brand_id": str(wrangler)})

    page = await post_form(desk, path, {**form, "brand_id": str(lee)})

    assert page.status == 409
    assert _choices(page, "brand_id") == [str(lee), str(wrangler), str(levis)]
    assert all(name in page.text for name in ("Levis", "Wrangler", "Lee"))


async def test_third_edit_during_the_choice_asks_again(desk: Desk, catalog: CatalogMaker) -> None:
    brand_id = await catalog.brand("Levis")
    path = f"/brands/{brand_id}/edit"
    await post_form(desk, path, {"brand_name": "Levi", "version": "1"})
    page = await post_form(desk, path, {"brand_name": "Levi's", "version": "1"})
    await post_form(desk, path, {"brand_name": "Levy", "version": "2"})

    again = await post_form(desk, path, _sent_by(page))

    assert again.status == 409
    assert _choices(again, "brand_name") == ["Levi's", "Levy", "Levi"]
    assert await catalog.value("select brand_name from brand") == "Levy"


async def test_version_that_never_was_has_no_original(desk: Desk, catalog: CatalogMaker) -> None:
    brand_id = await catalog.brand("Levis")

    page = await post_form(desk, f"/brands/{brand_id}/edit", {"brand_name": "Lee", "version": "17"})

    assert page.status == 409
    assert _choices(page, "brand_name") == ["Lee", "Levis"]
    assert "Original" not in page.text


async def test_of_many_edits_at_once_one_is_saved_and_the_others_are_asked(
    desk: Desk, catalog: CatalogMaker
) -> None:
    brand_id = await catalog.brand("Levis")

    answers = await asyncio.gather(
        *(
            post_form(
                desk, f"/brands/{brand_id}/edit", {"brand_name": f"Levis {n}", "version": "1"}
            )
            for n in range(10)
        )
    )

    assert sorted(answer.status for answer in answers) == [303] + [409] * 9
    name = await catalog.value("select brand_name from brand")
    asked = [answer for answer in answers if answer.status == 409]
    assert all(_choices(answer, "brand_name")[1:] == [name, "Levis"] for answer in asked)
    assert await catalog.value("select version from brand") == 2


async def test_lists_of_the_page_after_saving_do_not_repeat_the_message(
    desk: Desk, catalog: CatalogMaker
) -> None:
    brand_id = await catalog.brand("Levis")
    await catalog.products([f"Product {number}" for number in range(60)], brand_id)

    page = await get_page(desk, f"/brands/{brand_id}?change=1&merged=1")

    assert page.neighbor("next") is not None
    assert not [link for link in page.hrefs if "merged" in link or "change=" in link]
