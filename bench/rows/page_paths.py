"""The addresses of all pages, with keys in the middle of every list, taken from the data."""

from collections.abc import Mapping
from datetime import datetime
from itertools import combinations
from typing import Final
from urllib.parse import urlencode

from bench.data import Bench, Catalog
from web.catalog.brands import BRAND_SORTS
from web.catalog.products import PRODUCT_SORTS
from web.database.keyset import Key, Order
from web.positions import encoded_key

# Each page of one thing is asked for with several, so that none is always in some cache.
_THINGS: Final = 10
_CHANGES: Final = ("/history", "/changes/1")
_OTHERS: Final = ("/", "/brands/new", "/products/new", "/colors", "/sizes", "/downloads")


def page_paths(bench: Bench, catalog: Catalog) -> dict[str, list[str]]:
    """Return the addresses of every page by name; the names are the same for all catalogs."""
    brand_ids, product_ids = _brand_ids(bench, catalog), _product_ids(catalog)
    found = {path: [path] for path in (*_OTHERS, *_CHANGES)}
    found |= _list_paths(bench, catalog, "/brands", BRAND_SORTS)
    found |= _list_paths(bench, catalog, "/products", PRODUCT_SORTS)
    for sort in _both_ways(PRODUCT_SORTS):
        found[f"/brands/{{id}}?sort={sort}"] = [f"/brands/{b}?sort={sort}" for b in brand_ids]
    found["/products?brand_id="] = [f"/products?brand_id={b}" for b in brand_ids]
    found["/products/{id}"] = [f"/products/{p}" for p in product_ids]
    found["/products/{id}?edit=skus"] = [f"/products/{p}?edit=skus" for p in product_ids]
    found["/brands/{id}/edit"] = [f"/brands/{b}/edit" for b in brand_ids]
    found["/products/{id}/edit"] = [f"/products/{p}/edit" for p in product_ids]
    return found | _sku_paths(bench, catalog, product_ids, brand_ids)


def search_paths(bench: Bench) -> dict[str, str]:
    """Return the addresses of searches for rare, common and absent texts by name."""
    found = {}
    for noun in ("brand", "product"):
        last = f"select {noun}_name from {noun} order by {noun}_id desc limit 1"  # noqa: S608
        text = bench.psql(bench.large.database, last).strip()
        words = {
            "rare": text[2:16],  # a piece of one name, over the end of a word
            "common": "the",
            "one letter": "e",
            "absent": "qzxvw",
            "two absent letters": "zq",
        }
        for kind, word in words.items():
            for sort in ("name", "newest", "skus"):
                path = f"/{noun}s?{urlencode({'q': word, 'sort': sort})}"
                found[f"{kind} in {noun}s by {sort}"] = path
    return found


def _both_ways(sorts: Mapping[str, Order]) -> list[str]:
    return [*sorts, *(f"-{sort}" for sort in sorts)]


def _list_paths(
    bench: Bench, catalog: Catalog, path: str, sorts: Mapping[str, Order]
) -> dict[str, list[str]]:
    """Return a list's first page and the page in its middle, for each sort."""
    found = {}
    for sort in _both_ways(sorts):
        key = encoded_key(_middle_key(bench, catalog, sorts[sort.removeprefix("-")]), sort)
        found[f"{path}?sort={sort}"] = [f"{path}?sort={sort}"]
        found[f"{path}?sort={sort}, middle"] = [f"{path}?sort={sort}&after={key}"]
    return found


def _middle_key(bench: Bench, catalog: Catalog, order: Order) -> Key:
    columns = ", ".join(order.columns)
    middle = f"(select count(*) / 2 from {order.table})"  # noqa: S608  # our own names
    sql = f"select {columns} from {order.table} order by {columns} offset {middle} limit 1"  # noqa: S608
    first, row_id = bench.psql(catalog.database, sql).strip().split("|")
    value = order.key_type.fromisoformat(first) if order.key_type is datetime else first
    return (int(first) if order.key_type is int else value), int(row_id)


def _sku_paths(
    bench: Bench, catalog: Catalog, product_ids: list[int], brand_ids: list[int]
) -> dict[str, list[str]]:
    """Return the list of SKUs with every combination of filters, and behind its middle."""
    values = {"brand_id": brand_ids, "color_id": [1], "size_id": [2]}
    found: dict[str, list[str]] = {}
    for size in range(len(values) + 1):
        for names in combinations(values, size):
            found[f"/skus?{'&'.join(names)}"] = [
                f"/skus?{urlencode({name: values[name][n % len(values[name])] for name in names})}"
                for n in range(_THINGS)
            ]
            middle = {name: values[name][0] for name in names} | {"after": ""}
            middle["after"] = f"{_middle_product(bench, catalog, middle)},1"
            found[f"/skus?{'&'.join(names)}, middle"] = [f"/skus?{urlencode(middle)}"]
    found["/skus?product_id"] = [f"/skus?product_id={product_id}" for product_id in product_ids]
    found["/skus?product_id&color_id&size_id"] = [
        f"/skus?product_id={product_id}&color_id=1&size_id=2" for product_id in product_ids
    ]
    return found


def _middle_product(bench: Bench, catalog: Catalog, filters: Mapping[str, object]) -> int:
    """Return the product in the middle of all, or of a brand's."""
    if "brand_id" not in filters:
        return catalog.products // 2
    condition = f"where brand_id = {filters['brand_id']}"
    middle = f"(select count(*) / 2 from product {condition})"  # noqa: S608  # our own numbers
    sql = f"select product_id from product {condition} order by 1 offset {middle} limit 1"  # noqa: S608
    return int(bench.psql(catalog.database, sql).strip())


def _product_ids(catalog: Catalog) -> list[int]:
    return [max(1, catalog.products * n // _THINGS) for n in range(1, _THINGS + 1)]


def _brand_ids(bench: Bench, catalog: Catalog) -> list[int]:
    """Return brands whose pages are equally long in every catalog: those of some 100 products."""
    sql = "select brand_id from brand_count where product_count between 80 and 130 order by 1"
    found = bench.psql(catalog.database, f"{sql} limit {_THINGS}").split()
    return [int(brand_id) for brand_id in found]
