"""Edits that meet: whatever two people do, none of it is lost without a word."""

from hypothesis import given
from hypothesis import strategies as st

from web.changes.merging import Fields, StaleVersionError, merge

NAMES = ("name", "brand", "hex")
# Few values, so that people often mean the same.
rows = st.fixed_dictionaries({name: st.sampled_from(["", "a", "b", "c"]) for name in NAMES})
originals = st.one_of(st.none(), rows)


def _merged(original: Fields | None, theirs: Fields, yours: Fields) -> Fields | StaleVersionError:
    try:
        return merge(original, theirs, yours, version=2)
    except StaleVersionError as stale:
        return stale


@given(original=originals, one=rows, other=rows)
def test_order_of_two_edits_does_not_change_what_is_kept(
    original: Fields | None, one: Fields, other: Fields
) -> None:
    first, second = _merged(original, one, other), _merged(original, other, one)

    if isinstance(first, StaleVersionError):
        assert isinstance(second, StaleVersionError)
        assert first.merged == second.merged
        assert {(c.field, c.original, c.theirs, c.yours) for c in first.collisions} == {
            (c.field, c.original, c.yours, c.theirs) for c in second.collisions
        }
    else:
        assert first == second


@given(original=rows, theirs=rows, yours=rows)
def test_every_change_is_kept_or_asked_about(
    original: Fields, theirs: Fields, yours: Fields
) -> None:
    result = _merged(original, theirs, yours)

    if isinstance(result, StaleVersionError):
        collided = {collision.field for collision in result.collisions}
        kept = result.merged
    else:
        collided, kept = set(), result
    assert collided | kept.keys() == set(NAMES)
    for name, value in kept.items():
        changes = {row[name] for row in (theirs, yours)} - {original[name]}
        assert value == (changes.pop() if changes else original[name])
        assert not changes
    for name in collided:
        assert len({original[name], theirs[name], yours[name]}) == 3


@given(theirs=rows, yours=rows)
def test_without_an_original_every_difference_is_asked_about(theirs: Fields, yours: Fields) -> None:
    result = _merged(None, theirs, yours)

    collided = (
        {collision.field for collision in result.collisions}
        if isinstance(result, StaleVersionError)
        else set()
    )
    assert collided == {name for name in NAMES if theirs[name] != yours[name]}


@given(original=originals, theirs=rows, yours=rows)
def test_choice_after_a_collision_is_saved_as_chosen(
    original: Fields | None, theirs: Fields, yours: Fields
) -> None:
    result = _merged(original, theirs, yours)

    if isinstance(result, StaleVersionError):
        # The choice is an edit of the row as it is now, on which nobody else has saved.
        chosen = {**result.merged, **{c.field: c.yours for c in result.collisions}}
        assert merge(result.theirs, theirs, chosen, version=2) == chosen


@given(original=rows, theirs=rows, name=st.sampled_from(NAMES))
def test_field_that_an_edit_does_not_name_stays_as_it_is(
    original: Fields, theirs: Fields, name: str
) -> None:
    assert merge(original, theirs, {name: original[name]}, version=2) == {name: theirs[name]}
