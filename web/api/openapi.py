"""The OpenAPI 3.1 document of all routes, made of the URL map and of what each route takes.

https://spec.openapis.org/oas/v3.1.1
"""

import re
from http import HTTPStatus
from typing import Any, Final

from aiohttp import web

from web.access.guard import SESSION_COOKIE
from web.access.roles import Access
from web.api.operations import CSV, HTML, ID, JSON, NDJSON, OPERATIONS, TEXT, Operation, Schema
from web.keys import ACCESS

# Of what the addresses promise; they change only with an entry in CHANGELOG.md.
VERSION: Final = "1"
_FORM: Final = "application/x-www-form-urlencoded"
_IN_PATH: Final = re.compile(r"\{(\w+)\}")
_IN_BRACKETS: Final = re.compile(r"<\w+>")
# A number of a color or a size in the name of a field.
_SMALL_ID: Final = "[1-9][0-9]{0,4}"
# Whatever is asked for: a wrong request, another name than the desk's, no database.
_ANY: Final = frozenset({400, 421, 503})
_OF_ACCESS: Final = {
    Access.PROBE: frozenset[int](),
    Access.PUBLIC: frozenset[int](),
    # 303 leads a browser to the form that signs in.
    Access.READ: frozenset({303, 401, 403}),
    Access.PROGRAM: frozenset({303, 401, 403, 429}),
    Access.WRITE: frozenset({303, 401, 403}),
    Access.ADMIN: frozenset({303, 401, 403}),
}
_OF_BODY: Final = frozenset({403, 408, 413, 415})
_OF_DOWNLOAD: Final = frozenset({412, 426})
_SESSION: Final = {"session": list[str]()}
_SECURITY: Final = {
    Access.PROBE: list[dict[str, list[str]]](),
    Access.PUBLIC: list[dict[str, list[str]]](),
    Access.READ: [_SESSION],
    Access.PROGRAM: [_SESSION, {"partner_key": list[str]()}],
    Access.WRITE: [_SESSION],
    Access.ADMIN: [_SESSION],
}
_ERROR: Final[Schema] = {
    "type": "object",
    "properties": {
        "error": {
            "type": "object",
            "properties": {
                "status": {"type": "integer"},
                "reason": {"type": "string"},
                "request_id": {"type": "string"},
            },
            "required": ["status", "reason", "request_id"],
        }
    },
    "required": ["error"],
}


async def show_openapi(request: web.Request) -> web.Response:
    """Answer with the document."""
    return web.json_response(openapi_document(request.app[ACCESS]))


def openapi_document(access: dict[tuple[str, str], Access]) -> dict[str, Any]:
    """Return the document.

    Args:
        access: who may use each route, by its method and its path without patterns.

    Raises:
        KeyError: it is not said what one of the routes takes.
    """
    paths: dict[str, dict[str, Any]] = {}
    for (method, path), who in access.items():
        operation = OPERATIONS[method, path]
        paths.setdefault(path, {})[method.lower()] = _operation(method, path, operation, who)
    return {
        "openapi": "3.1.0",
        "info": {"title": "Hangtag", "version": VERSION, "license": {"name": "MIT"}},
        "paths": paths,
        "components": {
            "schemas": {"Id": ID, "Error": _ERROR},
            "securitySchemes": {
                "session": {"type": "apiKey", "in": "cookie", "name": SESSION_COOKIE},
                "partner_key": {"type": "http", "scheme": "bearer"},
            },
        },
    }


def _operation(method: str, path: str, operation: Operation, who: Access) -> dict[str, Any]:
    made: dict[str, Any] = {
        "operationId": f"{method.lower()}_{'_'.join(re.findall('[a-z_]+', path)) or 'overview'}",
        "summary": operation.summary,
        "security": _SECURITY[who],
        "responses": _responses(path, operation, _statuses(method, path, operation, who)),
    }
    parameters = [
        *(_parameter("path", name, _in_path(name)) for name in _IN_PATH.findall(path)),
        *(_parameter("query", name, _named(one)) for name, one in (operation.query or {}).items()),
    ]
    if parameters:
        made["parameters"] = parameters
    if operation.form is not None:
        made["requestBody"] = {"required": True, "content": {_FORM: {"schema": _form(operation)}}}
    if operation.json is not None:
        made["requestBody"] = {"required": True, "content": {JSON: {"schema": operation.json}}}
    return made


def _statuses(method: str, path: str, operation: Operation, who: Access) -> list[int]:
    found = _ANY | _OF_ACCESS[who] | set(operation.statuses)
    if _IN_PATH.search(path):
        found |= {404}
    if method == "POST":
        found |= _OF_BODY
    if method == "GET" and operation.answers in {HTML, "*/*"}:
        found |= {304}
    if operation.answers in {CSV, NDJSON}:
        found |= _OF_DOWNLOAD
    return sorted(found)


def _responses(path: str, operation: Operation, statuses: list[int]) -> dict[str, Any]:
    made: dict[str, Any] = {}
    for status in statuses:
        answer: dict[str, Any] = {"description": HTTPStatus(status).phrase}
        if status == 200:
            answer["content"] = {operation.answers: {}}
        elif status == 303:
            answer["headers"] = {"Location": {"schema": TEXT}}
        elif status >= 400 and path.startswith("/api/"):
            answer["content"] = {JSON: {"schema": {"$ref": "#/components/schemas/Error"}}}
        made[str(status)] = answer
    return made


def _parameter(place: str, name: str, schema: Schema) -> dict[str, Any]:
    return {"name": name, "in": place, "required": place == "path", "schema": schema}


def _in_path(name: str) -> Schema:
    return _named(ID) if name.endswith("_id") else TEXT


def _named(schema: Schema) -> Schema:
    return {"$ref": "#/components/schemas/Id"} if schema is ID else schema


def _form(operation: Operation) -> dict[str, Any]:
    fields, patterns = {}, {}
    for name, schema in (operation.form or {}).items():
        many = name == operation.repeated
        field = {"type": "array", "items": _named(schema)} if many else _named(schema)
        if "<" in name:
            patterns[f"^{_IN_BRACKETS.sub(_SMALL_ID, name)}$"] = field
        else:
            fields[name] = field
    made: dict[str, Any] = {"type": "object", "properties": fields}
    return made | ({"patternProperties": patterns} if patterns else {})
