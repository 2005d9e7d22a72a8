"""Signing in with a provider."""

from collections.abc import AsyncIterator
from http.cookies import SimpleCookie
from typing import Any

import pytest
import pytest_asyncio
from yarl import URL

from tests.access.provider import CLIENT_ID, CLIENT_SECRET, Provider, running
from tests.access.visits import account, ask, cookie_of
from tests.desk import Desk, OpenDesk
from tests.page import Page

ATTEMPT = "__Host-hangtag-attempt"


@pytest_asyncio.fixture
async def provider() -> AsyncIterator[Provider]:
    async with running(Provider()) as started:
        yield started


@pytest_asyncio.fixture
async def office(open_desk: OpenDesk, provider: Provider) -> Desk:
    """A desk whose accounts sign in with the provider; there is one of ada@example.com."""
    desk = await open_desk(
        oidc_issuer=provider.issuer, oidc_client_id=CLIENT_ID, oidc_client_secret=CLIENT_SECRET
    )
    await account(desk, "ada@example.com")
    return desk


@pytest_asyncio.fixture
async def office_of_claim(open_desk: OpenDesk, provider: Provider) -> Desk:
    """A desk whose accounts are named by what the provider calls the preferred name."""
    desk = await open_desk(
        oidc_issuer=provider.issuer,
        oidc_client_id=CLIENT_ID,
        oidc_client_secret=CLIENT_SECRET,
        oidc_claim="preferred_username",
    )
    await account(desk, "ada@example.com")
    return desk


async def _leave(desk: Desk, next_path: str = "/brands") -> Page:
    page = await ask(desk, "GET", str(URL("/sign-in/provider").with_query(next=next_path)))
    assert page.status == 303, page.text
    return page


def _attempt(page: Page) -> dict[str, str]:
    cookie = SimpleCookie(page.headers["Set-Cookie"])[ATTEMPT]
    return {"Cookie": f"{ATTEMPT}={cookie.value}"}


async def _sign_in(desk: Desk, provider: Provider) -> Page:
    left = await _leave(desk)
    return await ask(desk, "GET", provider.authorize(left.headers["Location"]), _attempt(left))


@pytest.mark.parametrize("algorithm", ["RS256", "ES256"])
async def test_person_of_the_provider_is_signed_in_and_led_on(
    office: Desk, provider: Provider, algorithm: str
) -> None:
    provider.algorithm = algorithm

    page = await _sign_in(office, provider)

    assert (page.status, page.headers["Location"]) == (303, "/brands")
    cookies = page.headers.getall("Set-Cookie")  # type: ignore[attr-defined]  # a multidict
    session = Page(page.status, {"Set-Cookie": cookies[-1]}, "")
    brands = await ask(office, "GET", "/brands", cookie_of(session))
    assert "ada@example.com" in brands.text


async def test_browser_leaves_with_all_that_the_standard_asks_for(office: Desk) -> None:
    page = await _leave(office)

    url = URL(page.headers["Location"])
    assert {name: url.query[name] for name in ("response_type", "client_id", "scope")} == {
        "response_type": "code",
        "client_id": CLIENT_ID,
        "scope": "openid email profile",
    }
    assert url.query["code_challenge_method"] == "S256"
    assert URL(url.query["redirect_uri"]).path == "/sign-in/callback"
    assert len({url.query[name] for name in ("state", "nonce", "code_challenge")}) == 3
    assert all(len(url.query[name]) == 43 for name in ("state", "nonce", "code_challenge"))
    cookie = SimpleCookie(page.headers["Set-Cookie"])[ATTEMPT]
    assert cookie["secure"] and cookie["httponly"] and cookie["samesite"] == "Lax"  # noqa: PT018
    assert cookie["max-age"] == "600"
    again = URL((await _leave(office)).headers["Location"])
    assert again.query["state"] != url.query["state"]
    assert again.query["nonce"] != url.query["nonce"]


@pytest.mark.parametrize(
    "claims",
    [
        {"iss": "https://other.example"},
        {"iss": None},
        {"aud": "another client"},
        {"aud": ["another client", "and another"]},
        {"aud": [CLIENT_ID, "another client"]},  # without azp it is not said whose it is
        {"azp": "another client"},
        {"aud": None},
        {"exp": 1_000_000_000},
        {"exp": None},
        {"exp": "soon"},
        {"iat": 9_999_999_999},
        {"nonce": "another nonce"},
        {"nonce": None},
        {"sub": None},
    ],
    ids=str,
)
async def test_token_with_a_wrong_claim_signs_nobody_in(
    office: Desk, provider: Provider, claims: dict[str, Any]
) -> None:
    provider.claims = claims

    page = await _sign_in(office, provider)

    assert page.status == 502
    assert "__Host-hangtag=" not in page.headers.get("Set-Cookie", "")
    assert provider.token_requests == 1


@pytest.mark.parametrize("algorithm", ["none", "HS256", "RS512", "PS256"])
async def test_token_of_another_algorithm_signs_nobody_in(
    office: Desk, provider: Provider, algorithm: str
) -> None:
    provider.algorithm = algorithm

    assert (await _sign_in(office, provider)).status == 502


async def test_token_signed_by_somebody_else_signs_nobody_in(
    office: Desk, provider: Provider
) -> None:
    provider.is_forger = True

    assert (await _sign_in(office, provider)).status == 502


@pytest.mark.parametrize(
    "body", [b"", b"[]", b"{", b"{}", b'{"id_token": 1}', b'{"id_token": "a.b.c"}', b"x" * 600_000]
)
async def test_nonsense_of_the_provider_is_a_sentence(
    office: Desk, provider: Provider, body: bytes
) -> None:
    provider.token_body = body

    page = await _sign_in(office, provider)

    assert page.status == 502
    assert "Signing in with the provider did not work." in page.text


async def test_provider_whose_name_ends_with_a_slash_signs_in(
    open_desk: OpenDesk, provider: Provider
) -> None:
    provider.issuer += "/"
    desk = await open_desk(
        oidc_issuer=provider.issuer, oidc_client_id=CLIENT_ID, oidc_client_secret=CLIENT_SECRET
    )
    await account(desk, "ada@example.com")

    assert (await _sign_in(desk, provider)).status == 303


@pytest.mark.parametrize("name", ["https://other.example", "with a slash", None])
async def test_provider_of_another_name_than_was_set_is_not_asked_further(
    office: Desk, provider: Provider, name: str | None
) -> None:
    right = provider.issuer
    provider.document = {"issuer": f"{right}/" if name == "with a slash" else name}
    refused = await ask(office, "GET", "/sign-in/provider")
    provider.document = {}

    assert refused.status == 502
    assert (await _sign_in(office, provider)).status == 303


@pytest.mark.parametrize(
    "document",
    [
        {"token_endpoint": "http://192.0.2.1/token"},
        {"jwks_uri": "file:///etc/passwd"},
        {"jwks_uri": None},
    ],
    ids=str,
)
async def test_provider_whose_endpoints_cannot_be_used_signs_nobody_in(
    office: Desk, provider: Provider, document: dict[str, Any]
) -> None:
    provider.document = document
    left = await _leave(office)
    back = provider.authorize(left.headers["Location"])

    assert (await ask(office, "GET", back, _attempt(left))).status == 502


async def test_way_back_belongs_to_the_browser_that_left(office: Desk, provider: Provider) -> None:
    mine, other = await _leave(office), await _leave(office)
    back = provider.authorize(mine.headers["Location"])

    for who in (
        {},
        _attempt(other),
        {"Cookie": f"{ATTEMPT}=nonsense"},
        {"Cookie": f"{ATTEMPT}=e30="},
    ):
        assert (await ask(office, "GET", back, who)).status == 400
    assert (await ask(office, "GET", "/sign-in/callback", _attempt(mine))).status == 400
    assert provider.token_requests == 0


async def test_code_is_good_once(office: Desk, provider: Provider) -> None:
    left = await _leave(office)
    back = provider.authorize(left.headers["Location"])

    statuses = [(await ask(office, "GET", back, _attempt(left))).status for _ in range(2)]

    assert statuses == [303, 502]


@pytest.mark.parametrize(
    ("person", "status"),
    [
        ({"email": "ADA@example.com", "email_verified": True}, 303),
        ({"email": "ada@example.com", "email_verified": False}, 403),
        ({"email": "ada@example.com"}, 403),
        ({"email": "ada@example.com", "email_verified": "true"}, 403),
        ({"email": "ada@example.com\0", "email_verified": True}, 403),
        ({"email": ["ada@example.com"], "email_verified": True}, 403),
        ({"email": "x@example.com", "email_verified": True, "name": "ada@example.com"}, 403),
        ({"preferred_username": "ada@example.com"}, 403),
        ({}, 403),
    ],
)
async def test_account_is_found_by_a_verified_email_and_nothing_else(
    office: Desk, provider: Provider, person: dict[str, Any], status: int
) -> None:
    provider.person = person

    assert (await _sign_in(office, provider)).status == status


@pytest.mark.parametrize(
    ("person", "status"),
    [
        ({"preferred_username": "ada@example.com"}, 303),
        ({"preferred_username": "x\0"}, 403),
        ({"email": "ada@example.com", "email_verified": True}, 403),
    ],
)
async def test_account_is_found_by_the_claim_that_was_chosen(
    office_of_claim: Desk, provider: Provider, person: dict[str, Any], status: int
) -> None:
    provider.person = person

    assert (await _sign_in(office_of_claim, provider)).status == status


async def test_provider_is_asked_once_for_what_stays_the_same(
    office: Desk, provider: Provider
) -> None:
    for _ in range(3):
        provider.codes = ["the-code"]
        assert (await _sign_in(office, provider)).status == 303

    assert (provider.discovery_requests, provider.key_requests) == (1, 1)


async def test_keys_are_asked_for_again_when_the_provider_signs_with_another(
    office: Desk, provider: Provider
) -> None:
    await _sign_in(office, provider)
    provider.change_keys("another")
    provider.codes = ["the-code"]

    assert (await _sign_in(office, provider)).status == 303
    assert provider.key_requests == 2


async def test_token_of_a_key_that_is_nowhere_signs_nobody_in(
    office: Desk, provider: Provider
) -> None:
    provider.kid = "nowhere"

    assert (await _sign_in(office, provider)).status == 502
    assert provider.key_requests == 2


async def test_visitors_make_the_desk_ask_the_provider_so_often_in_a_minute(
    open_desk: OpenDesk, provider: Provider
) -> None:
    desk = await open_desk(
        oidc_issuer=provider.issuer,
        oidc_client_id=CLIENT_ID,
        oidc_client_secret=CLIENT_SECRET,
        trusted_proxies="127.0.0.1",
    )
    left = [await _leave(desk) for _ in range(10)]

    pages = [
        await ask(desk, "GET", provider.authorize(one.headers["Location"]), _attempt(one))
        for one in left
    ]
    refused = await ask(desk, "GET", "/sign-in/provider")
    elsewhere = await ask(desk, "GET", "/sign-in/provider", {"X-Forwarded-For": "192.0.2.7"})

    assert {page.status for page in pages} <= {403, 502}
    assert refused.status == 429
    assert int(refused.headers["Retry-After"]) > 0
    assert "too many tries" in refused.text
    assert provider.token_requests == 10
    assert elsewhere.status == 303


async def test_who_has_no_account_is_told_whom_to_ask(office: Desk, provider: Provider) -> None:
    provider.person = {"email": "grace@example.com", "email_verified": True}

    page = await _sign_in(office, provider)

    assert page.status == 403
    assert "The provider knows you as grace@example.com" in page.text
    assert "Ask whoever looks after the desk" in page.text


async def test_refusal_of_the_provider_is_a_sentence(office: Desk, provider: Provider) -> None:
    left = await _leave(office)
    provider.authorize(left.headers["Location"])
    back = f"/sign-in/callback?error=access_denied&state={provider.asked['state']}"

    page = await ask(office, "GET", back, _attempt(left))

    assert page.status == 403
    assert "did not sign you in" in page.text


async def test_provider_that_is_away_is_a_sentence(open_desk: OpenDesk) -> None:
    desk = await open_desk(oidc_issuer="http://127.0.0.1:1", oidc_client_id=CLIENT_ID)

    assert (await ask(desk, "GET", "/sign-in/provider")).status == 502


async def test_sign_in_page_offers_the_provider_where_there_is_one(
    office: Desk, open_desk: OpenDesk
) -> None:
    offered = await ask(office, "GET", "/sign-in?next=/skus")
    held = await ask(office, "POST", "/brands", form={"brand_name": "Levis"})
    without = await open_desk()

    (href,) = (link.href for link in offered.links if "Sign in with 127.0.0.1" in link.text)
    assert href == "/sign-in/provider?next=%2Fskus"
    # With a form in hand it is another tab, and this one keeps what was typed.
    (link,) = (
        e.attributes for e in held.elements if "/sign-in/provider" in e.attributes.get("href", "")
    )
    assert link["target"] == "_blank"
    assert "Sign in with" not in (await ask(without, "GET", "/sign-in")).text
    for path in ("/sign-in/provider", "/sign-in/callback?state=x&code=y"):
        assert (await ask(without, "GET", path)).status == 404
