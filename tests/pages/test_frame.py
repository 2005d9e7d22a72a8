"""The frame around the pages: made once for many of them, and right on each."""

import aiohttp_jinja2
import pytest
from markupsafe import Markup

from tests.desk import Desk, app_of, get_page


@pytest.mark.parametrize(
    ("path", "marked"),
    [
        ("/", {"/": "page"}),
        ("/brands", {"/brands": "page"}),
        ("/brands?sort=newest", {"/brands": "page"}),
        ("/brands/new", {"/brands": "true"}),
        ("/products/7", {"/products": "true"}),
        ("/colors", {"/skus": "true", "/colors": "page"}),
        ("/changes/7", {"/history": "true"}),
        ("/downloads", {"/downloads": "page"}),
        ("/nowhere", {}),
        ("/.nowhere", {}),
    ],
)
async def test_frame_marks_the_place_where_somebody_is(
    desk: Desk, path: str, marked: dict[str, str]
) -> None:
    # The frame of another page, which must not come again.
    await get_page(desk, "/skus")

    page = await get_page(desk, path)

    found = {
        element.attributes["href"]: element.attributes["aria-current"]
        for element in page.elements
        if "aria-current" in element.attributes
    }
    assert found == marked


async def test_frame_is_in_the_language_of_each_request(desk: Desk) -> None:
    texts = []
    for language in ("en", "de", "en"):
        response = await desk.get("/brands", headers={"Accept-Language": language})
        texts.append(await response.text())

    assert texts[0] == texts[2]
    assert "Skip to the content" in texts[0]
    assert "History" in texts[0]
    assert "Zum Inhalt" in texts[1]
    assert "History" not in texts[1]


async def test_pages_carry_no_indentation(desk: Desk) -> None:
    text = await (await desk.get("/products")).text()

    assert "    " not in text


async def test_memoized_macro_makes_anew_whatever_differs(desk: Desk) -> None:
    environment = aiohttp_jinja2.get_env(app_of(desk))
    template = environment.from_string(
        "{% macro shown(text, number) %}[{{ text }}, {{ number }}]{% endmacro %}"
        "{% set shown = memoized(shown) %}"
        "{% for text, number in pairs %}{{ shown(text, number) }}{% endfor %}"
    )
    # A Markup is equal to the text that it escapes to, and True to 1.
    pairs = [("<b>", 1), (Markup("<b>"), 1), ("<b>", 2), ("<b>", True), ("<b>", 1)]

    shown = template.render(pairs=pairs)

    assert shown == "[&lt;b&gt;, 1][<b>, 1][&lt;b&gt;, 2][&lt;b&gt;, True][&lt;b&gt;, 1]"
