"""What a name may be.

Whether two names are the same is the database's decision (`fold_name` in
sql/migrations), never this module's.
"""

import unicodedata

MAX_NAME_LENGTH = 200

# Line and paragraph separators break a list as control characters do.
_CONTROLS = {"Cc", "Zl", "Zp"}
# Letters and symbols that show nothing: the Hangul fillers and the blank Braille pattern.
_BLANKS = set("\u115f\u1160\u3164\uffa0\u2800")


def name_problem(name: str) -> str | None:
    """Return why `name` cannot be a name, as a sentence, or None if it can."""
    if any(unicodedata.category(character) in _CONTROLS for character in name):
        return "It holds a control character, such as a tab."
    # Compatibility forms can be 18 times as long as what was typed.
    length = max(len(name), len(unicodedata.normalize("NFKC", name)))
    if length > MAX_NAME_LENGTH:
        return f"It is {length} characters long; at most {MAX_NAME_LENGTH} are possible."
    if not any(_is_visible(character) for character in name):
        return "It has no letter, digit, punctuation or symbol."
    return None


def _is_visible(character: str) -> bool:
    return unicodedata.category(character)[0] in "LNPS" and character not in _BLANKS
