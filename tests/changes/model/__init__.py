"""A catalog in Python: what the desk promises of every form, without a database."""
