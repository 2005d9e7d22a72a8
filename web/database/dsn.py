"""Reading the URL of a database the way asyncpg does, where its answer is needed elsewhere.

asyncpg tries the hosts of a URL in order, and by default tries TLS first and does without where the
server has none. It does not tell in the end what it chose, and another driver has to be told.
"""

import getpass
import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Literal
from urllib.parse import parse_qsl, unquote, urlsplit

_SSL_MODES = {"disable", "allow", "prefer", "require", "verify-ca", "verify-full"}
_LAST_PORT = 65535
_DEFAULT_PORT = "5432"
_DEFAULT_HOSTS = "/run/postgresql,/var/run/postgresql,/tmp,/private/tmp,localhost"

SslMode = Literal["disable", "allow", "prefer", "require", "verify-ca", "verify-full"]


@dataclass(frozen=True, slots=True)
class Address:
    """One way to reach a server: a host or the folder of a unix socket, a port, TLS or not."""

    host: str
    port: int
    sslmode: SslMode | None
    """None leaves it to the URL, whose `sslmode` is then exact, or to a unix socket, without."""


@dataclass(frozen=True, slots=True)
class Dsn:
    """The parts of a URL, decoded; None for what it leaves to the environment."""

    user: str | None
    password: str | None
    hosts: str | None
    database: str | None
    parameters: dict[str, str]


def parse_dsn(url: str) -> Dsn:
    """Split a `postgresql://` URL into its parts.

    Raises:
        ValueError: it is no such URL. The text does not contain it, since it may hold a password.
    """
    split = urlsplit(url)
    if split.scheme not in {"postgresql", "postgres"}:
        raise ValueError("the database's URL does not begin with postgresql://")
    parameters = dict(parse_qsl(split.query))
    login, _, hosts = split.netloc.rpartition("@")
    user, _, password = login.partition(":")
    return Dsn(
        unquote(user) or parameters.get("user"),
        unquote(password) or parameters.get("password"),
        unquote(hosts) or parameters.get("host"),
        unquote(split.path.removeprefix("/"))
        or parameters.get("dbname", parameters.get("database")),
        parameters,
    )


def database_name(url: str) -> str:
    """Return the database that a URL means, which by default is named after the user."""
    dsn = parse_dsn(url)
    user = dsn.user or os.environ.get("PGUSER") or getpass.getuser()
    return dsn.database or os.environ.get("PGDATABASE") or user


def addresses(url: str) -> Iterator[Address]:
    """Return the addresses that a URL stands for, in the order in which to try them.

    Raises:
        ValueError: a port or the sslmode is none that there is.
    """
    dsn = parse_dsn(url)
    sslmode = dsn.parameters.get("sslmode") or os.environ.get("PGSSLMODE") or "prefer"
    ports = dsn.parameters.get("port") or os.environ.get("PGPORT") or _DEFAULT_PORT
    if sslmode not in _SSL_MODES:
        raise ValueError("its sslmode is none that there is")
    hosts = (dsn.hosts or os.environ.get("PGHOST") or _DEFAULT_HOSTS).split(",")
    for index, spec in enumerate(hosts):
        host, port = _host_and_port(spec)
        if not port:
            port = ports.split(",")[index if "," in ports else 0]
        if not 0 < int(port) <= _LAST_PORT:
            raise ValueError("its port is none that there is")
        if host.startswith("/"):
            if dsn.hosts or Path(host, f".s.PGSQL.{port}").exists():
                yield Address(host, int(port), None)
        elif sslmode == "prefer":
            yield Address(host, int(port), "require")
            yield Address(host, int(port), "disable")
        elif sslmode == "allow":
            yield Address(host, int(port), "disable")
            yield Address(host, int(port), "require")
        else:
            yield Address(host, int(port), None)


def _host_and_port(spec: str) -> tuple[str, str]:
    """Split `host:port`, `[::1]:port` or the folder of a socket; the port may be missing."""
    if spec.startswith("/"):
        return spec, ""
    if spec.startswith("["):
        host, _, rest = spec[1:].partition("]")
        return host, rest.removeprefix(":")
    host, _, port = spec.partition(":")
    return host or "localhost", port
