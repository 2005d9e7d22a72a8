"""The frame around the pages: made once for many of them, and right on each."""

import pytest

from tests.desk import Desk, get_page


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
