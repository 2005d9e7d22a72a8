"""What is promised for the server holds for all of its workers together."""

from contextlib import ExitStack, closing
from http.client import HTTPConnection

import pytest

from tests.cli.conftest import PATIENCE, Home, Serve, run_command
from web.settings import Settings, SettingsError, load_settings, share, worker_settings


@pytest.mark.parametrize(
    ("workers", "pool_size", "said"),
    [("1", "90", "90 and 8"), ("2", "82", "82 and 8 with 2 workers")],
)
def test_more_connections_than_postgresql_has_are_refused(
    filled_home: Home, workers: str, pool_size: str, said: str
) -> None:
    # Any worker may come to run all downloads, and has a connection for each.
    settings = {"HANGTAG_POOL_SIZE": pool_size, "HANGTAG_DOWNLOAD_SLOTS": "8"}

    done = run_command(filled_home, "serve", "--workers", workers, **settings)

    assert done.returncode == 2
    assert done.stderr.splitlines()[-1] == (
        f"HANGTAG_POOL_SIZE and HANGTAG_DOWNLOAD_SLOTS cannot be {said}: together they need 98"
        " connections, and PostgreSQL has 97 for Hangtag (max_connections is 100, of which 3 are"
        " reserved)."
    )
    assert "Traceback" not in done.stderr
    assert not filled_home.has_server()


def test_pooler_is_not_measured_by_the_server_behind_it(
    home: Home, serve: Serve, database_url: str
) -> None:
    desk = serve(
        home, DATABASE_URL=database_url, HANGTAG_MIGRATE_URL=database_url, HANGTAG_POOL_SIZE="500"
    )

    assert desk.get("/readyz")[0] == 200


def test_slots_hold_for_all_workers_together(filled_home: Home, serve: Serve) -> None:
    desk = serve(
        filled_home,
        HANGTAG_WORKERS="2",
        HANGTAG_DOWNLOAD_SLOTS="2",
        HANGTAG_DOWNLOAD_STALL_TIMEOUT="600",
        HANGTAG_SHUTDOWN_TIMEOUT="0.5",
    )
    with ExitStack() as open_ones:
        statuses = []
        for _ in range(24):
            connection = HTTPConnection(desk.host, desk.port, timeout=PATIENCE)
            open_ones.enter_context(closing(connection))
            connection.request("GET", "/skus.csv")
            statuses.append(connection.getresponse().status)

    assert statuses.count(200) == 2
    assert statuses.count(503) == 22


@pytest.mark.parametrize("total", [3, 4, 10, 97, 1000])
@pytest.mark.parametrize("count", [1, 2, 3])
def test_shares_add_up_and_differ_by_one_at_most(total: int, count: int) -> None:
    shares = [share(total, count, index) for index in range(count)]

    assert sum(shares) == total
    assert shares == sorted(shares, reverse=True)
    assert shares[0] - shares[-1] <= 1
    assert shares[-1] > 0


def test_worker_is_a_server_of_its_share() -> None:
    settings = Settings(workers=3, pool_size=10, download_slots=8, download_width=1)

    shares = [worker_settings(settings, index) for index in range(3)]

    assert [each.pool_size for each in shares] == [4, 3, 3]
    # Slots are counted in the database, for all workers together.
    assert [each.download_slots for each in shares] == [8, 8, 8]
    assert [each.download_width for each in shares] == [1, 1, 1]
    assert [each.workers for each in shares] == [1, 1, 1]
    rest = {"workers": 3, "pool_size": 10}
    assert all(each.model_copy(update=rest) == settings for each in shares)


def test_less_than_one_connection_for_each_worker_is_refused() -> None:
    assert load_settings(workers=3, pool_size=3).workers == 3
    with pytest.raises(SettingsError, match=r"HANGTAG_POOL_SIZE cannot be 2: 3 workers"):
        load_settings(workers=3, pool_size=2)


def test_fewer_slots_than_workers_are_possible() -> None:
    assert load_settings(workers=3, download_slots=1).download_slots == 1


@pytest.mark.parametrize("count", ["0", "65", "many"])
def test_number_of_workers_that_makes_no_sense_is_refused(home: Home, count: str) -> None:
    done = run_command(home, "serve", HANGTAG_WORKERS=count)

    assert done.returncode == 2
    assert done.stderr.startswith(f"HANGTAG_WORKERS cannot be '{count}': ")
