"""Proxies in front: from those that are trusted, who the client is, and by which name and scheme.

What anybody else claims in those headers is not read.
"""

import re
from collections.abc import Sequence
from typing import Any, Final

from aiohttp import web
from aiohttp.typedefs import Handler, Middleware

from web.keys import CLIENT_SCHEME
from web.languages import gettext
from web.networks import Network, address_from

_HOST: Final = re.compile(r"(?:[A-Za-z0-9._-]{1,253}|\[[0-9A-Fa-f:.]{2,45}\])(?::[0-9]{1,5})?")
# Set where a trusted proxy says two things at once.
_BOTH_KINDS: Final = web.RequestKey("both_kinds", bool)
_PORT: Final = re.compile(r"(.*\.[0-9]+|\[.*\]):[0-9]+")


def trust_proxies(trusted: Sequence[Network]) -> Middleware:
    """Return the outermost middleware, which lets the others see the client and not the proxy."""

    @web.middleware
    async def look_behind(request: web.Request, handler: Handler) -> web.StreamResponse:
        if not _is_trusted(request.remote, trusted):
            return await handler(request)
        forwarded = _read_forwarding(request, trusted)
        if forwarded is None:
            request[_BOTH_KINDS] = True
            return await handler(request)
        behind = request.clone(**forwarded)
        behind[CLIENT_SCHEME] = behind.scheme
        try:
            return await handler(behind)
        finally:
            # The framework answers the request that it made, and asks that one for its id.
            request.update(behind)

    return look_behind


@web.middleware
async def refuse_both_kinds(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Refuse a request of which `trust_proxies` could not tell whose it is.

    In here, and not there, so that it has a line in the log and a page like any other mistake.

    Raises:
        web.HTTPBadRequest: it has both kinds of headers.
    """
    if _BOTH_KINDS in request:
        raise web.HTTPBadRequest(
            text=gettext(
                "The request has both Forwarded and X-Forwarded headers. Set the proxy up to "
                "remove those that it does not write itself."
            )
        )
    return await handler(request)


def _read_forwarding(request: web.Request, trusted: Sequence[Network]) -> dict[str, Any] | None:
    """Return what a trusted proxy said: `remote`, `scheme` and `host`, as far as it did.

    None where it said it by both kinds of headers.
    """
    hops = _listed(request, "X-Forwarded-For")
    schemes = _listed(request, "X-Forwarded-Proto")
    hosts = _listed(request, "X-Forwarded-Host")
    if "Forwarded" in request.headers:
        # A proxy that writes one of the two may pass on the other as its client made it up.
        if hops or schemes or hosts:
            return None
        steps = request.forwarded
        hops, schemes, hosts = (
            [step[name] for step in steps if name in step] for name in ("for", "proto", "host")
        )
    forwarded: dict[str, Any] = {}
    if hops:
        forwarded["remote"] = _client(hops, str(request.remote), trusted)
    # The last one is from the proxy that is trusted, whatever stood there before.
    if schemes and schemes[-1].lower() in {"http", "https"}:
        forwarded["scheme"] = schemes[-1].lower()
    if hosts and _HOST.fullmatch(hosts[-1]):
        forwarded["host"] = hosts[-1]
    return forwarded


def _client(hops: Sequence[str], peer: str, trusted: Sequence[Network]) -> str:
    """Return the last address that is no trusted proxy's; the first of all if each is one."""
    client = peer
    for hop in reversed(hops):
        with_port = _PORT.fullmatch(hop)
        address = address_from((with_port[1] if with_port else hop).strip("[]"))
        if address is None:
            break  # "unknown", or nonsense: the one behind it is as far as can be seen
        client = str(address)
        if not _is_trusted(client, trusted):
            break
    return client


def _is_trusted(text: str | None, trusted: Sequence[Network]) -> bool:
    address = address_from(text)
    return address is not None and any(address in network for network in trusted)


def _listed(request: web.Request, name: str) -> list[str]:
    values = ",".join(request.headers.getall(name, []))
    return [value.strip() for value in values.split(",") if value.strip()]
