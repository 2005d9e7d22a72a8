"""run.py: starting the desk."""

import socket

import pytest

from tests.cli.conftest import Home, Serve, run_command


def test_desk_starts_on_an_empty_machine_with_the_sample(home: Home, serve: Serve) -> None:
    desk = serve(home, "serve", "--demo", "--port", "0")

    assert desk.host == "127.0.0.1"
    status, page = desk.get("/")
    assert status == 200
    assert "100,000" in page
    assert desk.get("/readyz") == (200, "ready\n")
    _, download = desk.get("/skus.csv")
    assert download.count("\r\n") == 100_001
    assert desk.stop() == 0
    assert not home.has_server()


def test_second_start_keeps_the_catalog_and_adds_no_sample(filled_home: Home, serve: Serve) -> None:
    desk = serve(filled_home, "serve", "--demo", "--port", "0")
    assert desk.create_brand("Levis+501") == 303
    assert desk.stop() == 0

    desk = serve(filled_home, "serve", "--demo", "--port", "0")

    assert desk.create_brand("LEVIS+501") == 409
    assert "100,000" in desk.get("/")[1]
    assert "<strong>101</strong> brands" in desk.get("/")[1]


def test_without_demo_the_catalog_stays_empty(home: Home, serve: Serve) -> None:
    desk = serve(home, "serve", "--port", "0")
    assert "The catalog is empty." in desk.get("/")[1]


def test_flags_without_a_command_mean_serve(filled_home: Home, serve: Serve) -> None:
    desk = serve(filled_home, "--host", "::1", "--port", "0")

    assert desk.host == "::1"
    assert desk.get("/healthz") == (200, "alive\n")


def test_no_argument_means_serve_with_the_settings(filled_home: Home, serve: Serve) -> None:
    (filled_home.folder / ".env").write_text("HANGTAG_PORT=0\nHANGTAG_HOST=::1\n", encoding="utf-8")

    desk = serve(filled_home, "--port=0", HANGTAG_HOST="127.0.0.2")

    assert desk.host == "127.0.0.2"
    assert desk.get("/readyz")[0] == 200


def test_name_in_the_request_is_checked_on_loopback(filled_home: Home, serve: Serve) -> None:
    desk = serve(filled_home, "--host", "127.0.0.1", "--port", "0")

    with socket.create_connection(("127.0.0.1", desk.port), timeout=30) as connection:
        connection.sendall(b"GET /healthz HTTP/1.0\r\nHost: elsewhere.example\r\n\r\n")
        status_line = connection.makefile("rb").readline()

    assert status_line.split()[1] == b"421"


@pytest.mark.parametrize(
    ("arguments", "settings", "variable"),
    [
        (["serve"], {"HANGTAG_PORT": "http"}, "HANGTAG_PORT"),
        (["--port", "70000"], {}, "HANGTAG_PORT"),
        ([], {"HANGTAG_POOL_SIZE": "0"}, "HANGTAG_POOL_SIZE"),
        (["sample"], {"HANGTAG_POOL_SIZE": "0"}, "HANGTAG_POOL_SIZE"),
        (["migrate"], {"DATABASE_URL": "mysql://desk:s3cret@db.example/x"}, "DATABASE_URL"),
    ],
)
def test_bad_setting_is_named_and_nothing_starts(
    home: Home, arguments: list[str], settings: dict[str, str], variable: str
) -> None:
    done = run_command(home, *arguments, **settings)

    assert done.returncode == 2
    assert done.stderr.startswith(f"{variable} cannot be ")
    assert "Traceback" not in done.stderr
    assert "s3cret" not in done.stdout + done.stderr
    assert not home.data_dir.exists()


def test_port_in_use_is_a_sentence_and_leaves_no_server(filled_home: Home) -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        done = run_command(filled_home, "serve", "--port", str(port))

    assert done.returncode == 1
    assert f"Cannot listen on 127.0.0.1 port {port}: " in done.stderr
    assert "Traceback" not in done.stderr
    assert "Hangtag is at" not in done.stdout
    assert not filled_home.has_server()


@pytest.mark.parametrize("command", ["serve", "migrate", "sample"])
def test_unreachable_database_is_a_sentence_without_the_password(home: Home, command: str) -> None:
    url = "postgresql://desk:s3cret@127.0.0.1:1/products"

    done = run_command(home, command, DATABASE_URL=url)

    assert done.returncode == 1
    assert "The database could not be migrated" in done.stderr
    assert "Traceback" not in done.stderr
    assert "s3cret" not in done.stdout + done.stderr


def test_data_of_another_version_is_a_sentence(filled_home: Home) -> None:
    version = filled_home.data_dir / "postgresql" / "PG_VERSION"
    version.write_text("9.6\n", encoding="ascii")

    done = run_command(filled_home, "serve")

    assert done.returncode == 1
    assert "was written by PostgreSQL 9.6" in done.stderr
    assert "Traceback" not in done.stderr


def test_given_database_is_used_and_no_other_started(
    home: Home, serve: Serve, database_url: str
) -> None:
    desk = serve(home, "serve", "--port", "0", DATABASE_URL=database_url)

    assert desk.create_brand("Levis") == 303
    assert "<strong>1</strong> brand" in desk.get("/")[1]
    assert desk.stop() == 0
    assert not home.data_dir.exists()
    done = run_command(home, "migrate", DATABASE_URL=database_url)
    assert done.returncode == 0, done.stderr


def test_unknown_command_exits_with_2(home: Home) -> None:
    done = run_command(home, "sell")

    assert done.returncode == 2
    assert "sell" in done.stderr
    assert not home.data_dir.exists()


def test_help_names_the_commands(home: Home) -> None:
    done = run_command(home, "--help")

    assert done.returncode == 0
    for command in ("serve", "migrate", "sample"):
        assert command in done.stdout
