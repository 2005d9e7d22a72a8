"""Signing in and out. Nothing that was typed into another form is lost on the way.

Whoever saves a form after the session has ended gets the sign-in page with that form
folded into it; signed in, they find it again and send it with one more click.
"""

from typing import Final

from aiohttp import web

from web.access.accounts import Verified, verify
from web.access.allowances import AllowanceUsedUpError
from web.access.guard import SESSION_COOKIE, access_of, session_of
from web.access.passwords import MAX_PASSWORD_LENGTH
from web.access.roles import Access
from web.access.sessions import AccountChangedError, close_session, close_sessions
from web.access.tries import count_try
from web.catalog.names import MAX_NAME_LENGTH
from web.database.errors import DatabaseUnavailableError
from web.forms import form_lists
from web.inputs import is_storable, only_value, without_nul
from web.keys import IDENTITY, POOL, SETTINGS
from web.languages import gettext
from web.pages.errors import error_response, is_program
from web.pages.held_forms import (
    PACKED_BYTES,
    Held,
    held_fields,
    log_mishap,
    pack_form,
    show_held,
    show_too_large,
    unpack_form,
)
from web.pages.mishaps import set_retry_after
from web.pages.oidc import provider_name
from web.pages.paths import path_here
from web.pages.sessions import begin_session, end_session, keep_session
from web.templates import render

# RFC 9110, 15.5.2: a 401 names a way in. A browser shows no dialog for this one.
_CHALLENGE: Final = 'Bearer realm="Hangtag"'
_RESUME: Final = "access/resume.html"


async def show_sign_in(request: web.Request) -> web.Response:
    """Show the form, or go on if somebody is signed in already."""
    next_path = path_here(only_value(request, "next")) or "/"
    if IDENTITY in request:
        raise web.HTTPSeeOther(next_path)
    return _form(request, next_path=next_path)


async def save_sign_in(request: web.Request) -> web.Response:
    """Sign in, and go on to where somebody was about to go."""
    fields = await form_lists(request, most_bytes=PACKED_BYTES)
    name, password = _only(fields, "account_name"), _only(fields, "password")
    next_path = path_here(_only(fields, "next")) or "/"
    held = unpack_form(_only(fields, "held"))
    # Signed in meanwhile: in another tab, or with the provider.
    if IDENTITY in request and held is not None and not password:
        return show_held(request, _RESUME, next_path, held)
    try:
        await count_try(request.app[POOL], _possible_name(name), request.remote)
        verified = await _verified(request, name, password)
        if verified is not None:
            return await _signed_in(request, verified, next_path, held)
    except AccountChangedError:
        pass  # the password was right, and is another one since
    except AllowanceUsedUpError as error:
        sentence = gettext("These were too many tries. Wait a minute, then try again.")
        response = _form(
            request, next_path=next_path, name=name, held=held, problem=sentence, status=429
        )
        response.headers["Retry-After"] = str(error.retry_after)
        return response
    except DatabaseUnavailableError as error:
        answer = log_mishap(request, error)
        response = _form(
            request,
            next_path=next_path,
            name=name,
            held=held,
            problem=answer.sentence,
            status=answer.status,
        )
        return set_retry_after(response, answer)
    problem = gettext("The name or the password is wrong.")
    return _form(request, next_path=next_path, name=name, held=held, problem=problem, status=401)


async def sign_out(request: web.Request) -> web.Response:
    """Sign this browser out."""
    token = request.cookies.get(SESSION_COOKIE)
    if token:
        await close_session(request.app[POOL], token)
    return _signed_out(request)


async def sign_out_everywhere(request: web.Request) -> web.Response:
    """Sign out in every browser, or say that it was not done."""
    if SESSION_COOKIE not in request.cookies:
        return _signed_out(request)
    identity = request.get(IDENTITY)
    try:
        # Asked again: without the database, nobody is known who comes to a page for everybody.
        identity = identity or await session_of(request)
        if identity is not None and identity.account_id is not None:
            await close_sessions(request.app[POOL], identity.account_id)
            return _signed_out(request)
    except DatabaseUnavailableError as error:
        answer = log_mishap(request, error)
        sentence = (
            gettext("Nothing was signed out.")
            if identity is None
            else gettext("It is not certain that anything was signed out.")
        )
        return error_response(
            request,
            answer.status,
            f"{answer.sentence} {sentence}",
            retry_after=answer.retry_after,
        )
    return end_session(
        _form(
            request,
            next_path="/",
            problem=gettext(
                "You were signed out here already, so nobody was signed out elsewhere. Sign in, "
                "then sign out everywhere once more."
            ),
            status=401,
        )
    )


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
    try:
        fields = await held_fields(request)
    except web.HTTPRequestEntityTooLarge:
        return show_too_large(request)
    return _form(
        request,
        next_path=path_here(path) or "/",
        held=fields,
        problem=gettext(
            "You were signed out meanwhile. Sign in, and your form comes back as it is."
        ),
        status=401,
    )


def _possible_name(name: str) -> str | None:
    """Return as much of a name as can be an account's; None when it can be nobody's."""
    possible = name[: MAX_NAME_LENGTH + 1]
    return possible if is_storable(possible) else None


async def _verified(request: web.Request, name: str, password: str) -> Verified | None:
    possible = _possible_name(name)
    if possible is None or not is_storable(password) or len(password) > MAX_PASSWORD_LENGTH:
        return None
    return await verify(request.app[POOL], possible, password)


async def _signed_in(
    request: web.Request, verified: Verified, next_path: str, held: Held | None
) -> web.Response:
    """Sign a browser in, and lead on, or back to the form that waits.

    Raises:
        AccountChangedError: the account is gone, or its password another one since.
        DatabaseUnavailableError: nobody was signed in.
    """
    token = await begin_session(request, verified.identity, verified=verified.password_hash)
    if held is None:
        return keep_session(web.Response(status=303, headers={"Location": next_path}), token)
    return keep_session(show_held(request, _RESUME, next_path, held), token)


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
            "name": without_nul(name),
            "held": None if held is None else pack_form(held),
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
