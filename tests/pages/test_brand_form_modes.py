"""The modes of the brand form: all or none, those that can be, and the dry run."""

import asyncio

import asyncpg
import pytest

from tests.desk import CatalogMaker, Desk, get_page, post_form
from tests.page import Page
from web.pages import brand_form
from web.pages.line_reports import MOST_BAD_SHOWN, MOST_GOOD_SHOWN

MIXED = "Wrangler\r\nLEVIS\r\n\r\nwrangler\r\na\tb\r\nLee"


async def send(desk: Desk, mode: str, typed: str, key: str | None = None) -> Page:
    fields = {"brand_name": typed, "mode": mode}
    return await post_form(
        desk, "/brands", fields if key is None else {**fields, "idempotency_key": key}
    )


async def names(catalog: CatalogMaker) -> list[str]:
    return await catalog.column("select brand_name from brand order by brand_id")


def keys_of(page: Page) -> list[str]:
    """Return the keys of the undo, if it is offered, and of the brand form."""
    return [
        element.attributes["value"]
        for element in page.elements
        if element.attributes.get("name") == "idempotency_key"
    ]


def key_of(page: Page) -> str:
    return keys_of(page)[-1]


async def refuse(catalog: CatalogMaker, condition: str) -> None:
    """Let the database refuse brands for a reason that nobody can know beforehand."""
    await catalog.connection.execute(
        f"alter table brand add constraint whim check (not ({condition}))"
    )


async def test_form_has_a_button_for_each_mode_and_says_what_it_does(desk: Desk) -> None:
    page = await get_page(desk, "/brands/new")

    buttons = [e.attributes for e in page.elements if e.attributes.get("name") == "mode"]
    assert [button["value"] for button in buttons] == ["all", "new", "check"]
    assert ["primary" in button["class"].split() for button in buttons] == [True, False, False]
    ids = {element.attributes.get("id") for element in page.elements}
    assert all(button["aria-describedby"] in ids for button in buttons)
    assert "Saves all lines, or none." in page.text
    assert "Saves what it can; the other lines say why not." in page.text
    assert "Shows what would be saved; saves nothing." in page.text


async def test_new_lines_are_saved_and_every_line_is_told_what_came_of_it(
    desk: Desk, catalog: CatalogMaker
) -> None:
    levis = await catalog.brand("Levis")

    page = await send(desk, "new", MIXED)

    assert page.status == 200
    change_id = await catalog.value("select max(change_set_id) from change_set")
    assert f"2 of 5 lines were saved as change {change_id}; 3 were not." in page.text
    assert "Nothing was saved" not in page.text
    assert page.link(f"change {change_id}") == f"/changes/{change_id}"
    assert page.rows[1:] == [
        ["2", "LEVIS", "Levis exists already."],
        ["4", "wrangler", "It repeats line 1."],
        ["5", "a b", "It holds a control character, such as a tab."],
        ["1", "Wrangler", "Wrangler was created."],
        ["6", "Lee", "Lee was created."],
    ]
    assert page.link("Levis") == f"/brands/{levis}"
    for name in ("Wrangler", "Lee"):
        brand_id = await catalog.value("select brand_id from brand where brand_name = $1", name)
        assert page.link(name) == f"/brands/{brand_id}"
    assert page.typed == MIXED
    assert await names(catalog) == ["Levis", "Wrangler", "Lee"]
    change = await get_page(desk, f"/changes/{change_id}")
    assert "2 brands were created." in change.text


async def test_new_lines_without_a_fault_are_answered_as_all_are(
    desk: Desk, catalog: CatalogMaker
) -> None:
    one = await send(desk, "new", "Levis")
    several = await send(desk, "new", "Wrangler\nLee")

    assert (one.status, several.status) == (303, 303)
    assert "Levis was created." in (await get_page(desk, one.headers["Location"])).text
    assert one.headers["Location"].startswith("/brands/1?change=")
    assert several.headers["Location"].startswith("/changes/")
    assert "2 brands were created." in (await get_page(desk, several.headers["Location"])).text
    assert await names(catalog) == ["Levis", "Wrangler", "Lee"]


@pytest.mark.parametrize(
    ("typed", "status"),
    [("Levis", 409), ("levis\nLEVIS", 409), ("a\tb", 422), ("levis\na\tb", 422)],
)
async def test_when_no_line_can_be_saved_nothing_is(
    desk: Desk, catalog: CatalogMaker, typed: str, status: int
) -> None:
    await catalog.brand("Levis")

    page = await send(desk, "new", typed, key="k1")

    assert page.status == status
    assert "Nothing was saved." in page.text
    assert page.typed == typed
    assert key_of(page) == "k1"
    assert await names(catalog) == ["Levis"]
    assert await catalog.value("select count(*) from change_set") == 1
    assert await catalog.value("select count(*) from idempotency_key") == 0


async def test_line_that_only_the_database_refuses_is_told_so_and_the_others_are_saved(
    desk: Desk, catalog: CatalogMaker
) -> None:
    await refuse(catalog, "brand_name = 'Lee'")

    page = await send(desk, "new", "Wrangler\nLee\nLevis")

    assert page.status == 200
    assert page.rows[1] == ["2", "Lee", "The database refused it just now. Save it again."]
    assert await names(catalog) == ["Wrangler", "Levis"]
    assert (await send(desk, "new", "Lee")).status == 409


async def test_dry_run_says_what_would_be_saved_and_saves_nothing(
    desk: Desk, catalog: CatalogMaker
) -> None:
    levis = await catalog.brand("Levis")

    page = await send(desk, "check", MIXED, key="k1")

    assert page.status == 200
    assert "2 of 5 lines would be saved, 3 would not. Nothing was saved." in page.text
    assert page.rows[1:] == [
        ["2", "LEVIS", "Levis exists already."],
        ["4", "wrangler", "It repeats line 1."],
        ["5", "a b", "It holds a control character, such as a tab."],
        ["1", "Wrangler", "It would be created."],
        ["6", "Lee", "It would be created."],
    ]
    assert page.ids("brands") == [levis]
    assert page.typed == MIXED
    assert key_of(page) == "k1"
    assert await names(catalog) == ["Levis"]
    assert await catalog.value("select count(*) from change_set") == 1
    assert await catalog.value("select count(*) from idempotency_key") == 0


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        ("Lee", "It would be created. Nothing was saved."),
        ("LEVIS", "Levis exists already. Nothing was saved."),
        ("a\tb", "It holds a control character, such as a tab. Nothing was saved."),
        ("Lee\nWrangler", "2 of 2 lines would be saved. Nothing was saved."),
    ],
)
async def test_dry_run_is_a_page_whatever_it_finds(
    desk: Desk, catalog: CatalogMaker, typed: str, said: str
) -> None:
    await catalog.brand("Levis")

    page = await send(desk, "check", typed)

    assert page.status == 200
    assert said in page.text
    assert await names(catalog) == ["Levis"]


async def test_dry_run_executes_what_only_the_database_knows(
    desk: Desk, catalog: CatalogMaker
) -> None:
    await refuse(catalog, "brand_name = 'Lee'")

    page = await send(desk, "check", "Wrangler\nLee\nLevis")

    assert page.status == 200
    assert "2 of 3 lines would be saved, 1 would not. Nothing was saved." in page.text
    assert page.rows[1] == ["2", "Lee", "The database refused it just now. Save it again."]
    assert await names(catalog) == []


async def test_dry_run_leaves_the_key_for_the_save_that_follows(
    desk: Desk, catalog: CatalogMaker
) -> None:
    checked = await send(desk, "check", "Levis\nLee")

    saved = await send(desk, "all", "Levis\nLee", key=key_of(checked))

    assert saved.status == 303
    assert await names(catalog) == ["Levis", "Lee"]


async def test_dry_run_that_has_to_wait_gives_up_and_holds_nothing(
    desk: Desk, catalog: CatalogMaker, database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(brand_form, "DRY_RUN_SECONDS", 0.3)
    other = await asyncpg.connect(database_url)

    async with other.transaction():
        await other.execute("insert into brand (brand_name) values ('Wrangler')")
        page = await send(desk, "check", "Lee\nWrangler")
        # Were it still held, this would wait for the dry run that waits for the other one.
        async with asyncio.timeout(60):
            await catalog.brand("Lee")
    await other.close()

    assert page.status == 503
    assert "The database is busy. Nothing was saved." in page.text
    assert int(page.headers["Retry-After"]) > 0
    assert page.typed == "Lee\nWrangler"
    assert await names(catalog) == ["Wrangler", "Lee"]


def test_dry_run_may_take_three_seconds() -> None:
    assert brand_form.DRY_RUN_SECONDS == 3


@pytest.mark.parametrize("mode", ["new", "check"])
async def test_name_that_somebody_saves_meanwhile_exists_and_the_others_are_saved(
    desk: Desk, catalog: CatalogMaker, database_url: str, mode: str
) -> None:
    other = await asyncpg.connect(database_url)
    transaction = other.transaction()
    await transaction.start()
    lee = await other.fetchval("insert into brand (brand_name) values ('Lee') returning brand_id")
    typed = "Wrangler\nlee\nLEE\nLevis"

    sending = asyncio.ensure_future(send(desk, mode, typed))
    async with asyncio.timeout(60):
        while not await catalog.value("select exists (select from pg_locks where not granted)"):  # noqa: ASYNC110 - elsewhere
            await asyncio.sleep(0.01)
    await transaction.commit()
    page = await sending
    await other.close()

    assert page.status == 200
    assert [row[::2] for row in page.rows[1:3]] == [
        ["2", "Lee exists already."],
        ["3", "Lee exists already."],
    ]
    assert page.link("Lee") == f"/brands/{lee}"
    saved = ["Wrangler", "Levis"] if mode == "new" else []
    assert sorted(await names(catalog)) == sorted(["Lee", *saved])


async def test_partly_saved_form_sent_again_is_answered_by_the_same_page(
    desk: Desk, catalog: CatalogMaker
) -> None:
    await catalog.brand("Levis")
    pages = [await send(desk, "new", MIXED, key="k1")]
    # What is in the catalog by then is not what came of the form.
    await catalog.connection.execute("delete from brand where brand_name = 'Levis'")
    pages += [await send(desk, "new", MIXED, key="k1") for _ in range(2)]

    assert {page.status for page in pages} == {200}
    assert len({page.html for page in pages}) == 1
    assert "2 of 5 lines were saved" in pages[0].text
    assert await names(catalog) == ["Wrangler", "Lee"]


async def test_partly_saved_form_comes_back_with_a_key_of_its_own(
    desk: Desk, catalog: CatalogMaker
) -> None:
    await catalog.brand("Levis")
    first = await send(desk, "new", "Levis\nLee", key="k1")
    second = await send(desk, "new", "Levis\nWrangler", key=key_of(first))
    third = await send(desk, "new", "Levis\nWrangler", key=key_of(second))

    assert key_of(first) != "k1"
    assert len({"k1", key_of(first), key_of(second)}) == 3
    assert (first.status, second.status, third.status) == (200, 200, 409)
    assert await names(catalog) == ["Levis", "Lee", "Wrangler"]


async def test_what_was_saved_in_part_can_be_undone_from_the_page_that_says_so(
    desk: Desk, catalog: CatalogMaker
) -> None:
    await catalog.brand("Levis")
    page = await send(desk, "new", MIXED, key="k1")
    (action,) = (
        e.attributes["action"] for e in page.elements if e.attributes.get("class") == "undo"
    )

    undone = await post_form(desk, action, {"idempotency_key": keys_of(page)[0]})

    assert undone.status == 303
    assert await names(catalog) == ["Levis"]
    # The same form as before: what came of it then, not what is there now.
    again = await send(desk, "new", MIXED, key="k1")
    assert again.html == page.html
    assert await names(catalog) == ["Levis"]


async def test_simultaneous_posts_of_one_form_save_it_once_and_are_answered_the_same(
    desk: Desk, catalog: CatalogMaker
) -> None:
    await catalog.brand("Levis")

    pages = await asyncio.gather(*(send(desk, "new", MIXED, key="k1") for _ in range(20)))

    assert {page.status for page in pages} == {200}
    assert len({page.html for page in pages}) == 1
    assert await names(catalog) == ["Levis", "Wrangler", "Lee"]
    assert await catalog.value("select count(*) from change_set") == 2


async def test_simultaneous_posts_in_opposite_order_save_every_line_once(
    desk: Desk, catalog: CatalogMaker
) -> None:
    all_names = [f"Brand {number}" for number in range(300)]
    parts = [all_names[start : start + 200] for start in (0, 50, 100)]
    typed = ["\n".join(part[::direction]) for part in parts for direction in (1, -1)]

    pages = await asyncio.gather(*(send(desk, "new", text) for text in typed))

    assert {page.status for page in pages} <= {200, 303, 409}
    assert sorted(await names(catalog)) == sorted(all_names)


@pytest.mark.parametrize("mode", ["new", "check"])
async def test_page_shows_as_many_lines_as_it_can_hold_and_counts_them_all(
    desk: Desk, catalog: CatalogMaker, mode: str
) -> None:
    all_names = [f"Brand {number}" for number in range(3_000)]
    await catalog.brands(all_names[1_500:])

    page = await send(desk, mode, "\n".join(all_names))

    assert page.status == 200
    assert len(page.rows) == 1 + MOST_BAD_SHOWN + MOST_GOOD_SHOWN
    assert "500 more lines that are not good and 1,300 more good lines are not shown." in page.text
    assert [page.rows[n][0] for n in (1, 1_000, 1_001, 1_200)] == ["1,501", "2,500", "1", "200"]
    if mode == "new":
        assert "1,500 of 3,000 lines were saved as change" in page.text
        assert "; 1,500 were not." in page.text
    else:
        assert "1,500 of 3,000 lines would be saved, 1,500 would not." in page.text
    assert await catalog.value("select count(*) from brand") == (3_000 if mode == "new" else 1_500)


@pytest.mark.parametrize("mode", ["all", "new", "check"])
async def test_form_of_no_lines_is_refused_in_every_mode(desk: Desk, mode: str) -> None:
    page = await send(desk, mode, " \n\n")

    assert page.status == 422
    assert "Type a brand’s name. Nothing was saved." in page.text
