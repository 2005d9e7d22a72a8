"""Signing in and out. Nothing that was typed into another form is lost on the way.

Whoever saves a form after the session has ended gets the sign-in page with that form
folded into it; signed in, they find it again and send it with one more click.
"""

import json
from typing import Final

from aiohttp import web

from web.access.accounts import fold_account_name, sign_in
from web.access.allowances import Allowance, AllowanceUsedUpError, use
from web.access.guard import SESSION_COOKIE, access_of
from web.access.passwords import MAX_PASSWORD_LENGTH
from web.access.roles import Access, Identity
from web.access.sessions import close_session, close_sessions
from web.catalog.names import MAX_NAME_LENGTH
from web.database.errors import DatabaseUnavailableError
from web.forms import form_lists
from web.inputs import is_storable, only_value
from web.keys import IDENTITY, POOL, SETTINGS
from web.languages import gettext
from web.networks import household
from web.pages.errors import error_response, is_program
from web.pages.held_forms import HELD_BYTES, Held, ask_again, held_fields, noted, show_held
from web.pages.oidc import provider_name
from web.pages.paths import path_here
from web.pages.sessions import begin_session, end_session
from web.templates import render

_TRIES_A_MINUTE: Final = 10
_MINUTE: Final = 60
# RFC 9110, 15.5.2: a 401 names a way in. A browser shows no dialog for this one.
_CHALLENGE: Final = 'Bearer realm="Hangtag"'
_RESUME: Final = "access/resume.html"

# A form that waits for its sender to sign in, folded into another one, in which quotes and line
# breaks take twice as much.
_FOLDED_BYTES: Final = 2 * HELD_BYTES


async def show_sign_in(request: web.Request) -> web.Response:
    """Show the form, or go on if somebody is signed in already."""
    next_path = path_here(only_value(request, "next")) or "/"
    if IDENTITY in request:
        raise web.HTTPSeeOther(next_path)
    return _form(request, next_path=next_path)


async def save_sign_in(request: web.Request) -> web.Response:
    """Sign in, and go on to where somebody was about to go."""
    fields = await form_lists(request, most_bytes=_FOLDED_BYTES)
    name, password = _only(fields, "account_name"), _only(fields, "password")
    next_path = path_here(_only(fields, "next")) or "/"
    held = _held(_only(fields, "held"))
    # Signed in meanwhile: in another tab, or with the provider.
    if IDENTITY in request and held is not None and not password:
        return show_held(request, _RESUME, next_path, held)
    try:
        await _count_try(request, name)
        identity = await _known(request, name, password)
    except AllowanceUsedUpError as error:
        sentence = gettext("These were too many tries. Wait a minute, then try again.")
        response = _form(
            request, next_path=next_path, name=name, held=held, problem=sentence, status=429
        )
        response.headers["Retry-After"] = str(error.retry_after)
        return response
    except DatabaseUnavailableError as error:
        answer = noted(request, error)
        response = _form(
            request,
            next_path=next_path,
            name=name,
            held=held,
            problem=answer.sentence,
            status=answer.status,
        )
        return ask_again(response, answer)
    if identity is None:
        problem = gettext("The name or the password is wrong.")
        return _form(
            request, next_path=next_path, name=name, held=held, problem=problem, status=401
        )
    if held is None:
        response = web.Response(status=303, headers={"Location": next_path})
        return await begin_session(request, response, identity)
    request[IDENTITY] = identity
    return await begin_session(request, show_held(request, _RESUME, next_path, held), identity)


async def sign_out(request: web.Request) -> web.Response:
    """Sign this browser out."""
    token = request.cookies.get(SESSION_COOKIE)
    if token:
        await close_session(request.app[POOL], token)
    return _signed_out(request)


async def sign_out_everywhere(request: web.Request) -> web.Response:
    """Sign out in every browser."""
    identity = request.get(IDENTITY)
    if identity is not None and identity.account_id is not None:
        await close_sessions(request.app[POOL], identity.account_id)
    return _signed_out(request)


async def ask_to_sign_in(request: web.Request) -> web.StreamResponse:
    """Answer a request of nobody: a page that signs in, or for a program a 401."""
    path = request.rel_url.raw_path_qs
    # Whoever fetches a file without a browser would take a redirect for an empty one.
    is_fetch = access_of(request) is Access.PROGRAM and "text/html" not in request.headers.get(
        "Accept", ""
    )
    if is_program(request) or is_fetch:
        return error_response(
            request,
            401,
            gettext("This needs a key that is in use (Authorization: Bearer …)."),
            headers={"WWW-Authenticate": _CHALLENGE},
        )
    if request.method in {"GET", "HEAD"}:
        target = request.app.router["sign_in"].url_for().with_query(next=path)
        return web.Response(status=303, headers={"Location": str(target)})
    fields = await held_fields(request)
    return _form(
        request,
        next_path=path_here(path) or "/",
        held=fields,
        problem=gettext(
            "You were signed out meanwhile. Sign in, and your form comes back as it is."
        ),
        status=401,
    )


async def _known(request: web.Request, name: str, password: str) -> Identity | None:
    if not is_storable(name + password) or len(password) > MAX_PASSWORD_LENGTH:
        return None
    return await sign_in(request.app[POOL], name[: MAX_NAME_LENGTH + 1], password)


async def _count_try(request: web.Request, name: str) -> None:
    """Count a try for the account, however its name is spelled, and for the address.

    Raises:
        AllowanceUsedUpError: there were too many of either within a minute.
    """
    pool = request.app[POOL]
    told = name[: MAX_NAME_LENGTH + 1]
    folded = await fold_account_name(pool, told) if is_storable(told) else ""
    for subject in (f"sign-in of {folded}", f"sign-in from {household(request.remote)}"):
        await use(pool, Allowance(subject, _TRIES_A_MINUTE, _MINUTE))


def _signed_out(request: web.Request) -> web.Response:
    location = str(request.app.router["sign_in"].url_for())
    return end_session(web.Response(status=303, headers={"Location": location}))


def _form(
    request: web.Request,
    *,
    next_path: str,
    name: str = "",
    held: Held | None = None,
    problem: str | None = None,
    status: int = 200,
) -> web.Response:
    response = render(
        request,
        "access/sign_in.html",
        {
            "next_path": next_path,
            "name": name.replace("\0", "\ufffd"),
            "held": None if held is None else json.dumps(held, ensure_ascii=False),
            "problem": problem,
            "provider": provider_name(request.app[SETTINGS]),
        },
        status=status,
    )
    if status == 401:
        response.headers["WWW-Authenticate"] = _CHALLENGE
    response.headers["Cache-Control"] = "no-store"
    return response


def _only(fields: Held, name: str) -> str:
    values = fields.get(name, [""])
    if len(values) > 1:
        raise web.HTTPBadRequest(
            text=gettext("The form gives “%(name)s” %(count)s times.")
            % {"name": name, "count": len(values)}
        )
    return values[0]


def _held(text: str) -> Held | None:
    if not text:
        return None
    try:
        held = json.loads(text)
    except (ValueError, RecursionError):
        held = None
    if not isinstance(held, dict) or not all(map(_is_field, held.items())):
        raise web.HTTPBadRequest(text=gettext("The form that was waiting cannot be read any more."))
    return held


def _is_field(pair: tuple[str, object]) -> bool:
    name, values = pair
    return isinstance(values, list) and all(
        # A NUL that somebody sent is theirs to be told of; half of a pair no page can hold.
        isinstance(text, str) and is_storable(text.replace("\0", ""))
        for text in (name, *values)
    )
