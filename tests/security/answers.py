"""What came back over a raw socket, taken apart: each answer, and the reason that it gives.

By hand, since a client of HTTP stops at the first thing that it does not like.
"""

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from html import unescape
from typing import Final

_HEAD: Final = re.compile(rb"HTTP/\d\.\d (\d{3}) [^\r\n]*((?:\r\n[^\r\n]+)*)\r\n\r\n")
_LAST_CHUNK: Final = re.compile(rb"(?:\A|\r\n)0\r\n\r\n")
# Where a page says what is wrong: an error page in its first sentence, a form above its fields
# or beside one.
_REASON: Final = re.compile(
    r'<p class="lead">(.*?)</p>|<div class="message danger"[^>]*>(.*?)</div>'
    r'|<p class="problem"[^>]*>(.*?)</p>',
    re.DOTALL,
)
_TAG: Final = re.compile(r"<[^>]*>")


@dataclass(frozen=True, slots=True)
class Answer:
    """An answer; `body` is None where it was not sent, which is right for HEAD alone."""

    status: int
    headers: Mapping[bytes, bytes]
    body: bytes | None

    @property
    def reason(self) -> str:
        """The sentence that says what is wrong; empty when there is none."""
        text = (self.body or b"").decode()
        kind = self.headers.get(b"content-type", b"").partition(b";")[0]
        if kind == b"application/json":
            return str(json.loads(text)["error"]["reason"])
        if kind == b"text/html":
            found = _REASON.search(text[text.find("<main") :])
            text = _TAG.sub("", next(filter(None, found.groups()), "")) if found else ""
        return " ".join(unescape(text).split())


def take_apart(raw: bytes) -> Iterator[Answer]:
    """Yield the answers that came one after the other over a connection.

    Raises:
        ValueError: something else stands between them.
    """
    while raw:
        head = _HEAD.match(raw)
        if head is None:
            raise ValueError(f"no answer begins with {raw[:80]!r}")
        lines = (line.partition(b": ") for line in head[2].split(b"\r\n")[1:])
        headers = {name.lower(): value for name, _, value in lines}
        status, raw = int(head[1]), raw[head.end() :]
        body, raw = _split(status, headers, raw)
        yield Answer(status, headers, body)


def _split(status: int, headers: Mapping[bytes, bytes], raw: bytes) -> tuple[bytes | None, bytes]:
    if status < 200 or status in {204, 304}:
        return b"", raw
    length = int(headers.get(b"content-length", b"0"))
    is_chunked = b"transfer-encoding" in headers
    if (length or is_chunked) and (not raw or _HEAD.match(raw)):
        return None, raw
    if is_chunked:
        end = _LAST_CHUNK.search(raw)
        return (raw[: end.end()], raw[end.end() :]) if end else (raw, b"")
    return raw[:length], raw[length:]
