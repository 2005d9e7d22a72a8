"""Guessing passwords: ten tries a minute, and nothing to learn from an answer."""

import pytest

from tests.access.passing_time import pass_seconds
from tests.access.visits import PASSWORD, account, sign_in_by_form
from tests.desk import CatalogMaker, Desk, OpenDesk, post_form
from web.access import passwords
from web.access.roles import Role


async def _tries(desk: Desk, names: list[str], **who: str) -> list[int]:
    return [(await sign_in_by_form(desk, name, "guess", who)).status for name in names]


async def test_account_takes_ten_tries_over_all_workers_and_spellings(open_desk: OpenDesk) -> None:
    first, second = await open_desk(), await open_desk()
    await account(first, "Ada Lovelace")
    spellings = [
        "Ada Lovelace",
        "ada lovelace",
        " ADA   LOVELACE ",
        "Ａda Lovelace",
        "ada\tlovelace",
    ]

    statuses = await _tries(first, spellings) + await _tries(second, spellings)

    assert statuses == [401] * 10
    page = await sign_in_by_form(second, "ada lovelace", PASSWORD)
    assert page.status == 429
    assert 1 <= int(page.headers["Retry-After"]) <= 61
    assert "too many tries" in page.text


async def test_address_takes_ten_tries_whatever_the_names(desk: Desk) -> None:
    await account(desk)

    statuses = await _tries(desk, [f"name {number}" for number in range(11)])

    assert statuses == [401] * 10 + [429]
    assert (await sign_in_by_form(desk, "Ada")).status == 429


async def test_addresses_of_one_household_count_as_one(open_desk: OpenDesk) -> None:
    desk = await open_desk(trusted_proxies="127.0.0.1")
    await account(desk)

    statuses = [
        (await _tries(desk, [f"name {number}"], **{"X-Forwarded-For": f"2001:db8::{number}"}))[0]
        for number in range(11)
    ]

    assert statuses == [401] * 10 + [429]
    assert await _tries(desk, ["Grace"], **{"X-Forwarded-For": "2001:db8:0:1::1"}) == [401]


async def test_address_that_used_its_tries_up_locks_nobody_else_out(
    open_desk: OpenDesk, catalog: CatalogMaker
) -> None:
    desk = await open_desk(trusted_proxies="127.0.0.1")
    await account(desk)
    await account(desk, "Grace")
    guesser, owner = ({"X-Forwarded-For": f"192.0.2.{number}"} for number in (1, 2))
    await _tries(desk, ["Ada"] * 5 + ["Grace"] * 5, **guesser)

    statuses = await _tries(desk, ["Ada"] * 6 + ["Grace"] * 6 + ["made up"], **guesser)

    assert set(statuses) == {429}
    for name in ("Ada", "Grace"):
        assert (await sign_in_by_form(desk, name, PASSWORD, owner)).status == 303
    counted = await catalog.column("select subject from recent_use order by subject")
    assert counted == [
        "sign-in from 192.0.2.1",
        "sign-in from 192.0.2.2",
        "sign-in of ada",
        "sign-in of grace",
    ]


async def test_tries_count_for_a_minute(desk: Desk, catalog: CatalogMaker) -> None:
    await account(desk)
    await _tries(desk, ["Ada"] * 10)
    await pass_seconds(catalog, 20)
    refused = await sign_in_by_form(desk, "Ada")

    await pass_seconds(catalog, int(refused.headers["Retry-After"]))
    page = await sign_in_by_form(desk, "Ada")

    assert (refused.status, page.status) == (429, 303)


@pytest.mark.parametrize("name", ["Ada", "nobody", "with the provider only", "\0", "x" * 100_000])
async def test_wrong_password_is_hashed_and_answered_the_same_whoever_it_is(
    desk: Desk, catalog: CatalogMaker, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    await account(desk)
    await account(desk, "with the provider only", Role.VIEWER)
    await catalog.connection.execute(
        "update account set password_hash = null where account_name like 'with%'"
    )
    hashed: list[str] = []
    matches = passwords._matches  # noqa: SLF001 - the one place where time is spent

    def counted(password: str, password_hash: str) -> bool:
        hashed.append(password_hash.split("$")[3])
        return matches(password, password_hash)

    monkeypatch.setattr(passwords, "_matches", counted)

    page = await sign_in_by_form(desk, name, "guess")
    nobody = await sign_in_by_form(desk, "nobody else", "guess")

    assert page.status == nobody.status == 401
    assert "The name or the password is wrong." in page.text
    assert page.text == nobody.text
    if name != "\0":  # which no account can have
        assert hashed == ["m=19456,t=2,p=1"] * 2


async def test_anything_can_be_typed_into_the_form(desk: Desk) -> None:
    await account(desk)
    for name, password in (("", ""), ("\0", "\0"), ("\ud7ff", "x" * 100_000), ("'; --", "%s")):
        assert (await sign_in_by_form(desk, name, password)).status == 401


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        ("account_name=a&account_name=b", "gives “account_name” 2 times"),
        ("account_name=a&password=b&password=c", "gives “password” 2 times"),
        ("account_name=a&next=/&next=/brands", "gives “next” 2 times"),
        ("account_name=%ff", "is not UTF-8"),
        ("%ff=1", "is not UTF-8"),
    ],
)
async def test_form_that_cannot_be_read_is_a_400_and_no_try(
    desk: Desk, catalog: CatalogMaker, body: str, reason: str
) -> None:
    await account(desk)

    page = await post_form(desk, "/sign-in", body)

    assert page.status == 400
    assert reason in page.text
    assert await catalog.value("select count(*) from recent_use") == 0
