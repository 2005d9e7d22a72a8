"""Signing in with an OpenID Connect provider: the authorization code flow with PKCE.

OpenID Connect Core 1.0 (3.1), Discovery 1.0, RFC 7636. What the provider sends is bounded in
time and size, and believed only after the signature, the issuer, the audience, the expiry and
the nonce are right. Redirects of the provider's own endpoints are not followed.
"""

import json
import secrets
from base64 import urlsafe_b64encode
from dataclasses import dataclass
from hashlib import sha256
from typing import Any, Final
from urllib.parse import quote, urlencode, urlsplit

from aiohttp import ClientError, ClientSession, ClientTimeout, encode_basic_auth
from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import KeySet

from web.networks import is_loopback

_ALGORITHMS: Final = ("RS256", "ES256")
_SECONDS: Final = 5.0
_MOST_BYTES: Final = 512 * 1024
# How far the clocks of two machines may be apart, in seconds.
_LEEWAY: Final = 60


class ProviderError(Exception):
    """The provider cannot be asked, or what it said cannot be believed; the text is for the log."""


@dataclass(frozen=True, slots=True)
class Client:
    """What the provider knows Hangtag by."""

    issuer: str
    client_id: str
    client_secret: str | None


@dataclass(frozen=True, slots=True)
class Attempt:
    """One try to sign in: what only this browser knows while it is away."""

    state: str
    nonce: str
    verifier: str
    next_path: str

    @classmethod
    def begin(cls, next_path: str) -> "Attempt":
        """Return a new one, each of its parts with 256 bits of chance."""
        state, nonce, verifier = (secrets.token_urlsafe(32) for _ in range(3))
        return cls(state, nonce, verifier, next_path)


# Any: JSON of somebody else's, looked at piece by piece.
Document = dict[str, Any]


async def authorization_url(client: Client, attempt: Attempt, redirect_uri: str) -> str:
    """Return where the browser goes to sign in.

    Raises:
        ProviderError: the provider cannot be asked.
    """
    async with _session() as session:
        endpoint = _endpoint(await _discover(session, client), "authorization_endpoint", client)
    challenge = urlsafe_b64encode(sha256(attempt.verifier.encode()).digest()).rstrip(b"=").decode()
    query = {
        "response_type": "code",
        "client_id": client.client_id,
        "redirect_uri": redirect_uri,
        "scope": "openid email profile",
        "state": attempt.state,
        "nonce": attempt.nonce,
        "code_challenge": challenge,
        "code_challenge_method": "S256",
    }
    return f"{endpoint}{'&' if '?' in endpoint else '?'}{urlencode(query)}"


async def names_of(client: Client, attempt: Attempt, code: str, redirect_uri: str) -> list[str]:
    """Return the names that the provider vouches for: a verified email, a preferred name.

    Raises:
        ProviderError: the provider cannot be asked, or what it said cannot be believed.
    """
    async with _session() as session:
        document = await _discover(session, client)
        tokens = await _exchange(session, client, document, attempt, code, redirect_uri)
        keys = await _fetch(session, _endpoint(document, "jwks_uri", client))
    claims = _verified(client, attempt, tokens.get("id_token"), keys)
    names = [
        claims.get("email") if claims.get("email_verified") is True else None,
        claims.get("preferred_username"),
    ]
    return [name for name in names if isinstance(name, str) and 0 < len(name) <= 200]


def _verified(client: Client, attempt: Attempt, id_token: object, keys: Document) -> Document:
    """Return the claims of an id_token that is right in all that 3.1.3.7 of the standard asks."""
    if not isinstance(id_token, str):
        raise ProviderError("there is no id_token")
    claims_registry = jwt.JWTClaimsRegistry(
        leeway=_LEEWAY,
        iss={"essential": True, "value": client.issuer},
        aud={"essential": True, "value": client.client_id},
        sub={"essential": True},
        exp={"essential": True},
        iat={"essential": True},
        nonce={"essential": True, "value": attempt.nonce},
    )
    try:
        token = jwt.decode(
            id_token,
            KeySet.import_key_set(keys),  # type: ignore[arg-type]  # it looks at what it gets
            algorithms=list(_ALGORITHMS),
        )
        claims_registry.validate(token.claims)
    except (JoseError, ValueError, TypeError, KeyError, AttributeError) as error:
        raise ProviderError(f"the id_token is not right: {type(error).__name__}, {error}") from None
    audience = token.claims["aud"]
    is_shared = isinstance(audience, list) and len(audience) > 1
    authorized = token.claims.get("azp", None if is_shared else client.client_id)
    if authorized != client.client_id:
        raise ProviderError("the id_token was made for another client")
    return token.claims


async def _discover(session: ClientSession, client: Client) -> Document:
    document = await _fetch(session, f"{client.issuer}/.well-known/openid-configuration")
    # A provider that ends its name with a slash is still itself.
    if str(document.get("issuer", "")).rstrip("/") != client.issuer.rstrip("/"):
        raise ProviderError(f"the provider calls itself {document.get('issuer')!r}")
    return document


async def _exchange(
    session: ClientSession,
    client: Client,
    document: Document,
    attempt: Attempt,
    code: str,
    redirect_uri: str,
) -> Document:
    form = {
        "grant_type": "authorization_code",
        "code": code,
        "redirect_uri": redirect_uri,
        "code_verifier": attempt.verifier,
        "client_id": client.client_id,
    }
    headers = {}
    if client.client_secret is not None:
        methods = document.get("token_endpoint_auth_methods_supported", ["client_secret_basic"])
        if "client_secret_basic" in methods:
            # RFC 6749, 2.3.1: both are form-encoded first.
            headers["Authorization"] = encode_basic_auth(
                quote(client.client_id, ""), quote(client.client_secret, "")
            )
        else:
            form["client_secret"] = client.client_secret
    return await _fetch(session, _endpoint(document, "token_endpoint", client), form, headers)


def _endpoint(document: Document, name: str, client: Client) -> str:
    """Return an address of the provider; only one that is itself on this machine may be http."""
    url = document.get(name)
    parts = urlsplit(url) if isinstance(url, str) else None
    allowed = {"https", urlsplit(client.issuer).scheme}
    if not isinstance(url, str) or parts is None or parts.scheme not in allowed:
        raise ProviderError(f"the provider has no {name} that can be used")
    if parts.scheme == "http" and not is_loopback(parts.hostname or ""):
        raise ProviderError(f"the provider’s {name} is not https")
    return url


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
