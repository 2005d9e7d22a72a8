"""Named SQL queries: the files in sql/queries, read once at import.

A file holds several queries, each under a line `-- name: x`, and can be run in
psql as it stands: parameters are written `:name`. A line that ends in
`-- if x` (or `-- if x and y`) belongs to the query only when those parameters
are given, which is how one query serves a list with and without its filters.
"""

import re
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

QUERIES_DIR = Path(__file__).resolve().parents[2] / "sql" / "queries"

_NAME = re.compile(r"^-- name: (\w+)$", re.MULTILINE)
_OPTIONAL = re.compile(r"^.*-- if (\w+)(?: and (\w+))?$", re.MULTILINE)
# A string literal, a comment or a cast is passed over; a parameter is what remains.
_PARAMETER = re.compile(r"'(?:[^']|'')*'|--[^\n]*|::|:([a-z]\w*)")


class LiteralNumber(int):
    """A number that goes into the SQL itself, so that PostgreSQL plans for it every time.

    Of a parameter it forgets the value after five executions: the plan for any color reads ten
    million SKUs (0.6 to 4 s) to find the five of a rare one, which their own index finds in 1 ms.
    For numbers of which few are asked for: each makes a prepared statement of its own.
    """


@dataclass(frozen=True, slots=True)
class Query:
    """One named query with its text as it stands in the file."""

    name: str
    text: str

    def bind(self, **values: object) -> tuple[str, list[object]]:
        """Return the SQL with `$n` parameters, and the arguments in that order.

        A value of None counts as not given: the optional lines that need it are
        left out. A `LiteralNumber` is written into the SQL.

        Raises:
            KeyError: a parameter that the query needs was not given.
        """
        given = {name: value for name, value in values.items() if value is not None}
        literals = frozenset(
            (name, int(value)) for name, value in given.items() if isinstance(value, LiteralNumber)
        )
        sql, parameters = _compiled(self.text, frozenset(given), literals)
        return sql, [given[name] for name in parameters]

    def optional_parameters(self) -> list[str]:
        """Return the parameters whose lines may be left out, in order."""
        found = [name for names in _OPTIONAL.findall(self.text) for name in names if name]
        return list(dict.fromkeys(found))


def load_queries(noun: str) -> dict[str, Query]:
    """Return the queries of `sql/queries/<noun>.sql` by name.

    Raises:
        ValueError: two queries of the file have the same name.
    """
    path = QUERIES_DIR / f"{noun}.sql"
    _, *parts = _NAME.split(path.read_text(encoding="utf-8"))
    queries = {
        name: Query(f"{noun}.{name}", text.strip().removesuffix(";"))
        for name, text in zip(parts[::2], parts[1::2], strict=True)
    }
    if len(queries) != len(parts) // 2:
        raise ValueError(f"{path.name} names a query twice")
    return queries


@lru_cache(maxsize=1024)
def _compiled(
    text: str, given: frozenset[str], literals: frozenset[tuple[str, int]]
) -> tuple[str, list[str]]:
    """Return the SQL of one set of given parameters, and the parameters by number."""
    parameters: list[str] = []
    written = dict(literals)

    def numbered(match: re.Match[str]) -> str:
        name = match[1]
        if name is None:
            return match[0]
        if name in written:
            return str(written[name])
        if name not in parameters:
            parameters.append(name)
        return f"${parameters.index(name) + 1}"

    kept = _OPTIONAL.sub(
        lambda line: line[0] if set(filter(None, line.groups())) <= given else "", text
    )
    return _PARAMETER.sub(numbered, kept), parameters
