"""Paths that a client names, to go back to: only ever this desk's own."""

import re

# Neither another host (`//host`, `/\host`) nor a second line of a header.
_PATH = re.compile(r"/(?![/\\])[!-\[\]-~]{0,2000}|/")


def path_here(path: str | None) -> str | None:
    """Return a path of this desk, or None if it is anything else."""
    return path if path and _PATH.fullmatch(path) else None
