"""Accounts by the command line, and what `serve` asks for before it opens to a network."""

import datetime as dt
import ipaddress
import re
import socket
import ssl
import subprocess
import sys
from http.client import HTTPConnection, HTTPSConnection
from pathlib import Path
from urllib.parse import urlencode

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from tests.cli.conftest import PATIENCE, RUN, Home, Serve, run_command
from tests.desk import build_settings
from web.access.protection import tls_context

ADD_ADMIN = "python run.py user add NAME --role admin"
PASSWORD = "correct horse battery"  # noqa: S105 - of nobody


def _run(
    home: Home, *arguments: str, typed: str = "", **settings: str
) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        [sys.executable, str(RUN), *arguments],
        cwd=home.folder,
        env=home.environment(**settings),
        input=typed,
        capture_output=True,
        text=True,
        timeout=PATIENCE,
        check=False,
    )


def _add_admin(home: Home, url: str, name: str = "Ada") -> None:
    arguments = ("user", "add", name, "--role", "admin", "--password-stdin")
    done = _run(home, *arguments, typed=PASSWORD + "\n", DATABASE_URL=url)
    assert done.returncode == 0, done.stderr
    assert done.stdout == f"{name} may sign in as admin.\n"


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """A certificate for 127.0.0.1 that nobody but the test trusts, and its key."""
    folder = tmp_path_factory.mktemp("tls")
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "desk")])
    now = dt.datetime.now(dt.UTC)
    built = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - dt.timedelta(days=1))
        .not_valid_after(now + dt.timedelta(days=1))
        .add_extension(
            x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]),
            critical=False,
        )
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    paths = folder / "cert.pem", folder / "key.pem"
    paths[0].write_bytes(built.public_bytes(serialization.Encoding.PEM))
    paths[1].write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
    )
    return paths


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "192.0.2.1", "desk.example"])  # noqa: S104
@pytest.mark.parametrize("workers", ["1", "2"])
def test_open_address_needs_tls_or_a_proxy_before_anything_starts(
    home: Home, host: str, workers: str
) -> None:
    done = run_command(home, "serve", "--host", host, "--port", "0", "--workers", workers)

    assert done.returncode == 2
    assert done.stderr.startswith(f"HANGTAG_HOST cannot be '{host}' yet")
    assert ADD_ADMIN in done.stderr
    assert "Traceback" not in done.stderr
    assert not home.data_dir.exists()


@pytest.mark.parametrize("host", ["0.0.0.0", "127.0.0.1"])  # noqa: S104
def test_desk_behind_a_proxy_needs_an_account(home: Home, database_url: str, host: str) -> None:
    settings = {"DATABASE_URL": database_url, "HANGTAG_TRUSTED_PROXIES": "10.0.0.0/8"}

    done = run_command(home, "serve", "--host", host, "--port", "0", **settings)

    assert done.returncode == 2
    assert "it has no accounts yet" in done.stderr
    assert ADD_ADMIN in done.stderr
    assert "Hangtag is at" not in done.stdout


@pytest.mark.parametrize("workers", ["1", "2"])
def test_with_an_account_and_tls_the_desk_opens_and_signs_in(
    home: Home, serve: Serve, database_url: str, certificate: tuple[Path, Path], workers: str
) -> None:
    cert, key = certificate
    tls = ("--tls-cert", str(cert), "--tls-key", str(key))
    arguments = ("serve", "--host", "0.0.0.0", "--port", "0", "--workers", workers, *tls)  # noqa: S104
    refused = run_command(home, *arguments, DATABASE_URL=database_url)
    assert (refused.returncode, ADD_ADMIN in refused.stderr) == (2, True)
    _add_admin(home, database_url)

    desk = serve(home, *arguments, DATABASE_URL=database_url)

    trust = ssl.create_default_context(cafile=str(cert))
    connection = HTTPSConnection("127.0.0.1", desk.port, context=trust, timeout=PATIENCE)
    connection.request("GET", "/brands")
    answer = connection.getresponse()
    answer.read()
    assert (answer.status, answer.headers["Location"]) == (303, "/sign-in?next=/brands")
    assert answer.headers["Strict-Transport-Security"] == "max-age=31536000"
    form = urlencode({"account_name": "ada", "password": PASSWORD})
    connection.request(
        "POST", "/sign-in", form, {"Content-Type": "application/x-www-form-urlencoded"}
    )
    answer = connection.getresponse()
    answer.read()
    cookie = re.match(r"__Host-hangtag=[^;]+", answer.headers["Set-Cookie"])
    assert answer.status == 303
    assert cookie is not None
    connection.request("GET", "/brands", headers={"Cookie": cookie[0]})
    answer = connection.getresponse()
    assert answer.status == 200
    answer.read()
    assert connection.sock.version() == "TLSv1.3"
    connection.close()
    with (
        socket.create_connection(("127.0.0.1", desk.port), timeout=PATIENCE) as plain,
        trust.wrap_socket(plain, server_hostname="127.0.0.1") as wire,
    ):
        wire.sendall(b"nonsense\r\n\r\n")
        assert b"Strict-Transport-Security: max-age=31536000\r\n" in wire.recv(64 * 1024)
    settings = build_settings(tls_cert=cert, tls_key=key)
    context = tls_context(settings)
    assert context is not None
    assert context.minimum_version is ssl.TLSVersion.TLSv1_2


def test_behind_a_trusted_proxy_every_name_is_answered(
    home: Home, serve: Serve, database_url: str
) -> None:
    _add_admin(home, database_url)
    settings = {"DATABASE_URL": database_url, "HANGTAG_TRUSTED_PROXIES": "127.0.0.1"}

    desk = serve(home, "serve", "--host", "0.0.0.0", "--port", "0", **settings)  # noqa: S104

    connection = HTTPConnection("127.0.0.1", desk.port, timeout=PATIENCE)
    connection.request(
        "GET", "/healthz", headers={"Host": "desk.example", "X-Forwarded-Proto": "https"}
    )
    answer = connection.getresponse()
    assert answer.status == 200
    assert "Strict-Transport-Security" in answer.headers
    connection.close()


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        (
            {"HANGTAG_TLS_CERT": "cert.pem"},
            "HANGTAG_TLS_CERT cannot be set alone: it needs HANGTAG_TLS_KEY",
        ),
        (
            {"HANGTAG_TLS_KEY": "key.pem"},
            "HANGTAG_TLS_KEY cannot be set alone: it needs HANGTAG_TLS_CERT",
        ),
        (
            {"HANGTAG_TLS_CERT": "none.pem", "HANGTAG_TLS_KEY": "none.pem"},
            "HANGTAG_TLS_CERT cannot be 'none.pem': No such file or directory.",
        ),
        (
            {"HANGTAG_TLS_CERT": "empty.pem", "HANGTAG_TLS_KEY": "empty.pem"},
            "HANGTAG_TLS_CERT cannot be 'empty.pem' with the key 'empty.pem': ",
        ),
        ({"HANGTAG_TRUSTED_PROXIES": "proxy.example"}, "HANGTAG_TRUSTED_PROXIES cannot be "),
        ({"HANGTAG_OIDC_ISSUER": "http://login.example"}, "HANGTAG_OIDC_ISSUER cannot be "),
        ({"HANGTAG_OIDC_CLIENT_ID": "desk"}, "HANGTAG_OIDC_CLIENT_ID cannot be set alone"),
    ],
)
def test_settings_of_the_way_in_that_cannot_be_used_are_named(
    home: Home, settings: dict[str, str], said: str
) -> None:
    (home.folder / "empty.pem").write_bytes(b"")

    done = run_command(home, "serve", "--port", "0", **settings)

    assert done.returncode == 2
    assert said in done.stderr
    assert "Traceback" not in done.stderr


def test_accounts_are_added_listed_changed_and_removed(home: Home, database_url: str) -> None:
    def user(*arguments: str, typed: str = "") -> "subprocess.CompletedProcess[str]":
        return _run(home, "user", *arguments, typed=typed, DATABASE_URL=database_url)

    _add_admin(home, database_url)
    added = user("add", "Grace", "--no-password")
    assert (added.returncode, added.stdout) == (0, "Grace may sign in as viewer.\n")

    again = user("add", "ＡＤＡ", "--password-stdin", typed=PASSWORD + "\n")
    assert (again.returncode, again.stderr) == (1, "There is an account ＡＤＡ already.\n")
    short = user("password", "Ada", "--password-stdin", typed="short\n")
    assert (short.returncode, short.stderr) == (1, "The password is shorter than 12 characters.\n")
    for name in ("local desk", "Local  Desk", "key Acme", "a\tb", " "):
        assert user("add", name, "--no-password").returncode == 1
    assert user("role", "grace", "editor").stdout == "grace is editor now.\n"
    assert user("role", "grace", "owner").returncode == 2
    assert user("password", "ada", "--password-stdin", typed="x" * 12).returncode == 0
    listed = user("list").stdout
    assert re.search(r"Ada\W+admin", listed)
    assert re.search(r"Grace\W+editor", listed)
    assert user("remove", "nobody").stderr == "There is no account nobody.\n"
    assert user("remove", "ada").stdout == "ada is gone.\n"
    last = user("remove", "grace").stdout
    assert last.startswith("grace is gone.\nThere are no accounts left")


def test_account_is_added_beside_a_running_desk(filled_home: Home, serve: Serve) -> None:
    desk = serve(filled_home, "serve", "--port", "0")
    assert desk.get("/brands")[0] == 200

    done = _run(filled_home, "user", "add", "Ada", "--role", "admin", "--no-password")

    assert done.returncode == 0, done.stderr
    while desk.get("/brands")[0] == 200:
        pass
    assert desk.get("/brands")[0] == 303
    assert desk.get("/readyz") == (200, "ready\n")
