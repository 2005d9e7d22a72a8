"""The documentation says what the code does."""

import re
from pathlib import Path

import pytest

from web.routes import ROUTES, Route
from web.settings import Settings, variable_of

ROOT = Path(__file__).resolve().parents[1]


@pytest.mark.parametrize("name", list(Settings.model_fields))
def test_every_setting_is_documented_with_its_default(name: str) -> None:
    field = Settings.model_fields[name]
    default = "none" if field.default is None else f"`{field.default}`"
    row = f"| `{variable_of(name)}` | {default} | {field.description} |"
    assert row in (ROOT / "docs" / "settings.md").read_text(encoding="utf-8")


@pytest.mark.parametrize("route", ROUTES, ids=lambda route: f"{route.method} {route.path}")
def test_every_address_is_documented(route: Route) -> None:
    text = (ROOT / "docs" / "addresses.md").read_text(encoding="utf-8")
    assert re.search(rf"`{route.method} {re.escape(route.path)}[`?]", text)


@pytest.mark.parametrize(
    "page", ["README.md", "CONTRIBUTING.md", "docs/addresses.md", "docs/operations.md"]
)
def test_every_link_leads_to_a_file(page: str) -> None:
    text = (ROOT / page).read_text(encoding="utf-8")
    links = re.findall(r"\]\((?!https?:)([^)#]+)", text)
    missing = [link for link in links if not ((ROOT / page).parent / link).exists()]
    assert not missing
