"""`python run.py migrate`: bring the database to this code's schema."""

import typer

from web.cli.database import migrated_database
from web.settings import load_settings


def migrate_command() -> None:
    """Create the database if it is missing, and bring it to the schema of this code."""
    with migrated_database(load_settings()):
        typer.echo("The database has the schema of this Hangtag.")
