"""The OpenAPI document says what the routes take, and the routes take what it says."""

import re
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import pytest

from tests.desk import Desk
from web.api.operations import OPERATIONS
from web.routes import ROUTES

ROOT = Path(__file__).resolve().parents[2]
IN_PATTERN = re.compile(r":[^}]+")
ROUTED = {(route.method, IN_PATTERN.sub("", route.path)) for route in ROUTES}
# Where a parameter given twice is not looked at: the handler answers before it reads any.
UNREAD = {"/styleguide", "/sign-in/provider", "/sign-in/callback"}
ADDRESS = re.compile(r"`(GET|POST) (/[^`? ]*)(?:\?([^`]*))?`(?: with ([^|;]*))?")


async def document(desk: Desk) -> dict[str, Any]:
    async with desk.get("/api/openapi.json") as response:
        assert response.status == 200
        assert response.content_type == "application/json"
        return dict(await response.json())


async def test_document_has_every_route_and_nothing_else(desk: Desk) -> None:
    found = await document(desk)

    assert found["openapi"].startswith("3.1.")
    operations = {
        (method.upper(), path) for path, methods in found["paths"].items() for method in methods
    }
    assert operations == ROUTED == set(OPERATIONS)
    ids = [one["operationId"] for path in found["paths"].values() for one in path.values()]
    assert len(ids) == len(set(ids))


async def test_every_id_has_the_form_of_an_id(desk: Desk) -> None:
    found = await document(desk)

    assert found["components"]["schemas"]["Id"]["pattern"] == "^[1-9][0-9]{0,18}$"
    for path, methods in found["paths"].items():
        for one in methods.values():
            named = {
                parameter["name"]: parameter["schema"]
                for parameter in one.get("parameters", [])
                if parameter["in"] == "path"
            }
            assert set(named) == set(re.findall(r"\{(\w+)\}", path))
            ids = [schema for name, schema in named.items() if name.endswith("_id")]
            assert all(schema == {"$ref": "#/components/schemas/Id"} for schema in ids)


async def test_every_route_says_who_may(desk: Desk) -> None:
    found = await document(desk)

    assert found["paths"]["/brands"]["post"]["security"] == [{"session": []}]
    assert {"partner_key": []} in found["paths"]["/skus.csv"]["get"]["security"]
    assert found["paths"]["/healthz"]["get"]["security"] == []
    assert "429" in found["paths"]["/api/products/batch"]["post"]["responses"]
    assert "403" in found["paths"]["/brands"]["post"]["responses"]


@pytest.mark.parametrize(("method", "path"), sorted(ROUTED))
def test_what_the_documentation_names_is_declared(method: str, path: str) -> None:
    text = (ROOT / "docs" / "addresses.md").read_text(encoding="utf-8")
    for line in text.splitlines():
        for found in ADDRESS.finditer(line):
            if (found[1], IN_PATTERN.sub("", found[2])) != (method, path):
                continue
            operation = OPERATIONS[method, path]
            query = re.findall(r"(\w+)=", found[3] or "")
            assert set(query) <= set(operation.query or {})
            fields = re.findall(r"`([a-z_<>]+)(?:=[^`]*)?`", found[4] or "")
            if operation.form is not None and method == "POST":
                assert set(fields) - {"skus", "products"} <= set(operation.form)


@pytest.mark.parametrize(("method", "path"), [key for key, one in OPERATIONS.items() if one.query])
async def test_every_parameter_that_is_declared_is_read(desk: Desk, method: str, path: str) -> None:
    if path in UNREAD:
        pytest.skip("it answers before it reads")
    operation = OPERATIONS[method, path]
    address = re.sub(r"\{\w+\}", "1", path)
    for name in set(operation.query or {}) - {"merged"}:
        query = urlencode([*([("edit", "skus")] if name == "edit" else []), (name, ""), (name, "")])
        body = {"ids": "1", "noun": "skus"} if method == "POST" else None
        async with desk.request(method, f"{address}?{query}", data=body) as response:
            assert (name, response.status) == (name, 400)
            assert f"“{name}”" in await response.text()
