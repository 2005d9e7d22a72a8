"""The first data row of a download, for every combination of the filters.

Each is asked for with the values of three SKUs: an ordinary one, one of a color that five SKUs
have, and one of a size that five SKUs have. All lie far behind in the catalog: who looks for them
from its start on looks for long.
"""

from itertools import combinations
from statistics import median
from typing import Final
from urllib.parse import urlencode

from bench.data import Bench, rare_catalog
from bench.figures import Row, milliseconds
from bench.http import seconds_to_line

_FILTERS: Final = ("product_id", "brand_id", "color_id", "size_id")
_RUNS: Final = 7
_LIMIT: Final = 0.020

# The last SKU but one of the tenth product from the end, and the last of the rare ones.
_SKUS: Final = {
    "": """
        sku.product_id = (select max(product_id) - 9 from product)
        order by sku_id desc limit 1 offset 1
    """,
    "rare color": """
        product_color_id = (select max(product_color_id) from product_color)
        order by sku.product_id desc limit 1
    """,
    "rare size": """
        product_size_id = (select max(product_size_id) from product_size)
        order by sku.product_id desc limit 1
    """,
}


def first_row(bench: Bench) -> list[Row]:
    """Measure every combination, and show the slowest."""
    catalog = rare_catalog(bench.large)
    medians: dict[str, float] = {}
    with bench.serve(catalog) as server:
        for kind, condition in _SKUS.items():
            columns = "sku.product_id, brand_id, product_color_id, product_size_id"
            found = f"from sku join product using (product_id) where {condition}"
            values = bench.psql(catalog.database, f"select {columns} {found}").strip().split("|")
            filters = dict(zip(_FILTERS, values, strict=True))
            for names in _combinations(kind):
                query = urlencode({name: filters[name] for name in names})
                seconds_to_line(server, f"/skus.csv?{query}", 2)
                runs = [seconds_to_line(server, f"/skus.csv?{query}", 2) for _ in range(_RUNS)]
                medians[f"{kind} {'+'.join(names) or 'no filter'}".strip()] = median(runs)
    slow = sorted(medians, key=medians.__getitem__, reverse=True)
    late = [name for name in slow if medians[name] > _LIMIT]
    measured = (
        f"{milliseconds(medians[slow[0]])} ({slow[0]}; next {slow[1]} with"
        f" {milliseconds(medians[slow[1]])}; median of all"
        f" {milliseconds(median(medians.values()))}; {len(late)} of {len(slow)} above 20 ms)"
    )
    what = f"first data row, the slowest of {len(slow)} combinations of filters"
    return [Row(what, "≤ 20 ms", measured, not late)]


def _combinations(kind: str) -> list[tuple[str, ...]]:
    """Return the 16 combinations, or those of them that hold the rare value."""
    every = [names for size in range(5) for names in combinations(_FILTERS, size)]
    rare = {"rare color": "color_id", "rare size": "size_id"}.get(kind)
    return [names for names in every if rare is None or rare in names]
