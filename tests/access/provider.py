"""A small OpenID Connect provider: real keys, real tokens, and every way to be wrong."""

import json
import time
from base64 import b64decode, urlsafe_b64encode
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Any

from aiohttp import web
from aiohttp.test_utils import TestServer
from joserfc import jwt
from joserfc.jwk import ECKey, KeySet, OctKey, RSAKey
from yarl import URL

CLIENT_ID, CLIENT_SECRET = "hangtag", "s3cret & more"


@dataclass
class Provider:
    """What it says of who signs in; a test sets what is to be wrong."""

    person: dict[str, Any] = field(
        default_factory=lambda: {"email": "ada@example.com", "email_verified": True}
    )
    # Put over the right claims; None takes one away.
    claims: dict[str, Any] = field(default_factory=dict)
    # Put over the discovery document.
    document: dict[str, Any] = field(default_factory=dict)
    algorithm: str = "RS256"
    # Signs with a key that is not in the published set, under the name of one that is.
    is_forger: bool = False
    # Says that it signs with this key, whichever it is.
    kid: str | None = None
    token_body: bytes | None = None
    # With a slash at its end, as some have it, or without.
    issuer: str = ""
    asked: dict[str, str] = field(default_factory=dict)
    codes: list[str] = field(default_factory=lambda: ["the-code"])
    token_requests: int = 0
    discovery_requests: int = 0
    key_requests: int = 0

    def __post_init__(self) -> None:
        self.keys: dict[str, RSAKey | ECKey] = {
            "RS256": RSAKey.generate_key(2048, {"kid": "rsa", "use": "sig"}),
            "ES256": ECKey.generate_key("P-256", {"kid": "ec", "use": "sig"}),
        }
        self.forged = RSAKey.generate_key(2048, {"kid": "rsa"})

    def authorize(self, url: str) -> str:
        """Sign somebody in, as its page would, and return where the browser is sent."""
        self.asked = dict(URL(url).query)
        back = URL(self.asked["redirect_uri"]).update_query(
            code="the-code", state=self.asked["state"]
        )
        return back.raw_path_qs

    async def discovery(self, _request: web.Request) -> web.Response:
        """Answer with the discovery document."""
        self.discovery_requests += 1
        base = self.issuer.rstrip("/")
        return web.json_response(
            {
                "issuer": self.issuer,
                "authorization_endpoint": f"{base}/authorize",
                "token_endpoint": f"{base}/token",
                "jwks_uri": f"{base}/jwks",
                **self.document,
            }
        )

    async def jwks(self, _request: web.Request) -> web.Response:
        """Answer with the public keys."""
        self.key_requests += 1
        return web.json_response(KeySet(list(self.keys.values())).as_dict(private=False))

    async def token(self, request: web.Request) -> web.Response:
        """Exchange the code for a token, once, with client, verifier and address right."""
        self.token_requests += 1
        if self.token_body is not None:
            return web.Response(body=self.token_body, content_type="application/json")
        form = await request.post()
        client = b64decode(request.headers["Authorization"].removeprefix("Basic ")).decode()
        verifier = str(form["code_verifier"])
        challenge = urlsafe_b64encode(sha256(verifier.encode()).digest()).rstrip(b"=").decode()
        right = (
            form["grant_type"] == "authorization_code"
            and form["code"] in self.codes
            and form["redirect_uri"] == self.asked["redirect_uri"]
            and challenge == self.asked["code_challenge"]
            and client == f"{CLIENT_ID}:s3cret%20%26%20more"
        )
        if not right:
            return web.json_response({"error": "invalid_grant"}, status=400)
        self.codes.remove(str(form["code"]))
        return web.json_response({"token_type": "Bearer", "id_token": self._id_token()})

    def change_keys(self, kid: str) -> None:
        """Sign with another key from now on."""
        self.keys["RS256"] = RSAKey.generate_key(2048, {"kid": kid, "use": "sig"})

    def _id_token(self) -> str:
        now = int(time.time())
        claims = {
            "iss": self.issuer,
            "aud": CLIENT_ID,
            "sub": "4711",
            "iat": now,
            "exp": now + 60,
            "nonce": self.asked["nonce"],
            **self.person,
            **self.claims,
        }
        claims = {name: value for name, value in claims.items() if value is not None}
        header = {"alg": self.algorithm, "kid": "rsa"}
        if self.algorithm == "none":
            return ".".join(_encoded(part) for part in (header, claims)) + "."
        if self.algorithm == "HS256":  # with the public key for a secret
            public = self.keys["RS256"].as_pem(private=False)
            return jwt.encode(header, claims, OctKey.import_key(public), algorithms=["HS256"])
        if self.is_forger:
            return jwt.encode(header, claims, self.forged, algorithms=["RS256"])
        key = self.keys["ES256" if self.algorithm == "ES256" else "RS256"]
        header["kid"] = self.kid or str(key.kid)
        return jwt.encode(header, claims, key, algorithms=[self.algorithm])


def _encoded(part: dict[str, Any]) -> str:
    return urlsafe_b64encode(json.dumps(part).encode()).rstrip(b"=").decode()


@asynccontextmanager
async def running(provider: Provider) -> AsyncIterator[Provider]:
    """Serve a provider on this machine."""
    app = web.Application()
    app.router.add_get("/.well-known/openid-configuration", provider.discovery)
    app.router.add_get("/jwks", provider.jwks)
    app.router.add_post("/token", provider.token)
    async with TestServer(app) as server:
        provider.issuer = str(server.make_url("")).rstrip("/")
        yield provider
