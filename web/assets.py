"""The static files: read once at start, and served from memory under a content hash.

All of them share one hash, which stands in front of their paths (`/static/<hash>/js/main.js`):
the modules import each other by relative addresses, so a page that names one by its hash gets
all the others from the same version, without a build step that would rewrite them.
"""

import gzip
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from hashlib import blake2b
from pathlib import Path
from types import MappingProxyType
from typing import Final

from aiohttp import web

from web.inputs import accepts_gzip

STATIC_DIR: Final = Path(__file__).resolve().parents[1] / "static"

_HASH: Final = re.compile(r"[0-9a-f]{16}")
_IMPORT: Final = re.compile(r'\bfrom "\./([\w-]+\.js)"')
_MAIN: Final = "js/main.js"
# A year: what carries its content's hash never changes.
_IMMUTABLE: Final = "public, max-age=31536000, immutable"
_CHECKED: Final = "public, no-cache"
# Not what the system takes the names for: with a wrong type a browser runs no module. The one
# file of JSON says what may be fetched before somebody clicks, and has a type of its own.
_TYPES: Final = {
    ".css": "text/css; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".json": "application/speculationrules+json",
    ".svg": "image/svg+xml",
}
_SPECULATION: Final = "speculation.json"


@dataclass(frozen=True, slots=True)
class Asset:
    """A static file: its bytes, and the same compressed when that makes them fewer."""

    content: bytes
    compressed: bytes | None
    content_type: str
    tag: str


@dataclass(frozen=True, slots=True)
class Assets:
    """All static files by their paths below `static/`, and the hash over all of them.

    `modules` are the scripts that main.js imports, directly or through others.
    """

    files: Mapping[str, Asset]
    hash: str
    modules: tuple[str, ...]

    def address(self, path: str) -> str:
        """Return the address of a file, which is another one whenever any file changes."""
        return f"/static/{self.hash}/{path}"

    @property
    def speculation_rules(self) -> str:
        """What the header Speculation-Rules says: a list with one string (RFC 9651)."""
        return json.dumps(self.address(_SPECULATION))


def read_assets(folder: Path) -> Assets:
    """Read all files below a folder."""
    files = {
        path.relative_to(folder).as_posix(): _asset(path)
        for path in sorted(folder.rglob("*"))
        if path.is_file() and not path.name.startswith(".")
    }
    everything = blake2b(digest_size=8)
    for name, asset in files.items():
        everything.update(f"{name}\0{asset.tag}\0".encode())
    return Assets(MappingProxyType(files), everything.hexdigest(), _imports(files))


async def show_asset(request: web.Request) -> web.Response:
    """Answer with a static file, for good if it was asked for by its present hash.

    An older hash, from a page that was open while the desk was updated, gets the present file,
    which is better than none, but may not be kept under that address.
    """
    first, _, rest = request.match_info["path"].partition("/")
    has_hash = bool(rest) and _HASH.fullmatch(first) is not None
    asset = ASSETS.files.get(rest if has_hash else request.match_info["path"])
    if asset is None:
        raise web.HTTPNotFound
    headers = {
        "Cache-Control": _IMMUTABLE if has_hash and first == ASSETS.hash else _CHECKED,
        # Weak: the compressed bytes have the same.
        "ETag": f'W/"{asset.tag}"',
        "Vary": "Accept-Encoding",
    }
    if any(known.value in {asset.tag, "*"} for known in request.if_none_match or ()):
        return web.Response(status=304, headers=headers)
    body = asset.content
    if asset.compressed is not None and accepts_gzip(request):
        body = asset.compressed
        headers["Content-Encoding"] = "gzip"
    headers["Content-Type"] = asset.content_type
    return web.Response(body=body, headers=headers)


def _asset(path: Path) -> Asset:
    content = path.read_bytes()
    compressed = gzip.compress(content, mtime=0)
    return Asset(
        content,
        compressed if len(compressed) < len(content) else None,
        _TYPES.get(path.suffix, "application/octet-stream"),
        blake2b(content, digest_size=16).hexdigest(),
    )


def _imports(files: Mapping[str, Asset]) -> tuple[str, ...]:
    """Return the paths of what main.js imports, so that pages can name them beforehand.

    Without that a browser learns of each module only when it has read the one that imports it.
    """
    found: dict[str, None] = {}
    waiting = [_MAIN]
    while waiting:
        script = files.get(waiting.pop())
        for name in _IMPORT.findall(script.content.decode()) if script else ():
            if (path := f"js/{name}") not in found:
                found[path] = None
                waiting.append(path)
    return tuple(found)


ASSETS: Final = read_assets(STATIC_DIR)
