"""Signing in with an OpenID Connect provider: the authorization code flow with PKCE.

OpenID Connect Core 1.0 (3.1), RFC 7636. What the provider says of somebody is believed only after
the signature, the issuer, the audience, the expiry and the nonce are right.
"""

import secrets
from base64 import urlsafe_b64encode
from dataclasses import dataclass
from hashlib import sha256
from typing import Final
from urllib.parse import quote, urlencode, urlsplit

from aiohttp import encode_basic_auth
from joserfc import jwt
from joserfc.errors import InvalidKeyIdError, JoseError
from joserfc.jwk import KeySet

from web.access.provider import Document, Provider, ProviderError
from web.catalog.names import MAX_NAME_LENGTH
from web.networks import is_loopback

_ALGORITHMS: Final = ("RS256", "ES256")
# The claim that names an account unless another one was chosen; it has to be verified.
EMAIL: Final = "email"
# How far the clocks of two machines may be apart, in seconds.
_LEEWAY: Final = 60


@dataclass(frozen=True, slots=True)
class Client:
    """What the provider knows Hangtag by, and the claim of its tokens that names an account."""

    provider: Provider
    client_id: str
    client_secret: str | None
    claim: str

    @property
    def issuer(self) -> str:
        """The provider's name, exactly as it writes it."""
        return self.provider.issuer


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


async def authorization_url(client: Client, attempt: Attempt, redirect_uri: str) -> str:
    """Return where the browser goes to sign in.

    Raises:
        ProviderError: the provider cannot be asked.
    """
    endpoint = _endpoint(await client.provider.discover(), "authorization_endpoint", client)
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


async def name_of(client: Client, attempt: Attempt, code: str, redirect_uri: str) -> str | None:
    """Return the name that the provider vouches for; None if it vouches for none.

    That is a verified email, unless another claim was chosen: of others, the standard says
    (5.7) that they are not to be taken for who somebody is, and people may choose their own.

    Raises:
        ProviderError: the provider cannot be asked, or what it said cannot be believed.
    """
    document = await client.provider.discover()
    tokens = await _exchange(client, document, attempt, code, redirect_uri)
    claims = await _claims(client, document, attempt, tokens.get("id_token"))
    name = claims.get(client.claim)
    if client.claim == EMAIL and claims.get("email_verified") is not True:
        return None
    return name if isinstance(name, str) and 0 < len(name) <= MAX_NAME_LENGTH else None


async def _claims(
    client: Client, document: Document, attempt: Attempt, id_token: object
) -> Document:
    url = _endpoint(document, "jwks_uri", client)
    keys = await client.provider.published(url)
    try:
        return _verified(client, attempt, id_token, keys)
    except InvalidKeyIdError:
        keys = await client.provider.published(url, other_than=keys)
    try:
        return _verified(client, attempt, id_token, keys)
    except InvalidKeyIdError as error:
        raise ProviderError(f"the id_token is not right: {error}") from None


def _verified(client: Client, attempt: Attempt, id_token: object, keys: Document) -> Document:
    """Return the claims of an id_token that is right in all that 3.1.3.7 of the standard asks.

    Raises:
        InvalidKeyIdError: it was signed with a key that is not among these.
        ProviderError: it is not right.
    """
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
    except InvalidKeyIdError:
        raise
    except (JoseError, ValueError, TypeError, KeyError, AttributeError) as error:
        raise ProviderError(f"the id_token is not right: {type(error).__name__}, {error}") from None
    audience = token.claims["aud"]
    is_shared = isinstance(audience, list) and len(audience) > 1
    authorized = token.claims.get("azp", None if is_shared else client.client_id)
    if authorized != client.client_id:
        raise ProviderError("the id_token was made for another client")
    return token.claims


async def _exchange(
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
    headers: dict[str, str] = {}
    if client.client_secret is not None:
        methods = document.get("token_endpoint_auth_methods_supported", ["client_secret_basic"])
        if "client_secret_basic" in methods:
            # RFC 6749, 2.3.1: both are form-encoded first.
            headers["Authorization"] = encode_basic_auth(
                quote(client.client_id, ""), quote(client.client_secret, "")
            )
        else:
            form["client_secret"] = client.client_secret
    return await client.provider.post(_endpoint(document, "token_endpoint", client), form, headers)


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
