"""Partners' keys: made and shown once, limited, revoked at once."""

import asyncio
import hashlib
import json
import re

import pytest
from aiohttp import ClientPayloadError

from tests.access.visits import account, ask, program
from tests.desk import CatalogMaker, Desk, app_of, sign_in
from tests.page import Page
from web.access.allowances import Allowance, count_left, overuse
from web.access.roles import Role
from web.access.row_meter import row_meter
from web.database.pool import Pool
from web.downloads.reader import DownloadBrokenOffError, Reader
from web.downloads.records import Cause
from web.keys import POOL

PROGRAMS = ["/skus.csv", "/skus.ndjson", "/brands.csv", "/products.csv"]
FORM = {"partner_key_name": "Acme & Söhne", "requests_per_minute": "60", "rows_per_day": "1000"}


def _reason(page: Page) -> str:
    assert page.headers["Content-Type"].startswith("application/json")
    error = json.loads(page.html)["error"]
    assert error["status"] == page.status
    return str(error["reason"])


async def _rows_today(catalog: CatalogMaker, at_least: int) -> int:
    """The rows that are counted, when those of downloads that have just ended are."""
    while True:
        rows = int(
            await catalog.value(
                "select coalesce(sum(used), 0) from allowance where subject like 'rows%'"
            )
        )
        if rows >= at_least:
            return rows


async def test_admin_makes_a_key_that_is_shown_once_and_kept_hashed(
    desk: Desk, catalog: CatalogMaker
) -> None:
    admin = await sign_in(desk, Role.ADMIN)

    page = await ask(desk, "POST", "/partner-keys", admin, FORM)
    again = await ask(desk, "GET", "/partner-keys", admin)

    (key,) = re.findall(r"hangtag_[A-Za-z0-9_-]{43}", page.html)
    assert (page.status, page.headers["Cache-Control"]) == (200, "no-store")
    assert "Acme & Söhne" in again.text
    assert "hangtag_" not in again.html
    kept = await catalog.column("select key_hash from partner_key")
    assert kept == [hashlib.sha256(key.encode()).digest()]
    assert (await ask(desk, "GET", "/skus.csv", {"Authorization": f"Bearer {key}"})).status == 200
    assert (await ask(desk, "GET", "/skus.csv", {"Authorization": f"bearer  {key} "})).status == 200


@pytest.mark.parametrize(
    ("wrong", "reason"),
    [
        ({"partner_key_name": " "}, "Type the partner’s name."),
        ({"partner_key_name": "a\0"}, "characters that are not text"),
        ({"partner_key_name": "x" * 201}, "201 characters"),
        ({"requests_per_minute": "0"}, "The requests a minute are not a number from 1 to 10,000."),
        ({"requests_per_minute": "10001"}, "The requests a minute are not"),
        ({"rows_per_day": "many"}, "The rows a day are not a number from 1 to 1,000,000,000."),
        ({"rows_per_day": "9" * 30}, "The rows a day are not"),
    ],
)
async def test_key_that_cannot_be_made_is_explained_and_keeps_what_was_typed(
    desk: Desk, catalog: CatalogMaker, wrong: dict[str, str], reason: str
) -> None:
    page = await ask(desk, "POST", "/partner-keys", form={**FORM, **wrong})

    assert page.status == 422
    assert reason in page.text
    assert "No key was made." in page.text
    (name,) = wrong
    (field,) = (e.attributes for e in page.elements if e.attributes.get("name") == name)
    assert field["value"] == wrong[name].replace("\0", "\ufffd")
    assert field["aria-invalid"] == "true"
    assert await catalog.value("select count(*) from partner_key") == 0


@pytest.mark.parametrize("path", PROGRAMS)
async def test_key_that_nobody_has_is_a_401_in_json(desk: Desk, path: str) -> None:
    await account(desk)
    for key in ("Bearer wrong", "Bearer", "bearer \ud7ff", "Basic YTpi"):
        page = await ask(desk, "GET", path, {"Authorization": key})
        assert page.status == 401
        assert page.headers["WWW-Authenticate"] == 'Bearer realm="Hangtag"'
        assert "needs a key" in _reason(page)


async def test_wrong_key_is_refused_on_the_local_desk_too(desk: Desk) -> None:
    assert (await ask(desk, "GET", "/skus.csv")).status == 200

    assert (await ask(desk, "GET", "/skus.csv", {"Authorization": "Bearer wrong"})).status == 401


async def test_revoked_key_is_refused_at_once(desk: Desk, catalog: CatalogMaker) -> None:
    admin = await sign_in(desk, Role.ADMIN)
    key, other = await program(desk), await program(desk, "Other")
    key_id = await catalog.value("select min(partner_key_id) from partner_key")
    assert (await ask(desk, "GET", "/skus.csv", key)).status == 200

    page = await ask(desk, "POST", f"/partner-keys/{key_id}/revoke", admin)

    assert page.status == 303
    assert (await ask(desk, "GET", "/skus.csv", key)).status == 401
    assert (await ask(desk, "GET", "/skus.csv", other)).status == 200
    assert (await ask(desk, "POST", f"/partner-keys/{key_id}/revoke", admin)).status == 404
    assert "revoked" in (await ask(desk, "GET", "/partner-keys", admin)).text


async def test_key_reads_downloads_and_batches_and_nothing_else(desk: Desk) -> None:
    await account(desk)
    key = await program(desk)

    for path in PROGRAMS:
        assert (await ask(desk, "GET", path, key)).status == 200
    batch = {**key, "Content-Type": "application/json"}
    async with desk.post(
        "/api/products/batch", headers=batch, json={"product_ids": [1]}
    ) as response:
        assert (response.status, await response.json(content_type=None)) == (
            200,
            {"product_id": 1, "missing": True},
        )
    for method, path in (("GET", "/brands"), ("POST", "/brands"), ("GET", "/partner-keys")):
        page = await ask(desk, method, path, key)
        assert page.status == 403
        assert "for downloads and batches only" in _reason(page)


async def test_requests_beyond_the_rate_are_a_429_that_says_when(desk: Desk) -> None:
    await account(desk)
    key, other = await program(desk, requests=3), await program(desk, "Other")

    pages = [await ask(desk, "GET", "/skus.csv", key) for _ in range(4)]

    assert [page.status for page in pages] == [200, 200, 200, 429]
    assert 1 <= int(pages[-1].headers["Retry-After"]) <= 61
    assert "3 requests a minute" in _reason(pages[-1])
    assert (await ask(desk, "GET", "/skus.csv", other)).status == 200


async def test_rows_are_counted_and_when_they_are_used_up_there_are_none(
    desk: Desk, catalog: CatalogMaker
) -> None:
    await catalog.skus(await catalog.product("Anorak", await catalog.brand("Levis")), 30)
    admin = await sign_in(desk, Role.ADMIN)
    key = await program(desk, rows=60)

    assert (await ask(desk, "GET", "/skus.csv", key)).html.count("\r\n") == 31
    assert await _rows_today(catalog, 30) == 30
    assert (await ask(desk, "GET", "/skus.ndjson", key)).status == 200
    assert await _rows_today(catalog, 60) == 60
    page = await ask(desk, "GET", "/skus.csv", key)

    assert page.status == 429
    assert "60 rows a day" in _reason(page)
    assert 1 <= int(page.headers["Retry-After"]) <= 86_400
    shown = await ask(desk, "GET", "/partner-keys", admin)
    assert shown.rows[1][2:4] == ["60", "60"]
    assert (await ask(desk, "HEAD", "/skus.csv", key)).status == 429
    # All of them are there again when the day is over.
    await catalog.connection.execute(
        "update allowance set period_start = period_start - interval '1 day'"
    )
    assert (await ask(desk, "GET", "/skus.csv", key)).status == 200


async def test_download_that_passes_the_quota_is_seen_to_be_broken(
    desk: Desk, catalog: CatalogMaker
) -> None:
    await catalog.skus(await catalog.product("Anorak", await catalog.brand("Levis")), 30)
    await account(desk)
    key = await program(desk, rows=29)

    with pytest.raises(ClientPayloadError):
        await ask(desk, "GET", "/skus.csv", key)

    assert await _rows_today(catalog, 30) == 30
    while (cause := await catalog.value("select cause from download")) is None:
        pass
    assert cause == "quota_used_up"
    assert (
        "the key’s rows of the day are used up"
        in (await ask(desk, "GET", "/downloads", await sign_in(desk, Role.VIEWER))).text
    )
    assert (await ask(desk, "GET", "/skus.csv", key)).status == 429


async def test_rows_count_although_the_connection_breaks_while_they_are_sent(
    desk: Desk, catalog: CatalogMaker, monkeypatch: pytest.MonkeyPatch
) -> None:
    await catalog.skus(await catalog.product("Anorak", await catalog.brand("Levis")), 30)
    await account(desk)
    send = Reader.send

    async def send_and_break(reader: Reader, data: bytes) -> None:
        await send(reader, data)
        raise DownloadBrokenOffError("the reader has left", Cause.READER_LEFT)

    monkeypatch.setattr(Reader, "send", send_and_break)
    with pytest.raises(ClientPayloadError):
        await ask(desk, "GET", "/skus.csv", await program(desk))

    assert await _rows_today(catalog, 30) == 30


async def test_rows_that_are_told_when_a_download_ends_count_once(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    pool = app_of(desk)[POOL]
    told = asyncio.Event()

    async def tell_slowly(pool: Pool, quota: Allowance, amount: int) -> int:
        rows_left = await overuse(pool, quota, amount)
        told.set()
        for _ in range(10):  # while it ends
            await asyncio.sleep(0)
        return rows_left

    monkeypatch.setattr("web.access.row_meter._EVERY_SECONDS", 0.01)
    monkeypatch.setattr("web.access.row_meter.overuse", tell_slowly)
    quota = Allowance("rows of Acme", 1000, 3600 * 24)
    async with asyncio.timeout(20), row_meter(pool, quota) as meter:
        meter.add(30)
        await told.wait()
        meter.add(5)

    assert await count_left(pool, quota) == 965


async def test_download_of_a_key_is_recorded_under_its_name(
    desk: Desk, catalog: CatalogMaker
) -> None:
    await account(desk)

    await ask(desk, "GET", "/skus.csv", await program(desk, "Acme"))

    assert await catalog.column("select person from download") == ["key Acme"]
