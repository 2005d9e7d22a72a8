"""The deadline of a process's end."""

import asyncio

from web.ending import Ending


async def test_without_an_end_everything_has_its_usual_time() -> None:
    assert Ending().time_for(5.0) == 5.0


async def test_far_end_gives_nobody_more_than_usual() -> None:
    ending = Ending()
    ending.begin(3600.0)
    assert ending.time_for(5.0) == 5.0


async def test_near_end_is_shared_among_those_who_close_one_after_the_other() -> None:
    ending = Ending()
    ending.begin(60.0)

    first, last = ending.time_for(3600.0, before=20.0), ending.time_for(3600.0)

    assert 0 < first <= 40.0
    assert first < last <= 60.0


async def test_past_end_leaves_a_moment() -> None:
    ending = Ending()
    ending.begin(0.0)
    await asyncio.sleep(0)

    assert 0 < ending.time_for(5.0) < 1.0
