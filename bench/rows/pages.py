"""Every page at the large catalog against the small one, and the search at the large one."""

import re
from collections.abc import Sequence
from html import unescape
from statistics import median
from typing import Final

from bench.data import SMALL, Bench, Catalog
from bench.figures import Row, milliseconds
from bench.http import Client
from bench.rows.page_paths import page_paths, search_paths
from bench.servers import Server

_RUNS: Final = 25
_MORE_RUNS: Final = 75
_MOST: Final = 1.3
_SEARCH_LIMIT: Final = 0.040
# How many times “next” is followed before a page counts as deep.
_STEPS: Final = 3
_NEXT: Final = re.compile(r'rel="next"\s+href="([^"]+)"')


def pages(bench: Bench) -> list[Row]:
    """Measure the p50 of every page, one request at a time, the two servers taking turns."""
    ratios: dict[str, tuple[float, float, float]] = {}
    with bench.serve(bench.large) as large, bench.serve(SMALL) as small:
        sides = Client(large), Client(small)
        found = _paths(bench, bench.large, large), _paths(bench, SMALL, small)
        for name, ours in found[0].items():
            theirs = found[1].get(name)
            if theirs is None:
                continue  # a list that is too short in the small catalog for so deep a page
            p50 = _medians(sides, (ours, theirs))
            ratios[name] = p50[0] / p50[1], *p50
        for client in sides:
            client.close()
    slow = sorted(ratios, key=lambda name: ratios[name][0], reverse=True)
    late = [name for name in slow if ratios[name][0] > _MOST]
    shown = "; ".join(_shown(name, *ratios[name]) for name in slow[:3])
    measured = (
        f"{ratios[slow[0]][0]:.2f} (large against small: {shown}; median of all"
        f" {median(r[0] for r in ratios.values()):.2f}; {len(late)} of {len(slow)} above 1.3)"
    )
    what = f"p50 of {len(slow)} pages at {bench.large.skus:,} SKUs against {SMALL.skus:,}: worst"
    return [Row(what, "≤ 1.3", measured, not late)]


def search(bench: Bench) -> list[Row]:
    """Measure the p50 of searches by substring in the large catalog."""
    medians: dict[str, float] = {}
    with bench.serve(bench.large) as server:
        client = Client(server)
        for name, path in search_paths(bench).items():
            medians[name] = median(_times(client, [path]))
        client.close()
    slow = sorted(medians, key=medians.__getitem__, reverse=True)
    late = [name for name in slow if medians[name] > _SEARCH_LIMIT]
    shown = "; ".join(f"{name} {milliseconds(medians[name])}" for name in slow[:3])
    measured = f"{milliseconds(medians[slow[0]])} ({shown}; {len(late)} of {len(slow)} above 40 ms)"
    return [Row(f"p50 of {len(slow)} searches: worst", "≤ 40 ms", measured, not late)]


def _shown(name: str, ratio: float, ours: float, theirs: float) -> str:
    return f"{name} {ratio:.2f}, {milliseconds(ours)} against {milliseconds(theirs)}"


def _paths(bench: Bench, catalog: Catalog, server: Server) -> dict[str, list[str]]:
    """Return the pages that the server has, those behind “next” included, by name."""
    client = Client(server)
    found: dict[str, list[str]] = {}
    for name, paths in page_paths(bench, catalog).items():
        _, status, text = client.get(paths[0])
        if status == 404:
            continue  # a page of the contract that is still to come
        _require_page(status, paths[0])
        found[name] = paths
        if deep := _behind_next(client, text):
            found[f"{name}, deep"] = [deep]
    client.close()
    return found


def _behind_next(client: Client, text: str) -> str | None:
    path = None
    for _ in range(_STEPS):
        link = _NEXT.search(text)
        if link is None:
            break
        path = unescape(link[1])
        _, status, text = client.get(path)
        _require_page(status, path)
    return path


def _medians(
    sides: tuple[Client, Client], paths: tuple[Sequence[str], Sequence[str]]
) -> tuple[float, float]:
    """Return the p50 of both sides.

    Of a hundred pages the worst is also the noisiest: one that seems too slow is asked for more
    often, and all of its times count.
    """
    times = _in_turns(sides, paths, _RUNS)
    if median(times[0]) > _MOST * median(times[1]):
        more = _in_turns(sides, paths, _MORE_RUNS)
        times = times[0] + more[0], times[1] + more[1]
    return median(times[0]), median(times[1])


def _in_turns(
    sides: tuple[Client, Client], paths: tuple[Sequence[str], Sequence[str]], runs: int
) -> tuple[list[float], list[float]]:
    """Return the times of both sides, which are asked one after the other."""
    times: tuple[list[float], list[float]] = ([], [])
    for run in range(-2, runs):
        for side in (0, 1):
            path = paths[side][run % len(paths[side])]
            seconds, status, _ = sides[side].get(path)
            _require_page(status, path)
            if run >= 0:  # before that the side warms up
                times[side].append(seconds)
    return times


def _times(client: Client, paths: Sequence[str]) -> list[float]:
    return _in_turns((client, client), (paths, paths), _RUNS)[0]


def _require_page(status: int, path: str) -> None:
    if status != 200:
        raise RuntimeError(f"{path} answered {status}")
