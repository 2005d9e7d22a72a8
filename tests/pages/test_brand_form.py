"""The brand form: what is saved, and how the page says so."""

import asyncio

from tests.desk import CatalogMaker, Desk, get_page, post_form


async def _names(catalog: CatalogMaker) -> list[str]:
    return await catalog.column("select brand_name from brand order by brand_id")


async def test_form_is_empty_and_can_be_sent(desk: Desk) -> None:
    page = await get_page(desk, "/brands/new")

    assert page.status == 200
    assert page.typed == ""
    (form,) = (e.attributes for e in page.elements if "data-draft" in e.attributes)
    assert form["action"] == "/brands"
    assert "alert" not in {element.attributes.get("role") for element in page.elements}


async def test_saved_brand_is_shown_and_the_page_says_so_each_time(
    desk: Desk, catalog: CatalogMaker
) -> None:
    saved = await post_form(desk, "/brands", {"brand_name": "Levi's & Søn", "mode": "all"})

    assert saved.status == 303
    brand_id = await catalog.value("select brand_id from brand")
    location = saved.headers["Location"]
    assert location.startswith(f"/brands/{brand_id}?")
    for _ in range(2):
        page = await get_page(desk, location)
        assert page.status == 200
        assert "Levi's & Søn was created." in page.text
    assert "was created" not in (await get_page(desk, f"/brands/{brand_id}")).text


async def test_several_lines_are_saved_in_order_and_the_page_says_so_each_time(
    desk: Desk, catalog: CatalogMaker
) -> None:
    saved = await post_form(desk, "/brands", {"brand_name": "Wrangler\r\nLevis\r\nLee"})

    assert saved.status == 303
    assert await _names(catalog) == ["Wrangler", "Levis", "Lee"]
    for _ in range(2):
        page = await get_page(desk, saved.headers["Location"])
        assert page.status == 200
        assert "3 brands were created." in page.text
        assert page.ids("brands") == await catalog.column("select brand_id from brand order by 1")


async def test_white_space_around_a_name_and_blank_lines_are_not_saved(
    desk: Desk, catalog: CatalogMaker
) -> None:
    typed = "\n  Levis  \n\n \t \n\u3000Lee\u00a0\n"

    assert (await post_form(desk, "/brands", {"brand_name": typed})).status == 303
    assert await _names(catalog) == ["Levis", "Lee"]


async def test_duplicate_names_the_brand_that_exists_and_keeps_what_was_typed(
    desk: Desk, catalog: CatalogMaker
) -> None:
    for existing, *ways_to_type in [
        ("Levis", "Levis", "LEVIS", "  levis ", "Ｌｅｖｉｓ"),  # the last is full-width
        ("Red Wing", "red \u00a0 wing"),
        ("Straße", "STRASSE"),
        ("Café", "Cafe\u0301"),
        ("ﬁne", "Fine"),
        ("<b>Bold</b> & 'co'", "<B>Bold</B> & 'co'"),
    ]:
        brand_id = await catalog.brand(existing)
        before = await _names(catalog)
        for typed in ways_to_type:
            page = await post_form(desk, "/brands", {"brand_name": typed})

            assert page.status == 409, typed
            assert page.link(existing) == f"/brands/{brand_id}"
            assert f"{existing} exists already." in page.text
            assert "Nothing was saved." in page.text
            assert page.typed == typed
            assert await _names(catalog) == before


async def test_three_lines_of_which_one_exists_create_nothing(
    desk: Desk, catalog: CatalogMaker
) -> None:
    brand_id = await catalog.brand("Levis")
    typed = "Wrangler\r\nLEVIS\r\nLee"

    page = await post_form(desk, "/brands", {"brand_name": typed})

    assert page.status == 409
    assert "1 of 3 lines cannot be saved. Nothing was saved." in page.text
    assert page.link("Levis") == f"/brands/{brand_id}"
    assert page.rows[1:] == [
        ["2", "LEVIS", "Levis exists already."],
        ["1", "Wrangler", "It could be saved."],
        ["3", "Lee", "It could be saved."],
    ]
    assert page.typed == typed
    assert await _names(catalog) == ["Levis"]
    assert await catalog.value("select count(*) from history") == 1


async def test_line_that_repeats_another_is_told_which(desk: Desk, catalog: CatalogMaker) -> None:
    page = await post_form(desk, "/brands", {"brand_name": "Levis\nLee\n\n levis\nLEVIS"})

    assert page.status == 409
    assert "2 of 4 lines cannot be saved. Nothing was saved." in page.text
    assert [(row[0], row[2]) for row in page.rows[1:]] == [
        ("4", "It repeats line 1."),
        ("5", "It repeats line 1."),
        ("1", "It could be saved."),
        ("2", "It could be saved."),
    ]
    assert await _names(catalog) == []


async def test_every_line_is_told_what_is_wrong_with_it(desk: Desk, catalog: CatalogMaker) -> None:
    brand_id = await catalog.brand("Levis")
    typed = "levis\nLee\nWr\tangler\n" + "x" * 201 + "\n\u200b\nlee"

    page = await post_form(desk, "/brands", {"brand_name": typed})

    assert page.status == 422
    assert "5 of 6 lines cannot be saved. Nothing was saved." in page.text
    assert page.link("Levis") == f"/brands/{brand_id}"
    assert [row[2] for row in page.rows[1:]] == [
        "Levis exists already.",
        "It holds a control character, such as a tab.",
        "It is 201 characters long; at most 200 are possible.",
        "It has no letter, digit, punctuation or symbol.",
        "It repeats line 2.",
        "It could be saved.",
    ]
    assert page.typed == typed
    assert await _names(catalog) == ["Levis"]


async def test_ten_simultaneous_posts_of_one_name_save_it_once(
    desk: Desk, catalog: CatalogMaker
) -> None:
    answers = await asyncio.gather(
        *(post_form(desk, "/brands", {"brand_name": name}) for name in ["Levis", "LEVIS"] * 5)
    )

    assert sorted(answer.status for answer in answers) == [303] + [409] * 9
    assert await catalog.value("select count(*) from brand") == 1
    brand_id = await catalog.value("select brand_id from brand")
    refused = [answer for answer in answers if answer.status == 409]
    assert all(f"/brands/{brand_id}" in answer.hrefs for answer in refused)
    assert all(answer.typed in {"Levis", "LEVIS"} for answer in refused)


async def test_simultaneous_posts_in_opposite_order_save_one_of_them(
    desk: Desk, catalog: CatalogMaker
) -> None:
    names = [f"Brand {number}" for number in range(200)]
    typed = ["\n".join(names), "\n".join(reversed(names))] * 5

    answers = await asyncio.gather(
        *(post_form(desk, "/brands", {"brand_name": text}) for text in typed)
    )

    assert sorted(answer.status for answer in answers) == [303] + [409] * 9
    assert await catalog.value("select count(*) from brand") == 200
    assert await catalog.value("select count(distinct change_set_id) from history") == 1


async def test_as_many_lines_as_are_possible_are_saved(desk: Desk) -> None:
    typed = "\r\n".join(f"Brand {number}" for number in range(10_000))

    saved = await post_form(desk, "/brands", {"brand_name": typed})

    assert saved.status == 303
    page = await get_page(desk, saved.headers["Location"])
    assert "10,000 brands were created." in page.text
    assert len(page.ids("brands")) == 10_000


async def test_saved_brand_is_in_the_history_with_its_request(
    desk: Desk, catalog: CatalogMaker
) -> None:
    await post_form(desk, "/brands", {"brand_name": "Levis"})

    entry = await catalog.connection.fetchrow(
        "select noun, row_id, before, after ->> 'brand_name' as name from history"
    )

    brand_id = await catalog.value("select brand_id from brand")
    assert entry is not None
    assert tuple(entry) == ("brand", brand_id, None, "Levis")
