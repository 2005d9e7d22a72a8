"""Signing in with a provider: the way there, and the way back."""

import hmac
import json
import logging
from base64 import urlsafe_b64decode, urlsafe_b64encode
from contextlib import suppress
from dataclasses import asdict
from typing import Final

from aiohttp import web

from web.access.accounts import find_account
from web.access.allowances import AllowanceUsedUpError
from web.access.guard import too_many
from web.access.oidc import Attempt, Client, authorization_url, name_of
from web.access.provider import ProviderError
from web.access.sessions import AccountChangedError
from web.access.tries import count_provider_visit
from web.inputs import is_storable, only_value
from web.keys import POOL, PROVIDER, SETTINGS
from web.languages import gettext
from web.pages.paths import path_here
from web.pages.sessions import begin_session, keep_session
from web.settings import Settings

_ATTEMPT_COOKIE: Final = "__Host-hangtag-attempt"
_ATTEMPT_SECONDS: Final = 600

_LOG = logging.getLogger("hangtag.access")


async def go_to_provider(request: web.Request) -> web.Response:
    """Send the browser to the provider, with a cookie by which it is known when it comes back."""
    attempt = Attempt.begin(path_here(only_value(request, "next")) or "/")
    client = _client(request)
    await _count(request)
    try:
        url = await authorization_url(client, attempt, _redirect_uri(request))
    except ProviderError as error:
        raise _unavailable(error) from None
    response = web.Response(status=303, headers={"Location": url, "Cache-Control": "no-store"})
    cookie = urlsafe_b64encode(json.dumps(asdict(attempt)).encode()).decode()
    response.set_cookie(
        _ATTEMPT_COOKIE,
        cookie,
        max_age=_ATTEMPT_SECONDS,
        path="/",
        secure=True,
        httponly=True,
        # Lax, not Strict: the provider sends the browser back by a link from another site.
        samesite="Lax",
    )
    return response


async def return_from_provider(request: web.Request) -> web.Response:
    """Sign in whom the provider vouches for, if there is an account of the name."""
    client = _client(request)
    attempt = _attempt(request)
    state = only_value(request, "state") or ""
    if attempt is None or not hmac.compare_digest(attempt.state.encode(), state.encode()):
        raise web.HTTPBadRequest(
            text=gettext("This way back from the provider is not open any more. Sign in again.")
        )
    if (refused := only_value(request, "error")) is not None:
        _LOG.warning("the provider did not sign somebody in: %r", refused[:100])
        raise web.HTTPForbidden(text=gettext("The provider did not sign you in. Try it again."))
    code = only_value(request, "code") or ""
    await _count(request)
    try:
        name = await name_of(client, attempt, code, _redirect_uri(request))
    except ProviderError as error:
        raise _unavailable(error) from None
    if name is not None and is_storable(name):
        identity = await find_account(request.app[POOL], name)
        if identity is not None:
            with suppress(AccountChangedError):  # gone since
                token = await begin_session(request, identity)
                response = web.Response(status=303, headers={"Location": attempt.next_path})
                _forget(response)
                return keep_session(response, token)
    raise web.HTTPForbidden(
        text=gettext(
            "The provider knows you as %(name)s, and there is no account of this name here. "
            "Ask whoever looks after the desk to add it."
        )
        % {"name": "?" if name is None else name.encode(errors="replace").decode()}
    )


def provider_name(settings: Settings) -> str | None:
    """Return what the provider is called on the sign-in page; None if there is none."""
    if settings.oidc_issuer is None:
        return None
    return settings.oidc_issuer.partition("://")[2].partition("/")[0]


def _client(request: web.Request) -> Client:
    settings = request.app[SETTINGS]
    provider = request.app[PROVIDER]
    if provider is None or settings.oidc_client_id is None:
        raise web.HTTPNotFound(text=gettext("No provider is set up to sign in with."))
    return Client(
        provider, settings.oidc_client_id, settings.oidc_client_secret, settings.oidc_claim
    )


async def _count(request: web.Request) -> None:
    """Count a visit for which the provider is about to be asked.

    Raises:
        web.HTTPTooManyRequests: there were too many from the address.
    """
    try:
        await count_provider_visit(request.app[POOL], request.remote)
    except AllowanceUsedUpError as error:
        sentence = gettext("These were too many tries. Wait a minute, then try again.")
        raise too_many(sentence, error) from None


def _redirect_uri(request: web.Request) -> str:
    path = request.app.router["oidc_callback"].url_for()
    return f"{request.scheme}://{request.host}{path}"


def _attempt(request: web.Request) -> Attempt | None:
    """Return what this browser set out with; it is its own, so only its form is looked at."""
    try:
        fields = json.loads(urlsafe_b64decode(request.cookies.get(_ATTEMPT_COOKIE, "")))
        if not all(isinstance(value, str) and value for value in fields.values()):
            return None
        attempt = Attempt(**fields)
    except (ValueError, TypeError, AttributeError, RecursionError):
        return None
    return attempt if path_here(attempt.next_path) else None


def _forget(response: web.Response) -> None:
    response.del_cookie(_ATTEMPT_COOKIE, path="/", secure=True, httponly=True, samesite="Lax")


def _unavailable(error: ProviderError) -> web.HTTPException:
    _LOG.warning("signing in with the provider failed: %s", error)
    return web.HTTPBadGateway(
        text=gettext("Signing in with the provider did not work. Try it again, or ask somebody.")
    )
