"""Jinja2 as the pages need it: what a page does hundreds of times takes few steps.

A page of 50 SKUs escapes 270 values and calls 140 functions, which is a third of its time in
Jinja's own way. What is made differently here is what Jinja lets an environment replace.
"""

import re
from collections.abc import Callable
from functools import lru_cache
from types import CodeType, FunctionType
from typing import Any, Final

import jinja2
import markupsafe
from jinja2.ext import Extension
from jinja2.runtime import Context
from markupsafe import Markup

from web.languages import current_language

# Of each macro: what was asked for last.
_MOST_KEPT: Final = 4096
_has_special_characters: Final = re.compile("[&<>'\"]").search


def escape(value: object) -> str:
    """Return a value as HTML. Numbers and texts without special characters are that already.

    Jinja's own makes a Markup of every value, which takes longer than to look at it.
    """
    if type(value) is Markup:
        return value
    if type(value) is int:
        return str(value)
    if type(value) is str and not _has_special_characters(value):
        return value
    return markupsafe.escape(value)


class _Context(Context):
    """Calls what a template calls: plain functions at once, all else as Jinja does."""

    def call(self, called: Callable[..., Any], /, *arguments: Any, **named: Any) -> Any:  # noqa: ANN401
        if type(called) is not FunctionType or hasattr(called, "jinja_pass_arg"):
            return super().call(called, *arguments, **named)
        if named:
            # Of the blocks and loops around the call, for functions that take the context.
            named.pop("_block_vars", None)
            named.pop("_loop_vars", None)
        return called(*arguments, **named)


class _Compiled(jinja2.BytecodeCache):
    """What was compiled in this process: a second application in it takes 0.5 s less.

    Addresses and hashes stand in it as constants, so it must not outlive the process.
    """

    def __init__(self) -> None:
        self._code: dict[str, bytes] = {}

    def load_bytecode(self, bucket: jinja2.bccache.Bucket) -> None:
        """Take a template that was compiled before."""
        if (code := self._code.get(bucket.key)) is not None:
            bucket.bytecode_from_string(code)

    def dump_bytecode(self, bucket: jinja2.bccache.Bucket) -> None:
        """Keep a template that was compiled."""
        self._code[bucket.key] = bucket.bytecode_to_string()


_COMPILED: Final = _Compiled()


class _WithoutIndentation(Extension):
    """Leaves one space of the indentation of templates: the rest is a quarter of a page's bytes.

    The one is what keeps apart what stands on two lines with a block at the end of the first.
    """

    def preprocess(
        self,
        source: str,
        name: str | None,  # noqa: ARG002 - Jinja passes them
        filename: str | None = None,  # noqa: ARG002
    ) -> str:
        """Return a template's source so. Lines stay, for tracebacks."""
        return re.sub(r"(?m)^[ \t]+", " ", source)


class Environment(jinja2.Environment):
    """Templates that escape what they show, fail on names that are not there, and never reload."""

    context_class = _Context
    # In one step: what a template takes an attribute of has it, or that is a mistake. The keys of
    # a dict are written `names["name"]`.
    getattr = staticmethod(getattr)  # type: ignore[assignment]

    def __init__(self, loader: jinja2.BaseLoader) -> None:
        super().__init__(
            loader=loader,
            undefined=jinja2.StrictUndefined,
            autoescape=True,
            extensions=["jinja2.ext.i18n", _WithoutIndentation],
            trim_blocks=True,
            lstrip_blocks=True,
            auto_reload=False,
            bytecode_cache=_COMPILED,
        )
        # A text is the same for translators however its template is indented.
        self.policies["ext.i18n.trimmed"] = True

    def _compile(self, source: str, filename: str) -> CodeType:
        """Compile the Python of a template (Jinja's hook for it), whose `escape` is ours.

        Behind it, so that the lines stay where tracebacks look for them.
        """
        return super()._compile(f"{source}\nfrom {__name__} import escape", filename)

    def compile_all(self) -> None:
        """Compile every template now rather than for the first visitor, and never look again."""
        # Without a limit: Jinja's own cache counts which template is used.
        self.cache = {}
        for name in self.list_templates():
            self.get_template(name)


def memoized(macro: Callable[..., Markup]) -> Callable[..., Markup]:
    """Return a macro that keeps what it has made of its arguments, in each language.

    For those that are on every page, or many times on one, with arguments that come again.
    """

    @lru_cache(maxsize=_MOST_KEPT, typed=True)  # a Markup is equal to the text that it escapes to
    def made(_language: str, *arguments: object) -> Markup:
        return macro(*arguments)

    def kept(*arguments: object) -> Markup:
        return made(current_language(), *arguments)

    return kept
