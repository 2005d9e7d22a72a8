"""The batch of 10,000 products against the same lookups one after another."""

import asyncio
import http.client
import json
import random
import time
from collections.abc import Sequence
from statistics import median
from typing import Final

import uvloop

from bench.data import BATCH, Bench
from bench.figures import PAIRS, NotAvailableError, Row, milliseconds, take_turns
from bench.servers import Server
from web.database.pool import Pool, open_pool

_PATH: Final = "/api/products/batch"
_SKUS_EACH: Final = 10
_FIRST_LINE_LIMIT: Final = 0.100

# What a line of the batch says, as a program would ask for it, product by product.
_LOOKUP: Final = """
select product_id, product_name, brand_id, brand_name, sku_id, product_color_name, product_size_name
from product
join brand using (brand_id)
join sku using (product_id)
join product_color using (product_color_id)
join product_size using (product_size_id)
where product_id = $1
order by sku_id
"""


def batch(bench: Bench) -> list[Row]:
    """Measure the whole batch and its first line; all rows are checked."""
    ids = list(range(1, BATCH.products + 1))
    random.Random(1).shuffle(ids)  # noqa: S311  # an order, no secret
    first_lines: list[float] = []
    with bench.serve(BATCH) as server:

        def ours() -> float:
            first, seconds = _ask(server, ids)
            first_lines.append(first)
            return seconds

        pairs = take_turns(ours, lambda: _lookup_seconds(bench.url(BATCH), ids))
    first = median(first_lines[-PAIRS:])
    speedup = 1 / pairs.ratio
    return [
        Row(
            f"`POST {_PATH}`, {len(ids):,} ids, against lookups one after another",
            "≥ 8",
            f"{speedup:.1f} (batch {median(pairs.ours):.2f} s, lookups"
            f" {median(pairs.theirs):.2f} s, {len(pairs.ours)} pairs, all rows checked)",
            speedup >= 8,
        ),
        Row(
            "the batch's first line",
            "≤ 100 ms",
            milliseconds(first),
            first <= _FIRST_LINE_LIMIT,
        ),
    ]


def _ask(server: Server, ids: Sequence[int]) -> tuple[float, float]:
    """Send a batch; return the seconds until its first line and until its end."""
    connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=120)
    body = json.dumps({"product_ids": ids})
    try:
        connection.connect()
        started = time.perf_counter()
        connection.request("POST", _PATH, body, {"Content-Type": "application/json"})
        response = connection.getresponse()
        lines = [response.readline()]
        first = time.perf_counter() - started
        lines += response.read().splitlines()
        seconds = time.perf_counter() - started
    finally:
        connection.close()
    if response.status in {404, 405}:
        raise NotAvailableError(f"{_PATH} is not there")
    if response.status != 200:
        raise RuntimeError(f"{_PATH} answered {response.status}: {lines[0][:200]!r}")
    _check(lines, ids)
    return first, seconds


def _check(lines: Sequence[bytes], ids: Sequence[int]) -> None:
    products = [json.loads(line) for line in lines]
    if [product["product_id"] for product in products] != ids:
        raise RuntimeError("the lines are not in the order asked")
    if any(len(product["skus"]) != _SKUS_EACH for product in products):
        raise RuntimeError("a product has not all of its SKUs")


def _lookup_seconds(url: str, ids: Sequence[int]) -> float:
    # On the event loop that Hangtag runs on: the lookups shall not be slow by their loop.
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        return runner.run(_one_after_another(url, ids))


async def _one_after_another(url: str, ids: Sequence[int]) -> float:
    """Return the seconds of a lookup an id, prepared, through a pool as Hangtag has it."""
    async with open_pool(url, size=6, acquire_timeout=3, query_timeout=10) as pool:
        await _look_up(pool, ids[0])
        started = time.perf_counter()
        rows = [len(await _look_up(pool, product_id)) for product_id in ids]
        seconds = time.perf_counter() - started
    if set(rows) != {_SKUS_EACH}:
        raise RuntimeError("a product has not all of its SKUs")
    return seconds


async def _look_up(pool: Pool, product_id: int) -> Sequence[object]:
    async with pool.acquire() as connection:
        return await connection.fetch(_LOOKUP, product_id)
