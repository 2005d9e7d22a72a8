"""How somebody wants the pages: language, theme and density, remembered by the browser."""

from typing import Final

from aiohttp import web

from web.forms import form_fields
from web.languages import gettext
from web.pages.paths import path_here
from web.preferences import CHOICES

_YEAR: Final = 365 * 86_400


async def save_preferences(request: web.Request) -> web.Response:
    """Remember what was chosen, and go back to the page it was chosen on."""
    fields = await form_fields(request)
    response = web.Response(status=303, headers={"Location": path_here(fields.get("next")) or "/"})
    for name, values in CHOICES.items():
        if (value := fields.get(name)) is None:
            continue
        if value not in values:
            raise web.HTTPUnprocessableEntity(
                text=gettext("The field “%(name)s” is none of: %(values)s.")
                % {"name": name, "values": ", ".join(values)}
            )
        response.set_cookie(
            name,
            value,
            max_age=_YEAR,
            path="/",
            secure=request.secure,
            httponly=True,
            samesite="Lax",
        )
    return response
