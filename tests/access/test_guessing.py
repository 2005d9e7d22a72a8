"""Guessing passwords: ten tries a minute, and nothing to learn from an answer."""

import pytest

from tests.access.visits import PASSWORD, account, ask, sign_in_by_form
from tests.desk import CatalogMaker, Desk, OpenDesk
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
    assert 1 <= int(page.headers["Retry-After"]) <= 60
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


async def test_last_minute_counts_as_far_as_it_is_not_over(
    desk: Desk, catalog: CatalogMaker
) -> None:
    await account(desk)
    await _tries(desk, ["Ada"] * 10)
    # As if all ten had been just before the running minute began.
    await catalog.connection.execute(
        "update allowance set period_start = date_bin('1 minute', now(), 'epoch')"
        " - interval '1 minute'"
    )
    # Of those ten as many count still as there are tenths of a minute left.
    left = int(await catalog.value("select floor(extract(second from now()) / 6)::int"))

    statuses = await _tries(desk, ["Ada"] * 11)

    assert statuses.count(401) in {left, left + 1}
    assert statuses[-1] == 429


async def test_tries_of_long_ago_do_not_count(desk: Desk, catalog: CatalogMaker) -> None:
    await account(desk)
    await _tries(desk, ["Ada"] * 10)
    await catalog.connection.execute(
        "update allowance set period_start = period_start - interval '2 minutes'"
    )

    assert (await sign_in_by_form(desk, "Ada")).status == 303


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
    for body in ("account_name=a&account_name=b", "%ff=1"):
        page = await ask(desk, "POST", "/sign-in?" + "x" * 10, {"X": "y"}, {"a": body})
        assert page.status in {400, 401}
