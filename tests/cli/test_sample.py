"""`run.py sample`."""

import asyncio
import signal
import subprocess
import sys

import asyncpg
import pytest

from tests.cli.conftest import PATIENCE, RUN, Home, Serve, run_command

SMALL = ["--brands", "30", "--products", "200", "--skus", "5000"]


def test_sample_fills_an_empty_catalog_once(home: Home, serve: Serve) -> None:
    done = run_command(home, "sample", *SMALL)

    assert done.returncode == 0, done.stderr
    assert "30 brands, 200 products and 5,000 SKUs were loaded." in done.stdout
    assert not home.has_server()

    refused = run_command(home, "sample", *SMALL)
    assert refused.returncode == 1
    assert "The catalog is not empty. Add to it with --append." in refused.stderr
    assert "Traceback" not in refused.stderr

    added = run_command(home, "sample", *SMALL, "--append", "--seed", "2")
    assert added.returncode == 0, added.stderr
    desk = serve(home)
    assert "<strong>60</strong> brands" in desk.get("/")[1]
    assert "<strong>10,000</strong> SKUs" in desk.get("/")[1]


def test_sample_goes_into_a_running_desk(home: Home, serve: Serve) -> None:
    desk = serve(home)

    assert run_command(home, "sample", *SMALL).returncode == 0

    assert "<strong>5,000</strong> SKUs" in desk.get("/")[1]
    assert home.has_server()


@pytest.mark.parametrize(("number", "status"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_sample_that_is_stopped_leaves_nothing(
    home: Home, serve: Serve, number: signal.Signals, status: int
) -> None:
    desk = serve(home)
    with subprocess.Popen(
        [sys.executable, str(RUN), "sample", "--skus", "1000000000"],
        cwd=home.folder,
        env=home.environment(),
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        asyncio.run(_until_skus_come(home.url()))
        process.send_signal(number)
        _, said = process.communicate(timeout=PATIENCE)

    assert process.returncode == status
    assert "Traceback" not in said
    assert "The catalog is empty." in desk.get("/")[1]
    assert desk.create_brand("Levis") == 303


async def _until_skus_come(url: str) -> None:
    sql = "select sum(tuples_processed) from pg_stat_progress_copy where relid = 'sku'::regclass"
    connection = await asyncpg.connect(url)
    async with asyncio.timeout(PATIENCE):
        while (await connection.fetchval(sql) or 0) < 5000:  # noqa: ASYNC110
            await asyncio.sleep(0.05)
    await connection.close()


def test_sizes_that_make_no_sense_are_refused(home: Home) -> None:
    for sizes in (
        ["--brands", "0"],
        ["--products", "0"],
        ["--skus", "-1"],
        ["--brands", "many"],
        ["--brands", "1000001"],
    ):
        done = run_command(home, "sample", *sizes)
        assert done.returncode == 2
        assert "Traceback" not in done.stderr
    assert not home.data_dir.exists()


def test_migrate_brings_the_schema_and_nothing_else(home: Home, serve: Serve) -> None:
    done = run_command(home, "migrate")

    assert done.returncode == 0, done.stderr
    assert not home.has_server()
    assert "The catalog is empty." in serve(home).get("/")[1]
