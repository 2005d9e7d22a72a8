"""From a form to a write: who sends it, under which key, and what of it goes wrong.

Every handler that changes the catalog saves through `save`. A form carries its key
in the field `idempotency_key`; a program may send it as the header `Idempotency-Key`.
"""

import re
import secrets
from collections.abc import Awaitable, Callable, Mapping
from typing import Final

from aiohttp import web

from web.changes.idempotency import IdempotencyKey, Outcome
from web.changes.writes import write_once
from web.database.pool import Connection
from web.database.transactions import Author
from web.keys import IDENTITY, KEY_TURNS, POOL, REQUEST_ID, SETTINGS
from web.languages import gettext

KEY_FIELD: Final = "idempotency_key"
KEY_HEADER: Final = "Idempotency-Key"
# Visible ASCII, as a header can carry it.
_KEY = re.compile(r"[!-~]{1,200}")


def author_of(request: web.Request) -> Author:
    """Return who makes the changes of a request."""
    return Author(request[IDENTITY].person, request.remote or "", request[REQUEST_ID])


def new_key() -> str:
    """Return a key for a form that goes out."""
    return secrets.token_urlsafe(16)


def keep_key(key: str | None) -> str:
    """Return the key that a form came with, for when it is sent again; a new one if it had none.

    What was not saved left none behind, and what was, though its answer was lost, is found by it.
    """
    return key or new_key()


async def save(
    request: web.Request,
    fields: Mapping[str, object],
    work: Callable[[Connection], Awaitable[Outcome]],
) -> Outcome:
    """Do the work of a form once for its key, and return what came of it, now or before.

    Args:
        request: the request that carries the form.
        fields: all of the form, as it came; with other content a key is another form's.
        work: the work inside the transaction; what it raises rolls everything back.

    Raises:
        web.HTTPBadRequest: the key cannot be one.
        Whatever `web.changes.writes.write_once` raises.
    """
    author = author_of(request)
    return await write_once(
        request.app[POOL],
        work,
        author=author,
        key=_key(request, author, fields),
        ttl=request.app[SETTINGS].idempotency_ttl,
        turns=request.app[KEY_TURNS],
    )


def _key(request: web.Request, author: Author, fields: Mapping[str, object]) -> IdempotencyKey:
    account_id = request[IDENTITY].account_id
    owner = f"{author.person} {author.address}" if account_id is None else f"account {account_id}"
    content = [
        request.method,
        request.path,
        {name: value for name, value in fields.items() if name != KEY_FIELD},
    ]
    if (sent := request.headers.getall(KEY_HEADER, [])) != []:
        if len(sent) > 1 or not _KEY.fullmatch(sent[0]):
            raise web.HTTPBadRequest(
                text=gettext("The header %(name)s is not one key of 1 to 200 visible characters.")
                % {"name": KEY_HEADER}
            )
        return IdempotencyKey.from_program(owner, sent[0], content)
    key = fields.get(KEY_FIELD)
    if not key:
        return IdempotencyKey.generate(owner)
    if not isinstance(key, str) or not _KEY.fullmatch(key):
        raise web.HTTPBadRequest(
            text=gettext("The field %(name)s is not one key of 1 to 200 visible characters.")
            % {"name": KEY_FIELD}
        )
    return IdempotencyKey.from_form(owner, key, content)
