"""Plans of PostgreSQL's planner: asking for them, and reading them."""

import json
from collections.abc import Iterator
from typing import Any

from web.database.pool import Connection
from web.database.queries import Query

PAGE = 51
# Tables of a few rows, which are read whole whatever is asked.
SMALL = {"product_color", "product_size"}
FILTERS = ("product_id", "brand_id", "color_id", "size_id")

Node = dict[str, Any]  # a node of a plan, as EXPLAIN writes it in JSON


async def plan(connection: Connection, query: Query, **values: object) -> list[Node]:
    """Return the nodes of the plan of a query."""
    return await explained(connection, query, values, "format json")


async def executed(connection: Connection, query: Query, **values: object) -> list[Node]:
    """Run a query and return the nodes of its plan, with the rows that came of each."""
    return await explained(connection, query, values, "format json, analyze, timing off")


async def explained(
    connection: Connection, query: Query, values: dict[str, object], options: str
) -> list[Node]:
    """Explain a query as a prepared statement.

    EXPLAIN with parameters of its own would plan for their values, whatever is asked for.
    """
    sql, arguments = query.bind(**values)
    literals = f"({', '.join(map(literal, arguments))})" if arguments else ""
    await connection.execute(f"prepare shown as {sql}")
    try:
        text = await connection.fetchval(f"explain ({options}) execute shown {literals}")
    finally:
        await connection.execute("deallocate shown")
    return list(nodes_of(json.loads(text)[0]["Plan"]))


def literal(value: object) -> str:
    text = f"{{{','.join(map(str, value))}}}" if isinstance(value, list) else str(value)
    quoted = text.replace("'", "''")
    return f"'{quoted}'"


def nodes_of(node: Node) -> Iterator[Node]:
    yield node
    for child in node.get("Plans", []):
        yield from nodes_of(child)


def indexes(nodes: list[Node]) -> set[str]:
    return {node["Index Name"] for node in nodes if "Index Name" in node}


def scanned_whole(nodes: list[Node]) -> set[str]:
    """Return the tables that are read from end to end."""
    return {node["Relation Name"] for node in nodes if node["Node Type"] == "Seq Scan"}


def rows_read(nodes: list[Node]) -> float:
    """Return how many rows were taken from tables and their indexes, those thrown away included."""
    read = sum(
        node["Actual Loops"]
        * (
            node["Actual Rows"]
            + node.get("Rows Removed by Filter", 0)
            + node.get("Rows Removed by Index Recheck", 0)
        )
        for node in nodes
        if "Relation Name" in node or node["Node Type"] == "Bitmap Index Scan"
    )
    return float(read)


def sorts(nodes: list[Node]) -> list[Node]:
    return [node for node in nodes if "Sort" in node["Node Type"]]
