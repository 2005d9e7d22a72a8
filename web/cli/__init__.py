"""The commands behind run.py."""
