"""Handlers that stream."""
