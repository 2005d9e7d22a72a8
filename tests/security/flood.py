"""The client of the drill of malformed requests: `python -m tests.security.flood PORT COUNT SEED`.

It sends them, many at once, looks at what is answered, and prints that as JSON. It is a process of
its own, as the desk is: in pytest's, a look for garbage among all that the tests have made stopped
client and desk for a part of a second, and every answer that was under way counted it.
"""

import asyncio
import gc
import json
import random
import sys
import time
from asyncio import StreamReader, StreamWriter
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Final

from tests.security.answers import Answer, take_apart
from tests.security.malformed import broken
from tests.security.memory import Memory
from web.memory import give_back_large_blocks

# It asks for the end of the connection, unless what came before has broken it already.
_GOODBYE: Final = b"GET /healthz HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n"
AT_ONCE: Final = 32
# So long nothing comes: the desk waits for the rest of a request that has no end, and is told that
# there is none. It is longer than an answer may take: one that is late by itself is not cut off.
_SILENCE: Final = 2.0
# So long nobody has to wait for anything here, however busy the machine is.
HANGING: Final = 30.0
# So much of an answer is looked at.
_MOST_KEPT: Final = 2**20
# With 32 clients there may be no slot for a download, and no room for a large body.
_BUSY: Final = {
    "All downloads that can run at once are running.",
    "Too much is being sent at the same time. Send it again in a moment.",
}


@dataclass
class Seen:
    """What came of the requests."""

    statuses: Counter[int] = field(default_factory=Counter)
    # From before a request is sent to the first bytes of the answer, with the silence before them.
    seconds: list[float] = field(default_factory=list)
    # The client closed its half in the middle of a request, which nobody can answer.
    unfinished: int = 0
    hanging: list[int] = field(default_factory=list)
    failed: list[tuple[int, str]] = field(default_factory=list)
    # What this process took in the meantime, in bytes.
    memory: int = 0


async def _send(port: int, seed: str, number: int, seen: Seen) -> None:
    raw = broken(random.Random(f"{seed}-{number}"))  # noqa: S311 - it has to come again
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    answer, is_told, sent = b"", False, time.perf_counter()
    try:
        with suppress(ConnectionError):
            writer.write(raw + _GOODBYE)
            await asyncio.wait_for(writer.drain(), HANGING)
            async for piece, was_told in _pieces(reader, writer):
                is_told = was_told
                if piece and not answer:
                    seen.seconds.append(time.perf_counter() - sent)
                answer = (answer + piece)[:_MOST_KEPT]
    except TimeoutError:
        seen.hanging.append(number)
    finally:
        writer.close()
    if answer:
        _judge(number, raw, answer, seen)
    elif is_told:
        seen.unfinished += 1
    else:
        seen.failed.append((number, "no answer"))


def _judge(number: int, raw: bytes, answer: bytes, seen: Seen) -> None:
    try:
        for one in take_apart(answer):
            seen.statuses[one.status] += 1
            if one.status >= 400 and not _is_fitting(one, raw):
                seen.failed.append((number, f"{one.status} {one.reason}"))
    except ValueError as error:
        if len(answer) < _MOST_KEPT:  # or else it was cut here
            seen.failed.append((number, str(error)))


def _is_fitting(answer: Answer, raw: bytes) -> bool:
    """Whether a refusal is the client's doing, and says why."""
    if answer.status == 503:
        is_prefetch = b"prefetch" in raw.lower()
        return is_prefetch or (answer.reason in _BUSY and b"retry-after" in answer.headers)
    if answer.body is None:
        return answer.status < 500 and b"HEAD" in raw
    return answer.status < 500 and bool(answer.reason)


async def _pieces(reader: StreamReader, writer: StreamWriter) -> AsyncIterator[tuple[bytes, bool]]:
    """Yield what is answered, until the desk closes; one that is silent is told that this is all.

    Yields:
        Bytes, at last none, and whether it was told.

    Raises:
        TimeoutError: nothing has come for long.
    """
    is_told = False
    while True:
        try:
            piece = await asyncio.wait_for(reader.read(2**16), HANGING if is_told else _SILENCE)
        except TimeoutError:
            if is_told:
                raise
            is_told = True
            writer.write_eof()
            continue
        yield piece, is_told
        if not piece:
            return


async def _flood(port: int, count: int, seed: str) -> Seen:
    seen, memory, numbers = Seen(), Memory(), iter(range(count))

    async def send_some() -> None:
        for number in numbers:
            await _send(port, seed, number, seen)

    await asyncio.gather(*(send_some() for _ in range(AT_ONCE)))
    seen.memory = memory.taken()
    return seen


if __name__ == "__main__":
    # Of requests and answers of up to 2 MB nothing stays: it is the desk that is measured.
    give_back_large_blocks(128 * 1024)
    # What the imports have made is not looked through while an answer is waited for.
    gc.freeze()
    found = asyncio.run(_flood(int(sys.argv[1]), int(sys.argv[2]), sys.argv[3]))
    json.dump(vars(found), sys.stdout)
