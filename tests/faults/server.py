"""An embedded PostgreSQL of a drill's own, to be killed, frozen and brought back."""

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

import psutil

from web.database.embedded import embedded_server
from web.database.postmaster import find_postmaster


@dataclass
class Server:
    """The server; its URL is that of the catalog on it, once it was started."""

    data_dir: Path
    stack: ExitStack
    url: str = ""

    def start(self) -> None:
        """Start it, or start it again after it was killed."""
        settings = {"fsync": "off", "shared_buffers": "16MB"}
        server = self.stack.enter_context(embedded_server(self.data_dir, settings=settings))
        self.url = server.url("hangtag")

    def kill(self) -> None:
        """Kill it as the kernel does when memory runs out: nothing is put away."""
        self._postmaster().kill()

    @contextmanager
    def frozen(self) -> Iterator[None]:
        """Let none of its processes run (SIGSTOP) until the block ends: sockets stay open."""
        postmaster = self._postmaster()
        # The postmaster first: it would start others.
        postmaster.suspend()
        stopped = [postmaster, *postmaster.children()]
        try:
            for process in stopped[1:]:
                process.suspend()
            yield
        finally:
            for process in reversed(stopped):
                with suppress(psutil.NoSuchProcess):
                    process.resume()

    def _postmaster(self) -> psutil.Process:
        postmaster = find_postmaster((self.data_dir / "postgresql").resolve())
        assert postmaster is not None
        return postmaster.process
