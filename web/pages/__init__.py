"""Handlers that answer HTML, one module a noun."""
