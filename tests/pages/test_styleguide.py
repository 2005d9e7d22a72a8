"""The style guide is there for those who build the pages, and for nobody else."""

from tests.desk import Desk, OpenDesk, get_page


async def test_style_guide_is_not_there_unless_asked_for(desk: Desk) -> None:
    assert (await get_page(desk, "/styleguide")).status == 404


async def test_style_guide_shows_every_component_in_development(open_desk: OpenDesk) -> None:
    page = await get_page(await open_desk(development=True), "/styleguide")

    assert page.status == 200
    classes = {
        name for element in page.elements for name in element.attributes.get("class", "").split()
    }
    assert {
        *("button", "primary", "danger", "quiet", "field", "problem", "message", "badge"),
        *("rows", "chip", "pager", "empty", "skeleton", "grid", "tag", "swatch", "search"),
    } <= classes
    assert {"dialog", "progress", "select"} <= {element.tag for element in page.elements}
