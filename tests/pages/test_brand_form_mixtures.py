"""Any mixture of lines in any mode: what is said and what is saved is what a model says."""

from dataclasses import dataclass

from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from tests.desk import CatalogMaker, Desk, post_form

# Ways to type each of a few names.
SPELLINGS = [
    ["Levis", "LEVIS", "  levis ", "Ｌｅｖｉｓ"],
    ["Straße", "STRASSE"],
    ["Café", "Cafe\u0301"],
    ["Red Wing", "red  \u00a0wing"],
    ["O'Neil; --", "o'neil; --"],
    ["7", "\u3000７"],
]
NAME_OF = {spelling: index for index, ways in enumerate(SPELLINGS) for spelling in ways}
PROBLEMS = {
    "a\tb": "It holds a control character, such as a tab.",
    "\u200b": "It has no letter, digit, punctuation or symbol.",
    "x" * 201: "It is 201 characters long; at most 200 are possible.",
}
lines = st.lists(st.sampled_from([*NAME_OF, *NAME_OF, *PROBLEMS, "", " "]), max_size=14)


@dataclass
class Expected:
    """What the model says: of each line by number why it is not good, or None."""

    verdicts: dict[int, str | None]
    new: list[str]

    @property
    def is_invalid(self) -> bool:
        return any(verdict in PROBLEMS.values() for verdict in self.verdicts.values())


def model(typed: list[str], existing: set[int]) -> Expected:
    expected = Expected({}, [])
    first: dict[int, int] = {}
    for number, line in enumerate(typed, start=1):
        if not line.strip():
            continue
        if line in PROBLEMS:
            expected.verdicts[number] = PROBLEMS[line]
        elif NAME_OF[line] in existing:
            expected.verdicts[number] = f"{SPELLINGS[NAME_OF[line]][0]} exists already."
        elif NAME_OF[line] in first:
            expected.verdicts[number] = f"It repeats line {first[NAME_OF[line]]}."
        else:
            first[NAME_OF[line]] = number
            expected.verdicts[number] = None
            expected.new.append(line.strip(" \u3000"))
    return expected


@settings(
    max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    typed=lines,
    existing=st.sets(st.integers(0, len(SPELLINGS) - 1)),
    mode=st.sampled_from(["all", "new", "check"]),
    line_end=st.sampled_from(["\r\n", "\n", "\r"]),
)
@example(typed=["Levis", "LEVIS", "a\tb"], existing=set(), mode="new", line_end="\n")
@example(typed=["Levis", "LEVIS", "7"], existing={0}, mode="new", line_end="\n")
async def test_any_mixture_in_any_mode(
    desk: Desk,
    catalog: CatalogMaker,
    typed: list[str],
    existing: set[int],
    mode: str,
    line_end: str,
) -> None:
    await catalog.connection.execute("delete from brand")
    there = [SPELLINGS[index][0] for index in sorted(existing)]
    await catalog.brands(there)
    changes = await catalog.value("select count(*) from change_set")
    expected = model(typed, existing)
    bad = {number: why for number, why in expected.verdicts.items() if why is not None}

    page = await post_form(desk, "/brands", {"brand_name": line_end.join(typed), "mode": mode})

    nothing = not expected.verdicts
    saves = mode != "check" and bool(expected.new) and (mode == "new" or not bad)
    if nothing:
        status = 422
    elif saves:
        status = 200 if bad else 303
    else:
        status = 200 if mode == "check" else 422 if expected.is_invalid else 409
    assert page.status == status

    saved = expected.new if saves else []
    assert await catalog.column("select brand_name from brand order by brand_id") == there + saved
    assert await catalog.value("select count(*) from change_set") == changes + bool(saved)
    if status == 303:
        return
    assert ("Nothing was saved." in page.text) == (not saved)
    assert page.typed == line_end.join(typed)
    said = {int(row[0]): row[2] for row in page.rows[1:]}
    if len(expected.verdicts) == 1:
        assert not said
        assert all(why in page.text for why in bad.values())
    elif not nothing:
        assert {number: said[number] for number in bad} == bad
        good = set(said) - set(bad)
        assert good == set(expected.verdicts) - set(bad)
        outcome = "was created." if saved else "would be" if mode == "check" else "could be saved."
        assert all(outcome in said[number] for number in good)
    if saved:
        assert f"{len(saved)} of {len(expected.verdicts)} lines " in page.text
