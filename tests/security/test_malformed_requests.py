"""Thousands of broken requests over raw sockets: each is answered, none of them does harm.

HANGTAG_MALFORMED says how many (`make security` sends 100,000), HANGTAG_SEED where to begin.
"""

import asyncio
import logging
import os
import random
import re
from asyncio import StreamReader, StreamWriter
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

import pytest

from tests.desk import CatalogMaker, Desk, get_page
from tests.security.malformed import broken

COUNT: Final = int(os.environ.get("HANGTAG_MALFORMED", "10000"))
SEED: Final = os.environ.get("HANGTAG_SEED", "1")
# It asks for the end of the connection, unless what came before has broken it already.
GOODBYE: Final = b"GET /healthz HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n"
AT_ONCE: Final = 32
# So long nothing comes: the desk waits for the rest of a request that has no end.
SILENCE: Final = 1.0
# So long nobody has to wait for anything here, however busy the machine is.
HANGING: Final = 30.0
# What client and desk, who are one process here, may take between them.
MOST_MEMORY: Final = 96 * 1024 * 1024
# So much of an answer is looked at.
MOST_KEPT: Final = 2**20
STATUS: Final = re.compile(rb"HTTP/\d\.\d (\d{3}) [A-Z]")


@dataclass
class Seen:
    """What came of the requests."""

    statuses: Counter[int] = field(default_factory=Counter)
    unanswered: int = 0
    hanging: list[int] = field(default_factory=list)
    failed: list[tuple[int, int]] = field(default_factory=list)


async def _send(port: int, number: int, seen: Seen) -> None:
    raw = broken(random.Random(f"{SEED}-{number}"))  # noqa: S311 - it has to come again
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    answer = b""
    try:
        with suppress(ConnectionError):
            writer.write(raw + GOODBYE)
            await asyncio.wait_for(writer.drain(), HANGING)
            async for piece in _pieces(reader, writer):
                answer = (answer + piece)[:MOST_KEPT]
    except TimeoutError:
        seen.hanging.append(number)
    finally:
        writer.close()
    statuses = [int(status) for status in STATUS.findall(answer)]
    seen.statuses.update(statuses)
    seen.unanswered += not statuses
    seen.failed += [(number, status) for status in statuses if status >= 500 and status != 503]


async def _pieces(reader: StreamReader, writer: StreamWriter) -> AsyncIterator[bytes]:
    """Yield what is answered, until the desk closes; one that is silent is told that this is all.

    Raises:
        TimeoutError: nothing has come for long.
    """
    is_told = False
    while True:
        try:
            piece = await asyncio.wait_for(reader.read(2**16), HANGING if is_told else SILENCE)
        except TimeoutError:
            if is_told:
                raise
            is_told = True
            writer.write_eof()
            continue
        if not piece:
            return
        yield piece


def _peak() -> int:
    """Return the most memory that this process has held since it was last asked, in bytes."""
    status = Path("/proc/self/status").read_text(encoding="ascii")
    Path("/proc/self/clear_refs").write_text("5", encoding="ascii")
    found = re.search(r"VmHWM:\s+(\d+) kB", status)
    assert found is not None
    return int(found[1]) * 1024


@pytest.mark.timeout(60 + COUNT // 10)
async def test_malformed_requests_are_answered_and_do_no_harm(
    desk: Desk, catalog: CatalogMaker, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO, "hangtag.requests")
    await catalog.skus(await catalog.product("Anorak", await catalog.brand("Levis")), 3)
    before = await catalog.value("select count(*) from change_set")
    await get_page(desk, "/")
    assert desk.port is not None
    _peak()
    at_first = _peak()
    seen, allowed = Seen(), set[str]()

    numbers = iter(range(COUNT))

    async def send_some(port: int) -> None:
        for number in numbers:
            await _send(port, number, seen)
            # What is kept of the log is what matters in the end: 100,000 lines would fill memory.
            if number % 500 == 0:
                allowed.update(_taken(caplog))

    await asyncio.gather(*(send_some(desk.port) for _ in range(AT_ONCE)))
    allowed.update(_taken(caplog))

    assert seen.failed == []
    assert seen.hanging == []
    assert _peak() - at_first < MOST_MEMORY
    # Most of what is broken is refused, and not by a closed connection alone.
    assert sum(seen.statuses[status] for status in range(400, 500)) > COUNT // 3
    assert seen.unanswered < COUNT // 5
    changed = await catalog.column("select request_id from change_set where request_id is not null")
    assert set(changed) <= allowed
    assert await catalog.value("select count(*) from change_set") - before <= len(allowed)
    assert await catalog.value("select count(*) from sku") == 3
    assert (await get_page(desk, "/")).status == 200
    assert (await get_page(desk, "/readyz")).status == 200


def _taken(caplog: pytest.LogCaptureFixture) -> set[str]:
    """Return the ids of the requests that were not refused, after a look at what was logged."""
    records = list(caplog.records)
    # pytest keeps a second list, for the report of a failure: 4 kB a request.
    for handler in logging.getLogger().handlers:
        if isinstance(handler, type(caplog.handler)):
            handler.reset()
    caplog.clear()
    odd = [one for one in records if one.exc_info or one.levelno >= logging.ERROR]
    assert [(one.name, one.getMessage(), str(one.exc_info)) for one in odd[:5]] == []
    # One whose client left before the answer has a word for its status, and may have been saved.
    return {
        str(vars(one)["request_id"])
        for one in records
        if "request_id" in vars(one)
        and not (isinstance(status := vars(one).get("status"), int) and status >= 400)
    }
