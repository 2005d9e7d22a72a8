"""`run.py lookups`."""

import re
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
import typer

from tests.cli.conftest import Home, run_command
from tests.desk import CatalogMaker
from web.catalog.lookups import (
    Found,
    draw_product_ids,
    look_up_as_batch,
    look_up_gathered,
    look_up_one_by_one,
)
from web.cli import lookups as command
from web.cli.lookups import Timing
from web.database.pool import open_pool
from web.downloads.limiter import ConcurrencyLimiter
from web.settings import Settings

ROW = r"{way} +\d+\.\d\d +\d+\.\d +█"


def test_lookups_are_compared_in_three_ways_that_find_the_same(filled_home: Home) -> None:
    done = run_command(filled_home, "lookups", "300", HANGTAG_POOL_SIZE="3")

    assert done.returncode == 0, done.stderr
    lines = done.stdout.splitlines()
    assert re.match(r"300 lookups +seconds +times as fast", lines[0])
    for line, way in zip(
        lines[1:4], ("one after another", "gathered, 3 at a time", "as a batch"), strict=True
    ):
        assert re.match(ROW.format(way=way), line), line
    assert re.fullmatch(r"Each way gave 300 products with [\d,]+ SKUs\.", lines[4])
    assert not filled_home.has_server()


def test_more_lookups_than_products_look_some_up_again(filled_home: Home) -> None:
    # The sample has 1,000 products with 100,000 SKUs.
    done = run_command(filled_home, "lookups", "2000")

    assert done.stdout.endswith("Each way gave 2,000 products with 200,000 SKUs.\n")


def test_empty_catalog_has_nothing_to_look_up(home: Home) -> None:
    done = run_command(home, "lookups")

    assert done.returncode == 0
    assert done.stdout == (
        "The catalog has no products to look up. Fill it with `run.py sample`.\n"
    )


@pytest.mark.parametrize("count", ["0", "-1", "many", "1000001"])
def test_number_that_makes_no_sense_is_refused(home: Home, count: str) -> None:
    done = run_command(home, "lookups", "--", count)

    assert done.returncode == 2
    assert "Traceback" not in done.stderr
    assert not home.data_dir.exists()


def test_ways_that_find_different_things_are_an_error(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    @contextmanager
    def no_database(_settings: Settings) -> Iterator[str]:
        yield ""

    async def experiment(*_arguments: object) -> list[Timing]:
        return [Timing("slow", 2.0, Found(7, 70)), Timing("fast", 1.0, Found(7, 69))]

    monkeypatch.setattr(command, "migrated_database", no_database)
    monkeypatch.setattr(command, "_experiment", experiment)

    with pytest.raises(typer.Exit) as ended:
        command.lookups(7, 1)

    assert ended.value.exit_code == 1
    said = capsys.readouterr()
    assert "the catalog has changed meanwhile" in said.err
    assert "Each way gave" not in said.out


async def test_every_way_finds_products_with_many_skus_and_with_none(
    catalog: CatalogMaker, database_url: str
) -> None:
    brand_id = await catalog.brand('"skus":[{"sku_id":')
    product_ids = await catalog.products(['{"sku_id":', "Jacket", "Scarf"], brand_id)
    await catalog.skus(product_ids[0], 2)
    await catalog.skus(product_ids[1], 3000)

    async with open_pool(database_url, size=2, acquire_timeout=10.0, query_timeout=30.0) as pool:
        drawn = await draw_product_ids(pool, 6, seed=1)
        found = [
            await look_up_one_by_one(pool, drawn),
            await look_up_gathered(pool, drawn, width=2),
            await look_up_as_batch(pool, drawn, ConcurrencyLimiter(1)),
        ]

    assert sorted(drawn) == sorted(product_ids * 2)
    assert drawn[:3] == drawn[3:]
    assert found == [Found(6, 6004)] * 3


async def test_same_seed_draws_the_same_products(catalog: CatalogMaker, database_url: str) -> None:
    names = [f"Jacket {number}" for number in range(100)]
    product_ids = await catalog.products(names, await catalog.brand("Levis"))

    async with open_pool(database_url, size=1, acquire_timeout=10.0, query_timeout=30.0) as pool:
        first, again, other = [await draw_product_ids(pool, 50, seed=seed) for seed in (1, 1, 2)]

    assert first == again != other
    assert len(set(first)) == 50
    assert set(first) < set(product_ids)
    assert first != sorted(first)
