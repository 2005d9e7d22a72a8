"""Signing in and out, and the sessions between."""

import asyncio
import hashlib
import re
from html import unescape

import pytest
from argon2 import PasswordHasher

from tests.access.visits import (
    PASSWORD,
    account,
    ask,
    cookie_of,
    field,
    has_button,
    sign_in_by_form,
    token_of,
)
from tests.desk import CatalogMaker, Desk, OpenDesk, app_of, sign_in
from web.access import passwords
from web.access.accounts import change_password, change_role, remove_account
from web.access.roles import Role
from web.access.sessions import OPEN_SESSION
from web.database.pool import Pool
from web.keys import POOL

FORM = {
    "brand_name": "Lévi’s\r\n“Wrangler” & <Lee>\r\n",
    "mode": "all",
    "idempotency_key": "k" * 20,
}


async def test_right_password_signs_in_and_leads_on(desk: Desk) -> None:
    await account(desk, "Ada Lovelace")

    asked = await ask(desk, "GET", "/brands?q=le%20v&sort=-name")
    form = await ask(desk, "GET", asked.headers["Location"])
    page = await sign_in_by_form(desk, "ADA  lovelace", next=field(form, "next"))

    assert (page.status, page.headers["Location"]) == (303, "/brands?q=le%20v&sort=-name")
    brands = await ask(desk, "GET", "/brands", cookie_of(page))
    assert brands.status == 200
    assert "Ada Lovelace" in brands.text
    assert has_button(brands, "/sign-out")
    assert has_button(brands, "/sign-out/everywhere")


async def test_cookie_is_for_this_host_alone_and_for_no_script(desk: Desk) -> None:
    await account(desk)

    cookie = (await sign_in_by_form(desk)).headers["Set-Cookie"]

    assert cookie.startswith("__Host-hangtag=")
    parts = {part.strip().lower() for part in cookie.split(";")[1:]}
    assert parts == {"httponly", "secure", "samesite=lax", "path=/"}


async def test_token_has_256_bits_and_is_kept_hashed(desk: Desk, catalog: CatalogMaker) -> None:
    await account(desk)

    token = token_of(await sign_in_by_form(desk))

    assert re.fullmatch(r"[A-Za-z0-9_-]{43}", token)
    kept = await catalog.column("select token_hash from session")
    assert kept == [hashlib.sha256(token.encode()).digest()]


async def test_signing_in_again_makes_a_new_token_and_closes_the_old(desk: Desk) -> None:
    await account(desk)
    first = await sign_in_by_form(desk)

    second = await sign_in_by_form(desk, who=cookie_of(first))

    assert token_of(first) != token_of(second)
    assert (await ask(desk, "GET", "/brands", cookie_of(first))).status == 303
    assert (await ask(desk, "GET", "/brands", cookie_of(second))).status == 200


async def test_token_that_a_browser_brings_along_is_never_taken_over(desk: Desk) -> None:
    await account(desk)
    brought = {"Cookie": "__Host-hangtag=" + "x" * 43}

    page = await sign_in_by_form(desk, who=brought)

    assert token_of(page) != "x" * 43
    assert (await ask(desk, "GET", "/brands", brought)).status == 303


@pytest.mark.parametrize("condition", ["seen_at", "created_at"])
async def test_session_ends_when_it_rests_or_is_old(
    open_desk: OpenDesk, catalog: CatalogMaker, condition: str
) -> None:
    desk = await open_desk(session_idle=600.0, session_absolute=6000.0)
    who = await sign_in(desk, Role.VIEWER)
    limit = {"seen_at": 600, "created_at": 6000}[condition]
    age = f"update session set {condition} = now() - make_interval(secs => $1)"  # noqa: S608
    await catalog.connection.execute(age, float(limit - 60))
    assert (await ask(desk, "GET", "/brands", who)).status == 200

    await catalog.connection.execute(age, float(limit + 1))

    assert (await ask(desk, "GET", "/brands", who)).status == 303


async def test_session_that_is_used_does_not_rest(desk: Desk, catalog: CatalogMaker) -> None:
    who = await sign_in(desk, Role.VIEWER)
    await catalog.connection.execute("update session set seen_at = now() - interval '1 hour'")

    await ask(desk, "GET", "/brands", who)

    assert await catalog.value("select seen_at > now() - interval '1 minute' from session")


async def test_signing_out_ends_this_session_alone(desk: Desk) -> None:
    await account(desk)
    here, there = cookie_of(await sign_in_by_form(desk)), cookie_of(await sign_in_by_form(desk))

    page = await ask(desk, "POST", "/sign-out", here)

    assert (page.status, page.headers["Location"]) == (303, "/sign-in")
    assert (await ask(desk, "GET", "/brands", here)).status == 303
    assert (await ask(desk, "GET", "/brands", there)).status == 200


async def test_signing_out_everywhere_ends_all_of_the_account_and_nobody_elses(desk: Desk) -> None:
    await account(desk)
    here, there = cookie_of(await sign_in_by_form(desk)), cookie_of(await sign_in_by_form(desk))
    other = await sign_in(desk, Role.VIEWER)

    await ask(desk, "POST", "/sign-out/everywhere", here)

    statuses = [(await ask(desk, "GET", "/brands", who)).status for who in (here, there, other)]
    assert statuses == [303, 303, 200]


async def test_signing_out_everywhere_without_a_session_says_that_it_was_not_done(
    desk: Desk,
) -> None:
    await account(desk)
    here, there = cookie_of(await sign_in_by_form(desk)), cookie_of(await sign_in_by_form(desk))
    await ask(desk, "POST", "/sign-out", here)

    page = await ask(desk, "POST", "/sign-out/everywhere", here)

    assert page.status == 401
    assert "nobody was signed out elsewhere" in page.text
    assert (await ask(desk, "GET", "/brands", there)).status == 200
    again = await sign_in_by_form(desk, next=field(page, "next"))
    assert (again.status, again.headers["Location"]) == (303, "/")


async def test_other_password_role_and_removal_count_at_once(desk: Desk) -> None:
    await account(desk)
    pool = app_of(desk)[POOL]
    other = PASSWORD[::-1]
    who = cookie_of(await sign_in_by_form(desk))

    await change_role(pool, "ada", Role.VIEWER)
    assert (await ask(desk, "GET", "/brands/new", who)).status == 403
    await change_password(pool, "ada", other)
    assert (await ask(desk, "GET", "/brands", who)).status == 303
    assert (await sign_in_by_form(desk)).status == 401
    who = cookie_of(await sign_in_by_form(desk, password=other))
    await account(desk, "Grace")
    await remove_account(pool, "ada")
    assert (await ask(desk, "GET", "/brands", who)).status == 303


@pytest.mark.parametrize(
    "next_path", ["//evil.example", "/\\evil.example", "https://evil.example", "x"]
)
async def test_signing_in_leads_to_this_desk_only(desk: Desk, next_path: str) -> None:
    await account(desk)

    assert (await sign_in_by_form(desk, next=next_path)).headers["Location"] == "/"


async def test_form_sent_after_the_session_ended_is_sent_once_with_one_click(
    desk: Desk, catalog: CatalogMaker
) -> None:
    await account(desk)

    refused = await ask(desk, "POST", "/brands", form=FORM)
    assert refused.status == 401
    assert await catalog.value("select count(*) from brand") == 0
    mistyped = await sign_in_by_form(
        desk, password=PASSWORD[1:], next=field(refused, "next"), held=field(refused, "held")
    )
    assert mistyped.status == 401
    page = await sign_in_by_form(desk, next=field(mistyped, "next"), held=field(mistyped, "held"))

    assert page.status == 200
    assert "nothing of it was saved yet" in page.text
    assert has_button(page, "/brands")
    again = {name: unescape(field(page, name)) for name in FORM}
    assert again == FORM
    who = cookie_of(page)
    saved = [await ask(desk, "POST", "/brands", who, again) for _ in range(2)]
    assert [one.status for one in saved] == [303, 303]
    assert saved[0].headers["Location"] == saved[1].headers["Location"]
    assert await catalog.column("select brand_name from brand order by brand_id") == [
        "Lévi’s",
        "“Wrangler” & <Lee>",
    ]
    assert await catalog.value("select count(*) from change_set") == 1


async def test_form_comes_back_after_signing_in_in_another_tab(desk: Desk) -> None:
    await account(desk)
    refused = await ask(desk, "POST", "/brands", form=FORM)
    who = cookie_of(await sign_in_by_form(desk))

    held = {name: field(refused, name) for name in ("next", "held")}
    page = await ask(desk, "POST", "/sign-in", who, held)

    assert page.status == 200
    assert unescape(field(page, "brand_name")) == FORM["brand_name"]


async def test_history_and_downloads_name_the_person(desk: Desk, catalog: CatalogMaker) -> None:
    who = await sign_in(desk, Role.EDITOR, "Ada Lovelace")

    saved = await ask(desk, "POST", "/brands", who, {"brand_name": "Levis"})
    download = await ask(desk, "GET", "/brands.csv", who)
    shown = await ask(desk, "GET", "/history", who)

    assert (saved.status, download.status) == (303, 200)
    assert "Ada Lovelace" in shown.rows[1]
    assert await catalog.column("select person from change_set") == ["Ada Lovelace"]
    assert await catalog.column("select distinct person from download") == ["Ada Lovelace"]


async def test_viewer_is_offered_nothing_that_changes(desk: Desk, catalog: CatalogMaker) -> None:
    product_id = await catalog.product("Anorak", brand_id := await catalog.brand("Levis"))
    viewer, editor = await sign_in(desk, Role.VIEWER), await sign_in(desk, Role.EDITOR)
    changing = re.compile(r"/(new|edit|delete|undo)\b|edit=skus")

    for path in (
        "/",
        "/brands",
        f"/brands/{brand_id}",
        "/products",
        f"/products/{product_id}",
        "/colors",
        "/sizes",
        "/changes/1",
    ):
        shown, offered = await ask(desk, "GET", path, viewer), await ask(desk, "GET", path, editor)
        for page, finds in ((shown, False), (offered, True)):
            assert page.status == 200
            actions = [element.attributes.get("action", "") for element in page.elements]
            assert any(map(changing.search, page.hrefs + actions)) == finds, path
        posted = [
            element.attributes["action"]
            for element in shown.elements
            if element.tag == "form" and element.attributes.get("method") == "post"
        ]
        assert set(posted) <= {"/preferences", "/sign-out"}, path


async def test_only_an_admin_is_led_to_the_keys(desk: Desk) -> None:
    for role in Role:
        page = await ask(desk, "GET", "/brands", await sign_in(desk, role))
        assert ("/partner-keys" in page.hrefs) == (role is Role.ADMIN)


async def test_local_desk_shows_nobody_signed_in(desk: Desk) -> None:
    page = await ask(desk, "GET", "/brands")

    assert not has_button(page, "/sign-out")


async def test_password_hashed_with_older_parameters_is_hashed_anew(
    desk: Desk, catalog: CatalogMaker
) -> None:
    await account(desk)
    older = PasswordHasher(time_cost=1, memory_cost=8 * 1024, parallelism=1).hash(PASSWORD)
    await catalog.connection.execute("update account set password_hash = $1", older)

    assert (await sign_in_by_form(desk)).status == 303

    kept = await catalog.value("select password_hash from account")
    assert "m=19456,t=2,p=1" in kept
    assert not passwords.is_outdated(kept)
    assert (await sign_in_by_form(desk)).status == 303


@pytest.mark.parametrize("is_outdated", [False, True])
async def test_password_that_is_changed_while_somebody_signs_in_wins(
    desk: Desk, catalog: CatalogMaker, monkeypatch: pytest.MonkeyPatch, is_outdated: bool
) -> None:
    await account(desk)
    if is_outdated:
        older = PasswordHasher(time_cost=1, memory_cost=8 * 1024, parallelism=1).hash(PASSWORD)
        await catalog.connection.execute("update account set password_hash = $1", older)
    other = PASSWORD[::-1]
    loop, matches = asyncio.get_running_loop(), passwords._matches  # noqa: SLF001 - in between

    def changed_behind(password: str, password_hash: str) -> bool:
        monkeypatch.undo()
        change = change_password(app_of(desk)[POOL], "ada", other)
        asyncio.run_coroutine_threadsafe(change, loop).result()
        return matches(password, password_hash)

    monkeypatch.setattr(passwords, "_matches", changed_behind)
    page = await sign_in_by_form(desk)

    assert page.status == 401
    assert "The name or the password is wrong." in page.text
    assert await catalog.value("select count(*) from session") == 0
    assert (await sign_in_by_form(desk, password=other)).status == 303


async def test_session_opened_while_the_password_changes_is_closed_with_the_others(
    desk: Desk, catalog: CatalogMaker
) -> None:
    account_id = await account(desk)
    pool = app_of(desk)[POOL]
    verified = await catalog.value("select password_hash from account")
    opening = catalog.connection.transaction()
    await opening.start()
    # As `open_session` does, and not committed yet.
    sql, arguments = OPEN_SESSION.bind(
        token_hash=b"x", account_id=account_id, verified=str(verified)
    )
    await catalog.connection.execute(sql, *arguments)
    changing = asyncio.create_task(change_password(pool, "ada", PASSWORD[::-1]))
    while not await _waits_for_a_lock(pool):
        pass
    await opening.commit()

    assert await changing
    assert await catalog.value("select count(*) from session") == 0


async def _waits_for_a_lock(pool: Pool) -> bool:
    async with pool.acquire() as connection:
        waiting = await connection.fetchval(
            "select exists(select from pg_stat_activity"
            " where datname = current_database() and wait_event_type = 'Lock')"
        )
    return bool(waiting)


async def test_old_password_hashed_anew_by_two_at_once_signs_both_in(
    desk: Desk, catalog: CatalogMaker
) -> None:
    await account(desk)
    older = PasswordHasher(time_cost=1, memory_cost=8 * 1024, parallelism=1).hash(PASSWORD)
    await catalog.connection.execute("update account set password_hash = $1", older)

    pages = await asyncio.gather(*(sign_in_by_form(desk) for _ in range(4)))

    assert [page.status for page in pages] == [303] * 4
