"""Several people at once: in whatever order they act, the catalog is what they were told.

Each works from what they saw when they last looked, so that their forms meet what others have
changed since. Forms sent at the same moment have to be explained by one order of them. After every
moment the tables are those of a model in Python that does what was acknowledged and nothing else.
"""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import count, permutations

import pytest
from hypothesis import HealthCheck, given, note, settings
from hypothesis import strategies as st

from tests.changes.model.desk import effects_of, empty, rows_of, send, with_effects
from tests.changes.model.forms import (
    AddSkus,
    Answer,
    Content,
    CreateBrands,
    CreateProduct,
    Delete,
    Edit,
    Form,
    Model,
    RemoveSkus,
    Undo,
)
from tests.changes.model.rows import Key, Row, Rows
from tests.database.replay import current_rows, replayed_rows
from tests.database.test_change_set_counts import assert_change_set_counts
from tests.database.test_counts import assert_counts
from tests.desk import CatalogMaker, Desk

INTERLEAVINGS = 1000
# Each a test of its own, so that they are shared among processes.
PARTS = 20

BRAND_NAMES = ("Levis", "LEVIS", "Lee", "Gap", "gap", "Wrangler", "Diesel", "lee")
PRODUCT_NAMES = ("Shirt", "Jeans", "Anorak")
ACTIONS = (
    "look",
    "send again",
    "create brands",
    "create product",
    "add SKUs",
    "remove SKUs",
    "edit brand",
    "edit product",
    "move product",
    "delete brand",
    "delete product",
    "undo",
    "undo",
)


@dataclass(frozen=True)
class Step:
    """What somebody does next; the numbers choose among what they see."""

    person: int
    action: str
    a: int
    b: int


STEPS = st.builds(
    Step, st.integers(0, 2), st.sampled_from(ACTIONS), st.integers(0, 7), st.integers(0, 7)
)
# The steps of a moment are taken at the same time.
MOMENTS = st.lists(st.lists(STEPS, min_size=1, max_size=3), min_size=1, max_size=8)


@dataclass
class Person:
    """What somebody saw when they last looked, and the form that they sent last."""

    seen: Rows
    sent: Form | None = None

    def form(self, step: Step, keys: "count[int]", changes: Sequence[int]) -> Form | None:
        """Return the form that a step sends, made of what was seen; None if it sends none."""
        if step.action == "send again":
            return self.sent
        content = self._content(step, changes)
        if content is not None:
            self.sent = Form(f"key-{next(keys)}", content)
            return self.sent
        return None

    def _content(  # noqa: PLR0911 - one a form
        self, step: Step, changes: Sequence[int]
    ) -> Content | None:
        a, b = step.a, step.b
        grid = ((1, 1 + b % 3, 1 + a % 2), (2, 1, b % 2))
        if step.action == "create brands":
            return CreateBrands(tuple({BRAND_NAMES[a]: 1, BRAND_NAMES[b]: 1})[: 1 + a % 2])
        if step.action == "undo":
            return Undo(changes[-1 - a % min(len(changes), 5)])
        verb, noun = step.action.split()
        rows = sorted(self.seen.of("brand" if noun == "brand" or verb == "create" else "product"))
        if not rows:
            return None
        key, row = rows[a % len(rows)]
        name = BRAND_NAMES[b] if noun == "brand" else PRODUCT_NAMES[b % 3]
        match verb:
            case "create":
                return CreateProduct((name, key.row_id), grid)
            case "add":
                return AddSkus(key.row_id, grid)
            case "remove":
                skus = sorted(self.seen.dependents(key)[1])[: 1 + b % 3]
                return RemoveSkus(key.row_id, tuple(sku.row_id for sku in skus)) if skus else None
            case "edit":
                return Edit(key, row.version, (name, *row.values[1:]))
            case "move":
                brands = sorted(self.seen.of("brand"))
                goal = brands[b % len(brands)][0].row_id if brands else 1
                return Edit(key, row.version, (row.values[0], goal))
        products, skus = self.seen.dependents(key)
        return Delete(key, row.version, (len(products), len(skus)))


async def _first_rows(catalog: CatalogMaker) -> Rows:
    """Fill the catalog in one change set, and return what is in it."""
    await empty(catalog)
    async with catalog.connection.transaction():
        levis, lee = await catalog.brands(["Levis", "Lee"])
        await catalog.skus(await catalog.product("Shirt", levis), 2)
        await catalog.product("Jeans", levis)
        await catalog.skus(await catalog.product("Anorak", lee), 1, size_id=2)
        change_id = await catalog.value("select current_change_set()")
    rows = Rows()
    rows.sets = await effects_of(catalog, [change_id])
    rows.change(rows.sets[change_id])
    return rows


def _explained(
    model: Model, forms: Sequence[Form], answers: Sequence[Answer], rows: dict[Key, Row]
) -> Model:
    """Return the model after forms that were sent at the same moment, in an order that fits."""
    for order in permutations(zip(forms, answers, strict=True)):
        after = model.copy()
        if all(after.send(form, answer) for form, answer in order) and after.catalog.rows == rows:
            return after
    raise AssertionError("the model cannot explain these answers and tables")


@settings(
    max_examples=INTERLEAVINGS // PARTS,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@pytest.mark.parametrize("_part", range(PARTS))
@given(moments=MOMENTS)
async def test_catalog_is_what_everybody_was_told(
    desk: Desk, catalog: CatalogMaker, _part: int, moments: list[list[Step]]
) -> None:
    model, keys = Model(await _first_rows(catalog)), count(1)
    people = [Person(model.catalog.copy()) for _ in range(3)]
    for steps in moments:
        changes = sorted(model.catalog.sets)
        forms = []
        for step in steps:
            if step.action == "look":
                people[step.person].seen = model.catalog.copy()
            elif form := people[step.person].form(step, keys, changes):
                forms.append(form)
        answers = await asyncio.gather(*(send(desk, form) for form in forms))
        answers = await with_effects(catalog, answers)
        note(f"{forms}\n{answers}")
        model = _explained(model, forms, answers, await rows_of(catalog))

    await assert_counts(catalog.connection)
    await assert_change_set_counts(catalog.connection)
    assert await replayed_rows(catalog, {}) == {
        key: row
        for key, row in (await current_rows(catalog)).items()
        if key[0] not in {"color", "size"}
    }
