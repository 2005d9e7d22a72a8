"""What an undo takes back: all that nobody has edited or used since, as far as there is room."""

from collections.abc import Iterator

from tests.changes.model.rows import Effect, Effects, Key, Row, Rows

# What was created is removed, what was changed set back, what was deleted brought back: what
# belongs to others goes first and comes last, and what goes leaves room for what comes.
_PHASES = (
    ("sku", "created"),
    ("product", "created"),
    ("brand", "created"),
    ("brand", "changed"),
    ("brand", "deleted"),
    ("product", "changed"),
    ("product", "deleted"),
    ("sku", "deleted"),
)


def undo(rows: Rows, change_id: int) -> Effects:
    """Return what undoing a change set does; nothing if nothing of it can be taken back."""
    rows = rows.copy()
    touched = rows.undone.get(change_id, frozenset())
    left = {key: one for key, one in rows.sets[change_id].items() if key not in touched}
    effects: dict[Key, Effect] = {}
    is_going_on = True
    while is_going_on:
        is_going_on = False
        for noun, kind in _PHASES:
            done = dict(_restored(rows, left, noun, kind))
            rows.change(done)
            effects.update(done)
            left = {key: one for key, one in left.items() if key not in done}
            is_going_on = is_going_on or bool(done)
    return effects


def _restored(rows: Rows, left: Effects, noun: str, kind: str) -> Iterator[tuple[Key, Effect]]:
    for key, (before, after) in left.items():
        now = rows.rows.get(key)
        if (key.noun, _kind(before, after)) != (noun, kind) or not _is_untouched(now, after):
            continue
        if before is None:
            if not any(rows.dependents(key)):
                yield key, (now, None)
        elif _has_room(rows, key, before):
            yield key, (now, _next_version(key, before, now))


def _kind(before: Row | None, after: Row | None) -> str:
    return "created" if before is None else "deleted" if after is None else "changed"


def _is_untouched(now: Row | None, after: Row | None) -> bool:
    if now is None or after is None:
        return now is after
    return now.version == after.version


def _has_room(rows: Rows, key: Key, before: Row) -> bool:
    if key.noun == "brand":
        return rows.is_free(before.values[0], but=key)
    is_product = key.noun == "product"
    owner = ("brand", before.values[1]) if is_product else ("product", before.values[0])
    return owner in rows.rows


def _next_version(key: Key, before: Row, now: Row | None) -> Row:
    """Return the row as it was, in a version that it never had."""
    return before if key.noun == "sku" else before._replace(version=(now or before).version + 1)
