"""What the database refuses or fails to do, as an answer to the person who was saving."""

from collections.abc import AsyncIterator

import pytest

from tests.desk import CatalogMaker, Desk, OpenDesk, get_page, post_form
from tests.page import Page
from web.pages.mishaps import _SENTENCES

TYPED = "Levis\r\nLee <3"
FORM = {"brand_name": TYPED, "mode": "all", "idempotency_key": "k"}


async def on_insert(catalog: CatalogMaker, statement: str, *, deferred: bool = False) -> None:
    """Run a statement of PL/pgSQL when a brand is inserted, or at the COMMIT."""
    timing = "deferrable initially deferred" if deferred else ""
    await catalog.connection.execute(f"""
        create function mishap() returns trigger language plpgsql as
        $mishap$ begin {statement}; return null; end $mishap$;
        create constraint trigger mishap after insert on brand
        {timing} for each row execute function mishap();
    """)


async def all_is_well_again(catalog: CatalogMaker) -> None:
    await catalog.connection.execute("drop function mishap cascade")


async def refused(desk: Desk, catalog: CatalogMaker, status: int, sentence: str) -> Page:
    """Send the form; it comes back as it was, with the reason, and nothing was saved."""
    page = await post_form(desk, "/brands", FORM)
    assert page.status == status
    assert f"{sentence} Nothing was saved." in page.text
    assert page.typed == TYPED
    assert page.hidden("idempotency_key") == ["k"]
    if status == 503:
        assert int(page.headers["Retry-After"]) > 0
    else:
        assert "Retry-After" not in page.headers
    assert await catalog.value("select count(*) from brand") == 0
    assert await catalog.value("select count(*) from history") == 0
    assert await catalog.value("select count(*) from idempotency_key") == 0
    return page


async def saved(desk: Desk, catalog: CatalogMaker) -> None:
    """Send the same form again: it is saved, with the same key."""
    assert (await post_form(desk, "/brands", FORM)).status == 303
    assert await catalog.value("select count(*) from brand") == 2
    assert await catalog.value("select count(*) from idempotency_key") == 1


BUSY = "The database is busy."
AWAY = "The database cannot be reached just now."
REFUSALS = [
    ("23505", "", 409, "Something of the same name or number exists already."),
    ("23505", "product_size_name_key", 409, "A size of this name exists already."),
    ("23503", "", 409, "Something it belongs to is gone, or something else still belongs to it."),
    (
        "23503",
        "product_brand_id_fkey",
        409,
        "The brand was deleted just now, or a product was added to it.",
    ),
    ("23514", "", 422, "A value is not possible there."),
    ("23514", "brand_name_length", 422, "The name is too long."),
    ("23514", "product_color_hex_form", 422, "The color’s hex value is not of the form #0b5c56."),
    ("22003", "", 422, "A value is not possible there."),
    ("40001", "", 503, BUSY),
    ("40P01", "", 503, BUSY),
    ("55P03", "", 503, BUSY),
    ("57014", "", 503, BUSY),
    ("25P03", "", 503, BUSY),
    ("53200", "", 503, BUSY),
    ("53300", "", 503, BUSY),
    ("53100", "", 503, "until there is room, the catalog can only be read."),
    ("25006", "", 503, "The catalog can only be read just now."),
    ("58030", "", 503, AWAY),
    ("57P03", "", 503, AWAY),
]


@pytest.mark.parametrize(("sqlstate", "constraint", "status", "sentence"), REFUSALS)
async def test_error_of_a_statement_is_a_sentence_and_saves_nothing(
    desk: Desk, catalog: CatalogMaker, sqlstate: str, constraint: str, status: int, sentence: str
) -> None:
    await on_insert(
        catalog, f"raise exception using errcode = '{sqlstate}', constraint = '{constraint}'"
    )
    await refused(desk, catalog, status, sentence)

    await all_is_well_again(catalog)
    await saved(desk, catalog)


@pytest.mark.parametrize(
    ("sqlstate", "status", "sentence"),
    [
        ("23505", 409, "Something of the same name or number exists already."),
        ("23503", 409, "Something it belongs to is gone, or something else still belongs to it."),
        ("23514", 422, "A value is not possible there."),
        ("40001", 503, BUSY),
        ("53100", 503, "until there is room, the catalog can only be read."),
    ],
)
async def test_error_of_the_commit_is_a_sentence_and_saves_nothing(
    desk: Desk, catalog: CatalogMaker, sqlstate: str, status: int, sentence: str
) -> None:
    await on_insert(catalog, f"raise exception using errcode = '{sqlstate}'", deferred=True)
    await refused(desk, catalog, status, sentence)

    await all_is_well_again(catalog)
    await saved(desk, catalog)


async def test_column_that_must_not_be_empty_is_named(desk: Desk, catalog: CatalogMaker) -> None:
    await on_insert(catalog, "raise exception using errcode = '23502', column = 'brand_name'")
    await refused(desk, catalog, 422, "The name is missing.")


async def test_not_null_and_check_and_foreign_key_of_the_schema_itself(
    desk: Desk, catalog: CatalogMaker
) -> None:
    for statement, status, sentence in [
        ("insert into brand (brand_name) values (null)", 422, "The name is missing."),
        ("insert into product (product_name, brand_id) values (' ', 1)", 422, "The name is too"),
        ("insert into product (product_name, brand_id) values ('x', 77)", 409, "The brand was"),
        ("insert into product_size (product_size_name) values ('SMALL')", 409, "A size of this"),
        (
            "insert into product_color (product_color_name, product_color_hex) values ('x', 'x')",
            422,
            "The color’s hex value is not",
        ),
    ]:
        await on_insert(catalog, statement)
        page = await post_form(desk, "/brands", FORM)
        assert page.status == status, statement
        assert sentence in page.text, statement
        assert await catalog.value("select count(*) from brand") == 0
        await all_is_well_again(catalog)


async def test_every_name_with_words_of_its_own_is_one_of_the_schema(
    catalog: CatalogMaker,
) -> None:
    known = await catalog.column(
        "select conname from pg_constraint union select relname from pg_class"
        " union select attname from pg_attribute join pg_class on attrelid = pg_class.oid"
        " where relnamespace = 'public'::regnamespace"
    )
    assert set(_SENTENCES) <= set(known)


@pytest.mark.parametrize("sqlstate", ["40001", "40P01"])
@pytest.mark.parametrize("deferred", [False, True])
async def test_what_others_made_impossible_twice_is_saved_at_the_third_try(
    desk: Desk, catalog: CatalogMaker, sqlstate: str, deferred: bool
) -> None:
    # A sequence counts on, whatever is rolled back.
    await catalog.connection.execute("create sequence tries")
    await on_insert(
        catalog,
        f"if nextval('tries') < 3 then raise exception using errcode = '{sqlstate}'; end if",
        deferred=deferred,
    )
    await saved(desk, catalog)
    assert await catalog.value("select count(*) from history") == 2


async def test_three_tries_are_the_most(desk: Desk, catalog: CatalogMaker) -> None:
    await catalog.connection.execute("create sequence tries")
    await on_insert(catalog, "perform nextval('tries'); raise exception using errcode = '40001'")
    await refused(desk, catalog, 503, BUSY)
    assert await catalog.value("select last_value from tries") == 3


@pytest.mark.parametrize("limited_by", ["the desk", "PostgreSQL"])
async def test_statement_that_takes_too_long(
    open_desk: OpenDesk, catalog: CatalogMaker, limited_by: str
) -> None:
    if limited_by == "PostgreSQL":
        await alter(catalog, "set statement_timeout = '300ms'")
    desk = await open_desk(query_timeout=0.3 if limited_by == "the desk" else 60.0)
    await on_insert(catalog, "perform pg_sleep(30)")
    await refused(desk, catalog, 503, BUSY)

    await all_is_well_again(catalog)
    await saved(desk, catalog)


async def alter(catalog: CatalogMaker, what: str) -> None:
    name = await catalog.value("select current_database()")
    await catalog.connection.execute(f'alter database "{name}" {what}')


@pytest.fixture
async def read_only_desk(open_desk: OpenDesk, catalog: CatalogMaker) -> AsyncIterator[Desk]:
    """A desk on a database that takes no changes, as a standby does."""
    await alter(catalog, "set default_transaction_read_only = on")
    yield await open_desk()
    await alter(catalog, "reset default_transaction_read_only")


async def test_database_that_can_only_be_read(read_only_desk: Desk, catalog: CatalogMaker) -> None:
    await refused(read_only_desk, catalog, 503, "The catalog can only be read just now.")
    assert (await get_page(read_only_desk, "/brands")).status == 200


async def test_connection_lost_before_the_commit(desk: Desk, catalog: CatalogMaker) -> None:
    await on_insert(catalog, "perform pg_terminate_backend(pg_backend_pid())")
    await refused(desk, catalog, 503, AWAY)

    await all_is_well_again(catalog)
    await saved(desk, catalog)
