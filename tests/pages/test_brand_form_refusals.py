"""The brand form: names and bodies that it refuses, and what it says when it cannot save."""

from urllib.parse import quote, urlencode

import pytest

from tests.conftest import drop_database
from tests.desk import CatalogMaker, Desk, get_page, post_form
from web.catalog.names import MAX_NAME_LENGTH
from web.pages.brand_form import MAX_FORM_BYTES, MAX_LINES

NO_NAME = "Type a brand’s name."
NOTHING_VISIBLE = "It has no letter, digit, punctuation or symbol."
CONTROL = "It holds a control character, such as a tab."

REFUSED = [
    ("", NO_NAME),
    ("   ", NO_NAME),
    ("\r\n\n\r", NO_NAME),
    ("\u3000\u00a0\t", NO_NAME),
    ("\u200b", NOTHING_VISIBLE),
    ("\u200b\u200d\u2060\ufeff", NOTHING_VISIBLE),
    ("\u0301", NOTHING_VISIBLE),
    ("\u3164", NOTHING_VISIBLE),
    ("\u2800", NOTHING_VISIBLE),
    ("x" * 201, "It is 201 characters long; at most 200 are possible."),
    ("\ufdfa" * 12, "It is 216 characters long; at most 200 are possible."),
    ("a\tb", CONTROL),
    ("a\x1bb", CONTROL),
    ("a\x7fb", CONTROL),
    ("a\u0080b", CONTROL),
    ("a\0b", "It holds characters that are not text."),
    # None of these ends a line: they are control characters in a name.
    ("a\u2028b", CONTROL),
    ("a\u2029b", CONTROL),
    ("a\vb", CONTROL),
    ("a\fb", CONTROL),
    ("a\u0085b", CONTROL),
    ("a\x1cb", CONTROL),
]


async def test_name_that_cannot_be_is_refused_with_the_reason(
    desk: Desk, catalog: CatalogMaker
) -> None:
    for typed, reason in REFUSED:
        page = await post_form(desk, "/brands", {"brand_name": typed})

        assert page.status == 422, typed
        assert reason in page.text
        assert "Nothing was saved." in page.text
        assert page.typed == typed.replace("\0", "\ufffd")  # a page cannot hold a NUL
        (field,) = (e.attributes for e in page.elements if e.tag == "textarea")
        assert field["aria-invalid"] == "true"
        assert "problem" in field["aria-describedby"].split()
    assert await catalog.value("select count(*) from brand") == 0


@pytest.mark.parametrize(
    ("typed", "names"),
    [
        ("a\rb", ["a", "b"]),
        ("a\nb", ["a", "b"]),
        ("a\r\nb", ["a", "b"]),
        ("a\r\n\r\rb\n\nc\r", ["a", "b", "c"]),
        ("x" * MAX_NAME_LENGTH, ["x" * MAX_NAME_LENGTH]),
        ("👟" * MAX_NAME_LENGTH, ["👟" * MAX_NAME_LENGTH]),
        ("?", ["?"]),
        ("€", ["€"]),
        ("日本", ["日本"]),
        ("a\u200bb", ["a\u200bb"]),
        ("O'Neil; drop table brand --", ["O'Neil; drop table brand --"]),
    ],
)
async def test_names_that_can_be_are_saved_as_typed(
    desk: Desk, catalog: CatalogMaker, typed: str, names: list[str]
) -> None:
    assert (await post_form(desk, "/brands", {"brand_name": typed})).status == 303
    assert await catalog.column("select brand_name from brand order by brand_id") == names


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ("brand_name=%FF", 400),
        ("brand_name=%C3%28", 400),
        ("brand_name=%ED%A0%80", 400),  # half of a surrogate pair
        ("brand_name=%F4%90%80%80", 400),  # beyond Unicode
        ("brand_name=a&brand_name=b", 400),
        ("brand_name=a&mode=all&mode=all", 400),
        ("brand_name=Lévis", 303),
        ("&".join(f"x{number}=" for number in range(101)), 400),
        ("brand_name=%00", 422),
        ("", 422),
        ("name=Levis", 422),
        ("brand_name", 422),
        ("%", 422),
        ("brand_name=%", 303),
        ("brand_name=%zz", 303),
        ("brand_name=L%C3%A9vis+501", 303),
    ],
)
async def test_odd_bodies_get_an_answer_that_fits(
    desk: Desk, catalog: CatalogMaker, body: str, status: int
) -> None:
    page = await post_form(desk, "/brands", body)

    assert page.status == status
    assert await catalog.value("select count(*) from brand") == (status == 303)


@pytest.mark.parametrize(
    ("content_type", "body"),
    [
        ("application/json", '{"brand_name": "Levis"}'),
        ("text/plain", "brand_name=Levis"),
        ("application/octet-stream", "brand_name=Levis"),
        (
            "multipart/form-data; boundary=x",
            '--x\r\nContent-Disposition: form-data; name="brand_name"\r\n\r\nLevis\r\n--x--\r\n',
        ),
    ],
)
async def test_body_that_is_no_plain_form_is_a_415(
    desk: Desk, catalog: CatalogMaker, content_type: str, body: str
) -> None:
    page = await post_form(desk, "/brands", body, {"Content-Type": content_type})

    assert page.status == 415
    assert "application/x-www-form-urlencoded" in page.text
    assert await catalog.value("select count(*) from brand") == 0


@pytest.mark.parametrize(
    ("charset", "status"),
    [("utf-8", 303), ("UTF8", 303), ("latin-1", 415), ("no-such-charset", 415), ('"', 415)],
)
async def test_form_in_another_charset_than_utf8_is_a_415(
    desk: Desk, catalog: CatalogMaker, charset: str, status: int
) -> None:
    content_type = f"application/x-www-form-urlencoded; charset={charset}"

    page = await post_form(desk, "/brands", {"brand_name": "é"}, {"Content-Type": content_type})

    assert page.status == status
    saved = ["é"] if status == 303 else []
    assert await catalog.column("select brand_name from brand") == saved


async def test_longest_form_that_can_be_is_taken_and_a_longer_one_is_a_413(
    desk: Desk, catalog: CatalogMaker
) -> None:
    # As many lines as can be, of as many characters as can be, each of 12 bytes.
    shoe, line_end = quote("👟"), "%0D%0A"
    names = [shoe * (MAX_NAME_LENGTH - 4) + f"{number:04}" for number in range(MAX_LINES)]
    body = "brand_name=" + line_end.join(names)

    assert (await post_form(desk, "/brands", body)).status == 303
    assert await catalog.value("select count(*) from brand") == MAX_LINES
    page = await post_form(desk, "/brands", "brand_name=" + "x" * MAX_FORM_BYTES)

    assert page.status == 413
    assert "longer than 22.9 MiB (24,064,096 bytes)" in page.text
    assert "/brands" in page.hrefs
    assert await catalog.value("select count(*) from brand") == MAX_LINES


def test_limit_of_the_form_follows_from_lines_names_and_encoding() -> None:
    longest = "\r\n".join(["👟" * MAX_NAME_LENGTH] * MAX_LINES)
    fields = {"idempotency_key": "!" * 200, "brand_name": longest, "mode": "check"}

    assert len(urlencode(fields)) <= MAX_FORM_BYTES < len(urlencode(fields)) + 4096


async def test_other_routes_take_no_more_than_a_mebibyte(desk: Desk) -> None:
    page = await post_form(
        desk,
        "/api/products/batch",
        '{"product_ids": [' + " " * 2**20 + "]}",
        {"Content-Type": "application/json"},
    )

    assert page.status == 413
    assert "longer than 1 MiB (1,048,576 bytes)" in page.html


async def test_one_line_as_long_as_the_form_can_be_is_refused(desk: Desk) -> None:
    page = await post_form(desk, "/brands", "brand_name=" + "%EF%B7%BA" * 300_000)

    assert page.status == 422
    assert "It is 300,000 characters long; at most 200 are possible." in page.text


async def test_more_than_ten_thousand_lines_are_refused_and_kept(
    desk: Desk, catalog: CatalogMaker
) -> None:
    typed = "\n".join(f"Brand {number}" for number in range(10_001))

    page = await post_form(desk, "/brands", {"brand_name": typed})

    assert page.status == 422
    assert "These are more than 10,000 lines, the most that can be saved at once." in page.text
    assert page.typed == typed
    assert await catalog.value("select count(*) from brand") == 0


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        ("%0A", NO_NAME),
        ("\n", NO_NAME),
        ("+%0D", NO_NAME),
        ("a\n", "These are more than 10,000 lines, the most that can be saved at once."),
    ],
)
async def test_millions_of_lines_are_refused(desk: Desk, line: str, reason: str) -> None:
    page = await post_form(desk, "/brands", "brand_name=" + line * (8_000_000 // len(line)))

    assert page.status == 422
    assert f"{reason} Nothing was saved." in page.html


async def test_ten_thousand_lines_that_exist_are_each_told_so(
    desk: Desk, catalog: CatalogMaker
) -> None:
    names = [f"Brand {number}" for number in range(10_000)]
    await catalog.brands(names)

    page = await post_form(desk, "/brands", {"brand_name": "\n".join(names)})

    assert page.status == 409
    assert "10,000 of 10,000 lines cannot be saved. Nothing was saved." in page.text
    assert len(page.rows) == 1_001
    assert "9,000 more lines that are not good are not shown." in page.text


@pytest.mark.parametrize("mode", ["all", "new", "check"])
async def test_lost_database_is_a_503_that_keeps_what_was_typed(
    desk: Desk, catalog: CatalogMaker, server_url: str, database_url: str, mode: str
) -> None:
    await get_page(desk, "/brands/new")
    await catalog.connection.close()
    await drop_database(server_url, database_url.partition("?")[0].rpartition("/")[2])

    page = await post_form(desk, "/brands", {"brand_name": "Levis\r\nLee <3", "mode": mode})

    assert page.status == 503
    assert page.typed == "Levis\r\nLee <3"
    assert "cannot be reached just now. Nothing was saved." in page.text
    assert int(page.headers["Retry-After"]) > 0


@pytest.mark.parametrize(
    "headers",
    [
        {"Sec-Fetch-Site": "cross-site"},
        {"Origin": "https://elsewhere.example"},
    ],
)
async def test_form_of_another_site_saves_nothing(
    desk: Desk, catalog: CatalogMaker, headers: dict[str, str]
) -> None:
    page = await post_form(desk, "/brands", {"brand_name": "Levis"}, headers)

    assert page.status == 403
    assert "Nothing was saved." in page.text
    assert await catalog.value("select count(*) from brand") == 0


async def test_plus_and_percent_encoded_spaces_are_spaces(
    desk: Desk, catalog: CatalogMaker
) -> None:
    await post_form(desk, "/brands", "brand_name=Red+Wing%20Shoes" + quote("+1"))
    assert await catalog.column("select brand_name from brand") == ["Red Wing Shoes+1"]


async def test_unknown_fields_are_passed_over(desk: Desk, catalog: CatalogMaker) -> None:
    form = urlencode({"brand_name": "Levis", "brand_id": "77", "other": "x"})

    assert (await post_form(desk, "/brands", form)).status == 303
    assert await catalog.value("select brand_id from brand") == 1


@pytest.mark.parametrize("mode", ["bogus", "", "ALL", "check "])
async def test_mode_that_is_not_known_saves_nothing(
    desk: Desk, catalog: CatalogMaker, mode: str
) -> None:
    page = await post_form(desk, "/brands", {"brand_name": "Levis", "mode": mode})
    assert page.status == 422
    assert "none of “all”, “new”, “check”. Nothing was saved." in page.text
    assert page.typed == "Levis"
    assert await catalog.value("select count(*) from brand") == 0


@pytest.mark.parametrize("typed", ["Levis\t", "\x1cLevis", "\x85Levis"])
async def test_control_character_at_an_end_is_refused_and_not_removed_in_silence(
    desk: Desk, typed: str
) -> None:
    page = await post_form(desk, "/brands", {"brand_name": typed})
    assert page.status == 422
    assert "control character" in page.text


async def test_number_that_is_taken_is_not_called_a_duplicate_name(
    desk: Desk, catalog: CatalogMaker
) -> None:
    await catalog.connection.execute("insert into brand (brand_id, brand_name) values (1, 'Lee')")
    page = await post_form(desk, "/brands", {"brand_name": "Levis"})
    assert page.status == 409
    assert "same name or number" in page.text


async def test_compressed_body_is_refused(desk: Desk) -> None:
    page = await post_form(
        desk, "/brands", {"brand_name": "Levis"}, headers={"Content-Encoding": "gzip"}
    )
    assert page.status == 415
