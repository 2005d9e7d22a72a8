"""What a search matched is marked in names, found by folding as the database does."""

import re
from html import unescape
from unicodedata import combining

import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st
from markupsafe import Markup, escape

from tests.desk import CatalogMaker, Desk, get_page
from web.pages.highlights import folded, highlighted, matches

# Letters of which folding makes others, several or none, beside what is only itself.
letters = st.one_of(
    st.sampled_from("aAbsS sßẞﬁﬂfiIİıſKΣσςéÉ①²…´¨ｶﾞガ한ㄱᄒ<>&\"'%_\\"),
    st.sampled_from("\u0301\u0307\u0345\u1161\u11ab\u3000\u00a0\t\n"),
    st.characters(codec="utf-8", exclude_characters="\0"),
)
texts = st.text(letters, max_size=20)


def marked_parts(name: str, q: str) -> list[str]:
    return [name[start:end] for start, end in matches(name, q)]


@pytest.mark.parametrize(
    ("name", "q", "expected"),
    [
        ("Levis", "lev", ["Lev"]),
        ("Straße", "STRASSE", ["Straße"]),
        ("STRASSE", "straße", ["STRASSE"]),
        ("Straße", "ras", []),  # ends inside of "ß"
        ("ﬁne ﬂour", "fine fl", ["ﬁne ﬂ"]),
        ("ﬁne", "f", []),
        ("cafe\u0301 au lait", "É AU", ["e\u0301 au"]),
        ("cafe\u0301", "cafe", []),
        ("two \u3000 words", "o w", ["o \u3000 w"]),
        ("ΟΔΟΣΗΜΑ", "οδος", ["ΟΔΟΣ"]),
        ("ｶﾞラス", "ガ", ["ｶﾞ"]),
        ("\u1112\u1161\u11ab국", "한", ["\u1112\u1161\u11ab"]),
        ("banana", "an", ["an", "an"]),
        ("aaa", "aa", ["aa"]),
        ("100% wool_x", "% w", ["% w"]),
        ("Levis", "x", []),
        ("Levis", " \t", []),
    ],
)
def test_part_that_folds_to_what_was_searched_is_marked(
    name: str, q: str, expected: list[str]
) -> None:
    assert marked_parts(name, q) == expected


def test_marks_are_html_and_all_else_is_text() -> None:
    assert highlighted("<b>A & B</b>", "a &") == Markup("&lt;b&gt;<mark>A &amp;</mark> B&lt;/b&gt;")
    assert not isinstance(highlighted("<b>", "x"), Markup)
    assert highlighted("Levis", None) == "Levis"


@settings(max_examples=500, deadline=None)
@given(name=texts, q=texts)
def test_marks_stand_side_by_side_and_change_no_text(name: str, q: str) -> None:
    html = str(escape(highlighted(name, q)))

    assert re.fullmatch(r"[^<>]*(<mark>[^<>]+</mark>[^<>]*)*", html)
    assert unescape(re.sub("</?mark>", "", html)) == unescape(str(escape(name)))
    for part in re.findall("<mark>(.*?)</mark>", html, flags=re.DOTALL):
        assert folded(unescape(part)) == folded(q)


@settings(max_examples=500, deadline=None)
@given(before=texts, part=texts, after=texts)
def test_part_of_a_name_is_marked_wherever_it_stands_by_itself(
    before: str, part: str, after: str
) -> None:
    # An accent would belong to the dot before it.
    assume(not combining(after[:1] or " "))
    name = f"{before}.{part}.{after}"
    found = folded(f".{part}.")

    assert found in folded(name)
    assert any(folded(marked) == found for marked in marked_parts(name, f".{part}."))


@settings(
    max_examples=300, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(name=texts, q=texts)
async def test_what_is_marked_folds_in_the_database_to_what_was_searched(
    catalog: CatalogMaker, name: str, q: str
) -> None:
    for part in marked_parts(name, q):
        row = await catalog.connection.fetchrow(
            "select fold_name($1) = fold_name($2), fold_name($3) like contains_pattern($2)",
            part,
            q,
            name,
        )
        assert row is not None
        assert tuple(row) == (True, True), (name, q, part)


async def test_lists_mark_what_they_found(desk: Desk, catalog: CatalogMaker) -> None:
    brand_id = await catalog.brand("Levis <Straße>")
    await catalog.products(["Straßenhose", "Other"], brand_id)

    brands = await get_page(desk, "/brands", q="STRASSE")
    products = await get_page(desk, "/products", q="strasse")
    of_brand = await get_page(desk, f"/brands/{brand_id}", q="strasse")

    assert "Levis &lt;<mark>Straße</mark>&gt;" in brands.html
    for page in (products, of_brand):
        assert "<mark>Straße</mark>nhose" in page.html
        # The brand's name was not searched.
        assert page.html.count("<mark>") == 1


async def test_list_that_is_not_searched_marks_nothing(desk: Desk, catalog: CatalogMaker) -> None:
    await catalog.brand("Levis")

    assert "<mark>" not in (await get_page(desk, "/brands")).html
