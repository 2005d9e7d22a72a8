"""Handlers that answer programs."""
