"""What a browser remembers of how somebody wants the pages, in cookies of these names."""

from typing import Final

from aiohttp import web

from web.languages import LANGUAGES

# The first of each is what counts when nothing was chosen; a language is negotiated.
CHOICES: Final = {
    "language": tuple(LANGUAGES),
    "theme": ("system", "light", "dark"),
    "density": ("comfortable", "dense"),
}


def preference(request: web.Request, name: str) -> str:
    """Return what was chosen, or the default if nothing was, or nothing that there is."""
    value = request.cookies.get(name, "")
    return value if value in CHOICES[name] else CHOICES[name][0]
