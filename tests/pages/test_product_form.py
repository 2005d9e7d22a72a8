"""The form that creates a product with its SKUs: all of it is saved, or nothing."""

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


def hidden(page: Page) -> dict[str, str]:
    """Return the hidden fields."""
    return {
        e.attributes["name"]: e.attributes["value"]
        for e in page.elements
        if e.tag == "input" and e.attributes.get("type") == "hidden"
    }


def choices(page: Page) -> list[int]:
    """Return the numbers of the brands to choose from."""
    radios = (e.attributes for e in page.elements if e.attributes.get("type") == "radio")
    return [int(radio["value"]) for radio in radios if radio["name"] == "brand_id"]


async def counts(catalog: CatalogMaker) -> tuple[int, int, int]:
    """Return how many products, SKUs and entries of the history there are."""
    row = await catalog.connection.fetchrow(
        "select (select count(*) from product), (select count(*) from sku),"
        " (select count(*) from history where noun in ('product', 'sku'))"
    )
    assert row is not None
    return row[0], row[1], row[2]


async def test_brand_and_product_list_lead_to_the_form(desk: Desk, catalog: CatalogMaker) -> None:
    brand_id = await catalog.brand("Levis")

    assert (await get_page(desk, "/products")).link("New product") == "/products/new"
    of_brand = (await get_page(desk, f"/brands/{brand_id}")).link("New product")
    assert of_brand == f"/products/new?brand_id={brand_id}"
    page = await get_page(desk, of_brand)

    assert page.status == 200
    assert page.link("Levis") == f"/brands/{brand_id}"
    assert hidden(page)["brand_id"] == str(brand_id)
    assert "alert" not in {element.attributes.get("role") for element in page.elements}
    assert field(page, "skus_1_3")["aria-label"] == "Blue, Large"
    assert field(await get_page(desk, "/products/new"), "brand")["value"] == ""


async def test_product_and_its_skus_are_saved_as_one_change(
    desk: Desk, catalog: CatalogMaker
) -> None:
    brand_id = await catalog.brand("Levis")
    form = {
        "product_name": " Anorak & Søn ",
        "brand_id": str(brand_id),
        "skus_2_3": "3",
        "skus_1_1": " 12 ",
        "skus_1_2": "0",
        "skus_1_3": "",
    }

    saved = await post_form(desk, "/products", form)

    assert saved.status == 303
    product_id = await catalog.value("select product_id from product")
    change_id = await catalog.value("select max(change_set_id) from change_set")
    assert saved.headers["Location"] == f"/products/{product_id}?change={change_id}"
    page = await get_page(desk, saved.headers["Location"])
    assert "Anorak & Søn was created with 15 SKUs." in page.text
    assert "was created" not in (await get_page(desk, f"/products/{product_id}")).text
    assert ["Blue", "12", "0", "0", "12"] in page.rows
    assert ["Black", "0", "0", "3", "3"] in page.rows
    assert await catalog.column("select sku_count from brand_count") == [15]
    # The product, and its SKUs by color and size.
    assert await counts(catalog) == (1, 15, 16)
    assert await catalog.column("select product_color_id from sku order by sku_id") == [
        *[1] * 12,
        *[2] * 3,
    ]


async def test_product_without_skus_is_saved(desk: Desk, catalog: CatalogMaker) -> None:
    form = {"product_name": "Anorak", "brand_id": str(await catalog.brand("Levis"))}

    assert (await post_form(desk, "/products", form)).status == 303
    assert await counts(catalog) == (1, 0, 1)


@pytest.mark.parametrize("typed", ["Red Wing", "RED  wing", " red wing ", "{id}"])
async def test_brand_is_taken_by_its_exact_name_or_its_number(
    desk: Desk, catalog: CatalogMaker, typed: str
) -> None:
    await catalog.brand("Red")
    brand_id = await catalog.brand("Red Wing")
    form = {"product_name": "Boot", "brand": typed.format(id=brand_id)}

    assert (await post_form(desk, "/products", form)).status == 303
    assert await catalog.value("select brand_id from product") == brand_id


async def test_name_that_is_not_exact_gets_candidates_of_which_one_is_chosen(
    desk: Desk, catalog: CatalogMaker
) -> None:
    names = ["Red Wing", "Bored", "Redwood", "Levis", "Tailored"]
    bored, red_wing, redwood, tailored = await _ids(
        catalog, names, ["Bored", "Red Wing", "Redwood", "Tailored"]
    )
    form = {"product_name": "Boot", "brand": "red", "skus_1_1": "2"}

    page = await post_form(desk, "/products", form)

    assert page.status == 422
    assert "“red” is no brand’s name. Is it one of these?" in page.text
    assert "Nothing was saved." in page.text
    # Those that begin so come first.
    assert choices(page) == [red_wing, redwood, bored, tailored]
    assert field(page, "product_name")["value"] == "Boot"
    assert field(page, "brand")["value"] == "red"
    assert field(page, "skus_1_1")["value"] == "2"
    chosen = {**form, **hidden(page), "brand_id": str(redwood)}
    assert (await post_form(desk, "/products", chosen)).status == 303
    assert await catalog.value("select brand_id from product") == redwood


async def _ids(catalog: CatalogMaker, names: list[str], wanted: list[str]) -> list[int]:
    ids = dict(zip(names, await catalog.brands(names), strict=True))
    return [ids[name] for name in wanted]


async def test_choice_counts_only_for_the_name_that_it_was_offered_for(
    desk: Desk, catalog: CatalogMaker
) -> None:
    redwood, levis = await _ids(catalog, ["Redwood", "Levis"], ["Redwood", "Levis"])
    form = {"product_name": "Boot", "brand": "Levis", "brand_asked": "red"}

    page = await post_form(desk, "/products", {**form, "brand_id": str(redwood)})

    assert page.status == 303
    assert await catalog.value("select brand_id from product") == levis


async def test_more_than_twenty_candidates_are_said_to_be_more(
    desk: Desk, catalog: CatalogMaker
) -> None:
    ids = await catalog.brands([f"Brand {number:02}" for number in range(21)])

    page = await post_form(desk, "/products", {"product_name": "Boot", "brand": "brand"})
    fewer = await post_form(desk, "/products", {"product_name": "Boot", "brand": "brand 1"})

    assert choices(page) == ids[:20]
    assert "There are more of them" in page.text
    assert choices(fewer) == ids[10:20]
    assert "There are more of them" not in fewer.text


async def test_number_that_is_also_a_name_is_asked_about(desk: Desk, catalog: CatalogMaker) -> None:
    first = await catalog.brand("Levis")
    second = await catalog.brand(str(first))

    page = await post_form(desk, "/products", {"product_name": "Jeans", "brand": str(first)})

    assert page.status == 422
    assert "is the name of one brand and the number of another" in page.text
    assert sorted(choices(page)) == [first, second]


async def test_brand_that_nobody_knows_is_said_so_with_a_way_onward(
    desk: Desk, catalog: CatalogMaker
) -> None:
    page = await post_form(desk, "/products", {"product_name": "Jeans", "brand": "100%_Cotton"})

    assert page.status == 422
    assert "No brand’s name contains “100%_Cotton”." in page.text
    assert page.link("create it") == "/brands/new"
    assert await counts(catalog) == (0, 0, 0)


async def test_brand_that_is_gone_is_a_409_that_keeps_what_was_typed(
    desk: Desk, catalog: CatalogMaker
) -> None:
    brand_id = await catalog.brand("Levis")
    page = await get_page(desk, f"/products/new?brand_id={brand_id}")
    form = {**hidden(page), "product_name": "Jeans", "skus_1_2": "7"}
    await catalog.connection.execute("delete from brand")

    page = await post_form(desk, "/products", form)

    assert page.status == 409
    assert "The brand is gone: somebody deleted it. Nothing was saved." in page.text
    assert field(page, "product_name")["value"] == "Jeans"
    assert field(page, "skus_1_2")["value"] == "7"
    assert field(page, "idempotency_key")["value"] == form["idempotency_key"]
    assert field(page, "brand")["aria-invalid"] == "true"
    assert await counts(catalog) == (0, 0, 0)


async def test_color_that_is_gone_is_a_409_and_nothing_is_saved(
    desk: Desk, catalog: CatalogMaker
) -> None:
    brand_id = await catalog.brand("Levis")
    form = {"product_name": "Jeans", "brand_id": str(brand_id), "skus_1_2": "7", "skus_2_2": "1"}
    await catalog.connection.execute("delete from product_color where product_color_id = 2")

    page = await post_form(desk, "/products", form)

    assert page.status == 409
    assert "A color or a size is gone" in page.text
    assert field(page, "skus_1_2")["value"] == "7"
    assert await counts(catalog) == (0, 0, 0)


async def test_form_of_a_brand_that_nobody_has_is_a_404(desk: Desk) -> None:
    assert (await get_page(desk, "/products/new?brand_id=7")).status == 404
    assert (await get_page(desk, "/products/new?brand_id=x")).status == 400


@pytest.mark.parametrize(
    "typed", ["-1", "1001", "1e2", "2.0", "1_0", "١", "abc", "+5", "9" * 5000, "1\x002", "\t"]
)
async def test_cell_that_is_no_number_is_marked_and_everything_kept(
    desk: Desk, catalog: CatalogMaker, typed: str
) -> None:
    brand_id = await catalog.brand("Levis")
    form = {"product_name": "Jeans", "brand_id": str(brand_id), "skus_1_2": typed, "skus_2_1": "7"}

    page = await post_form(desk, "/products", form)

    assert page.status == 422
    assert "One field of the grid is no whole number from 0 to 1,000." in page.text
    assert field(page, "skus_1_2")["value"] == typed.replace("\0", "\ufffd")
    assert field(page, "skus_1_2")["aria-invalid"] == "true"
    assert field(page, "skus_2_1")["value"] == "7"
    assert "aria-invalid" not in field(page, "skus_2_1")
    assert field(page, "product_name")["value"] == "Jeans"
    assert page.link("Levis") == f"/brands/{brand_id}"
    assert await counts(catalog) == (0, 0, 0)


@pytest.mark.parametrize("name", ["skus_0_1", "skus_1", "skus_1_99999", "skus_a_b", "skus_1_1_1"])
async def test_field_that_names_no_color_and_size_is_refused(
    desk: Desk, catalog: CatalogMaker, name: str
) -> None:
    brand_id = await catalog.brand("Levis")
    page = await post_form(
        desk, "/products", {"product_name": "Jeans", "brand_id": str(brand_id), name: "1"}
    )
    assert page.status == 422
    assert f"The field “{name}” is no color and size that could be." in page.text


async def test_ten_thousand_skus_are_added_at_once_and_no_more(
    desk: Desk, catalog: CatalogMaker
) -> None:
    brand_id = await catalog.brand("Levis")
    for number in range(4):
        await catalog.connection.execute(
            "insert into product_size (product_size_name) values ($1)", f"Size {number}"
        )
    cells = {f"skus_{color}_{size}": "1000" for color in (1, 2) for size in range(1, 6)}
    form = {"product_name": "Jeans", "brand_id": str(brand_id), **cells}

    page = await post_form(desk, "/products", {**form, "skus_1_6": "1"})
    assert page.status == 422
    assert "These are 10,001 SKUs; at most 10,000 can be added at once." in page.text

    assert (await post_form(desk, "/products", form)).status == 303
    assert (await counts(catalog))[:2] == (1, 10_000)


async def test_grid_of_more_than_a_hundred_fields_is_read(
    desk: Desk, catalog: CatalogMaker
) -> None:
    brand_id = await catalog.brand("Levis")
    await catalog.connection.execute(
        "insert into product_size (product_size_name) select 'Size ' || n"
        " from generate_series(1, 100) as n"
    )
    page = await get_page(desk, f"/products/new?brand_id={brand_id}")
    names = [e.attributes["name"] for e in page.elements if "name" in e.attributes]
    cells = {name: "" for name in names if name.startswith("skus_")}
    assert len(cells) == 206

    form = {**hidden(page), "product_name": "Jeans", **cells, "skus_2_103": "4"}

    assert (await post_form(desk, "/products", form)).status == 303
    assert (await counts(catalog))[:2] == (1, 4)


async def test_grid_has_room_for_ten_thousand_cells_and_says_so(
    desk: Desk, catalog: CatalogMaker
) -> None:
    for table, name in (("product_color", "Color"), ("product_size", "Size")):
        await catalog.connection.execute(
            f"insert into {table} ({table}_name) select '{name} ' || n"  # noqa: S608
            " from generate_series(1, 120) as n"
        )

    page = await get_page(desk, "/products/new")

    assert "The first 81 of 122 colors are shown" in page.text
    cells = [e for e in page.elements if e.attributes.get("name", "").startswith("skus_")]
    assert len(cells) == 81 * 123


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("", "Type the product’s name."),
        ("  ", "Type the product’s name."),
        ("a\tb", "It holds a control character, such as a tab."),
        ("a\nb", "It holds a control character, such as a tab."),
        ("a\0b", "It holds characters that are not text."),
        ("\u200b", "It has no letter, digit, punctuation or symbol."),
        ("x" * 201, "It is 201 characters long; at most 200 are possible."),
    ],
)
async def test_name_that_cannot_be_is_refused_and_everything_kept(
    desk: Desk, catalog: CatalogMaker, name: str, reason: str
) -> None:
    await catalog.brand("Levis")
    form = {"product_name": name, "brand": "levis", "skus_1_1": "7", "idempotency_key": "k"}

    page = await post_form(desk, "/products", form)

    assert page.status == 422
    assert reason in page.text
    assert field(page, "product_name")["value"] == name.replace("\0", "\ufffd")
    assert field(page, "product_name")["aria-invalid"] == "true"
    assert field(page, "brand")["value"] == "levis"
    assert "aria-invalid" not in field(page, "brand")
    assert field(page, "skus_1_1")["value"] == "7"
    assert field(page, "idempotency_key")["value"] == "k"
    assert await counts(catalog) == (0, 0, 0)


@pytest.mark.parametrize(
    ("fields", "reason"),
    [
        ({}, "Type the brand’s name or number."),
        ({"brand": " "}, "Type the brand’s name or number."),
        ({"brand": "a\0"}, "It holds characters that are not text."),
        ({"brand": "x" * 201}, "It is 201 characters long"),
        ({"brand_id": "0"}, "It is not a brand’s number."),
        ({"brand_id": "9223372036854775808"}, "It is not a brand’s number."),
    ],
)
async def test_brand_that_cannot_be_is_refused(
    desk: Desk, catalog: CatalogMaker, fields: dict[str, str], reason: str
) -> None:
    page = await post_form(desk, "/products", {"product_name": "Jeans", **fields})

    assert page.status == 422
    assert reason in page.text
    assert field(page, "product_name")["value"] == "Jeans"
    assert await counts(catalog) == (0, 0, 0)


async def test_same_form_twice_is_one_product_and_the_same_answer(
    desk: Desk, catalog: CatalogMaker
) -> None:
    await catalog.brand("Levis")
    form = {"product_name": "Jeans", "brand": "Levis", "skus_1_1": "2", "idempotency_key": "k"}

    answers = await asyncio.gather(*(post_form(desk, "/products", form) for _ in range(10)))
    await catalog.connection.execute("update brand set brand_name = 'Wrangler'")
    later = await post_form(desk, "/products", form)

    assert {answer.status for answer in [*answers, later]} == {303}
    assert len({answer.headers["Location"] for answer in [*answers, later]}) == 1
    assert (await counts(catalog))[:2] == (1, 2)


async def test_lost_database_is_a_503_that_keeps_what_was_typed(
    desk: Desk, catalog: CatalogMaker, server_url: str, database_url: str
) -> None:
    await catalog.brand("Levis")
    form = {"product_name": "Jeans", "brand": "Levis", "skus_1_1": "2", "skus_2_3": "x"}
    await get_page(desk, "/products/new")
    await catalog.connection.close()
    await drop_database(server_url, database_url.partition("?")[0].rpartition("/")[2])

    for cell in ("x", "40"):
        page = await post_form(desk, "/products", {**form, "skus_2_3": cell})

        assert page.status == 503
        assert "cannot be reached just now. Nothing was saved." in page.text
        assert int(page.headers["Retry-After"]) > 0
        assert field(page, "product_name")["value"] == "Jeans"
        assert field(page, "brand")["value"] == "Levis"
        kept = hidden(page)
        assert (kept["skus_1_1"], kept["skus_2_3"]) == ("2", cell)


@settings(
    max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    name=st.sampled_from(["product_name", "brand", "brand_id", "brand_asked", "skus_1_1", "skus_"]),
    text=st.one_of(st.binary(max_size=40), st.text(max_size=20).map(str.encode)),
)
async def test_any_text_in_any_field_gets_an_answer(desk: Desk, name: str, text: bytes) -> None:
    sent = {"product_name": b"Jeans", "brand": b"Levis", name: text}
    body = "&".join(f"{key}={quote_from_bytes(value)}" for key, value in sent.items())
    page = await post_form(desk, "/products", body)
    assert page.status in {400, 409, 422}
