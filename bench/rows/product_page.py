"""The product page: Hangtag, FastAPI, Django, and pgbench with nothing but the page's queries."""

import os
import re
from contextlib import ExitStack
from html.parser import HTMLParser
from typing import Final

from bench.data import Bench
from bench.figures import PAIRS, Pairs, Row
from bench.http import Client
from bench.peers.environment import django_server, fastapi_server
from bench.servers import Server, run
from bench.wrk import load_products, require_wrk
from web.catalog.products import PRODUCT_AND_OTHERS
from web.catalog.skus import PRODUCT_SKU_ORDER, SKUS_OF_PRODUCT
from web.catalog.variants import MOST_CELLS, VARIANTS_OF_PRODUCT
from web.database.keyset import keyset_query
from web.database.queries import Query

_CONNECTIONS: Final = 32
_SECONDS: Final = 4
# Times are told in words, which can change between two requests.
_TEXT_TRIES: Final = 3

# What web/pages/products.py asks for, with the numbers that it gives.
_QUERIES: Final[tuple[tuple[Query, dict[str, str]], ...]] = (
    (PRODUCT_AND_OTHERS, {"most": "6"}),
    (keyset_query(SKUS_OF_PRODUCT, PRODUCT_SKU_ORDER, from_start=True, limit=51), {}),
    (VARIANTS_OF_PRODUCT, {"most_cells": str(MOST_CELLS)}),
)
_ASKED: Final = {"FastAPI": 1.5, "Django": 12.0, "pgbench": 0.4}


def product_page(bench: Bench) -> list[Row]:
    """Measure the four in turns, after a check that the three pages say the same."""
    require_wrk()
    rates: dict[str, list[float]] = {name: [] for name in ("Hangtag", *_ASKED)}
    script = bench.work / "product_page.sql"
    script.write_text(_pgbench_script(bench.large.products), encoding="utf-8")
    with ExitStack() as stack:
        servers = {
            "Hangtag": stack.enter_context(bench.serve(bench.large)),
            "FastAPI": stack.enter_context(fastapi_server(bench)),
            "Django": stack.enter_context(django_server(bench)),
        }
        _check_same_text(bench, servers)
        for turn in range(-1, PAIRS):
            for name, measured in rates.items():
                if name == "pgbench":
                    rate = _pgbench_rate(bench, script)
                else:
                    rate = _page_rate(bench, servers[name])
                if turn >= 0:  # the first turn warms up
                    measured.append(rate)
    return [_row(rates, name, factor) for name, factor in _ASKED.items()]


def _row(rates: dict[str, list[float]], name: str, asked: float) -> Row:
    pairs = Pairs(rates["Hangtag"], rates[name])
    what = "pgbench with its queries" if name == "pgbench" else name
    return Row(
        f"product page, one process, {_CONNECTIONS} connections, against {what}",
        f"≥ {asked:g}",
        pairs.rates("Hangtag", name),
        pairs.ratio >= asked,
    )


def _page_rate(bench: Bench, server: Server) -> float:
    products = bench.large.products
    return load_products(server, products, connections=_CONNECTIONS, seconds=_SECONDS).rate


def _pgbench_script(products: int) -> str:
    """Return the page's queries, and a random product, in pgbench's own words."""
    lines = [f"\\set product_id random(1, {products})"]
    for query, numbers in _QUERIES:
        sql, values = query.bind(product_id=":product_id", **numbers)
        for number in range(len(values), 0, -1):
            sql = sql.replace(f"${number}", str(values[number - 1]))
        lines.append(f"{re.sub('--.*', '', sql)};")
    return "\n".join(lines) + "\n"


def _pgbench_rate(bench: Bench, script: os.PathLike[str]) -> float:
    options = ("--no-vacuum", "--protocol=prepared", "--jobs=2", f"--client={_CONNECTIONS}")
    program = bench.binaries / "pgbench"
    time = f"--time={_SECONDS}"
    said = run([program, *options, time, f"--file={script}", bench.url(bench.large)], timeout=60)
    found = re.search(r"^tps = ([\d.]+)", said, re.MULTILINE)
    if found is None or "number of failed transactions: 0 " not in said:
        raise RuntimeError(f"pgbench failed: {said}")
    return float(found[1])


class _Text(HTMLParser):
    """Collects what a page shows: its text, without what is between the tags' own brackets."""

    def __init__(self) -> None:
        super().__init__()
        self.words: list[str] = []

    def handle_data(self, data: str) -> None:
        self.words += data.split()


def _visible_text(server: Server, path: str) -> str:
    client = Client(server)
    try:
        _, status, page = client.get(path)
    finally:
        client.close()
    if status != 200:
        raise RuntimeError(f"{path} answered {status}")
    parser = _Text()
    parser.feed(page)
    return " ".join(parser.words)


def _check_same_text(bench: Bench, servers: dict[str, Server]) -> None:
    last = bench.large.products
    for product_id in (1, last // 3, last // 2, last):
        for attempt in range(_TEXT_TRIES):
            texts = {n: _visible_text(s, f"/products/{product_id}") for n, s in servers.items()}
            if len(set(texts.values())) == 1:
                break
            if attempt == _TEXT_TRIES - 1:
                raise RuntimeError(f"the pages of product {product_id} differ: {texts}")
