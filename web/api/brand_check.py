"""What stands against names of brands before anybody saves them: read only, decides nothing."""

from typing import Any

from aiohttp import web

from web.catalog.brand_lines import BrandLine, LineFinding, check_names, examine_lines
from web.catalog.names import trimmed
from web.inputs import is_storable
from web.json_bodies import json_texts
from web.keys import POOL
from web.languages import gettext, thousands
from web.pages.brand_form import MAX_FORM_BYTES, MAX_LINES


async def check_brands(request: web.Request) -> web.Response:
    """Say by line which names exist already, repeat another line, or cannot be names."""
    names = await json_texts(request, "brand_names", most=MAX_LINES, most_bytes=MAX_FORM_BYTES)
    lines = [
        BrandLine(number, trimmed(name))
        for number, name in enumerate(names, start=1)
        if not name.isspace() and name
    ]
    findings = [
        *check_names([line for line in lines if is_storable(line.brand_name)]),
        # What JSON can spell and no form can send: a NUL, half of a surrogate pair.
        *(
            LineFinding(line, problem=gettext("It holds characters that are not text."))
            for line in lines
            if not is_storable(line.brand_name)
        ),
    ]
    examined = await examine_lines(request.app[POOL], findings)
    return web.json_response(
        {"findings": [_finding(request, one) for one in examined if not one.is_good]},
        headers={"Cache-Control": "no-store"},
    )


def _finding(request: web.Request, finding: LineFinding) -> dict[str, Any]:
    line = finding.line.number
    if finding.problem is not None:
        sentence = gettext("Line %(line)s: %(problem)s") % {
            "line": thousands(line),
            "problem": finding.problem,
        }
        return {"line": line, "kind": "invalid", "sentence": sentence}
    if finding.existing_id is not None:
        sentence = gettext("Line %(line)s: %(name)s exists already.") % {
            "line": thousands(line),
            "name": finding.existing_name,
        }
        href = request.app.router["brand"].url_for(brand_id=str(finding.existing_id))
        return {
            "line": line,
            "kind": "exists",
            "sentence": sentence,
            "brand_id": finding.existing_id,
            "brand_name": finding.existing_name,
            "href": str(href),
        }
    sentence = gettext("Line %(line)s repeats line %(first)s.") % {
        "line": thousands(line),
        "first": thousands(finding.repeats or 0),
    }
    return {"line": line, "kind": "repeats", "sentence": sentence, "repeats": finding.repeats}
