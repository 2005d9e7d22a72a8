"""`fold_name` decides which names are the same: one table of cases for every PostgreSQL."""

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.desk import CatalogMaker

SAME = [
    ("Levis", "LEVIS"),
    ("Levis", "lEvIs"),
    ("Ærø", "ÆRØ"),
    ("Straße", "STRASSE"),
    ("Straße", "strasse"),
    ("Straße", "STRAẞE"),
    ("ΣΊΣΥΦΟΣ", "σίσυφος"),
    ("ΣΊΣΥΦΟΣ", "σίσυφοσ"),
    ("Москва", "МОСКВА"),
    ("ԱՐԵՎ", "արեվ"),
    ("Ａｂｃ１２３", "abc123"),
    ("ﬁne ﬂour", "fine flour"),
    ("№ 5", "No 5"),
    ("x²", "X2"),
    ("①", "1"),
    ("ｶﾞ", "ガ"),
    ("café", "cafe\u0301"),
    ("CAFÉ", "cafe\u0301"),
    ("Å", "\u212b"),
    ("Ω", "\u2126"),
    ("ſale", "sale"),
    ("K", "\u212a"),
    ("two  words", "two words"),
    ("two\u00a0words", "two words"),
    ("two\u3000words", "two words"),
    ("two\t\r\n\v\fwords", "two words"),
    ("two\u2003\u2009\u202f\u205fwords", "two words"),
    ("two\u1680\u2028\u2029\u0085words", "two words"),
    ("  trimmed ", "trimmed"),
    ("\u00a0\u3000trimmed\n", "trimmed"),
    ("İstanbul", "İSTANBUL"),
    ("İ", "I\u0307"),
    ("ǅ", "ǆ"),
    ("ŉ", "ʼN"),
    ("ﬃ", "FFI"),
    ("😀 Fun", "😀 fun"),
]
DIFFERENT = [
    ("Levis", "Levi's"),
    ("Levis", "Levis."),
    ("twowords", "two words"),
    ("cafe", "café"),
    ("o", "ø"),
    ("a", "ä"),
    ("oe", "ö"),
    ("ss", "s s"),
    ("0", "O"),
    ("A", "А"),  # Cyrillic
    ("ー", "-"),
    ("か", "カ"),
    ("İ", "I"),
    ("zero\u200bwidth", "zerowidth"),
    ("soft\u00adhyphen", "softhyphen"),
    ("👍", "👍🏽"),
    ("שלום", "שלומ"),
]
FOLDED = [
    ("  Hello \t World ", "hello world"),
    ("Straße", "strasse"),
    ("ΟΔΟΣ", "οδοσ"),
    ("\ufb03", "ffi"),
    ("", ""),
    (" \u3000\t", ""),
]


async def folded(catalog: CatalogMaker, name: str) -> str:
    return str(await catalog.value("select fold_name($1)", name))


async def test_names_of_the_table_are_the_same(catalog: CatalogMaker) -> None:
    for one, other in SAME:
        assert await folded(catalog, one) == await folded(catalog, other), (one, other)


async def test_names_of_the_table_are_different(catalog: CatalogMaker) -> None:
    for one, other in DIFFERENT:
        assert await folded(catalog, one) != await folded(catalog, other), (one, other)


async def test_names_of_the_table_fold_to_the_same_text_on_every_server(
    catalog: CatalogMaker,
) -> None:
    for name, expected in FOLDED:
        assert await folded(catalog, name) == expected


async def test_part_of_a_name_is_found_where_its_letters_stand_in_another_place(
    catalog: CatalogMaker,
) -> None:
    # A sigma has another form at the end of a word.
    found = "select fold_name($1) like contains_pattern($2)"

    assert await catalog.value(found, "ΟΔΟΣΗΜΑ", "οδος")
    assert await catalog.value(found, "Großmarkt", "GROSS")


async def test_null_stays_null(catalog: CatalogMaker) -> None:
    assert await catalog.value("select fold_name(null)") is None


async def test_same_names_are_one_brand_to_the_unique_index(catalog: CatalogMaker) -> None:
    await catalog.brand("Straße  Nr. ①")

    inserted = await catalog.value(
        "insert into brand (brand_name) values ($1) on conflict do nothing returning brand_id",
        "STRASSE\u00a0NR. 1",
    )

    assert inserted is None


@settings(
    max_examples=200,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(st.text(st.characters(codec="utf-8", exclude_characters="\0"), max_size=30))
async def test_white_space_around_a_name_never_matters(catalog: CatalogMaker, name: str) -> None:
    row = await catalog.connection.fetchrow(
        "select fold_name($1), fold_name(e'\\t ' || $1 || U&'\\3000')", name
    )

    assert row is not None
    assert row[0] == row[1]
    assert row[0] == row[0].strip(" ")
    assert "  " not in row[0]
