"""The templates: where they are, and the few words they have beyond Jinja's own."""

from collections.abc import Callable, Mapping
from functools import lru_cache
from pathlib import Path
from typing import Final, TypeVar
from urllib.parse import quote_plus

import aiohttp_jinja2
import jinja2
from aiohttp import web
from jinja2.runtime import Context
from markupsafe import Markup

from web.assets import ASSETS
from web.keys import IDENTITY
from web.languages import (
    LANGUAGES,
    ago,
    current_language,
    day,
    gettext,
    moment,
    ngettext,
    thousands,
)
from web.pages.highlights import highlighted
from web.preferences import preference
from web.template_engine import Environment, memoized

T = TypeVar("T")

TEMPLATES_DIR: Final = Path(__file__).resolve().parents[1] / "templates"


# Macros that pages have without an import, by the names that they have there.
_MACROS: Final = {"ui": "macros.html", "frame": "frame.html", "sku_tables": "skus/tables.html"}
# What the frame shows as the place where somebody is: first parts of paths.
_SECTIONS: Final = frozenset(
    (
        *("brands", "products", "skus", "history", "changes", "search"),
        *("colors", "sizes", "downloads", "system"),
    )
)


def add_templates(app: web.Application) -> None:
    """Set Jinja up for the application."""
    environment = app[aiohttp_jinja2.APP_KEY] = Environment(jinja2.FileSystemLoader(TEMPLATES_DIR))
    environment.globals["url"] = environment.filters["url"] = _url_builder(app)
    # The extension adds this; its stubs do not know.
    environment.install_gettext_callables(gettext, ngettext, newstyle=True)  # type: ignore[attr-defined]
    environment.globals["gettext"] = environment.globals["_"] = _translator()
    environment.filters["thousands"] = _at_each_use(thousands)
    environment.filters["ago"] = _at_each_use(ago)
    environment.filters["moment"] = _at_each_use(moment)
    environment.filters["day"] = _at_each_use(day)
    environment.filters["highlighted"] = highlighted
    environment.globals["modules"] = ASSETS.modules
    environment.globals["languages"] = tuple(LANGUAGES.items())
    environment.globals["memoized"] = memoized
    # Imported here once: each `import` in a template takes a page 15 µs.
    for name, macros in _MACROS.items():
        environment.globals[name] = environment.get_template(macros).module
    environment.compile_all()


def render(
    request: web.Request, template: str, context: Mapping[str, object], *, status: int = 200
) -> web.Response:
    """Return a page made of a template, which also gets the request.

    aiohttp_jinja2's own way to hand the request over is a middleware behind all others:
    the errors that those raise would be without it.
    """
    identity = request.get(IDENTITY)
    page = aiohttp_jinja2.render_string(
        template,
        request,
        {
            "request": request,
            "language": current_language(),
            "identity": identity,
            # On pages that nobody in particular gets, such as errors, nothing is offered.
            "may_edit": identity is not None and identity.may_edit,
            "theme": preference(request, "theme"),
            "density": preference(request, "density"),
            "section": _section(request.path),
            # Where the form of the preferences leads back to; what was posted cannot be opened.
            "here": request.rel_url.raw_path_qs if request.method in {"GET", "HEAD"} else "/",
            **context,
        },
    )
    return web.Response(
        status=status,
        body=page.encode(),
        headers={
            "Content-Type": "text/html; charset=utf-8",
            # By header: the policy forbids inline rules.
            "Speculation-Rules": ASSETS.speculation_rules,
        },
    )


def _section(path: str) -> str | None:
    """Return the first part of a path, None if the frame knows it not: there may be any."""
    if path == "/":
        return ""
    section = path.partition("/")[2].partition("/")[0].partition(".")[0]
    return section if section in _SECTIONS else None


def _at_each_use(text_of: Callable[[T], str]) -> Callable[[Context, T], str]:
    """Return a filter whose text depends on the language of the request.

    Jinja works a filter of a constant out once, when it compiles, unless it takes the context.
    """

    @jinja2.pass_context
    def filtered(_context: Context, value: T) -> str:
        return text_of(value)

    return filtered


def _translator() -> Callable[..., Markup]:
    """Return the templates' `gettext`: what the extension's new style does, in fewer steps.

    The extension's own goes through two calls and a Markup for each text: 9 % of a page.
    """

    # The texts are ours and the translators'; what comes into their places is escaped.
    @lru_cache(maxsize=4096)
    def without_places(_language: str, message: str) -> Markup:
        return Markup(gettext(message) % {})  # noqa: S704  # nosec B704

    def translated(message: str, /, **places: object) -> Markup:
        if places:
            return Markup(gettext(message)) % places  # noqa: S704  # nosec B704
        return without_places(current_language(), message)

    return translated


def _url_builder(app: web.Application) -> Callable[..., str]:
    """Return the templates' `url('product', product_id=7, query_={'q': 'x'})`.

    aiohttp_jinja2's own builds each address through several URL objects; a page has a
    hundred links. What stands in a path here is an id or a file of ours.
    """
    paths = {name: resource.canonical for name, resource in app.router.named_resources().items()}
    paths["static"] = ASSETS.address("{filename}")

    def url(name: str, query_: Mapping[str, str] | None = None, **parts: object) -> str:
        path = paths[name].format(**parts) if parts else paths[name]
        return f"{path}?{_query(query_)}" if query_ else path

    return url


def _query(query: Mapping[str, str]) -> str:
    """Return what `urlencode` does. Most values are ids and need no quoting; names never do."""
    return "&".join(
        [
            f"{name}={value if value.isascii() and value.isalnum() else quote_plus(value)}"
            for name, value in query.items()
        ]
    )
