"""Deleting brands, products, colors and sizes: at once, after asking, or not at all."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from aiohttp import web

from web.catalog import deletes
from web.catalog.deletes import AskFirstError, Deletable, Dependents, InUseError, delete
from web.catalog.edits import NoSuchRowError
from web.changes.change_sets import current_change_set
from web.changes.idempotency import Outcome
from web.database.pool import Connection
from web.forms import form_fields
from web.inputs import id_from, path_id
from web.keys import SETTINGS
from web.languages import gettext
from web.pages import nouns
from web.pages.edit_fields import BRAND_FIELD, label_of
from web.pages.edits import VERSION_FIELD
from web.pages.nouns import Noun
from web.pages.saving import new_key, save
from web.templates import render

_COUNT = re.compile(r"[0-9]{1,18}")


@dataclass(frozen=True, slots=True)
class _FieldChange:
    label: str
    before: str
    now: str


@dataclass(frozen=True, slots=True)
class DeletePages:
    """How the rows of one noun are deleted."""

    noun: Noun
    deletable: Deletable

    async def delete(self, request: web.Request) -> web.Response:
        """Delete a row with all that belongs to it, or say what that is and ask."""
        row_id = path_id(request, self.noun.id_name)
        fields = await form_fields(request)
        version = id_from(fields.get(VERSION_FIELD, ""))
        if version is None:
            raise web.HTTPUnprocessableEntity(
                text=gettext(
                    "The form does not say which version is to be deleted. Nothing was deleted."
                )
            )
        confirmed = _confirmed(fields)

        async def work(connection: Connection) -> Outcome:
            seconds = request.app[SETTINGS].long_query_timeout
            await delete(connection, self.deletable, row_id, version, confirmed, seconds)
            change_set_id = await current_change_set(connection)
            url = self.noun.list_url(request).with_query(change=change_set_id)
            return Outcome(change_set_id, str(url))

        try:
            outcome = await save(request, fields, work)
        except NoSuchRowError:
            unsaved = gettext("Nothing was deleted.")
            raise web.HTTPNotFound(text=f"{self.noun.not_found(row_id)} {unsaved}") from None
        except AskFirstError as error:
            return self._ask(request, row_id, error, version, confirmed)
        except InUseError as error:
            return self._refused(request, row_id, error)
        raise web.HTTPSeeOther(outcome.location or str(self.noun.list_url(request)))

    def _ask(
        self,
        request: web.Request,
        row_id: int,
        error: AskFirstError,
        version: int,
        confirmed: Dependents | None,
    ) -> web.Response:
        """Say what would go, and what of it is not as the person saw it, and ask."""
        row, original = error.row, error.original or {}
        changes = [
            _FieldChange(_label(name), original[name], now)
            for name, now in row.fields.items()
            if original.get(name, now) != now
        ]
        return render(
            request,
            "deletes/ask.html",
            {
                "changed_text": gettext(self.noun.texts.changed),
                "name": row.name,
                "version": row.version,
                "key": new_key(),
                "dependents": error.dependents,
                "confirmed": confirmed if confirmed != error.dependents else None,
                "is_changed": row.version != version,
                "changes": changes,
                "action": self.noun.route(request, "delete", row_id),
                "back": self.noun.row_url(request, row_id),
                "status": 409,
            },
            status=409,
        )

    def _refused(self, request: web.Request, row_id: int, error: InUseError) -> web.Response:
        """Say how many SKUs come in the color or size, and where they are."""
        return render(
            request,
            "deletes/in_use.html",
            {
                "noun": self.noun.name,
                "name": error.row.name,
                "skus": error.skus,
                "skus_url": request.app.router["skus"]
                .url_for()
                .with_query({self.noun.id_name: row_id}),
                "all_text": gettext(self.noun.texts.all),
                "back": self.noun.list_url(request),
                "status": 409,
            },
            status=409,
        )


def _label(field: str) -> str:
    # Beside it stand numbers.
    return gettext("Brand’s number") if field == BRAND_FIELD else label_of(field)


def _confirmed(fields: Mapping[str, str]) -> Dependents | None:
    """Return how much the person was told would go; None if the form does not say."""
    products, skus = fields.get("products", ""), fields.get("skus", "")
    if not _COUNT.fullmatch(products) or not _COUNT.fullmatch(skus):
        return None
    return Dependents(int(products), int(skus))


BRAND: Final = DeletePages(nouns.BRAND, deletes.DELETE_BRAND)
PRODUCT: Final = DeletePages(nouns.PRODUCT, deletes.DELETE_PRODUCT)
COLOR: Final = DeletePages(nouns.COLOR, deletes.DELETE_COLOR)
SIZE: Final = DeletePages(nouns.SIZE, deletes.DELETE_SIZE)
