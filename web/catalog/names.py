"""What a name may be.

Whether two names are the same is the database's decision (`fold_name` in
sql/migrations), never this module's.
"""

import unicodedata

from web.languages import gettext, thousands

MAX_NAME_LENGTH = 200

# Line and paragraph separators break a list as control characters do.
_CONTROLS = {"Cc", "Zl", "Zp"}
# Letters and symbols that show nothing: the Hangul fillers and the blank Braille pattern.
_BLANKS = set("\u115f\u1160\u3164\uffa0\u2800")
# Spaces of every width; other white space is a control character, and said to be one.
_SPACES = "".join(
    character for character in map(chr, range(0x10000)) if unicodedata.category(character) == "Zs"
)


def trimmed(name: str) -> str:
    """Return what was typed without the spaces around it."""
    return name.strip(_SPACES)


def name_problem(name: str) -> str | None:
    """Return why `name` cannot be a name, as a sentence, or None if it can."""
    # First of all: what follows looks at every character, and a form can be one long line.
    if len(name) > MAX_NAME_LENGTH:
        return _too_long(len(name))
    if any(unicodedata.category(character) in _CONTROLS for character in name):
        return gettext("It holds a control character, such as a tab.")
    # Compatibility forms can be 18 times as long as what was typed.
    length = len(unicodedata.normalize("NFKC", name))
    if length > MAX_NAME_LENGTH:
        return _too_long(length)
    if not any(_is_visible(character) for character in name):
        return gettext("It has no letter, digit, punctuation or symbol.")
    return None


def _too_long(length: int) -> str:
    return gettext("It is %(count)s characters long; at most %(most)s are possible.") % {
        "count": thousands(length),
        "most": thousands(MAX_NAME_LENGTH),
    }


def _is_visible(character: str) -> bool:
    return unicodedata.category(character)[0] in "LNPS" and character not in _BLANKS
