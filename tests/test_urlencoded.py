"""Forms are read as the standard library reads them, in a fraction of its memory."""

import asyncio
import tracemalloc
from urllib.parse import parse_qsl, quote, urlencode

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from web.urlencoded import TooManyFieldsError
from web.urlencoded import parse_form as parse_in_turns

fragments = st.sampled_from(
    [
        "a",
        "é",
        "_",
        ".",
        "~",
        "=",
        "==",
        "&",
        "+",
        " ",
        "\t",
        "\r",
        "\n",
        "=\n",
        "=\r\n",
        "%",
        "%4",
        "%zz",
        "%3D",
        "%3d",
        "%26",
        "%25",
        "%0D",
        "%0a",
        "%C3%A9",
        "%F0%9F%91%9F",
    ]
)


def parse_form(body: bytes, *, most_fields: int) -> list[tuple[str, str]]:
    """Parse a form with nobody else on the event loop, and without one: Hypothesis has no await."""
    parsing = parse_in_turns(body, most_fields=most_fields)
    try:
        while True:
            parsing.send(None)
    except StopIteration as end:
        fields: list[tuple[str, str]] = end.value
        return fields


@given(st.lists(fragments, max_size=30).map("".join))
@example("a==b&c=%=&%=%")
@example("a=b=3D=\n=")
def test_form_is_read_as_the_standard_library_reads_it(body: str) -> None:
    try:
        expected = parse_qsl(body, keep_blank_values=True, errors="strict")
    except UnicodeDecodeError:
        with pytest.raises(UnicodeDecodeError):
            parse_form(body.encode(), most_fields=1000)
    else:
        assert parse_form(body.encode(), most_fields=1000) == expected


@given(st.lists(st.tuples(st.text(min_size=1), st.text())))
def test_whatever_is_encoded_comes_back(fields: list[tuple[str, str]]) -> None:
    fields = [(name, value) for name, value in fields if (name + value).isprintable()]
    assert parse_form(urlencode(fields).encode(), most_fields=100) == fields


@pytest.mark.parametrize("body", [b"a=%FF", b"a=\xff", b"%C3=a", b"a=%ED%A0%80", b"a=b&c=%C3%28"])
def test_what_is_not_utf8_is_refused(body: bytes) -> None:
    with pytest.raises(UnicodeDecodeError):
        parse_form(body, most_fields=100)


def test_more_fields_than_may_be_are_refused_before_they_are_read() -> None:
    assert len(parse_form(b"a=1&b=2", most_fields=2)) == 2
    with pytest.raises(TooManyFieldsError):
        parse_form(b"a=1&b=2&c=%FF", most_fields=2)


@pytest.mark.parametrize("text", ["👟" * 100_000, "a\x01" * 200_000, "%=\r\n" * 100_000])
def test_memory_is_a_few_times_the_form(text: str) -> None:
    body = b"a=" + quote(text, safe="").encode()

    tracemalloc.start()
    try:
        assert parse_form(body, most_fields=100) == [("a", text)]
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()

    assert peak < 6 * len(body)


async def test_others_have_their_turns_while_a_large_form_is_read() -> None:
    body = b"a=" + b"%F0%9F%91%9F" * 500_000
    turns = 0

    async def take_turns() -> None:
        nonlocal turns
        while True:
            turns += 1
            await asyncio.sleep(0)

    other = asyncio.create_task(take_turns())
    await parse_in_turns(body, most_fields=100)
    other.cancel()

    assert turns > len(body) // 100_000
