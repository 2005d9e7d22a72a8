"""Very many colors and sizes: the tables of a brand and of a product have room for so much."""

import pytest

from tests.desk import CatalogMaker, Desk, get_page

PLACES = ("/brands/{brand_id}", "/products/{product_id}")


async def make_many(catalog: CatalogMaker) -> None:
    for noun, count in (("color", 400), ("size", 300)):
        await catalog.connection.execute(
            f"insert into product_{noun} (product_{noun}_name)"  # noqa: S608
            f" select '{noun} number ' || n from generate_series(1, {count}) as n"
        )


@pytest.mark.parametrize("place", PLACES)
async def test_table_leaves_out_colors_that_there_is_no_room_for(
    desk: Desk, catalog: CatalogMaker, place: str
) -> None:
    await make_many(catalog)
    brand_id = await catalog.brand("Levis")
    product_id = await catalog.product("Anorak", brand_id)
    last = await catalog.value("select max(product_color_id) from product_color")
    await catalog.skus(product_id, 3, color_id=last)
    # What others have needs no room here.
    other_id = await catalog.product("Parka", await catalog.brand("Lee"))
    await catalog.skus(other_id, 2, color_id=last)
    await catalog.skus(other_id, 2, color_id=last - 1)

    page = await get_page(desk, place.format(brand_id=brand_id, product_id=product_id))

    assert page.status == 200
    # 10,000 cells are 33 colors of 303 sizes; the last color has SKUs here.
    _, *rows, foot = [row for row in page.rows if len(row) == 1 + 303 + 1]
    numbered = [f"color number {number}" for number in (*range(1, 32), 400)]
    assert [row[0] for row in rows] == ["Blue", "Black", *numbered]
    assert (rows[-1][1], rows[-1][-1], foot[-1]) == ("3", "3", "3")


@pytest.mark.parametrize("place", PLACES)
@pytest.mark.parametrize("noun", ["color", "size"])
async def test_page_needs_no_color_and_no_size(
    desk: Desk, catalog: CatalogMaker, place: str, noun: str
) -> None:
    await catalog.connection.execute(f"delete from product_{noun}")  # noqa: S608
    brand_id = await catalog.brand("Levis")
    product_id = await catalog.product("Anorak", brand_id)

    page = await get_page(desk, place.format(brand_id=brand_id, product_id=product_id))

    assert page.status == 200
    assert "Anorak" in page.text


async def test_form_says_that_there_are_more_colors(desk: Desk, catalog: CatalogMaker) -> None:
    await make_many(catalog)
    product_id = await catalog.product("Anorak", await catalog.brand("Levis"))
    page = await get_page(desk, f"/products/{product_id}", edit="skus")
    assert "The first 33 of 402 colors are shown" in page.text
