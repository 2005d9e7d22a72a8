"""The languages of the desk: English is in the code, others in web/locale.

Texts go through `gettext` and `ngettext`, in templates through Jinja's i18n
extension. Which language counts is decided once a request, by a cookie or by
Accept-Language, and held in a context variable, so that a sentence can be made
wherever it is known.
"""

import re
from contextvars import ContextVar
from datetime import UTC, datetime
from functools import lru_cache
from gettext import GNUTranslations, NullTranslations
from io import BytesIO
from pathlib import Path
from typing import Final

from babel import Locale, negotiate_locale
from babel.dates import format_date, format_datetime
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po

LOCALE_DIR: Final = Path(__file__).resolve().parent / "locale"
# By its own name each: who looks for it knows that one.
LANGUAGES: Final = {"en": "English", "de": "Deutsch"}
DEFAULT_LANGUAGE: Final = "en"

_WEIGHT = re.compile(
    r"\s*([A-Za-z]{1,8}(?:-[A-Za-z0-9]{1,8})*)\s*(?:;\s*q\s*=\s*([01](?:\.\d{0,3})?)\s*)?"
)
_language: ContextVar[str] = ContextVar("language", default=DEFAULT_LANGUAGE)


def _translations(language: str) -> NullTranslations:
    """Read a catalog as translators write it: nothing has to be compiled beforehand."""
    path = LOCALE_DIR / language / "hangtag.po"
    if not path.exists():
        return NullTranslations()
    with path.open("rb") as file:
        catalog = read_po(file, locale=language)
    compiled = BytesIO()
    write_mo(compiled, catalog)
    compiled.seek(0)
    return GNUTranslations(compiled)


_TRANSLATIONS: Final = {language: _translations(language) for language in LANGUAGES}
_THOUSANDS: Final = {
    language: Locale.parse(language).number_symbols["latn"]["group"] for language in LANGUAGES
}


def use_language(language: str) -> None:
    """Let the texts of the request under way be in a language."""
    _language.set(language)


# The language of the request under way. The bound method itself and no function around it: a page
# asks a hundred times.
current_language: Final = _language.get


def choose_language(chosen: str | None, accepted: str) -> str:
    """Return the language that somebody chose, or else the best that the browser accepts.

    Args:
        chosen: what the cookie says, if there is one.
        accepted: the header Accept-Language (RFC 9110, 12.5.4); empty if it was not sent.
    """
    if chosen in LANGUAGES:
        return chosen
    return _negotiated(accepted[:200])


@lru_cache(maxsize=256)
def _negotiated(accepted: str) -> str:
    wanted = []
    for place, part in enumerate(accepted.split(",")):
        if found := _WEIGHT.fullmatch(part):
            weight = float(found[2] or 1)
            if weight > 0:
                # Babel answers in the spelling that it was asked in.
                wanted.append((-weight, place, found[1].lower()))
    languages = [language for _, _, language in sorted(wanted)]
    return negotiate_locale(languages, list(LANGUAGES), sep="-") or DEFAULT_LANGUAGE


def gettext(message: str) -> str:
    """Return a text in the language of the request."""
    return _TRANSLATIONS[_language.get()].gettext(message)


def ngettext(singular: str, plural: str, number: int) -> str:
    """Return a text for a number of things in the language of the request."""
    return _TRANSLATIONS[_language.get()].ngettext(singular, plural, number)


def marked(message: str) -> str:
    """Mark a text that is translated later, when it is shown."""
    return message


def marked_plural(singular: str, plural: str) -> tuple[str, str]:
    """Mark a text with a number, for `ngettext` when it is shown."""
    return singular, plural


def thousands(number: int) -> str:
    """Return a number with its thousands separated."""
    return f"{number:,}".replace(",", _THOUSANDS[_language.get()])


def ago(then: datetime) -> str:
    """Return how long ago something happened, in its largest unit."""
    seconds = max(0, int((datetime.now(UTC) - then).total_seconds()))
    if seconds >= 86_400:
        return gettext("%(count)s d ago") % {"count": thousands(seconds // 86_400)}
    if seconds >= 3_600:
        return gettext("%(count)s h ago") % {"count": seconds // 3_600}
    if seconds >= 60:
        return gettext("%(count)s min ago") % {"count": seconds // 60}
    return gettext("just now")


def moment(then: datetime) -> str:
    """Return a moment as text, in UTC."""
    return _moment(then.replace(microsecond=0), _language.get())


def day(then: datetime) -> str:
    """Return a day as text, in UTC."""
    return _day(then.astimezone(UTC).date().isoformat(), _language.get())


# A page shows the same moments again and again, and Babel takes 100 µs for one.
@lru_cache(maxsize=4096)
def _moment(then: datetime, language: str) -> str:
    return format_datetime(then.astimezone(UTC), "medium", locale=language) + " UTC"


@lru_cache(maxsize=4096)
def _day(then: str, language: str) -> str:
    return format_date(datetime.fromisoformat(then), "medium", locale=language)
