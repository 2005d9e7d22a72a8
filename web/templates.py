"""The templates: where they are, and the few words they have beyond Jinja's own."""

from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

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
    environment.filters["thousands"] = thousands
    environment.filters["ago"] = ago
    environment.filters["moment"] = moment


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
