"""A batch: the products that a program asks for, line by line, in the order asked."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.api.batches import MAX_ID, PATH, add_assortment, batch, lines, many
from tests.desk import CatalogMaker, Desk
from tests.downloads.expected import HARD_NAMES
from tests.downloads.test_arbitrary_names import TEXT
from web.catalog.products import BATCH_BLOCK_BYTES, BATCH_BLOCKS


async def test_products_come_in_the_order_asked_and_repetitions_again(
    desk: Desk, catalog: CatalogMaker
) -> None:
    a, b, c, d, e = await add_assortment(catalog)
    asked = [d, a, e, e, b, d, c, d]

    body = await batch(desk, asked)

    assert [json.loads(line)["product_id"] for line in body.splitlines()] == asked
    assert body == await lines(catalog, asked)


async def test_line_holds_the_product_its_brand_and_its_skus(
    desk: Desk, catalog: CatalogMaker
) -> None:
    product_id = (await add_assortment(catalog))[2]

    assert json.loads(await batch(desk, [product_id])) == {
        "product_id": 3,
        "product_name": "Jacket 2",
        "brand_id": 1,
        "brand_name": "Levis",
        "skus": [
            {"sku_id": 2, "product_color_name": "Blue", "product_size_name": "Small"},
            {"sku_id": 5, "product_color_name": "Black", "product_size_name": "Medium"},
        ],
    }


async def test_id_that_nobody_has_is_said_to_be_missing(desk: Desk, catalog: CatalogMaker) -> None:
    product_ids = await add_assortment(catalog)
    asked = [7, product_ids[0], MAX_ID, 7]

    body = await batch(desk, asked)

    assert body.splitlines()[0] == '{"product_id":7,"missing":true}'
    assert body == await lines(catalog, asked)


async def test_product_without_skus_has_an_empty_list_of_them(
    desk: Desk, catalog: CatalogMaker
) -> None:
    product_ids = await add_assortment(catalog)

    assert json.loads(await batch(desk, product_ids[:1]))["skus"] == []


async def test_empty_list_is_an_empty_body(desk: Desk) -> None:
    assert await batch(desk, []) == ""


async def test_body_is_ndjson_in_chunks(desk: Desk, catalog: CatalogMaker) -> None:
    product_ids = await add_assortment(catalog)

    async with desk.post(PATH, json={"product_ids": product_ids}) as response:
        assert response.content_type == "application/x-ndjson"
        assert response.headers["Transfer-Encoding"] == "chunked"
        assert response.headers["Cache-Control"] == "private, no-cache"


async def test_names_of_every_kind_are_written_as_python_writes_them(
    desk: Desk, catalog: CatalogMaker
) -> None:
    color_ids = await catalog.column(
        "insert into product_color (product_color_name)"
        " select * from unnest($1::text[]) returning product_color_id",
        HARD_NAMES,
    )
    size_ids = await catalog.column(
        "insert into product_size (product_size_name)"
        " select * from unnest($1::text[]) returning product_size_id",
        HARD_NAMES,
    )
    product_ids = []
    for number, name in enumerate(HARD_NAMES):
        product_id = await catalog.product(HARD_NAMES[number - 1], await catalog.brand(name))
        await catalog.skus(product_id, 2, color_ids[number - 2], size_ids[number - 3])
        product_ids.append(product_id)

    assert await batch(desk, product_ids) == await lines(catalog, product_ids)


@pytest.mark.parametrize("emptied", ["delete from product_color", "delete from product_size"])
async def test_products_come_where_there_are_no_colors_or_no_sizes(
    desk: Desk, catalog: CatalogMaker, emptied: str
) -> None:
    product_id = await catalog.product("Jacket", await catalog.brand("Levis"))
    await catalog.connection.execute(emptied)

    assert await batch(desk, [product_id]) == await lines(catalog, [product_id])


@many
@given(st.lists(TEXT, min_size=1, max_size=20))
async def test_any_names_are_written_as_python_writes_them(
    desk: Desk, catalog: CatalogMaker, texts: list[str]
) -> None:
    await catalog.connection.execute("delete from sku; delete from product; delete from brand")
    await catalog.connection.execute(
        "insert into brand (brand_name)"
        " select distinct on (fold_name(text)) text from unnest($1::text[]) as text"
        " where fold_name(text) <> ''",
        texts,
    )
    await catalog.connection.execute(
        "insert into product (product_name, brand_id)"
        " select text, brand_id from brand, unnest($1::text[]) as text where fold_name(text) <> ''",
        texts,
    )
    await catalog.connection.execute(
        "insert into sku (product_id, product_color_id, product_size_id)"
        " select product_id, 1, 1 + product_id % 3 from product where product_id % 2 = 0"
    )
    product_ids = await catalog.column("select product_id from product order by product_name")

    assert await batch(desk, product_ids) == await lines(catalog, product_ids)


@pytest.mark.parametrize("skus", [700, 735, 736, 3000])
async def test_large_product_comes_in_small_blocks(
    desk: Desk, catalog: CatalogMaker, skus: int
) -> None:
    large = await catalog.product("Jacket", await catalog.brand("Levis"))
    await catalog.skus(large, skus, color_id=2, size_id=2)
    small = (await catalog.products(["Scarf"], 1))[0]
    await catalog.skus(small, 3)
    asked = [small, large, 4711, large, small]

    sql, arguments = BATCH_BLOCKS.bind(product_ids=asked, block_bytes=BATCH_BLOCK_BYTES)
    blocks = await catalog.column(sql, *arguments)

    assert max(map(len, blocks)) <= BATCH_BLOCK_BYTES
    # With ids of 19 digits the line of 735 SKUs would be as long as a block may be.
    assert len(blocks) == len(asked) + (0 if skus <= 735 else 2 * (skus + 1))
    assert b"".join(blocks).decode() == await lines(catalog, asked)
    assert await batch(desk, asked) == await lines(catalog, asked)
