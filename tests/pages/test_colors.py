"""The page of colors, and the form that creates one."""

import asyncio
from urllib.parse import quote_from_bytes

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.conftest import drop_database
from tests.desk import CatalogMaker, Desk, get_page, post_form
from tests.page import Page


def field(page: Page, name: str) -> dict[str, str]:
    """Return the attributes of the one field of a name."""
    (found,) = (e.attributes for e in page.elements if e.attributes.get("name") == name)
    return found


async def names(catalog: CatalogMaker) -> list[str]:
    """Return the names of all colors."""
    return await catalog.column(
        "select product_color_name from product_color order by product_color_id"
    )


async def test_colors_are_listed_with_their_skus(desk: Desk, catalog: CatalogMaker) -> None:
    for brand in ("Levis", "Lee"):
        product_id = await catalog.product("Anorak", await catalog.brand(brand))
        await catalog.skus(product_id, 600, color_id=1, size_id=1)
        await catalog.skus(product_id, 7, color_id=1, size_id=2)

    page = await get_page(desk, "/colors")

    assert page.status == 200
    assert [row[:3] for row in page.rows[1:]] == [["Blue", "none", "1,214"], ["Black", "none", "0"]]
    assert page.link("Blue") == "/skus?color_id=1"
    assert "/colors/2/edit" in page.hrefs
    assert "Colors 2" in page.text


@pytest.mark.parametrize("path", ["/", "/skus", "/products"])
async def test_colors_and_sizes_are_found_from_every_page(desk: Desk, path: str) -> None:
    page = await get_page(desk, path)
    assert {"/colors", "/sizes"} <= set(page.hrefs)


@pytest.mark.parametrize(
    ("typed", "kept"),
    [
        ("#0b5c56", "#0b5c56"),
        ("#0B5C56", "#0b5c56"),
        ("#aBc", "#aabbcc"),
        (" #000000 ", "#000000"),
        ("", None),
        (" ", None),
    ],
)
async def test_color_is_saved_with_the_hex_value_of_its_swatch(
    desk: Desk, catalog: CatalogMaker, typed: str, kept: str | None
) -> None:
    form = {"product_color_name": " Petrol <3 ", "product_color_hex": typed}

    saved = await post_form(desk, "/colors", form)

    assert saved.status == 303
    change_id = await catalog.value("select max(change_set_id) from change_set")
    assert saved.headers["Location"] == f"/colors?change={change_id}"
    page = await get_page(desk, saved.headers["Location"])
    assert "Petrol <3 was created." in page.text
    assert ["Petrol <3", kept or "none", "0"] in [row[:3] for row in page.rows]
    fills = [e.attributes["fill"] for e in page.elements if e.tag == "rect"]
    assert fills == ([kept] if kept else [])
    assert (
        await catalog.value(
            "select product_color_hex from product_color where product_color_id = 3"
        )
        == kept
    )


async def test_swatch_stands_wherever_the_color_does(desk: Desk, catalog: CatalogMaker) -> None:
    form = {"product_color_name": "Petrol", "product_color_hex": "#0b5c56"}
    await post_form(desk, "/colors", form)
    brand_id = await catalog.brand("Levis")
    product_id = await catalog.product("Anorak", brand_id)
    await catalog.skus(product_id, 2, color_id=3)

    for path, count in [
        (f"/brands/{brand_id}", 2),  # the cell of its table, and of its chart
        (f"/products/{product_id}", 3),  # likewise, and a SKU each
        (f"/products/{product_id}?edit=skus", 3),
        ("/skus", 2),
        ("/products/new", 1),
    ]:
        page = await get_page(desk, path)
        fills = [
            e.attributes["fill"] for e in page.elements if e.tag == "rect" if "fill" in e.attributes
        ]
        assert fills == ["#0b5c56"] * count, path
        assert "style" not in {name for e in page.elements for name in e.attributes}


async def test_color_without_a_hex_field_is_saved(desk: Desk, catalog: CatalogMaker) -> None:
    assert (await post_form(desk, "/colors", {"product_color_name": "Red"})).status == 303
    assert await names(catalog) == ["Blue", "Black", "Red"]


@pytest.mark.parametrize("typed", ["Blue", "BLUE", " blue ", "Ｂｌｕｅ"])
async def test_duplicate_is_a_409_that_leads_to_the_color_and_keeps_what_was_typed(
    desk: Desk, catalog: CatalogMaker, typed: str
) -> None:
    form = {"product_color_name": typed, "product_color_hex": "#123", "idempotency_key": "k"}

    page = await post_form(desk, "/colors", form)

    assert page.status == 409
    assert "Blue exists already. Nothing was saved." in page.text
    assert "#color-1" in page.hrefs
    assert "color-1" in {e.attributes.get("id") for e in page.elements}
    assert field(page, "product_color_name")["value"] == typed
    assert field(page, "product_color_hex")["value"] == "#123"
    assert any(
        e.attributes.get("name") == "idempotency_key" and e.attributes["value"] == "k"
        for e in page.elements
    )
    assert await names(catalog) == ["Blue", "Black"]
    # And no number is used up by trying: there are only 32,767.
    await post_form(desk, "/colors", {"product_color_name": "Red"})
    assert await catalog.value("select max(product_color_id) from product_color") == 3


async def test_ten_simultaneous_posts_of_one_name_save_it_once(
    desk: Desk, catalog: CatalogMaker
) -> None:
    answers = await asyncio.gather(
        *(post_form(desk, "/colors", {"product_color_name": name}) for name in ["Red", "RED"] * 5)
    )

    assert sorted(answer.status for answer in answers) == [303] + [409] * 9
    assert len(await names(catalog)) == 3


@pytest.mark.parametrize(
    ("fields", "name", "reason"),
    [
        ({}, "product_color_name", "Type the color’s name."),
        ({"product_color_name": " "}, "product_color_name", "Type the color’s name."),
        ({"product_color_name": "a\tb"}, "product_color_name", "It holds a control character"),
        ({"product_color_name": "a\0b"}, "product_color_name", "characters that are not text."),
        ({"product_color_name": "x" * 201}, "product_color_name", "It is 201 characters long"),
        *(
            (
                {"product_color_name": "Red", "product_color_hex": typed},
                "product_color_hex",
                "It is not of the form #rrggbb, such as #0b5c56.",
            )
            for typed in ("red", "#12", "#1234", "#12345g", "#1234567", "#١٢٣", "#123\n", "\0")
        ),
    ],
)
async def test_color_that_cannot_be_is_refused_and_everything_kept(
    desk: Desk, catalog: CatalogMaker, fields: dict[str, str], name: str, reason: str
) -> None:
    page = await post_form(desk, "/colors", fields)

    assert page.status == 422
    assert reason in page.text
    assert "Nothing was saved." in page.text
    assert field(page, name)["aria-invalid"] == "true"
    for sent, value in fields.items():
        assert field(page, sent)["value"] == value.replace("\0", "\ufffd")
    assert await names(catalog) == ["Blue", "Black"]


async def test_numbers_that_are_used_up_are_a_409_that_says_so(
    desk: Desk, catalog: CatalogMaker
) -> None:
    await catalog.connection.execute(
        "alter table product_color alter column product_color_id restart with 32767"
    )
    assert (await post_form(desk, "/colors", {"product_color_name": "Red"})).status == 303

    page = await post_form(desk, "/colors", {"product_color_name": "Green"})

    assert page.status == 409
    assert "All 32,767 numbers that colors can have are used up. Nothing was saved." in page.text
    assert field(page, "product_color_name")["value"] == "Green"
    assert await names(catalog) == ["Blue", "Black", "Red"]


async def test_same_form_twice_is_one_color_and_the_same_answer(
    desk: Desk, catalog: CatalogMaker
) -> None:
    form = {"product_color_name": "Red", "idempotency_key": "k"}

    answers = await asyncio.gather(*(post_form(desk, "/colors", form) for _ in range(5)))

    assert {answer.status for answer in answers} == {303}
    assert len({answer.headers["Location"] for answer in answers}) == 1
    assert len(await names(catalog)) == 3


async def test_no_colors_at_all_says_what_to_do(desk: Desk, catalog: CatalogMaker) -> None:
    await catalog.connection.execute("delete from product_color")
    page = await get_page(desk, "/colors")
    assert page.status == 200
    assert "There are no colors yet." in page.text


async def test_lost_database_is_a_503_that_keeps_what_was_typed(
    desk: Desk, catalog: CatalogMaker, server_url: str, database_url: str
) -> None:
    await get_page(desk, "/colors")
    await catalog.connection.close()
    await drop_database(server_url, database_url.partition("?")[0].rpartition("/")[2])

    for name in ("Red", ""):
        form = {"product_color_name": name, "product_color_hex": "#f00"}
        page = await post_form(desk, "/colors", form)

        assert page.status == 503
        assert "cannot be reached just now. Nothing was saved." in page.text
        assert int(page.headers["Retry-After"]) > 0
        assert field(page, "product_color_name")["value"] == name
        assert field(page, "product_color_hex")["value"] == "#f00"


@settings(
    max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    name=st.sampled_from(["product_color_name", "product_color_hex"]),
    text=st.one_of(st.binary(max_size=40), st.text(max_size=20).map(str.encode)),
)
async def test_any_text_in_any_field_gets_an_answer(desk: Desk, name: str, text: bytes) -> None:
    page = await post_form(desk, "/colors", f"{name}={quote_from_bytes(text)}")
    assert page.status in {303, 400, 409, 422}
