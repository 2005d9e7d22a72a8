import asyncio
import os
import sys
from collections.abc import AsyncIterator
from contextlib import suppress
from pathlib import Path

import asyncpg
import psutil
import pytest
import pytest_asyncio

from tests.conftest import create_database, database_url_on, drop_database, unique_name
from web.database.dsn import addresses, parse_dsn
from web.database.migrations import MigrationError, SchemaState, migrate, schema_state

MIGRATE = """
import asyncio, sys
from pathlib import Path
from web.database.migrations import migrate
print(",".join(asyncio.run(migrate(sys.argv[1], Path(sys.argv[2])))))
"""
ROOT = Path(__file__).parents[2]


def _write_migration(folder: Path, version: int, statement: str) -> str:
    text = f"-- migrate:up\n{statement}\n\n-- migrate:down\n"
    (folder / f"{version}_test.sql").write_text(text, encoding="utf-8")
    return str(version)


@pytest.fixture
def migrations(tmp_path: Path) -> Path:
    folder = tmp_path / "migrations"
    folder.mkdir()
    _write_migration(folder, 20260101000000, "create table shelf (shelf_id bigint);")
    _write_migration(folder, 20260102000000, "insert into shelf values (1);")
    return folder


@pytest_asyncio.fixture
async def missing_url(server_url: str) -> AsyncIterator[str]:
    """The URL of a database that does not exist yet; its name needs quoting."""
    name = unique_name('hangtag "of" a/test')
    yield database_url_on(server_url, name)
    connection = await asyncpg.connect(server_url)
    quoted = name.replace('"', '""')
    await connection.execute(f'drop database if exists "{quoted}" with (force)')
    await connection.close()


def _dbmate_processes() -> list[psutil.Process]:
    found = []
    for child in psutil.Process().children():
        with suppress(psutil.NoSuchProcess):
            if child.name() == "dbmate":
                found.append(child)
    return found


async def _fetch(url: str, query: str) -> list[tuple[object, ...]]:
    connection = await asyncpg.connect(url)
    try:
        return [tuple(row) for row in await connection.fetch(query)]
    finally:
        await connection.close()


async def _state(url: str, migrations: Path) -> SchemaState:
    connection = await asyncpg.connect(url)
    try:
        return await schema_state(connection, migrations)
    finally:
        await connection.close()


async def test_missing_database_is_created_and_migrated(missing_url: str, migrations: Path) -> None:
    assert await migrate(missing_url, migrations) == ["20260101000000", "20260102000000"]

    assert await _fetch(missing_url, "select shelf_id from shelf") == [(1,)]
    locale = "select pg_encoding_to_char(encoding), datcollate from pg_database"
    locale += " where datname = current_database()"
    assert await _fetch(missing_url, locale) == [("UTF8", "C")]


async def test_current_database_is_left_alone(missing_url: str, migrations: Path) -> None:
    await migrate(missing_url, migrations)
    assert await _state(missing_url, migrations) is SchemaState.CURRENT

    assert await migrate(missing_url, migrations) == []
    assert await _fetch(missing_url, "select shelf_id from shelf") == [(1,)]


async def test_database_that_is_behind_gets_what_it_lacks(
    missing_url: str, migrations: Path
) -> None:
    await migrate(missing_url, migrations)
    version = _write_migration(migrations, 20260103000000, "insert into shelf values (2);")
    assert await _state(missing_url, migrations) is SchemaState.BEHIND

    assert await migrate(missing_url, migrations) == [version]
    assert await _fetch(missing_url, "select count(*) from shelf") == [(2,)]


async def test_database_without_any_migration_is_behind(server_url: str, migrations: Path) -> None:
    name = unique_name("hangtag_test")
    url = await create_database(server_url, name)
    try:
        assert await _state(url, migrations) is SchemaState.BEHIND
    finally:
        await drop_database(server_url, name)


async def test_newer_database_is_refused(missing_url: str, migrations: Path) -> None:
    newest = migrations / "20260102000000_test.sql"
    await migrate(missing_url, migrations)
    newest.unlink()
    _write_migration(migrations, 20260103000000, "insert into shelf values (2);")
    assert await _state(missing_url, migrations) is SchemaState.NEWER

    with pytest.raises(MigrationError, match="newer than this Hangtag"):
        await migrate(missing_url, migrations)
    assert await _fetch(missing_url, "select count(*) from shelf") == [(1,)]


async def test_failing_migration_changes_nothing_and_says_why(
    missing_url: str, migrations: Path
) -> None:
    _write_migration(migrations, 20260103000000, "insert into shelf values (3); select 1 / 0;")
    with pytest.raises(MigrationError, match="division by zero"):
        await migrate(missing_url, migrations)
    assert await _fetch(missing_url, "select shelf_id from shelf") == [(1,)]
    assert await _state(missing_url, migrations) is SchemaState.BEHIND


async def test_database_in_another_encoding_is_refused(server_url: str, migrations: Path) -> None:
    name = unique_name("hangtag_test")
    connection = await asyncpg.connect(server_url)
    locale = "template template0 encoding 'LATIN1' lc_collate 'C' lc_ctype 'C'"
    try:
        await connection.execute(f'create database "{name}" {locale}')
        with pytest.raises(MigrationError, match="LATIN1"):
            await migrate(database_url_on(server_url, name), migrations)
    finally:
        await connection.close()
        await drop_database(server_url, name)


async def test_unreachable_server_is_a_sentence(migrations: Path, tmp_path: Path) -> None:
    with pytest.raises(MigrationError, match="could not be migrated"):
        await migrate(f"postgresql://somebody@/products?host={tmp_path}", migrations)
    with pytest.raises(MigrationError, match="does not begin with postgresql"):
        await migrate("mysql://somebody:secret@localhost/products", migrations)


async def test_ten_processes_at_once_apply_each_migration_once(
    missing_url: str, migrations: Path
) -> None:
    slow = (
        "select pg_sleep(1); insert into shelf values (1);"  # so that all of them find it pending
    )
    _write_migration(migrations, 20260102000000, slow)
    processes = [
        await asyncio.create_subprocess_exec(
            *(sys.executable, "-c", MIGRATE, missing_url, str(migrations)),
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
            cwd=ROOT,
        )
        for _ in range(10)
    ]
    applied: list[str] = []
    for process in processes:
        stdout, stderr = await process.communicate()
        assert process.returncode == 0, stderr.decode()
        applied += [version for version in stdout.decode().strip().split(",") if version]
    assert sorted(applied) == ["20260101000000", "20260102000000"]
    assert await _fetch(missing_url, "select shelf_id from shelf") == [(1,)]


async def test_special_characters_in_user_and_password_survive(
    server_url: str, migrations: Path
) -> None:
    role, password = "hangtag @:/?#% test", "p@ss:/?#[]% wört&=+"
    name = unique_name("hangtag_test")
    connection = await asyncpg.connect(server_url)
    parts = parse_dsn(database_url_on(server_url, name))
    try:
        await connection.execute(f"create role \"{role}\" login createdb password '{password}'")
        login = (
            "hangtag%20%40%3A%2F%3F%23%25%20test:p%40ss%3A%2F%3F%23%5B%5D%25%20w%C3%B6rt%26%3D%2B"
        )
        url = f"postgresql://{login}@{parts.hosts if 'host' not in parts.parameters else ''}/{name}"
        if parts.parameters:
            url += "?" + "&".join(f"{key}={value}" for key, value in parts.parameters.items())
        assert parse_dsn(url).password == password
        assert len(await migrate(url, migrations)) == 2
        owner = "select rolname::text from pg_roles join pg_database d on d.datdba = pg_roles.oid"
        owner += " where d.datname = current_database()"
        assert await _fetch(url, owner) == [(role,)]
    finally:
        await connection.execute(f'drop database if exists "{name}" with (force)')
        await connection.execute(f'drop role "{role}"')
        await connection.close()


async def test_parameters_that_only_asyncpg_knows_do_no_harm(
    missing_url: str, migrations: Path
) -> None:
    more = "target_session_attrs=any&ssl_min_protocol_version=TLSv1.2&krbsrvname=x&work_mem=8MB"
    url = missing_url + ("&" if "?" in missing_url else "?") + more
    assert len(await migrate(url, migrations)) == 2


async def test_env_file_of_the_current_folder_is_not_read(
    missing_url: str, migrations: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    decoy = "DATABASE_URL=postgres://nobody@nowhere.invalid/x\nHANGTAG_DBMATE_URL=mysql://x\n"
    decoy += "DBMATE_MIGRATIONS_TABLE=elsewhere\nPGOPTIONS=-c nonsense=1\n"
    (tmp_path / ".env").write_text(decoy, encoding="utf-8")
    kept = os.listdir(tmp_path)  # noqa: PTH208
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("DBMATE_MIGRATIONS_TABLE", "elsewhere")
    assert len(await migrate(missing_url, migrations)) == 2
    assert await _state(missing_url, migrations) is SchemaState.CURRENT
    assert os.listdir(tmp_path) == kept  # noqa: PTH208 - and no schema file was written


async def test_password_is_not_in_the_process_list(missing_url: str, migrations: Path) -> None:
    _write_migration(migrations, 20260103000000, "select pg_sleep(0.5);")
    task = asyncio.create_task(migrate(missing_url, migrations))
    seen: list[str] = []
    while not task.done():
        for process in _dbmate_processes():
            with suppress(psutil.NoSuchProcess):
                seen = process.cmdline() or seen
        await asyncio.sleep(0.02)
    assert await task == ["20260101000000", "20260102000000", "20260103000000"]
    assert seen
    assert not [argument for argument in seen if "://" in argument]


async def test_cancelled_migration_ends_dbmate(missing_url: str, migrations: Path) -> None:
    _write_migration(migrations, 20260103000000, "select pg_sleep(60);")
    task = asyncio.create_task(migrate(missing_url, migrations))
    async with asyncio.timeout(20):
        while not _dbmate_processes():  # noqa: ASYNC110 - another process tells no event
            await asyncio.sleep(0.02)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert not _dbmate_processes()


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        (
            "postgresql://u@db.example/x",
            [("db.example", 5432, "require"), ("db.example", 5432, "disable")],
        ),
        ("postgresql://u@db:6432/x?sslmode=verify-full", [("db", 6432, None)]),
        ("postgresql://u@[::1]:5433/x?sslmode=disable", [("::1", 5433, None)]),
        ("postgresql://u@/x?host=/run/a%20b&port=5434", [("/run/a b", 5434, None)]),
        ("postgresql://u@a:1,b/x?sslmode=require", [("a", 1, None), ("b", 5432, None)]),
        ("postgresql://u@db/x?sslmode=allow", [("db", 5432, "disable"), ("db", 5432, "require")]),
    ],
)
def test_addresses_are_those_that_asyncpg_tries(
    url: str, expected: list[tuple[str, int, str | None]], monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("PGHOST", "PGPORT", "PGSSLMODE"):
        monkeypatch.delenv(name, raising=False)
    assert [(a.host, a.port, a.sslmode) for a in addresses(url)] == expected


async def test_template_database_has_the_whole_schema(database_url: str) -> None:
    connection = await asyncpg.connect(database_url)
    try:
        assert await schema_state(connection) is SchemaState.CURRENT
    finally:
        await connection.close()
