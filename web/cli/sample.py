"""`python run.py sample`: fill the catalog with generated data."""

import asyncio
from typing import Annotated

import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from web.catalog.sample import CatalogNotEmptyError, SampleSize, load_sample, vacuum_catalog
from web.cli.database import migrated_database
from web.database.pool import Connection, open_pool
from web.database.transactions import in_transaction
from web.settings import Settings, load_settings

_DEFAULT = SampleSize()
_MOST_BRANDS = 1_000_000

Count = typer.Option(min=0)


def sample(
    brands: Annotated[int, typer.Option(min=0, max=_MOST_BRANDS)] = _DEFAULT.brands,
    products: Annotated[int, typer.Option(min=0)] = _DEFAULT.products,
    skus: Annotated[int, typer.Option(min=0)] = _DEFAULT.skus,
    seed: Annotated[int, typer.Option(help="The same seed gives the same catalog.")] = 1,
    append: Annotated[bool, typer.Option(help="Add to a catalog that is not empty.")] = False,
) -> None:
    """Fill the catalog with generated brands, products and SKUs, all or nothing."""
    if (products and not brands) or (skus and not products):
        raise typer.BadParameter("products need at least one brand, and SKUs one product")
    settings = load_settings()
    size = SampleSize(brands, products, skus)
    with migrated_database(settings) as url:
        try:
            asyncio.run(fill(url, settings, size, seed=seed, append=append))
        except CatalogNotEmptyError:
            typer.echo("The catalog is not empty. Add to it with --append.", err=True)
            raise typer.Exit(1) from None
    typer.echo(f"{brands:,} brands, {products:,} products and {skus:,} SKUs were loaded.")


async def fill(url: str, settings: Settings, size: SampleSize, *, seed: int, append: bool) -> None:
    """Load a sample in one transaction, behind a progress bar.

    Raises:
        CatalogNotEmptyError: there is something, and `append` is false.
    """
    bar = Progress(
        TextColumn("Sample catalog"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        console=Console(stderr=True),
        transient=True,
    )
    async with open_pool(
        url, size=1, acquire_timeout=settings.acquire_timeout, query_timeout=None
    ) as pool:
        with bar:
            task = bar.add_task("rows", total=size.rows)

            async def load(connection: Connection) -> None:
                bar.reset(task)
                await load_sample(
                    connection,
                    size,
                    seed=seed,
                    append=append,
                    advance=lambda rows: bar.advance(task, rows),
                )

            await in_transaction(pool, load, request_id="sample")
        async with pool.acquire() as connection:
            await vacuum_catalog(connection)
