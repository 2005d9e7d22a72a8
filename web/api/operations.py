"""What each route takes, in a typed form: from it comes the OpenAPI document, and tests that hold.

Whoever adds a route adds a line here; a test compares the two, and another one the
parameters with docs/addresses.md.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from web.inputs import MAX_QUERY_TEXT
from web.pages.download_choice import FORMS, WHATS
from web.pages.history import NOUN_LABELS
from web.pages.search import MAX_SEARCH_TEXT
from web.preferences import CHOICES

# A JSON schema, of the dialect of OpenAPI 3.1.
Schema = Mapping[str, object]

ID: Final[Schema] = {"type": "string", "pattern": "^[1-9][0-9]{0,18}$"}
TEXT: Final[Schema] = {"type": "string"}
SHORT: Final[Schema] = {"type": "string", "maxLength": MAX_QUERY_TEXT}
FLAG: Final[Schema] = {"type": "string", "enum": ["0", "1"]}
DAY: Final[Schema] = {"type": "string", "pattern": "^[0-9]{4}-[0-9]{2}-[0-9]{2}$"}
SKU_POSITION: Final[Schema] = {
    "type": "string",
    "pattern": "^[1-9][0-9]{0,18},[1-9][0-9]{0,18}$",
}
COUNT: Final[Schema] = {"type": "string", "pattern": "^[0-9]{1,18}$"}
TOKEN: Final[Schema] = {"type": "string", "pattern": "^[A-Za-z0-9_-]{16,64}$"}
HTML: Final = "text/html"
CSV: Final = "text/csv"
NDJSON: Final = "application/x-ndjson"
JSON: Final = "application/json"
PLAIN: Final = "text/plain"


def one_of(*values: str) -> Schema:
    """Return the schema of a text that is one of some."""
    return {"type": "string", "enum": list(values)}


def list_of(schema: Schema, most: int) -> Schema:
    """Return the schema of a list."""
    return {"type": "array", "items": schema, "maxItems": most}


@dataclass(frozen=True, slots=True)
class Operation:
    """What a route takes, and what it answers when all is well.

    Args:
        summary: what it is for.
        query: the parameters of its query by name; none has to be given.
        form: the fields of its form by name; None if it takes no form. A name in angle
            brackets stands for many.
        repeated: the field that may be given several times.
        json: the schema of its body of JSON; None if it takes none.
        answers: the type of the content.
        statuses: of answers beyond those that every route of its kind has.
    """

    summary: str
    query: Mapping[str, Schema] | None = None
    form: Mapping[str, Schema] | None = None
    repeated: str | None = None
    json: Schema | None = None
    answers: str = HTML
    statuses: tuple[int, ...] = (200,)


_SORT: Final = one_of(
    *(f"{sign}{name}" for name in ("name", "newest", "changed", "skus") for sign in ("", "-"))
)
_PAGED: Final = {"after": TEXT, "before": TEXT}
_LIST: Final = {"q": SHORT, "sort": _SORT, **_PAGED, "change": ID, "merged": FLAG}
_SKU_PAGED: Final = {"after": SKU_POSITION, "before": SKU_POSITION}
_SKU_FILTER: Final = {"product_id": ID, "brand_id": ID, "color_id": ID, "size_id": ID}
_DOWNLOAD: Final = {"watch": TOKEN}
_NEXT: Final = {"next": TEXT}
_KEY: Final = {"idempotency_key": {"type": "string", "pattern": "^[!-~]{1,200}$"}}
_EDIT: Final = {**_KEY, "version": ID}
_GRID: Final = {"skus_<color_id>_<size_id>": COUNT}
_PASTED: Final = {"ids": TEXT, "noun": one_of("skus", "products")}
_SAVED: Final = (303, 409, 422)
_COLOR: Final = {"product_color_name": TEXT, "product_color_hex": TEXT}
_SIZE: Final = {"product_size_name": TEXT}
_JSON_ID: Final[Schema] = {"type": "integer", "minimum": 1, "maximum": 2**63 - 1}


def _object(name: str, schema: Schema) -> Schema:
    return {
        "type": "object",
        "properties": {name: schema},
        "required": [name],
        "additionalProperties": False,
    }


OPERATIONS: Final[Mapping[tuple[str, str], Operation]] = {
    ("GET", "/"): Operation("The overview"),
    ("GET", "/brands"): Operation("The brands", query=_LIST),
    ("POST", "/brands"): Operation(
        "Create brands, one a line",
        form={**_KEY, "brand_name": TEXT, "mode": one_of("all", "new", "check")},
        statuses=(200, *_SAVED),
    ),
    ("GET", "/brands.csv"): Operation(
        "The brands as a download", query={"q": SHORT, "excel": FLAG, **_DOWNLOAD}, answers=CSV
    ),
    ("GET", "/brands/new"): Operation("The form that creates brands"),
    ("GET", "/brands/{brand_id}"): Operation("A brand with its products", query=_LIST),
    ("GET", "/products"): Operation("The products", query={**_LIST, "brand_id": ID}),
    ("POST", "/products"): Operation(
        "Create a product with its SKUs",
        form={**_KEY, "product_name": TEXT, "brand_id": ID, "brand": TEXT, **_GRID},
        statuses=_SAVED,
    ),
    ("GET", "/products.csv"): Operation(
        "The products as a download",
        query={"q": SHORT, "brand_id": ID, "excel": FLAG, **_DOWNLOAD},
        answers=CSV,
    ),
    ("GET", "/products/new"): Operation(
        "The form that creates a product", query={"brand_id": ID}, statuses=(200, 404)
    ),
    ("GET", "/products/{product_id}"): Operation(
        "A product with its SKUs",
        query={**_SKU_PAGED, "change": ID, "merged": FLAG, "edit": one_of("skus")},
    ),
    ("POST", "/products/{product_id}/skus"): Operation(
        "Add SKUs to a product", form={**_KEY, **_GRID}, statuses=_SAVED
    ),
    ("POST", "/products/{product_id}/skus/delete"): Operation(
        "Remove SKUs of a product",
        form={**_KEY, "sku_id": ID},
        repeated="sku_id",
        statuses=_SAVED,
    ),
    ("GET", "/skus"): Operation("The SKUs", query={**_SKU_FILTER, **_SKU_PAGED}),
    ("GET", "/skus.csv"): Operation(
        "The SKUs as a download",
        query={**_SKU_FILTER, "after": SKU_POSITION, "excel": FLAG, **_DOWNLOAD},
        answers=CSV,
    ),
    ("GET", "/skus.ndjson"): Operation(
        "The SKUs as a download",
        query={**_SKU_FILTER, "after": SKU_POSITION, **_DOWNLOAD},
        answers=NDJSON,
    ),
    ("GET", "/brands/{brand_id}/edit"): Operation("The form that renames a brand"),
    ("POST", "/brands/{brand_id}/edit"): Operation(
        "Rename a brand", form={**_EDIT, "brand_name": TEXT}, statuses=_SAVED
    ),
    ("POST", "/brands/{brand_id}/delete"): Operation(
        "Delete a brand",
        form={**_EDIT, "products": COUNT, "skus": COUNT},
        statuses=_SAVED,
    ),
    ("GET", "/products/{product_id}/edit"): Operation("The form that edits a product"),
    ("POST", "/products/{product_id}/edit"): Operation(
        "Edit a product",
        form={**_EDIT, "product_name": TEXT, "brand_id": ID, "brand": TEXT},
        statuses=_SAVED,
    ),
    ("POST", "/products/{product_id}/delete"): Operation(
        "Delete a product",
        form={**_EDIT, "products": COUNT, "skus": COUNT},
        statuses=_SAVED,
    ),
    ("GET", "/colors"): Operation("The colors", query={"change": ID, "merged": FLAG}),
    ("POST", "/colors"): Operation("Create a color", form={**_KEY, **_COLOR}, statuses=_SAVED),
    ("GET", "/colors/{color_id}/edit"): Operation("The form that edits a color"),
    ("POST", "/colors/{color_id}/edit"): Operation(
        "Edit a color", form={**_EDIT, **_COLOR}, statuses=_SAVED
    ),
    ("POST", "/colors/{color_id}/delete"): Operation("Delete a color", form=_EDIT, statuses=_SAVED),
    ("GET", "/sizes"): Operation("The sizes", query={"change": ID, "merged": FLAG}),
    ("POST", "/sizes"): Operation("Create a size", form={**_KEY, **_SIZE}, statuses=_SAVED),
    ("GET", "/sizes/{size_id}/edit"): Operation("The form that edits a size"),
    ("POST", "/sizes/{size_id}/edit"): Operation(
        "Edit a size", form={**_EDIT, **_SIZE}, statuses=_SAVED
    ),
    ("POST", "/sizes/{size_id}/delete"): Operation("Delete a size", form=_EDIT, statuses=_SAVED),
    ("GET", "/search"): Operation(
        "Search names and ids", query={"q": {"type": "string", "maxLength": MAX_SEARCH_TEXT}}
    ),
    ("POST", "/search"): Operation("Look a pasted list up", form=_PASTED, statuses=(200, 422)),
    ("POST", "/search/found.csv"): Operation(
        "What was found of a pasted list",
        query={"excel": FLAG},
        form=_PASTED,
        answers=CSV,
        statuses=(200, 422),
    ),
    ("POST", "/search/unknown.txt"): Operation(
        "What was not found of a pasted list", form=_PASTED, answers=PLAIN, statuses=(200, 422)
    ),
    ("GET", "/downloads"): Operation(
        "The panel that builds a download",
        query={
            "what": one_of(*WHATS),
            "form": one_of(*FORMS),
            "q": SHORT,
            **_SKU_FILTER,
            # A brand's name does, too.
            "brand_id": SHORT,
        },
    ),
    ("GET", "/downloads/status"): Operation(
        "What is known of one download", query=_DOWNLOAD, answers=JSON
    ),
    ("GET", "/history"): Operation(
        "The change sets, newest first",
        query={
            "noun": one_of(*NOUN_LABELS),
            "person": SHORT,
            "since": DAY,
            "until": DAY,
            "brand_id": ID,
            "product_id": ID,
            **_PAGED,
        },
    ),
    ("GET", "/changes/{change_id}"): Operation("What one request changed"),
    ("POST", "/changes/{change_id}/undo"): Operation(
        "Undo a change set", form=_KEY, statuses=_SAVED
    ),
    ("POST", "/api/brands/check"): Operation(
        "What stands against names of brands",
        json=_object("brand_names", list_of(TEXT, 10_000)),
        answers=JSON,
    ),
    ("POST", "/api/products/batch"): Operation(
        "Many products with their SKUs",
        json=_object("product_ids", list_of(_JSON_ID, 10_000)),
        answers=NDJSON,
    ),
    ("GET", "/api/openapi.json"): Operation("This document", answers=JSON),
    ("GET", "/sign-in"): Operation("The form that signs in", query=_NEXT, statuses=(200, 303)),
    ("POST", "/sign-in"): Operation(
        "Sign in",
        form={"account_name": TEXT, "password": TEXT, **_NEXT, "held": TEXT},
        statuses=(200, 303, 401, 429),
    ),
    ("GET", "/sign-in/provider"): Operation(
        "Sign in elsewhere", query=_NEXT, statuses=(303, 404, 429, 502)
    ),
    ("GET", "/sign-in/callback"): Operation(
        "The way back from there",
        query={"state": TEXT, "code": TEXT, "error": TEXT},
        statuses=(303, 403, 404, 429, 502),
    ),
    ("POST", "/sign-out"): Operation("Sign this browser out", statuses=(303,)),
    ("POST", "/sign-out/everywhere"): Operation("Sign out in every browser", statuses=(303, 401)),
    ("GET", "/partner-keys"): Operation("The partners’ keys"),
    ("POST", "/partner-keys"): Operation(
        "Make a partner’s key",
        form={"partner_key_name": TEXT, "requests_per_minute": COUNT, "rows_per_day": COUNT},
        statuses=(200, 422),
    ),
    ("POST", "/partner-keys/{partner_key_id}/revoke"): Operation(
        "Revoke a partner’s key", statuses=(303,)
    ),
    ("GET", "/system"): Operation("How the desk is"),
    ("GET", "/metrics"): Operation("The numbers that Prometheus reads", answers=PLAIN),
    ("POST", "/preferences"): Operation(
        "Choose language, theme and density",
        form={name: one_of(*values) for name, values in CHOICES.items()} | _NEXT,
        statuses=(303, 422),
    ),
    ("GET", "/styleguide"): Operation("Every component of the pages", statuses=(200, 404)),
    ("GET", "/static/{path}"): Operation("Style and scripts", answers="*/*", statuses=(200, 404)),
    ("GET", "/healthz"): Operation("Whether the process answers", answers=PLAIN),
    ("GET", "/readyz"): Operation(
        "Whether requests should come here", answers=PLAIN, statuses=(200, 503)
    ),
}
