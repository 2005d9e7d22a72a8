"""A desk of its own with the sample catalog, for the commands that look at its pages."""

import os
import re
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).parents[2]


@contextmanager
def sample_desk() -> Iterator[str]:
    """Serve the sample catalog from a temporary folder, and yield its address.

    Raises:
        RuntimeError: it did not start.
    """
    # Every setting at its default: nothing that somebody keeps is shown.
    kept = {
        name: value
        for name, value in os.environ.items()
        if name != "DATABASE_URL" and not name.startswith("HANGTAG_")
    }
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        log = Path(folder, "log")
        # LOGNAME is who the history says loaded the sample.
        own = {"HANGTAG_DATA_DIR": f"{folder}/data", "PYTHONUNBUFFERED": "1", "LOGNAME": "sample"}
        command = [sys.executable, str(ROOT / "run.py"), "serve", "--demo", "--port", "0"]
        with (
            log.open("w") as errors,
            subprocess.Popen(
                command,
                env=kept | own,
                cwd=folder,
                stdout=subprocess.PIPE,
                stderr=errors,
                text=True,
            ) as process,
        ):
            try:
                yield _address(process, log)
            finally:
                process.terminate()


def _address(process: subprocess.Popen[str], log: Path) -> str:
    assert process.stdout is not None
    for line in process.stdout:
        if found := re.search(r"http://[\w.]+:\d+", line):
            return found[0]
    raise RuntimeError(f"the desk did not start: {log.read_text()[-2000:]}")
