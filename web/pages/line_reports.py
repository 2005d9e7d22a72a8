"""What the brand form says of its lines: exact numbers, and as many lines as a page can hold."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, Literal

from web.catalog.brand_lines import BrandLine, LineFinding

# Of 10,000 lines a page took 3 MB. What stands against lines is worth more room than the rest.
MOST_BAD_SHOWN: Final = 1_000
MOST_GOOD_SHOWN: Final = 200

_STORED = ("problem", "repeats", "existing_id", "existing_name", "is_refused", "created_id")


@dataclass(frozen=True, slots=True)
class LineReport:
    """The lines of a form and what came of them.

    `kind` says whether nothing was saved, some lines were, or all was a dry run. In `shown`
    come first the lines that something stands against.
    """

    kind: Literal["refused", "created", "rehearsed"]
    count: int
    bad_count: int
    shown: list[LineFinding]
    hidden_bad_count: int
    hidden_good_count: int
    change_set_id: int | None = None

    @classmethod
    def build(
        cls,
        kind: Literal["refused", "created", "rehearsed"],
        findings: Sequence[LineFinding],
        change_set_id: int | None = None,
    ) -> "LineReport":
        """Return the report of all lines of a form."""
        bad = [finding for finding in findings if not finding.is_good]
        good = [finding for finding in findings if finding.is_good]
        return cls(
            kind,
            count=len(findings),
            bad_count=len(bad),
            shown=bad[:MOST_BAD_SHOWN] + good[:MOST_GOOD_SHOWN],
            hidden_bad_count=max(0, len(bad) - MOST_BAD_SHOWN),
            hidden_good_count=max(0, len(good) - MOST_GOOD_SHOWN),
            change_set_id=change_set_id,
        )

    @property
    def good_count(self) -> int:
        """How many lines nothing stands against."""
        return self.count - self.bad_count

    @property
    def is_list(self) -> bool:
        """Whether there is more to say of the lines than a sentence says of them all."""
        return self.count > 1 and (self.bad_count > 0 or self.kind == "rehearsed")


def to_detail(findings: Sequence[LineFinding]) -> dict[str, object]:
    """Return what came of the lines as an idempotency key keeps it, without what was typed."""
    return {
        "lines": [
            {name: value for name in _STORED if (value := getattr(finding, name))}
            for finding in findings
        ]
    }


def from_detail(lines: Sequence[BrandLine], detail: Mapping[str, Any]) -> list[LineFinding]:
    """Return what came of the lines when the same ones were saved before."""
    return [
        LineFinding(line, **stored) for line, stored in zip(lines, detail["lines"], strict=True)
    ]
