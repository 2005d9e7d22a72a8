"""The languages: every text goes through the catalogs, German is complete, and pages never mix."""

import ast
import re
from collections.abc import Iterator
from gettext import NullTranslations
from html.parser import HTMLParser
from pathlib import Path
from typing import Final

import pytest
from babel.messages.catalog import Catalog, Message
from babel.messages.frontend import CommandLineInterface
from babel.messages.pofile import read_po

from tests.desk import CatalogMaker, Desk, get_page, post_form
from tests.page import Page
from web import languages
from web.access.roles import Access
from web.routes import ROUTES

ROOT: Final = Path(__file__).resolve().parents[1]
# These are no pages, or lead elsewhere.
_NO_PAGES: Final = {
    "download_status",
    "metrics",
    "oidc_callback",
    "openapi",
    "sign_in_elsewhere",
    "styleguide",  # for those who build the pages, in English alone
}
# What stays as it is in every language: names, formats, keys of the keyboard.
_ALIKE: Final = {
    *("CSV", "Ctrl", "Deutsch", "English", "Enter", "Esc", "Hangtag", "NDJSON", "UTC"),
    *("GB", "MB", "PostgreSQL", "Python", "kB"),
    *("Black", "Blue", "Large", "Medium", "Small"),
}
_READ_ALOUD: Final = ("alt", "aria-label", "placeholder", "title")


@pytest.fixture(scope="module")
def texts(tmp_path_factory: pytest.TempPathFactory) -> Catalog:
    """The texts in code and templates, collected as `make messages` does."""
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    keywords = re.findall(r"--keyword (\S+)", makefile)
    found = tmp_path_factory.mktemp("texts") / "hangtag.pot"
    CommandLineInterface().run(  # type: ignore[no-untyped-call]
        [
            *("pybabel", "--quiet", "extract", "--mapping", str(ROOT / "pyproject.toml")),
            *(part for keyword in keywords for part in ("--keyword", keyword)),
            *("--output", str(found), str(ROOT)),
        ]
    )
    with found.open("rb") as file:
        return read_po(file)


@pytest.fixture(scope="module")
def german() -> Catalog:
    with (languages.LOCALE_DIR / "de" / "hangtag.po").open("rb") as file:
        return read_po(file, locale="de")


def _forms(text: object) -> tuple[str, ...]:
    return tuple(map(str, text)) if isinstance(text, list | tuple) else (str(text),)


def _places(text: str) -> set[str]:
    """Return what a text has to keep: places for values, and tags."""
    return set(re.findall(r"%\(\w+\)s|\{\w+\}|<[^>]*>", text))


def _messages(catalog: Catalog) -> Iterator[Message]:
    return (message for message in catalog if message.id)


def test_german_catalog_has_every_text_and_no_other(texts: Catalog, german: Catalog) -> None:
    wanted = {_forms(message.id) for message in _messages(texts)}

    assert len(wanted) > 400
    assert {_forms(message.id) for message in _messages(german)} == wanted
    assert not german.obsolete


def test_no_text_hides_in_an_f_string() -> None:
    # There Babel finds it with Python 3.12 and later only.
    hidden = [
        f"{path.relative_to(ROOT)}:{call.lineno}"
        for path in (ROOT / "web").rglob("*.py")
        for string in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(string, ast.JoinedStr)
        for call in ast.walk(string)
        if isinstance(call, ast.Call)
        and isinstance(call.func, ast.Name)
        and call.func.id in {"gettext", "ngettext", "marked", "marked_plural"}
    ]

    assert hidden == []


def test_every_german_text_is_translated_and_keeps_its_places(german: Catalog) -> None:
    for message in _messages(german):
        ids, strings = _forms(message.id), _forms(message.string)
        assert not message.fuzzy, ids
        assert len(strings) == len(ids), ids
        assert all(string.strip() for string in strings), ids
        for english, translated in zip(ids, strings, strict=True):
            assert _places(translated) == _places(english), ids
            assert "“" not in re.sub(r"„[^“]*“", "", translated), "other quotation marks"


class _Unmarked(HTMLParser):
    """Gathers what of a page went through no catalog, when the catalogs mark what they give."""

    _VOID: Final = frozenset({"br", "hr", "img", "input", "link", "meta"})
    # Names and numbers of things, and what somebody typed.
    _DATA: Final = frozenset({"bdi", "code", "kbd", "option", "pre", "script", "textarea"})

    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []
        self._depth = 0
        self._open: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag not in self._VOID:
            self._open.append(tag)
        for name, value in attrs:
            if value and (name in _READ_ALOUD or re.match("data-(text|unit|verb)", name)):
                self._note(re.sub("⟦.*⟧", "", value, flags=re.DOTALL))

    def handle_endtag(self, tag: str) -> None:
        while self._open and self._open.pop() != tag:
            pass

    def handle_data(self, data: str) -> None:
        for piece in re.split("([⟦⟧])", data):
            if piece in {"⟦", "⟧"}:
                self._depth += 1 if piece == "⟦" else -1
            elif self._depth == 0 and not self._DATA & set(self._open):
                self._note(piece)

    def _note(self, text: str) -> None:
        self.found += [word for word in re.findall("[A-Za-z]{2,}", text) if word not in _ALIKE]


class _Marking(NullTranslations):
    def gettext(self, message: str) -> str:
        return f"⟦{message}⟧"

    def ngettext(self, msgid1: str, msgid2: str, n: int) -> str:
        return f"⟦{msgid1 if n == 1 else msgid2}⟧"


@pytest.fixture
def marked_desk(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> Desk:
    """A desk that marks what comes from the German catalog, asked by a German browser."""
    monkeypatch.setitem(languages._TRANSLATIONS, "de", _Marking())  # noqa: SLF001
    desk.session.headers["Accept-Language"] = "de"
    return desk


def _unmarked(page: Page) -> list[str]:
    reader = _Unmarked()
    reader.feed(page.html)
    reader.close()
    return reader.found


async def _fill(desk: Desk, catalog: CatalogMaker) -> dict[str, int]:
    """Create a brand with a product and SKUs, named in no Latin letter, and return their ids."""
    await post_form(desk, "/brands", {"brand_name": "Ωμέγα 1\nΩμέγα 2\nΩμέγα 3"})
    brand_id = await catalog.value("select min(brand_id) from brand")
    product_id = await catalog.product("Σακάκι", brand_id)
    await catalog.skus(product_id, 60, color_id=1, size_id=2)
    await catalog.skus(product_id, 1, color_id=2, size_id=1)
    await catalog.product("Άλλο", brand_id)
    change_id = await catalog.value("select min(change_set_id) from change_set")
    return {
        "brand_id": brand_id,
        "product_id": product_id,
        "color_id": 1,
        "size_id": 2,
        "change_id": change_id,
    }


async def test_no_text_of_a_page_goes_past_the_catalogs(
    marked_desk: Desk, catalog: CatalogMaker
) -> None:
    ids = await _fill(marked_desk, catalog)
    pages = [
        route.path.format(**ids)
        for route in ROUTES
        if route.method == "GET"
        and route.access not in {Access.PROBE, Access.PROGRAM}
        and route.name not in _NO_PAGES
    ]
    more = [
        *("/brands?q=zzz", "/brands?sort=-skus&q=1", "/products?brand_id=99", "/products?q=zzz"),
        *(
            "/search?q=zzz",
            "/search?q=1",
            "/search?q=1,2,3",
            "/history?noun=size",
            "/skus?size_id=1",
        ),
        *("/downloads?what=brands&q=x&form=ndjson", "/downloads?product_id=x"),
        f"/products/{ids['product_id']}?edit=skus",
        f"/brands/{ids['brand_id']}?change={ids['change_id']}",
    ]

    assert len(pages) > 20
    for path in [*pages, *more]:
        page = await get_page(marked_desk, path)
        assert page.status in {200, 400}, path
        assert _unmarked(page) == [], path


async def test_no_text_of_a_refusal_goes_past_the_catalogs(
    marked_desk: Desk, catalog: CatalogMaker
) -> None:
    ids = await _fill(marked_desk, catalog)
    brand, product = f"/brands/{ids['brand_id']}", f"/products/{ids['product_id']}"
    forms: list[tuple[str, dict[str, str]]] = [
        ("/brands", {"brand_name": ""}),
        ("/brands", {"brand_name": "Ωμέγα 1"}),
        ("/brands", {"brand_name": "Ωμέγα 1\n7\n7\n\t", "mode": "check"}),
        ("/brands", {"brand_name": "Ωμέγα 1\n8\n8", "mode": "new"}),
        ("/brands", {"brand_name": "9", "mode": "other"}),
        ("/products", {"product_name": "", "brand": "zzz"}),
        ("/products", {"product_name": "\t", "brand": "1", "skus_1_1": "x"}),
        ("/colors", {"product_color_name": "blue", "product_color_hex": "#1"}),
        ("/colors", {"product_color_name": "blue"}),
        ("/sizes", {"product_size_name": "small"}),
        (f"{brand}/edit", {"brand_name": "Ωμέγα 2", "version": "1"}),
        (f"{brand}/edit", {"brand_name": ""}),
        (f"{product}/edit", {"product_name": "7", "brand_id": "99", "version": "1"}),
        (f"{brand}/delete", {"version": "1"}),
        (f"{brand}/delete", {}),
        ("/colors/1/delete", {"version": "1"}),
        (f"{product}/skus", {"skus_1_1": "x"}),
        (f"{product}/skus/delete", {"sku_id": "999999"}),
        (f"{product}/skus/delete", {}),
        ("/search", {"ids": ""}),
        ("/search", {"ids": "1 2 x", "noun": "skus"}),
        ("/sign-in", {"account_name": "x", "password": "y"}),
        ("/partner-keys", {"partner_key_name": "", "requests_per_minute": "x"}),
        ("/nothing", {}),
    ]

    for path, form in forms:
        page = await post_form(marked_desk, path, form)
        assert page.status >= 400 or "mode" in form or path == "/search", path
        assert _unmarked(page) == [], (path, form)


@pytest.mark.parametrize(
    ("accepted", "cookie", "language"),
    [
        (None, None, "en"),
        ("", None, "en"),
        ("de", None, "de"),
        ("de-CH, fr;q=0.9", None, "de"),
        ("DE", None, "de"),
        ("EN-us, de", None, "en"),
        ("en-US,en;q=0.9,de;q=0.8", None, "en"),
        ("en;q=0.2, de;q=0.8", None, "de"),
        ("fr, de;q=0.3, en;q=0.2", None, "de"),
        ("de;q=0, en;q=0.1", None, "en"),
        ("fr, *", None, "en"),
        ("de;q=nonsense, ;;,", None, "en"),
        ("de" * 4000, None, "en"),
        ("en", "de", "de"),
        ("de", "en", "en"),
        ("de", "fr", "de"),
        (None, "../de", "en"),
    ],
)
async def test_language_is_the_one_that_was_chosen_or_the_browser_prefers(
    desk: Desk, accepted: str | None, cookie: str | None, language: str
) -> None:
    page = await _get(desk, "/brands", accepted, cookie)

    assert f'<html lang="{language}"' in page.html
    assert ("Es gibt noch keine Marken." in page.text) == (language == "de")
    assert ("There are no brands yet." in page.text) == (language == "en")


async def test_language_of_a_request_does_not_stay_with_its_connection(desk: Desk) -> None:
    pages = [await _get(desk, "/brands", accepted) for accepted in ("de", None, "de", "en")]

    assert ["Marken" in page.text for page in pages] == [True, False, True, False]


async def test_page_in_one_language_is_never_confirmed_to_a_reader_of_another(
    desk: Desk, catalog: CatalogMaker
) -> None:
    await catalog.brand("Levis")
    english, german = await _get(desk, "/brands", "en"), await _get(desk, "/brands", "de")

    assert (
        english.headers["Cache-Control"] == german.headers["Cache-Control"] == "private, no-cache"
    )
    tag = english.headers["ETag"]
    assert tag != german.headers["ETag"]
    again = await _get(desk, "/brands", "de", **{"If-None-Match": tag})
    assert again.status == 200
    assert "Marken" in again.text
    assert (await _get(desk, "/brands", "en", **{"If-None-Match": tag})).status == 304


async def test_numbers_and_dates_are_in_the_form_of_the_reader(
    desk: Desk, catalog: CatalogMaker
) -> None:
    brand_id = await catalog.brand("Levis")
    await catalog.skus(await catalog.product("Jeans", brand_id), 1204)
    year, month, day = await catalog.value(
        "select array[extract(year from t), extract(month from t), extract(day from t)]::int[]"
        " from (select changed_at at time zone 'UTC' from brand) as brand (t)"
    )

    english = await _get(desk, f"/brands/{brand_id}", "en")
    german = await _get(desk, f"/brands/{brand_id}", "de")
    assert "1,204" in english.text
    assert "1.204" in german.text
    assert f'title="{day:02}.{month:02}.{year}, ' in german.html
    assert f", {year}, " in english.html
    assert "gerade eben" in german.text
    # Constants in templates, too, whoever came first.
    for language, number in (("en", "10,000"), ("de", "10.000")):
        assert number in (await _get(desk, "/products/new", language)).text


async def test_history_is_told_in_german_sentences(desk: Desk, catalog: CatalogMaker) -> None:
    await post_form(desk, "/brands", {"brand_name": "Levis"})
    brand_id = await catalog.value("select brand_id from brand")
    await post_form(desk, f"/brands/{brand_id}/edit", {"brand_name": "Levi’s", "version": "1"})
    await post_form(desk, "/brands", {"brand_name": "Lee\nWrangler"})
    await catalog.product("Jeans", brand_id)
    await post_form(
        desk, f"/brands/{brand_id}/delete", {"version": "2", "products": "1", "skus": "0"}
    )

    history = await _get(desk, "/history", "de")
    deeds = [row[0] for row in history.rows[1:]]
    assert deeds == [
        "Levi’s gelöscht, dazu 1 Produkt",
        "1 Produkt angelegt" if "1 Produkt angelegt" in deeds else "Jeans angelegt",
        "2 Marken angelegt",
        "Levis in Levi’s umbenannt",
        "Levis angelegt",
    ]
    change_id = await catalog.value("select max(change_set_id) from change_set")
    change = await _get(desk, f"/changes/{change_id}", "de")
    assert "Levi’s wurde gelöscht, dazu 1 Produkt." in change.text


async def test_refusals_are_german_for_people_and_programs(desk: Desk) -> None:
    page = await _get(desk, "/brands/7", "de")
    assert (page.status, "Nicht gefunden 404" in page.text) == (404, True)
    assert "Es gibt keine Marke 7." in page.text

    headers = {"Accept-Language": "de"}
    async with desk.post("/api/products/batch", json={"ids": []}, headers=headers) as response:
        refused = await response.json()
    assert refused["error"]["reason"].startswith("Der Inhalt hat nicht die Form ")


async def _get(
    desk: Desk, path: str, accepted: str | None, cookie: str | None = None, **headers: str
) -> Page:
    """Open a page as a browser with this Accept-Language and language cookie does."""
    if accepted is not None:
        headers["Accept-Language"] = accepted
    if cookie is not None:
        headers["Cookie"] = f"language={cookie}"
    async with desk.get(path, headers=headers) as response:
        return Page(response.status, response.headers, await response.text())
