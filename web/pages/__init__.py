"""Handlers that answer HTML, and what their pages share."""
