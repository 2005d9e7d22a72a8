"""`python run.py lookups`: the textbook experiment with many lookups.

The same products are looked up one after another, gathered over the pool, and as
a batch. What differs is how often the program waits for the database.
"""

import asyncio
import time
from collections.abc import Awaitable
from dataclasses import dataclass
from typing import Annotated

import typer
from rich.bar import Bar
from rich.console import Console
from rich.table import Table

from web.catalog.lookups import (
    Found,
    draw_product_ids,
    look_up_as_batch,
    look_up_gathered,
    look_up_one_by_one,
)
from web.cli.database import migrated_database
from web.database.pool import Pool, open_pool
from web.downloads.limiter import ConcurrencyLimiter
from web.settings import Settings, load_settings

_BAR_WIDTH = 30
# Every way is tried with so many lookups before its time is taken: connections are open
# then, and statements prepared.
_WARM_UP = 200


@dataclass(frozen=True, slots=True)
class Timing:
    """One way to look products up, how long it took, and what it found."""

    way: str
    seconds: float
    found: Found


def lookups(
    count: Annotated[int, typer.Argument(min=1, max=1_000_000, help="How many lookups.")] = 10_000,
    seed: Annotated[int, typer.Option(help="The same seed looks the same products up.")] = 1,
) -> None:
    """Look many products up one after another, gathered, and as a batch, and compare the times."""
    settings = load_settings()
    with migrated_database(settings) as url:
        timings = asyncio.run(_experiment(url, settings, count, seed))
    if not timings:
        typer.echo("The catalog has no products to look up. Fill it with `run.py sample`.")
        return
    Console(highlight=False).print(_chart(timings))
    found = timings[0].found
    if any(timing.found != found for timing in timings):
        typer.echo("Not all ways found the same: the catalog has changed meanwhile.", err=True)
        raise typer.Exit(1)
    typer.echo(f"Each way gave {found.products:,} products with {found.skus:,} SKUs.")


async def _experiment(url: str, settings: Settings, count: int, seed: int) -> list[Timing]:
    """Return how long each way took; nothing when there are no products."""
    async with open_pool(
        url,
        size=settings.pool_size,
        acquire_timeout=settings.acquire_timeout,
        query_timeout=settings.query_timeout,
        statement_cache_size=settings.statement_cache_size,
    ) as pool:
        product_ids = await draw_product_ids(pool, count, seed=seed)
        if not product_ids:
            return []
        for warm_up in _ways(pool, product_ids[:_WARM_UP], settings.pool_size).values():
            await warm_up
        return [
            await _timed(way, looking_up)
            for way, looking_up in _ways(pool, product_ids, settings.pool_size).items()
        ]


def _ways(pool: Pool, product_ids: list[int], width: int) -> dict[str, Awaitable[Found]]:
    # No pages are served here that the batch would have to give way to.
    unlimited = ConcurrencyLimiter(1)
    return {
        "one after another": look_up_one_by_one(pool, product_ids),
        f"gathered, {width} at a time": look_up_gathered(pool, product_ids, width=width),
        "as a batch": look_up_as_batch(pool, product_ids, unlimited),
    }


async def _timed(way: str, looking_up: Awaitable[Found]) -> Timing:
    started = time.perf_counter()
    found = await looking_up
    return Timing(way, time.perf_counter() - started, found)


def _chart(timings: list[Timing]) -> Table:
    slowest = timings[0].seconds
    longest = max(timing.seconds for timing in timings)
    chart = Table(box=None, pad_edge=False)
    chart.add_column(f"{timings[0].found.products:,} lookups")
    chart.add_column("seconds", justify="right")
    chart.add_column("times as fast", justify="right")
    chart.add_column("")
    for timing in timings:
        chart.add_row(
            timing.way,
            f"{timing.seconds:.2f}",
            f"{slowest / timing.seconds:.1f}",
            Bar(longest, 0, timing.seconds, width=_BAR_WIDTH),
        )
    return chart
