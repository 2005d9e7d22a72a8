"""What a name may be, and that the database takes each that may."""

import asyncpg
import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from tests.desk import CatalogMaker
from web.catalog.names import MAX_NAME_LENGTH, name_problem

CONTROL = "It holds a control character, such as a tab."
INVISIBLE = "It has no letter, digit, punctuation or symbol."


@pytest.mark.parametrize(
    "name",
    [
        "Levis",
        "a",
        "7",
        "!",
        "€",
        "日本",
        "ﷺ",
        "👟",
        "👨‍👩‍👧",  # joined by zero-width characters
        "L\u00adevis",
        "a" * MAX_NAME_LENGTH,
        "👟" * MAX_NAME_LENGTH,
        "ß" * MAX_NAME_LENGTH,
        "ΐ" * MAX_NAME_LENGTH,  # three characters each when folded
        "\u200e!",
        "Ⅷ",
        "x\u00a0y",
    ],
)
def test_name_with_something_to_see_can_be(name: str) -> None:
    assert name_problem(name) is None


@pytest.mark.parametrize(
    ("name", "problem"),
    [
        ("", INVISIBLE),
        (" ", INVISIBLE),
        ("\u00a0\u3000", INVISIBLE),
        ("\u200b", INVISIBLE),
        ("\u200d\u200c\u2060\ufeff\u00ad", INVISIBLE),
        ("\u0301\ufe0f", INVISIBLE),
        ("\u115f\u1160\u3164\uffa0", INVISIBLE),
        ("\u2800", INVISIBLE),
        ("\ue000", INVISIBLE),  # private use
        ("\u0378", INVISIBLE),  # not assigned
        ("a\tb", CONTROL),
        ("a\nb", CONTROL),
        ("a\0b", CONTROL),
        ("a\x7f", CONTROL),
        ("a\x85", CONTROL),
        ("a\u2028b", CONTROL),
        ("a\u2029b", CONTROL),
        ("a" * 201, "It is 201 characters long; at most 200 are possible."),
        ("ﷺ" * 12, "It is 216 characters long; at most 200 are possible."),
        (" " * 201, "It is 201 characters long; at most 200 are possible."),
    ],
)
def test_name_that_cannot_be_is_told_why(name: str, problem: str) -> None:
    assert name_problem(name) == problem


@settings(
    max_examples=300, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    name=st.one_of(
        st.text(min_size=1, max_size=40),
        st.text(alphabet="ßΐŉİﬃ\u0345\u1e9e\u00a0 \u3164aA", min_size=1, max_size=200),
        st.sampled_from("ΐŉİﬃß\u1f52\U0010ffff\u0130").map(lambda character: character * 200),
    )
)
@example(name="\u0345" * 199 + "a")
@example(name="\u1160a")
async def test_database_takes_every_name_that_can_be(catalog: CatalogMaker, name: str) -> None:
    name = name.strip()  # as the form does
    if name_problem(name) is not None:
        return
    try:
        brand_id = await catalog.brand(name)
    except asyncpg.UniqueViolationError:
        return
    kept = await catalog.connection.fetchrow(
        "select brand_name, brand_name_folded from brand where brand_id = $1", brand_id
    )
    assert kept is not None
    assert kept["brand_name"] == name
    assert kept["brand_name_folded"].strip() != ""
    with pytest.raises(asyncpg.UniqueViolationError):
        await catalog.brand(name.upper() if name.upper().lower() == name.lower() else name)
