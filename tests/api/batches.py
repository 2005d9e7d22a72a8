"""Asking for a batch, and what the answer is to be."""

import json
from collections.abc import Sequence

from hypothesis import HealthCheck, settings

from tests.desk import CatalogMaker, Desk

PATH = "/api/products/batch"
JSON = {"Content-Type": "application/json"}
MAX_ID = 2**63 - 1
# Fixtures are made once for all examples.
many = settings(
    max_examples=100, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)


async def batch(desk: Desk, product_ids: Sequence[int]) -> str:
    """Return the answer to a batch."""
    async with desk.post(PATH, json={"product_ids": product_ids}) as response:
        assert response.status == 200, await response.text()
        return await response.text()


async def lines(catalog: CatalogMaker, product_ids: Sequence[int]) -> str:
    """Return what Python's own json makes of the products."""
    products = {
        row["product_id"]: {**row, "skus": []}
        for row in await catalog.connection.fetch(
            "select product_id, product_name, brand_id, brand_name"
            " from product join brand using (brand_id)"
        )
    }
    for row in await catalog.connection.fetch(
        "select product_id, sku_id, product_color_name, product_size_name from sku"
        " join product_color using (product_color_id) join product_size using (product_size_id)"
        " order by sku_id"
    ):
        sku = dict(row)
        products[sku.pop("product_id")]["skus"].append(sku)
    return "".join(
        json.dumps(
            products.get(product_id, {"product_id": product_id, "missing": True}),
            ensure_ascii=False,
            separators=(",", ":"),
        )
        + "\n"
        for product_id in product_ids
    )


async def add_assortment(catalog: CatalogMaker, products: int = 5) -> list[int]:
    """Add products with 0, 1, 2, … SKUs, whose ids are not in the order of the products."""
    product_ids = await catalog.products(
        [f"Jacket {number}" for number in range(products)], await catalog.brand("Levis")
    )
    for repetition in range(products):
        for product_id in product_ids[repetition + 1 :]:
            await catalog.skus(product_id, 1, 1 + repetition % 2, 1 + repetition % 3)
    return product_ids


async def add_large_product(catalog: CatalogMaker, skus: int = 400) -> int:
    """Add a product whose line is some 30 KB with 400 SKUs."""
    product_id = await catalog.product("Jacket", await catalog.brand("Levis"))
    await catalog.skus(product_id, skus)
    return product_id


def body_of(product_ids: Sequence[object]) -> bytes:
    """Return the body that asks for these."""
    return json.dumps({"product_ids": product_ids}).encode()
