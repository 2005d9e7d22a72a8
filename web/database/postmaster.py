"""The server process of a cluster: whether it runs, when it is ready, and how it is stopped.

A file postmaster.pid with a living process id proves nothing: after a crash or a restart of the
machine the id may be any program's. The process that counts is called postgres and works in the
cluster's folder, which PostgreSQL makes its current one before it writes the file.
"""

import signal
import time
from dataclasses import dataclass
from pathlib import Path

import psutil

from web.database.server_user import SOCKET_NAME, EmbeddedServerError

_START_SECONDS = 120.0  # recovery after a crash reads about max_wal_size, 1 GB
_STOP_SECONDS = 30.0
_ORPHAN_SECONDS = 10.0
_POLL_SECONDS = 0.01


@dataclass(frozen=True, slots=True)
class Postmaster:
    """The running server process of a cluster, as its postmaster.pid describes it."""

    process: psutil.Process
    socket_dir: Path
    status: str
    """`starting`, `ready`, `stopping` or `standby`; empty in the first moments."""

    def stop(self) -> None:
        """Stop the server, and return when its process has ended; transactions are rolled back.

        Raises:
            EmbeddedServerError: it does not end.
        """
        # psutil compares start times, so that no signal ever goes to a reused process id. SIGINT is
        # a fast shutdown, SIGQUIT an immediate one: no data is lost, the next start recovers.
        for number, seconds in ((signal.SIGINT, _STOP_SECONDS), (signal.SIGQUIT, _STOP_SECONDS)):
            deadline = time.monotonic() + seconds
            try:
                self.process.send_signal(number)
                while self.process.is_running() and time.monotonic() < deadline:
                    # In a container nobody may collect the process that has ended.
                    if self.process.status() == psutil.STATUS_ZOMBIE:
                        return
                    time.sleep(_POLL_SECONDS)
            except psutil.NoSuchProcess:
                return
            if not self.process.is_running():
                return
        raise EmbeddedServerError(f"PostgreSQL (process {self.process.pid}) does not stop.")


def find_postmaster(cluster: Path) -> Postmaster | None:
    """Return the server process that runs on this cluster, or None."""
    try:
        text = (cluster / "postmaster.pid").read_text(encoding="utf-8", errors="surrogateescape")
        lines = [*text.splitlines(), *[""] * 8]
        process = psutil.Process(int(lines[0]))
        if not _works_in(process, cluster):
            return None
    except (FileNotFoundError, ValueError, psutil.Error):
        return None
    # The lines of this file: https://www.postgresql.org/docs/18/storage-file-layout.html names it,
    # src/include/utils/pidfile.h numbers them.
    return Postmaster(process, Path(lines[4]), lines[7].strip())


def wait_until_ready(cluster: Path) -> Postmaster | None:
    """Wait for a server that is on its way up or down; return it when it is ready, None when gone.

    Raises:
        EmbeddedServerError: it was neither after 120 s.
    """
    deadline = time.monotonic() + _START_SECONDS
    while postmaster := find_postmaster(cluster):
        if postmaster.status == "ready":
            return postmaster
        if time.monotonic() > deadline:
            raise EmbeddedServerError(
                f"PostgreSQL (process {postmaster.process.pid}) is still"
                f" {postmaster.status or 'starting'} after {_START_SECONDS:.0f} seconds."
            )
        time.sleep(_POLL_SECONDS)
    return None


def clear_stale_files(cluster: Path, socket_dir: Path) -> None:
    """Remove what a killed server left behind; call it only under the lock, and when none runs."""
    stale = [cluster / "postmaster.pid", socket_dir / f"{SOCKET_NAME}.lock"]
    if not any(path.exists() for path in stale):
        return
    # The children of a killed server notice its death a moment later, and must not meet a new one.
    deadline = time.monotonic() + _ORPHAN_SECONDS
    while time.monotonic() < deadline and _has_processes(cluster):
        time.sleep(_POLL_SECONDS)
    # PostgreSQL would refuse to start if the id in these files belongs to an unrelated process, or
    # to the killed one that nobody has collected yet. Under the lock nobody starts a server that
    # could have written the files since we looked, and against a child that is still there
    # PostgreSQL guards itself by its shared memory, whose key comes from the folder.
    for path in stale:
        path.unlink(missing_ok=True)


def _has_processes(cluster: Path) -> bool:
    for process in psutil.process_iter():
        try:
            if _works_in(process, cluster):
                return True
        except psutil.Error:
            continue  # it has just ended, or it is somebody else's
    return False


def _works_in(process: psutil.Process, cluster: Path) -> bool:
    try:
        return process.name() == "postgres" and cluster.samefile(process.cwd())
    except FileNotFoundError:  # it has just ended, or its folder was deleted
        return False
