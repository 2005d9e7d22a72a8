"""A good request for every parameter of the OpenAPI document, which a scanner then changes there.

Scanners that read the document by themselves fill everything in at once: a page that is
asked for `after=1&before=1` is refused, whatever stands in its other parameters, and none
of them is ever seen by a query. Here each request has what its one parameter needs.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, Literal
from urllib.parse import quote, urlencode

from tests.security.rows import NAME, Rows
from web.positions import encoded_key

Place = Literal["path", "query", "form", "json"]

# What a scanner changes, in a path and in JSON.
MARK: Final = "*"
FORM: Final = "application/x-www-form-urlencoded"
JSON: Final = "application/json"
# Between these two comes what of the lists there is to see.
_FIRST, _LAST = ("A", 1), ("zzz", 1)
_VALUES: Final[Mapping[str, str]] = {
    "q": NAME,
    "sort": "name",
    "merged": "1",
    "edit": "skus",
    "excel": "1",
    "watch": "scanned-scanned-scanned",
    "what": "skus",
    "form": "csv",
    "person": "local desk",
    "since": "2026-01-01",
    "until": "2099-12-31",
    "next": "/brands",
    "state": "scanned",
    "code": "scanned",
    "error": "scanned",
    "path": "js/main.js",
    "idempotency_key": "scanned",
    "version": "1",
    "products": "7",
    "skus": "7",
    "skus_1_1": "1",
    "mode": "all",
    "brand": NAME,
    "brand_name": NAME,
    "product_name": NAME,
    "product_color_name": NAME,
    "product_color_hex": "#123456",
    "product_size_name": NAME,
    "ids": "1 2 3",
    "account_name": "scanned",
    "password": "scanned-scanned",
    "held": '{"brand_name": ["Levis"]}',
    "partner_key_name": NAME,
    "requests_per_minute": "60",
    "rows_per_day": "1000",
    "language": "en",
    "theme": "dark",
    "density": "dense",
}
_OTHER_VALUES: Final[Mapping[tuple[str, str], str]] = {
    ("/brands/{brand_id}/edit", "brand_name"): f"{NAME} anew",
    ("/history", "noun"): "brand",
    ("/search", "noun"): "skus",
    ("/search/found.csv", "noun"): "skus",
    ("/search/unknown.txt", "noun"): "skus",
    ("/history", "after"): encoded_key((2**50, 2**50), "newest"),
    ("/history", "before"): encoded_key((0, 1), "newest"),
}
# What a parameter of a query needs beside it, so that it counts for something.
_BESIDE: Final[Mapping[str, Sequence[str]]] = {
    "after": ("sort",),
    "before": ("sort",),
    "merged": ("change",),
}
# What keeps an answer small where nothing else does.
_SMALL: Final[Mapping[str, Sequence[str]]] = {
    "/products": ("brand_id",),
    "/products.csv": ("brand_id",),
    "/skus": ("product_id",),
    "/skus.csv": ("product_id",),
    "/skus.ndjson": ("product_id",),
}
# Fields that are left out unless they are what is changed: a key that is sent twice is answered
# with what came of the first time, and a product has its brand by an id or by a name.
_ALONE: Final = frozenset({"idempotency_key", "brand", "held"})
_INSTEAD: Final[Mapping[str, frozenset[str]]] = {
    "brand": frozenset({"brand_id"}),
    "held": frozenset({"password"}),
}
_JSON: Final[Mapping[str, str]] = {
    "/api/brands/check": f'{{"brand_names": ["{NAME}{MARK}"]}}',
    "/api/products/batch": f'{{"product_ids": ["1{MARK}"]}}',
}
# What is answered when all is as good as it can be; elsewhere one of _GOOD.
_GOOD: Final = frozenset({200, 303, 409})
_ANSWERS: Final[Mapping[str, frozenset[int]]] = {
    "/sign-in": frozenset({200, 401}),
    # No provider is set up.
    "/sign-in/provider": frozenset({404}),
    "/sign-in/callback": frozenset({404}),
    # The second time there is no such key in use.
    "/partner-keys/{partner_key_id}/revoke": frozenset({303, 404}),
    # A text is no id: a number would leave a payload no way into JSON at all.
    "/api/products/batch": frozenset({400, 422}),
}


@dataclass(frozen=True, slots=True)
class Target:
    """A request and what of it is to be changed: `name`, or what MARK stands behind.

    `form_path` has the form from which `version` is taken each time; `is_wrapped` says that
    the text goes into the opaque position of a list by WRAP first, `is_word` that it is refused
    when it has a space.
    """

    method: str
    route: str
    place: Place
    name: str
    path: str
    body: str | None = None
    content_type: str | None = None
    form_path: str | None = None
    is_wrapped: bool = False
    is_word: bool = False
    answers: frozenset[int] = _GOOD

    @property
    def good_path(self) -> str:
        """The path as it is good, with the position of a list wrapped."""
        if not self.is_wrapped:
            return self.path.replace(MARK, "")
        given = rf"(?<=[?&]{self.name}=)[^&]*"
        return re.sub(given, lambda found: encoded_key((found[0], 1), "name"), self.path)

    def __str__(self) -> str:
        return f"{self.method} {self.route} {self.place} {self.name}"


# Python that a scanner runs on a wrapped parameter before it is sent.
WRAP: Final = (
    "import base64,json;{name}=base64.urlsafe_b64encode("
    "json.dumps(['name',{name},1]).encode()).decode().rstrip('=')"
)


def find_targets(document: Mapping[str, Any], rows: Rows) -> list[Target]:
    """Return a target for every parameter of the document.

    Raises:
        KeyError: nothing is known here of a new parameter: say in this module what is good for it.
    """
    return [
        target
        for route, operations in document["paths"].items()
        for method, operation in operations.items()
        for target in _targets(method.upper(), route, operation, rows)
    ]


def _targets(method: str, route: str, operation: Mapping[str, Any], rows: Rows) -> Iterator[Target]:
    parameters = [(one["in"], one["name"]) for one in operation.get("parameters", ())]
    query = [name for place, name in parameters if place == "query"]
    content = operation.get("requestBody", {}).get("content", {})
    fields = _fields(content[FORM]["schema"]) if FORM in content else []
    answers = _ANSWERS.get(route, _GOOD)
    form_path = _path(route, rows) if method == "POST" and route.endswith("/edit") else None

    def body(changed: str | None = None) -> str | None:
        if FORM not in content:
            return None
        left_out = (_ALONE - {changed}) | _INSTEAD.get(changed or "", frozenset())
        kept = [name for name in fields if name not in left_out]
        return urlencode({name: _value(route, name, rows) for name in kept})

    for place, name in parameters:
        if place == "path":
            path = _path(route, rows, marked=name)
            # A form of fields goes with it; its `version` may be old.
            yield Target(method, route, "path", name, path, body(), _type(content), answers=answers)
        else:
            path = _path(route, rows) + "?" + urlencode(_query(route, name, query, rows))
            is_wrapped = name in {"after", "before"} and "sort" in query
            yield Target(
                *(method, route, "query", name, path, body(), _type(content)),
                is_wrapped=is_wrapped,
                answers=answers,
            )
    for name in fields:
        path = _path(route, rows)
        yield Target(
            *(method, route, "form", name, path, body(name), FORM),
            form_path=None if name == "version" else form_path,
            is_word=name == "idempotency_key",
            answers=answers,
        )
    if JSON in content:
        (name,) = content[JSON]["schema"]["properties"]
        yield Target(method, route, "json", name, route, _JSON[route], JSON, answers=answers)


def _type(content: Mapping[str, Any]) -> str | None:
    return next(iter(content), None)


def _fields(schema: Mapping[str, Any]) -> list[str]:
    """Return the names of the fields, with the first that fits a pattern of names."""
    numbered = (
        re.sub(r"\[1-9\]\[0-9\]\{0,4\}", "1", one) for one in schema.get("patternProperties", ())
    )
    return [*schema["properties"], *(one.strip("^$") for one in numbered)]


def _path(route: str, rows: Rows, marked: str | None = None) -> str:
    def filled(found: re.Match[str]) -> str:
        name = found[1]
        own = rows.own.get(route)
        value = _VALUES[name] if name not in rows.ids and own is None else own or rows.ids[name]
        return quote(str(value)) + (MARK if name == marked else "")

    return re.sub(r"\{(\w+)\}", filled, route)


def _query(route: str, name: str, known: Sequence[str], rows: Rows) -> dict[str, str]:
    beside = [one for one in _BESIDE.get(name, ()) if one in known]
    # What is looked for by its name is small by itself.
    small = () if name in {"q", *_SMALL.get(route, ())} else _SMALL.get(route, ())
    query = {one: _value(route, one, rows) for one in (*small, *beside, name)}
    if route == "/downloads" and name == "q":
        query["what"] = "brands"
    if route == "/downloads" and name == "form":
        query["product_id"] = str(rows.ids["product_id"])
    return query


def _value(route: str, name: str, rows: Rows) -> str:
    if (value := _OTHER_VALUES.get((route, name))) is not None:
        return value
    if name == "change":
        return str(rows.ids["change_id"])
    if name in {"after", "before"}:
        if route.startswith(("/skus", "/products/")):
            # Short: a sentence cuts what it quotes, and that sqlmap once took for a query's sort.
            return f"{rows.ids['product_id']},{1 if name == 'after' else 10**6}"
        # As it is before it is wrapped.
        return (_FIRST if name == "after" else _LAST)[0]
    return str(rows.ids[name]) if name in rows.ids else _VALUES[name]
