"""Reaching PostgreSQL: pools, transactions, cursors, the embedded server, migrations."""
