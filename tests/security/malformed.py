"""Requests as nobody should send them: valid ones of every route, broken in some way.

Everything comes from one seed, so that a request that does harm can be made again.
"""

import gzip
import json
import random
import zlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Final
from urllib.parse import quote, quote_from_bytes

from web.api.operations import ID, OPERATIONS, Operation, Schema
from web.routes import ROUTES

FORM: Final = "application/x-www-form-urlencoded"
JSON: Final = "application/json"

# Bytes that have broken servers: NUL, halves of pairs, overlong and broken UTF-8, ends of lines.
ODD_BYTES: Final = (
    *(b"\x00", b"\xff", b"\xed\xa0\x80", b"\xc0\x80", b"\xf4\x90\x80\x80", b"\xe2\x80\xae"),
    *(b"\r\n", b"\n", b"\r", b"\t", b"\x7f", b"%", b"%00", b"%zz", b"%u0041", b"%ED%A0%80"),
    *(b"'", b'"', b"<script>", b"{{7*7}}", b"${7*7}", b"../../../etc/passwd", b"\\", b";--"),
    *("１".encode(), "١".encode(), b"1_0", b"1e9", b"-1", b"0", b"+1", b"NaN", b"null", b"true"),
    *(b"9" * 19, b"9223372036854775808", b"1" * 5000, b"A" * 9000, "👟".encode() * 60),
)
_METHODS: Final = (b"PUT", b"DELETE", b"PATCH", b"TRACE", b"OPTIONS", b"CONNECT", b"HEAD", b"FOO")
_METHODS_AND_WORSE: Final = (*_METHODS, b"get", b"G ET", b"", b"\x00", b"A" * 9000, b"PRI", b"\xff")
_TYPES: Final = (
    *(b"", b"text/plain", b"multipart/form-data", b"multipart/form-data; boundary=x", b"a", b"/"),
    *(FORM.encode() + b"; charset=klingon", FORM.encode() + b"; charset=utf-16", b"\xff/\xfe"),
    *(JSON.encode() + b"; charset=utf-7", b'multipart/mixed; boundary="' + b"x" * 900 + b'"'),
    *(b"application/json;;;=", b"application/xml", FORM.encode(), JSON.encode()),
)
_CODINGS: Final = (b"gzip", b"deflate", b"br", b"zstd", b"gzip, gzip", b"compress", b"rot13", b"")
_HEADERS: Final = (
    *(b"Cookie", b"Authorization", b"If-Match", b"If-None-Match", b"Range", b"Accept-Language"),
    *(b"Accept-Encoding", b"Idempotency-Key", b"X-Forwarded-For", b"Forwarded", b"Origin"),
    *(b"Sec-Fetch-Site", b"Sec-Purpose", b"Host", b"Connection", b"Upgrade", b"Expect", b"Accept"),
    *(b"Transfer-Encoding", b"Content-Length", b"Content-Type", b"Date", b"If-Modified-Since"),
)
_VALUES: Final = (
    *(b"close", b"keep-alive", b"Upgrade", b"websocket", b"h2c", b"chunked", b"gzip", b"*", b'"'),
    *(b"100-continue", b"bytes=9-1", b"bytes=0-" + b"9" * 4000, b"Bearer x", b"Basic Og==", b","),
    *(b"__Host-hangtag=\xff", b'language="\\377\\000"', b'for="', b"q=9;q=", b"W/", b"a=b;" * 900),
    *(b"cross-site", b"prefetch", b"null", b"http://[", b"127.0.0.1:99999", b"[::1", b"a, b", b""),
)


@dataclass(frozen=True, slots=True)
class Sent:
    """A request as parts that can be broken one by one, and at last as bytes."""

    method: bytes
    path: bytes
    query: Sequence[tuple[bytes, bytes]] = ()
    headers: Sequence[tuple[bytes, bytes]] = ()
    body: bytes = b""
    version: bytes = b"HTTP/1.1"
    line_end: bytes = b"\r\n"
    length: bytes | None = None
    chunks: bytes | None = None
    # How the bytes are altered when all is put together.
    last: tuple[Callable[[bytes], bytes], ...] = field(default=())

    def raw(self) -> bytes:
        """Return the bytes that go over the wire."""
        query = bytearray()
        for name, value in self.query:
            # One by one: joined, 180,000 of them took 20 MB.
            query += (b"&" if query else b"?") + name + b"=" + value
        lines = [self.method + b" " + self.path + query]
        lines[0] += b" " + self.version if self.version else b""
        lines += [name + b": " + value for name, value in self.headers]
        if self.chunks is not None:
            lines.append(b"Transfer-Encoding: chunked")
        elif self.length is not None or self.body:
            length = str(len(self.body)).encode() if self.length is None else self.length
            lines.append(b"Content-Length: " + length)
        raw = self.line_end.join([*lines, b"", self.chunks or self.body])
        for change in self.last:
            raw = change(raw)
        return raw


def valid(rng: random.Random) -> Sent:
    """Return a request of one of the routes that has nothing wrong with it."""
    route = rng.choice(ROUTES)
    path = route.path.replace("{path:.+}", "app.css")
    operation = OPERATIONS[route.method, route.path.replace(":.+", "")]
    while "{" in path:
        before, _, rest = path.partition("{")
        # Ids that nobody has: nothing that is sent here changes what is there.
        path = f"{before}{rng.randint(10**6, 10**7)}{rest.partition('}')[2]}"
    query = operation.query or {}
    chosen = [name for name in query if rng.random() < 0.3]
    kind, body = _body(rng, operation)
    return Sent(
        route.method.encode(),
        path.encode(),
        [(name.encode(), quote(_value(rng, query[name])).encode()) for name in chosen],
        [
            (b"Host", b"127.0.0.1"),
            (b"Accept", b"text/html"),
            *([(b"Content-Type", kind)] if kind else []),
        ],
        body,
    )


def _body(rng: random.Random, operation: Operation) -> tuple[bytes, bytes]:
    if operation.json is not None:
        name = next(iter(_properties(operation.json)))
        values = ["Levis"] if name == "brand_names" else [rng.randint(1, 10**7) for _ in range(3)]
        return JSON.encode(), json.dumps({name: values}).encode()
    if operation.form is not None:
        fields = [
            f"{name.replace('<color_id>', '1').replace('<size_id>', '2')}={quote(_value(rng, one))}"
            for name, one in operation.form.items()
        ]
        return FORM.encode(), "&".join(fields).encode()
    return b"", b""


def _properties(schema: Schema) -> Mapping[str, object]:
    properties = schema["properties"]
    assert isinstance(properties, Mapping)
    return properties


def _value(rng: random.Random, schema: Schema) -> str:
    if schema is ID:
        return str(rng.randint(10**6, 10**7))
    if isinstance(known := schema.get("enum"), list):
        return str(rng.choice(known))
    return rng.choice(["Levis", "2026-11-23", "1", "", "17,4"])


def broken(rng: random.Random) -> bytes:
    """Return a request with something wrong with it, in one place or in some."""
    sent = valid(rng)
    for _ in range(rng.choice([1, 1, 1, 2, 3])):
        sent = rng.choice(_BREAKS)(rng, sent)
    return sent.raw()


def _odd(rng: random.Random) -> bytes:
    if rng.random() < 0.2:
        return rng.randbytes(rng.randint(1, 40))
    return rng.choice(ODD_BYTES)


def _escaped(rng: random.Random) -> bytes:
    odd = _odd(rng)
    return quote_from_bytes(odd, safe="").encode() if rng.random() < 0.7 else odd


def _break_method(rng: random.Random, sent: Sent) -> Sent:
    return replace(sent, method=rng.choice(_METHODS_AND_WORSE))


def _break_id(rng: random.Random, sent: Sent) -> Sent:
    parts = sent.path.split(b"/")
    place = rng.randrange(len(parts))
    parts[place] = _escaped(rng)
    return replace(sent, path=b"/".join(parts))


def _break_target(rng: random.Random, sent: Sent) -> Sent:
    prefixes = (b"http://127.0.0.1", b"http://elsewhere.example", b"http://[", b"//a", b"*", b"x:")
    return replace(sent, path=rng.choice(prefixes) + rng.choice([sent.path, b"", b"#a", b"?"]))


def _break_query(rng: random.Random, sent: Sent) -> Sent:
    query = list(sent.query) or [(b"q", b"a")]
    for _ in range(rng.choice([1, 1, 2])):
        place = rng.randrange(len(query))
        name, _value = query[place]
        query[place] = (name, _escaped(rng)) if rng.random() < 0.8 else (_escaped(rng), b"1")
    return replace(sent, query=query)


def _repeat_query(rng: random.Random, sent: Sent) -> Sent:
    query = list(sent.query) or [(b"sort", b"name")]
    return replace(sent, query=query * rng.choice([2, 3, 300]))


def _add_header(rng: random.Random, sent: Sent) -> Sent:
    value = rng.choice([rng.choice(_VALUES), _odd(rng)])
    return replace(sent, headers=[*sent.headers, (rng.choice(_HEADERS), value)])


def _break_header(rng: random.Random, sent: Sent) -> Sent:
    headers = list(sent.headers) or [(b"Host", b"127.0.0.1")]
    place = rng.randrange(len(headers))
    name, value = headers[place]
    headers[place] = (name, _odd(rng)) if rng.random() < 0.7 else (_odd(rng), value)
    return replace(sent, headers=headers)


def _drop_headers(_rng: random.Random, sent: Sent) -> Sent:
    return replace(sent, headers=[])


def _many_headers(rng: random.Random, sent: Sent) -> Sent:
    headers = [(b"X-%d" % number, b"a") for number in range(rng.choice([100, 200, 2000]))]
    return replace(sent, headers=[*sent.headers, *headers])


def _break_type(rng: random.Random, sent: Sent) -> Sent:
    headers = [(name, value) for name, value in sent.headers if name != b"Content-Type"]
    return replace(sent, headers=[*headers, (b"Content-Type", rng.choice(_TYPES))])


def _break_coding(rng: random.Random, sent: Sent) -> Sent:
    body = rng.choice([sent.body, gzip.compress(b"a" * 2_000_000, 1), zlib.compress(sent.body)])
    headers = [*sent.headers, (b"Content-Encoding", rng.choice(_CODINGS))]
    return replace(sent, headers=headers, body=body)


def _break_body(rng: random.Random, sent: Sent) -> Sent:
    kind = rng.randrange(8)
    place = rng.randint(0, len(sent.body))
    bodies: Sequence[Callable[[], bytes]] = (
        lambda: sent.body[:place] + _escaped(rng) + sent.body[place:],
        lambda: rng.randbytes(rng.randint(1, 300)),
        lambda: b"&".join([sent.body] * 3),
        lambda: b"a=1&" * rng.choice([200, 20_000, 100_000]),
        lambda: b"[" * rng.choice([10, 100_000]) + b"1",
        lambda: b'{"product_ids": [' + b"9" * rng.choice([10, 5_000, 500_000]) + b"]}",
        lambda: b'{"a":' * rng.choice([10, 100_000]),
        lambda: b'--x\r\nContent-Disposition: form-data; name="brand_name"\r\n\r\nA' * 50,
    )
    return replace(sent, body=bodies[kind]())


def _break_length(rng: random.Random, sent: Sent) -> Sent:
    lengths = (b"-1", b"0", b"1", b"1, 2", b"0x10", b"9" * 30, b"+3", b" ", b"\xff", b"1048577")
    return replace(sent, length=rng.choice(lengths))


def _break_chunks(rng: random.Random, sent: Sent) -> Sent:
    size = b"%x" % len(sent.body)
    chunks = (
        size + b"\r\n" + sent.body + b"\r\n0\r\n\r\n",
        size + b"\r\n" + sent.body,
        b"zz\r\n" + sent.body + b"\r\n0\r\n\r\n",
        b"-5\r\n" + sent.body,
        b"f" * 20 + b"\r\n" + sent.body,
        b"3\r\n" + sent.body + b"more than said\r\n0\r\n\r\n",
        size + b";" + b"x" * 9000 + b"\r\n" + sent.body + b"\r\n0\r\n\r\n",
        size + b"\n" + sent.body + b"\n0\n\n",
        b"0\r\nTrailer: \x00\r\n\r\n",
    )
    return replace(sent, chunks=rng.choice(chunks))


def _break_version(rng: random.Random, sent: Sent) -> Sent:
    versions = (b"HTTP/1.0", b"HTTP/0.9", b"HTTP/2.0", b"HTTP/9", b"", b"http/1.1", b"\x00", b"X")
    return replace(sent, version=rng.choice(versions))


def _break_line_ends(rng: random.Random, sent: Sent) -> Sent:
    return replace(sent, line_end=rng.choice([b"\n", b"\r", b"\r\n ", b"\r\r\n", b"\0"]))


def _cut(rng: random.Random, sent: Sent) -> Sent:
    share = rng.random()
    return replace(sent, last=(*sent.last, lambda raw: raw[: int(len(raw) * share)]))


def _flip(rng: random.Random, sent: Sent) -> Sent:
    noise = [(rng.random(), rng.randrange(256)) for _ in range(rng.choice([1, 3, 20]))]

    def flipped(raw: bytes) -> bytes:
        changed = bytearray(raw)
        for share, byte in noise:
            if changed:
                changed[int(len(changed) * share)] = byte
        return bytes(changed)

    return replace(sent, last=(*sent.last, flipped))


def _pipeline(rng: random.Random, sent: Sent) -> Sent:
    times = rng.choice([2, 3, 12])
    # Not of what is large already: the client is to stay small.
    return replace(sent, last=(*sent.last, lambda raw: raw * (times if len(raw) < 20_000 else 1)))


_BREAKS: Final = (
    *(_break_method, _break_id, _break_id, _break_target, _break_query, _break_query),
    *(_repeat_query, _add_header, _add_header, _break_header, _drop_headers, _many_headers),
    *(_break_type, _break_coding, _break_body, _break_body, _break_length, _break_chunks),
    *(_break_version, _break_line_ends, _cut, _flip, _flip, _pipeline),
)
