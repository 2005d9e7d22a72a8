"""What an OpenID Connect provider publishes, asked for now and then rather than at each visit.

What it sends is bounded in time and size. Redirects of its own endpoints are not followed.
"""

import asyncio
import json
import time
from dataclasses import dataclass
from typing import Any, Final

from aiohttp import ClientError, ClientSession, ClientTimeout

from web.database.abandoned import ignore_error

_SECONDS: Final = 5.0
_MOST_BYTES: Final = 512 * 1024
# How long what it publishes is taken for the same, in seconds.
_KEEP_SECONDS: Final = 300.0

# Any: JSON of somebody else's, looked at piece by piece.
Document = dict[str, Any]


class ProviderError(Exception):
    """The provider cannot be asked, or what it said cannot be believed; the text is for the log."""


@dataclass(frozen=True, slots=True)
class _Kept:
    document: Document
    asked_at: float


class Provider:
    """A provider by its issuer, and what it published of late."""

    def __init__(self, issuer: str) -> None:
        self.issuer = issuer
        self._kept: dict[str, _Kept] = {}
        self._asking: dict[str, asyncio.Task[Document]] = {}

    async def discover(self) -> Document:
        """Return its discovery document (OpenID Connect Discovery 1.0, 4).

        Raises:
            ProviderError: it cannot be asked, or its name is not exactly the issuer (4.3).
        """
        url = f"{self.issuer.rstrip('/')}/.well-known/openid-configuration"
        document = await self.published(url)
        if document.get("issuer") != self.issuer:
            self._kept.pop(url, None)
            raise ProviderError(
                f"the provider calls itself {document.get('issuer')!r}, not {self.issuer!r}"
            )
        return document

    async def published(self, url: str, *, other_than: Document | None = None) -> Document:
        """Return what it publishes at an address, as of five minutes ago at most.

        Args:
            url: the address.
            other_than: what was published there is out of date, and asked for anew.

        Raises:
            ProviderError: it cannot be asked.
        """
        kept = self._kept.get(url)
        if (
            kept is not None
            and kept.document is not other_than
            and time.monotonic() - kept.asked_at < _KEEP_SECONDS
        ):
            return kept.document
        asking = self._asking.get(url)
        if asking is None:
            asking = self._asking[url] = asyncio.create_task(self._ask(url))
            asking.add_done_callback(ignore_error)
        # One question for all who wait; who asked it may leave.
        await asyncio.wait({asking})
        return asking.result()

    async def post(self, url: str, form: dict[str, str], headers: dict[str, str]) -> Document:
        """Send it a form, and return what it answers.

        Raises:
            ProviderError: it cannot be asked, or refuses.
        """
        async with _session() as session:
            return await _fetch(session, url, form, headers)

    async def _ask(self, url: str) -> Document:
        try:
            async with _session() as session:
                document = await _fetch(session, url)
            self._kept[url] = _Kept(document, time.monotonic())
            return document
        finally:
            del self._asking[url]


def _session() -> ClientSession:
    return ClientSession(
        timeout=ClientTimeout(total=_SECONDS), headers={"Accept": "application/json"}
    )


async def _fetch(
    session: ClientSession,
    url: str,
    form: dict[str, str] | None = None,
    headers: dict[str, str] | None = None,
) -> Document:
    try:
        async with session.request(
            "GET" if form is None else "POST",
            url,
            data=form,
            headers=headers,
            allow_redirects=False,
        ) as response:
            body = b""
            async for piece in response.content.iter_any():
                body += piece
                if len(body) > _MOST_BYTES:
                    raise ProviderError(f"{url} sent more than {_MOST_BYTES:,} bytes")
            status = response.status
    except (ClientError, TimeoutError, OSError, ValueError) as error:
        raise ProviderError(f"{url} cannot be asked: {type(error).__name__}") from None
    try:
        document = json.loads(body)
    except (ValueError, RecursionError):
        document = None
    if status != 200 or not isinstance(document, dict):
        raise ProviderError(f"{url} answered {status}, and no JSON object that can be used")
    return document
