"""The templates: where they are, and the few words they have beyond Jinja's own."""

from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Final
from urllib.parse import urlencode

import aiohttp_jinja2
import jinja2
from aiohttp import web

TEMPLATES_DIR: Final = Path(__file__).resolve().parents[1] / "templates"


def add_templates(app: web.Application) -> None:
    """Set Jinja up for the application."""
    environment = aiohttp_jinja2.setup(
        app,
        loader=jinja2.FileSystemLoader(TEMPLATES_DIR),
        undefined=jinja2.StrictUndefined,
        autoescape=True,
        trim_blocks=True,
        lstrip_blocks=True,
        auto_reload=False,
    )
    environment.globals["url"] = _url_builder(app)
    environment.filters["thousands"] = thousands
    environment.filters["ago"] = ago
    environment.filters["moment"] = moment
    # Compiled now rather than by the first visitor, and never looked for again.
    environment.cache = {}
    for name in environment.list_templates():
        environment.get_template(name)


def render(
    request: web.Request, template: str, context: Mapping[str, object], *, status: int = 200
) -> web.Response:
    """Return a page made of a template, which also gets the request.

    aiohttp_jinja2's own way to hand the request over is a middleware behind all others:
    the errors that those raise would be without it.
    """
    return aiohttp_jinja2.render_template(
        template, request, {"request": request, **context}, status=status
    )


def _url_builder(app: web.Application) -> Callable[..., str]:
    """Return the templates' `url('product', product_id=7, query_={'q': 'x'})`.

    aiohttp_jinja2's own builds each address through several URL objects; a page has a
    hundred links. What stands in a path here is an id or a file of ours.
    """
    paths = {name: resource.canonical for name, resource in app.router.named_resources().items()}
    paths["static"] += "/{filename}"

    def url(name: str, query_: Mapping[str, str] | None = None, **parts: object) -> str:
        path = paths[name].format(**parts) if parts else paths[name]
        return f"{path}?{urlencode(query_)}" if query_ else path

    return url


def thousands(number: int) -> str:
    """Return a number with its thousands separated."""
    return f"{number:,}"


def ago(then: datetime) -> str:
    """Return how long ago something happened, in its largest unit."""
    seconds = max(0, int((datetime.now(UTC) - then).total_seconds()))
    for unit, length in (("d", 86400), ("h", 3600), ("min", 60)):
        if seconds >= length:
            return f"{seconds // length:,} {unit} ago"
    return "just now"


def moment(then: datetime) -> str:
    """Return a moment as text, in UTC."""
    return then.astimezone(UTC).strftime("%Y-%m-%d %H:%M:%S UTC")
