"""The commands: `python run.py [serve|migrate|sample|user|lookups]`, serve when nothing is said."""

import gc
import sys

import typer
from rich.console import Console

from web.catalog.sample_rows import SampleError
from web.cli.lookups import lookups
from web.cli.migrate import migrate_command
from web.cli.sample import sample
from web.cli.serve import serve
from web.cli.user import user
from web.cli.worker import worker
from web.cli.workers import WorkersError
from web.database.embedded import EmbeddedServerError
from web.database.errors import DatabaseUnavailableError
from web.database.migrations import MigrationError
from web.settings import SettingsError

cli = typer.Typer(
    help="Hangtag, the catalog desk of a retailer.",
    no_args_is_help=False,
    add_completion=False,
    pretty_exceptions_enable=False,
)
cli.command()(serve)
cli.command("migrate")(migrate_command)
cli.command()(sample)
cli.command(hidden=True)(worker)
cli.command()(lookups)
cli.add_typer(user, name="user")


def main() -> None:
    """Run the command that the arguments name. A setting that cannot be used exits with 2."""
    arguments = sys.argv[1:]
    if not arguments or (arguments[0].startswith("-") and arguments[0] != "--help"):
        arguments = ["serve", *arguments]
    problem = Console(stderr=True, highlight=False, soft_wrap=True, markup=False).print
    try:
        cli(arguments)
    except SettingsError as error:
        problem(str(error))
        sys.exit(2)
    except (
        EmbeddedServerError,
        MigrationError,
        DatabaseUnavailableError,
        SampleError,
        WorkersError,
    ) as error:
        problem(str(error))
        sys.exit(1)
    finally:
        # Everything is put away by now. Python would look for garbage among all modules once more:
        # 0.3 s, and over a second while all cores are busy.
        gc.freeze()
