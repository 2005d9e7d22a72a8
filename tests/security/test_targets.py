"""What the scan for SQL injection starts from is good: it gets to where the queries are."""

import re

from yarl import URL

from tests.desk import CatalogMaker, Desk
from tests.security.rows import make_rows
from tests.security.targets import MARK, find_targets
from web.api.operations import OPERATIONS


async def test_each_parameter_has_a_good_request(desk: Desk, catalog: CatalogMaker) -> None:
    rows = await make_rows(catalog)
    async with desk.get("/api/openapi.json") as response:
        targets = find_targets(await response.json(), rows)

    refused = []
    for target in targets:
        headers = {"Content-Type": target.content_type} if target.content_type else {}
        async with desk.request(
            target.method,
            URL(target.good_path, encoded=True),
            data=(target.body or "").replace(MARK, "").encode() or None,
            headers=headers,
            allow_redirects=False,
        ) as response:
            if response.status not in target.answers:
                refused.append((str(target), response.status))
    assert refused == []


async def test_there_is_a_target_for_each_parameter(desk: Desk, catalog: CatalogMaker) -> None:
    rows = await make_rows(catalog)
    async with desk.get("/api/openapi.json") as response:
        targets = find_targets(await response.json(), rows)

    found = {
        (
            one.method,
            one.route,
            one.place,
            one.name.replace("skus_1_1", "skus_<color_id>_<size_id>"),
        )
        for one in targets
    }
    expected = set()
    for (method, route), operation in OPERATIONS.items():
        path = [part.strip("{}") for part in route.split("/") if part.startswith("{")]
        expected |= {(method, route, "path", name) for name in path}
        expected |= {(method, route, "query", name) for name in operation.query or ()}
        expected |= {(method, route, "form", name) for name in operation.form or ()}
        if operation.json is not None:
            (name,) = re.findall(r"'properties': {'(\w+)'", str(operation.json))
            expected.add((method, route, "json", name))
    assert found == expected
    assert len(targets) == len(found)
