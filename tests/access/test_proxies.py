"""Behind a proxy: who the client is, by which name and scheme, and whom that is believed."""

import json

import pytest

from tests.access.visits import account, ask
from tests.desk import CatalogMaker, OpenDesk, sign_in
from web.access.roles import Role
from web.networks import household, networks_from

FORM = {"brand_name": "Levis"}


async def _address(open_desk: OpenDesk, catalog: CatalogMaker, trusted: str, **headers: str) -> str:
    """Return the address that the history has for a change sent with these headers."""
    desk = await open_desk(trusted_proxies=trusted)
    who = await sign_in(desk, Role.EDITOR)
    page = await ask(desk, "POST", "/brands", {**who, **headers}, FORM)
    assert page.status == 303, page.text
    return str(await catalog.value("select address from change_set"))


@pytest.mark.parametrize(
    ("sent", "seen"),
    [
        ("192.0.2.7", "192.0.2.7"),
        ("203.0.113.9, 192.0.2.7", "192.0.2.7"),  # what stood there before is the client's own
        ("203.0.113.9, 192.0.2.7, 10.1.2.3", "192.0.2.7"),
        ("10.9.9.9, 10.1.2.3", "10.9.9.9"),
        ("192.0.2.7:4711", "192.0.2.7"),
        ("2001:db8::7", "2001:db8::7"),
        ("[2001:db8::7]:4711", "2001:db8::7"),
        ("::ffff:192.0.2.7", "192.0.2.7"),
        ("unknown", "127.0.0.1"),
        ("192.0.2.7, nonsense, 10.1.2.3", "10.1.2.3"),
        ("", "127.0.0.1"),
    ],
)
async def test_client_is_the_last_address_that_is_no_trusted_proxy(
    open_desk: OpenDesk, catalog: CatalogMaker, sent: str, seen: str
) -> None:
    trusted = "127.0.0.1, 10.0.0.0/8"

    assert await _address(open_desk, catalog, trusted, **{"X-Forwarded-For": sent}) == seen


async def test_forwarded_is_read_as_well(open_desk: OpenDesk, catalog: CatalogMaker) -> None:
    sent = 'for=203.0.113.9, for="[2001:db8::7]:4711";proto=https;host=desk.example'

    assert await _address(open_desk, catalog, "127.0.0.1", Forwarded=sent) == "2001:db8::7"


async def test_nobody_else_is_believed(open_desk: OpenDesk, catalog: CatalogMaker) -> None:
    headers = {"X-Forwarded-For": "192.0.2.7", "X-Forwarded-Proto": "https"}

    assert await _address(open_desk, catalog, "10.0.0.0/8", **headers) == "127.0.0.1"


@pytest.mark.parametrize("path", ["/brands", "/healthz", "/nowhere"])
async def test_both_kinds_of_headers_at_once_are_refused_like_any_mistake(
    open_desk: OpenDesk, caplog: pytest.LogCaptureFixture, path: str
) -> None:
    caplog.set_level("INFO", "hangtag.requests")
    desk = await open_desk(trusted_proxies="127.0.0.1")
    headers = {"X-Forwarded-For": "192.0.2.7", "Forwarded": "for=192.0.2.8"}

    page = await ask(desk, "GET", path, {**headers, "Accept-Language": "de"})
    program = await ask(desk, "GET", path, {**headers, "Authorization": "Bearer key"})

    assert page.status == program.status == 400
    assert "Header beider Arten, Forwarded und X-Forwarded" in page.text
    assert "both Forwarded and X-Forwarded" in json.loads(program.html)["error"]["reason"]
    lines = [each for each in caplog.records if each.name == "hangtag.requests"]
    ids = [vars(line)["request_id"] for line in lines]
    assert ids == [page.headers["X-Request-ID"], program.headers["X-Request-ID"]]
    assert [vars(line)["status"] for line in lines] == [400, 400]


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"X-Forwarded-Host": "desk.example", "Origin": "https://desk.example"}, 303),
        ({"X-Forwarded-Host": "a.example, desk.example", "Origin": "https://desk.example"}, 303),
        ({"Forwarded": "host=desk.example", "Origin": "https://desk.example"}, 303),
        ({"Host": "desk.example", "Origin": "https://desk.example"}, 303),
        ({"Origin": "https://desk.example"}, 403),
        ({"X-Forwarded-Host": "desk.example", "Origin": "https://evil.example"}, 403),
        ({"X-Forwarded-Host": "<desk.example>", "Origin": "https://desk.example"}, 403),
    ],
)
async def test_form_is_compared_with_the_name_that_the_browser_knows(
    open_desk: OpenDesk, headers: dict[str, str], status: int
) -> None:
    desk = await open_desk(trusted_proxies="127.0.0.1")
    who = await sign_in(desk, Role.EDITOR)

    assert (await ask(desk, "POST", "/brands", {**who, **headers}, FORM)).status == status


@pytest.mark.parametrize("path", ["/brands", "/healthz", "/skus.csv", "/nothing", "/partner-keys"])
async def test_behind_tls_every_answer_says_to_stay_there(open_desk: OpenDesk, path: str) -> None:
    desk = await open_desk(trusted_proxies="127.0.0.1")
    who = await sign_in(desk, Role.VIEWER)

    secure = await ask(desk, "GET", path, {**who, "X-Forwarded-Proto": "https"})
    plain = await ask(desk, "GET", path, {**who, "X-Forwarded-Proto": "http"})

    assert secure.headers["Strict-Transport-Security"] == "max-age=31536000"
    assert "Strict-Transport-Security" not in plain.headers
    assert secure.headers["X-Request-ID"]
    assert secure.status == plain.status


async def test_public_names_are_answered_on_a_loopback_address(open_desk: OpenDesk) -> None:
    desk = await open_desk(trusted_proxies="127.0.0.1", host="127.0.0.1")
    await account(desk)

    assert (await ask(desk, "GET", "/healthz", {"Host": "desk.example"})).status == 200


def test_networks_are_read_from_a_list() -> None:
    read = networks_from("10.0.0.1, 192.168.0.0/16 2001:db8::/32")

    assert [str(one) for one in read] == ["10.0.0.1/32", "192.168.0.0/16", "2001:db8::/32"]


@pytest.mark.parametrize("text", ["", " , ", "proxy.example", "10.0.0.0/33", "10.0.0"])
def test_what_is_no_network_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r".+"):
        networks_from(text)


def test_household_is_half_of_an_ipv6_address() -> None:
    assert (
        household("2001:db8:1:2:3::4") == household("2001:db8:1:2:ffff::1") == "2001:db8:1:2::/64"
    )
    assert household("192.0.2.7") == household("::ffff:192.0.2.7") == "192.0.2.7"
