"""Hangtag, the catalog desk of a retailer. Begin with web/app.py."""
