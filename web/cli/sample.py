"""`python run.py sample`: fill the catalog with generated data."""

import asyncio
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from getpass import getuser
from typing import Annotated

import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from web.catalog.sample import CatalogNotEmptyError, SampleSize, load_sample, vacuum_catalog
from web.cli.database import exit_on_sigterm, migrated_database
from web.database.pool import Connection, open_pool
from web.database.transactions import Author, in_transaction
from web.settings import Settings, load_settings

_DEFAULT = SampleSize()
_MOST_BRANDS = 1_000_000


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
    """Load a sample in one transaction, behind a progress bar that says what is being done.

    Raises:
        CatalogNotEmptyError: there is something, and `append` is false.
    """
    bar = Progress(
        TextColumn("Sample catalog: {task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        console=Console(stderr=True),
        transient=True,
    )
    task = bar.add_task("start", total=None)

    def advance(phase: str, done: int, of: int) -> None:
        bar.update(task, description=phase, completed=done, total=of)

    async def load(connection: Connection) -> None:
        await load_sample(connection, size, seed=seed, append=append, advance=advance)

    with _sigterm_cancels():
        async with open_pool(
            url, size=1, acquire_timeout=settings.acquire_timeout, query_timeout=None
        ) as pool:
            with bar:
                await in_transaction(pool, load, author=Author(getuser(), "", "sample"))
                async with pool.acquire() as connection:
                    advance("statistics", 0, 1)
                    await vacuum_catalog(connection)


@contextmanager
def _sigterm_cancels() -> Iterator[None]:
    """Make SIGTERM end the running task where it waits, as Ctrl-C does.

    An exception anywhere else would leave COPY open, and then nothing can be rolled back.
    """
    loop, task = asyncio.get_running_loop(), asyncio.current_task()
    terminated = False

    def cancel() -> None:
        nonlocal terminated
        terminated = True
        if task is not None:
            task.cancel()

    loop.add_signal_handler(signal.SIGTERM, cancel)
    try:
        yield
    except asyncio.CancelledError:
        if terminated:
            raise SystemExit(128 + signal.SIGTERM) from None
        raise
    finally:
        loop.remove_signal_handler(signal.SIGTERM)
        exit_on_sigterm()
