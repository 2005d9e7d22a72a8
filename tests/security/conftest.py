"""The desk as a process of its own, for what is sent to it to be measured by itself."""

from tests.cli.conftest import home, serve

__all__ = ["home", "serve"]
