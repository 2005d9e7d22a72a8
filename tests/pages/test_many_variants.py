"""Very many colors and sizes: the tables of a brand and of a product have room for so much."""

import pytest

from tests.desk import CatalogMaker, Desk, get_page


@pytest.mark.parametrize("place", ["/brands/{brand_id}", "/products/{product_id}"])
async def test_table_leaves_out_colors_that_there_is_no_room_for(
    desk: Desk, catalog: CatalogMaker, place: str
) -> None:
    for noun, count in (("color", 400), ("size", 300)):
        await catalog.connection.execute(
            f"insert into product_{noun} (product_{noun}_name)"  # noqa: S608
            f" select '{noun} number ' || n from generate_series(1, {count}) as n"
        )
    brand_id = await catalog.brand("Levis")
    product_id = await catalog.product("Anorak", brand_id)
    last = await catalog.value("select max(product_color_id) from product_color")
    await catalog.skus(product_id, 3, color_id=last)

    page = await get_page(desk, place.format(brand_id=brand_id, product_id=product_id))

    assert page.status == 200
    # 10,000 cells are 33 colors of 303 sizes; the last color has SKUs here.
    assert page.text.count("color number") < 40
    assert "color number 400" in page.text
    assert "color number 399" not in page.text


async def test_form_says_that_there_are_more_colors(desk: Desk, catalog: CatalogMaker) -> None:
    for noun, count in (("color", 400), ("size", 300)):
        await catalog.connection.execute(
            f"insert into product_{noun} (product_{noun}_name)"  # noqa: S608
            f" select '{noun} number ' || n from generate_series(1, {count}) as n"
        )
    product_id = await catalog.product("Anorak", await catalog.brand("Levis"))
    page = await get_page(desk, f"/products/{product_id}", edit="skus")
    assert "The first 33 of 402 colors are shown" in page.text
