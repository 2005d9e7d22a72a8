"""Whole downloads against psql's COPY of the same rows in the same order."""

import gzip as gzip_format
import hashlib
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import IO, Final, NamedTuple

from bench.data import Bench
from bench.figures import NotAvailableError, Pairs, Row, take_turns
from bench.http import download
from bench.servers import Server, run, timed

COPY: Final = """
copy (
    select
        sku_id, product_id, product_name, brand_id, brand_name,
        product_color_name, product_size_name
    from sku
    join product using (product_id)
    join brand using (brand_id)
    join product_color using (product_color_id)
    join product_size using (product_size_id)
    order by product_id, sku_id
) to stdout with (format csv, header)
"""

_GZIP: Final = "Accept-Encoding: gzip"
_PIECE: Final = 1 << 20


class Content(NamedTuple):
    """What a download held, with its lines ending in LF whatever they ended in."""

    size: int
    lines: int
    digest: str


def csv(bench: Bench) -> list[Row]:
    """Measure `/skus.csv`, after a check that it is COPY's own text but for CRLF."""
    with bench.serve(bench.large) as server:
        ours = _content(bench, server, "/skus.csv")
        theirs = _copied_content(bench)
        if ours != theirs:
            raise RuntimeError(f"the texts differ: {ours} against {theirs}")
        pairs = _against_copy(bench, server, "/skus.csv")
    measured = f"{pairs.seconds('Hangtag', 'psql COPY')}, the same {ours.size:,} bytes but for CR"
    return [Row("`/skus.csv`: wall time against psql COPY", "≤ 1.0", measured, pairs.ratio <= 1)]


def ndjson(bench: Bench) -> list[Row]:
    """Measure `/skus.ndjson`."""
    with bench.serve(bench.large) as server:
        lines = _content(bench, server, "/skus.ndjson").lines
        if lines != bench.large.skus:
            raise RuntimeError(f"{lines} lines instead of {bench.large.skus}")
        pairs = _against_copy(bench, server, "/skus.ndjson")
    measured = pairs.seconds("Hangtag", "psql COPY")
    return [Row("`/skus.ndjson`: the same", "≤ 1.4", measured, pairs.ratio <= 1.4)]


def gzip(bench: Bench) -> list[Row]:
    """Measure `/skus.csv` compressed: its time, and its size against the plain one."""
    with bench.serve(bench.large) as server:
        plain = download(server, "/skus.csv").size
        size = download(server, "/skus.csv", _GZIP).size
        if size == plain:
            raise NotAvailableError("the server does not compress")
        if _content(bench, server, "/skus.csv", _GZIP) != _content(bench, server, "/skus.csv"):
            raise RuntimeError("what was compressed is not what is sent plain")
        pairs = _against_copy(bench, server, "/skus.csv", _GZIP)
    share = size / plain
    return [
        Row(
            "`/skus.csv` with gzip: wall time against psql COPY",
            "≤ 2.0",
            pairs.seconds("Hangtag", "psql COPY"),
            pairs.ratio <= 2,
        ),
        Row(
            "`/skus.csv` with gzip: bytes against plain",
            "< 0.25",
            f"{share:.3f} ({size:,} against {plain:,} bytes)",
            share < 0.25,
        ),
    ]


def _against_copy(bench: Bench, server: Server, path: str, *headers: str) -> Pairs:
    command = [*bench.psql_command(bench.large.database), "--output=/dev/null", f"--command={COPY}"]
    return take_turns(lambda: download(server, path, *headers).seconds, lambda: timed(command)[0])


def _content(bench: Bench, server: Server, path: str, *headers: str) -> Content:
    with TemporaryDirectory(dir=bench.work) as folder:
        body = Path(folder) / "body"
        named = [option for header in headers for option in ("--header", header)]
        run(["curl", "--silent", "--fail", "--output", body, *named, server.url(path)])
        return _read_content(gzip_format.open(body, "rb") if headers else body.open("rb"))


def _copied_content(bench: Bench) -> Content:
    with TemporaryDirectory(dir=bench.work) as folder:
        body = Path(folder) / "body"
        run([*bench.psql_command(bench.large.database), f"--output={body}", f"--command={COPY}"])
        return _read_content(body.open("rb"))


def _read_content(opened: IO[bytes] | gzip_format.GzipFile) -> Content:
    size, lines, digest = 0, 0, hashlib.sha256()
    with opened as body:
        for piece in iter(lambda: body.read(_PIECE), b""):
            # No name holds a carriage return: it stands at the end of CSV's records alone.
            text = piece.replace(b"\r", b"")
            digest.update(text)
            size += len(text)
            lines += text.count(b"\n")
    return Content(size, lines, digest.hexdigest())
