"""The template engine: whatever is done in fewer steps comes to what Jinja2 would have made."""

from enum import StrEnum

import jinja2
import markupsafe
import pytest
from hypothesis import given
from hypothesis import strategies as st
from markupsafe import Markup
from yarl import URL

from web.languages import current_language, use_language
from web.template_engine import Environment, escape, memoized


class Shade(StrEnum):
    BLUE = "<blue>"


VALUES = st.one_of(
    st.text(),
    st.text(alphabet="&<>'\"a "),
    st.integers(),
    st.booleans(),
    st.none(),
    st.floats(),
    st.text().map(Markup),
    st.sampled_from(Shade),
    st.just(URL("/skus?a=1&b='2'")),
)


def rendered(source: str, **context: object) -> str:
    environment = Environment(jinja2.DictLoader({"page": source}))
    return environment.get_template("page").render(context)


@given(VALUES)
def test_a_value_is_escaped_as_markupsafe_does(value: object) -> None:
    assert escape(value) == markupsafe.escape(value)


@given(st.text())
def test_text_of_a_template_is_escaped_once(text: str) -> None:
    source = (
        "{% macro inner(text) %}<b>{{ text }}</b>{% endmacro %}"
        "{% macro outer(text) %}{{ inner(text) }}{% endmacro %}"
        "{% set kept %}{{ outer(text) }}{% endset %}{{ kept }}"
    )

    assert rendered(source, text=text) == f"<b>{markupsafe.escape(text)}</b>"


def test_compiled_templates_escape_in_few_steps() -> None:
    environment = Environment(jinja2.DictLoader({"page": "{{ text }}"}))

    template = environment.get_template("page")

    assert template.root_render_func.__globals__["escape"] is escape


def test_functions_get_their_arguments_alone_and_the_context_when_they_ask_for_it() -> None:
    @jinja2.pass_context
    def looked_up(context: jinja2.runtime.Context, name: str) -> object:
        return context[name]

    def added(first: int, second: int = 1) -> int:
        return first + second

    source = (
        "{% block all %}{% set place = 'block' %}{{ looked_up('place') }}"
        "{% for number in (1, 2) %}{% set next = number + 1 %}"
        " {{ added(number, second=number) }} {{ looked_up('next') }}"
        "{% endfor %}{% endblock %}"
    )

    assert rendered(source, looked_up=looked_up, added=added) == "block 2 2 4 3"


def test_name_or_attribute_that_is_not_there_is_an_error() -> None:
    with pytest.raises(jinja2.UndefinedError):
        rendered("{{ nobody }}")
    with pytest.raises(AttributeError):
        rendered("{{ text.nothing }}", text="")


def test_memoized_macro_is_made_once_for_each_language_and_arguments() -> None:
    made = []

    def macro(value: object) -> Markup:
        made.append((current_language(), value))
        return Markup("<b>{}</b>").format(value)

    kept = memoized(macro)
    for language in ("en", "de", "en", "de"):
        use_language(language)
        assert kept("<") == "<b>&lt;</b>"
        # Equal to a text, and yet another thing.
        assert kept(Markup("<")) == "<b><</b>"
    use_language("en")

    assert made == [("en", "<"), ("en", "<"), ("de", "<"), ("de", "<")]
