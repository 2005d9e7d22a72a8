"""The SKU downloads: what is in them, byte by byte."""

import csv
import io
import json
from itertools import product as combinations

import pytest

from tests.desk import CatalogMaker, Desk
from tests.downloads.expected import HARD_NAMES, IN_ORDER, SKUS, copy_csv

HEADER = (
    b"sku_id,product_id,product_name,brand_id,brand_name,product_color_name,product_size_name\r\n"
)


async def download(desk: Desk, path: str, **query: object) -> bytes:
    response = await desk.get(path, params={name: str(value) for name, value in query.items()})
    assert response.status == 200, await response.text()
    return await response.read()


async def add_hard_names(catalog: CatalogMaker) -> None:
    """Let every hard name be that of a brand, a product, a color and a size of some SKU."""
    color_ids = await catalog.connection.fetch(
        "insert into product_color (product_color_name)"
        " select * from unnest($1::text[]) returning product_color_id",
        HARD_NAMES,
    )
    size_ids = await catalog.connection.fetch(
        "insert into product_size (product_size_name)"
        " select * from unnest($1::text[]) returning product_size_id",
        HARD_NAMES,
    )
    for number, name in enumerate(HARD_NAMES):
        brand_id = await catalog.brand(name)
        product_id = await catalog.product(HARD_NAMES[number - 1], brand_id)
        await catalog.skus(product_id, 3, color_ids[number - 2][0], size_ids[number - 3][0])


async def add_assortment(catalog: CatalogMaker) -> None:
    """Add 2 brands with 3 products each, one without SKUs, in both colors and all sizes."""
    for brand in ("Levis", "Lee"):
        brand_id = await catalog.brand(brand)
        for number in range(3):
            product_id = await catalog.product(f"{brand} {number}", brand_id)
            for color_id, size_id in combinations((1, 2), (1, 2, 3)):
                await catalog.skus(product_id, number, color_id, size_id)


async def sku_rows(catalog: CatalogMaker) -> list[dict[str, object]]:
    """Return all SKUs with the ids that filters know, in the order of a download."""
    rows = await catalog.connection.fetch(
        f"{SKUS.replace('sku_id,', 'sku_id, product_color_id, product_size_id,')} {IN_ORDER}"
    )
    return [dict(row) for row in rows]


async def test_csv_is_what_copy_writes_with_crlf_for_names_of_every_kind(
    desk: Desk, catalog: CatalogMaker
) -> None:
    await add_hard_names(catalog)

    body = await download(desk, "/skus.csv")

    assert body == await copy_csv(catalog.connection, f"{SKUS} {IN_ORDER}")
    assert body.startswith(HEADER)
    assert len(list(csv.reader(io.StringIO(body.decode(), newline="")))) == 1 + 3 * len(HARD_NAMES)


async def test_csv_of_an_empty_catalog_is_its_header(desk: Desk) -> None:
    assert await download(desk, "/skus.csv") == HEADER
    assert await download(desk, "/skus.ndjson") == b""


async def test_ndjson_has_the_same_names_as_keys_and_ids_as_numbers(
    desk: Desk, catalog: CatalogMaker
) -> None:
    await add_hard_names(catalog)

    body = (await download(desk, "/skus.ndjson")).decode()

    assert body.endswith("\n")
    assert "\r" not in body
    records = [json.loads(line) for line in body.removesuffix("\n").split("\n")]
    expected = await catalog.connection.fetch(f"{SKUS} {IN_ORDER}")
    assert [list(record.items()) for record in records] == [list(row.items()) for row in expected]


async def test_excel_csv_has_a_byte_order_mark_and_no_formulas(
    desk: Desk, catalog: CatalogMaker
) -> None:
    await add_hard_names(catalog)

    body = (await download(desk, "/skus.csv", excel=1)).decode()

    assert body[0] == "\ufeff"
    assert body[1:].startswith(HEADER.decode())
    _, *records = csv.reader(io.StringIO(body[1:], newline=""))
    expected = await catalog.connection.fetch(f"{SKUS} {IN_ORDER}")
    assert records == [
        [f"'{cell}" if str(cell)[0] in "=+-@\t\r" else str(cell) for cell in row]
        for row in expected
    ]


async def test_excel_0_is_the_exact_csv(desk: Desk, catalog: CatalogMaker) -> None:
    await add_hard_names(catalog)

    exact = await download(desk, "/skus.csv")
    assert await download(desk, "/skus.csv", excel=0) == exact
    assert (await desk.get("/skus.csv?excel=yes")).status == 400


@pytest.mark.parametrize("path", ["/skus.csv", "/skus.ndjson"])
async def test_filters_leave_the_rows_for_which_all_of_them_hold(
    desk: Desk, catalog: CatalogMaker, path: str
) -> None:
    await add_assortment(catalog)
    rows = await sku_rows(catalog)
    columns = {
        "product_id": [None, 2, 3, 6],
        "brand_id": [None, 1, 2],
        "color_id": [None, 2],
        "size_id": [None, 3],
    }

    for values in combinations(*columns.values()):
        wanted = {name: value for name, value in zip(columns, values, strict=True) if value}
        body = (await download(desk, path, **wanted)).decode()

        expected = [
            row["sku_id"]
            for row in rows
            if all(
                row[name if name in row else f"product_{name}"] == value
                for name, value in wanted.items()
            )
        ]
        assert sku_ids(body) == expected, wanted


def sku_ids(body: str) -> list[int]:
    if body.startswith("sku_id"):
        return [int(row["sku_id"]) for row in csv.DictReader(io.StringIO(body, newline=""))]
    return [json.loads(line)["sku_id"] for line in body.splitlines()]


@pytest.mark.parametrize("name", ["product_id", "brand_id", "color_id", "size_id"])
@pytest.mark.parametrize("nobody", [4711, 32768, 2**31, 2**63 - 1])
async def test_filter_id_that_nobody_has_is_an_empty_list(
    desk: Desk, catalog: CatalogMaker, name: str, nobody: int
) -> None:
    await add_assortment(catalog)

    assert await download(desk, "/skus.csv", **{name: nobody}) == HEADER
    assert await download(desk, "/skus.ndjson", **{name: nobody}) == b""


@pytest.mark.parametrize(
    "query", ["product_id=0", "brand_id=x", "color_id=1&color_id=1", "after=1"]
)
async def test_parameter_that_cannot_be_understood_is_refused(desk: Desk, query: str) -> None:
    assert (await desk.get(f"/skus.csv?{query}")).status == 400
    assert (await desk.get(f"/skus.ndjson?{query}")).status == 400
