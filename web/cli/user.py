"""`python run.py user`: who may sign in. Without any account, whoever is on this machine may."""

import asyncio
import sys
from collections.abc import Awaitable, Callable
from typing import Annotated, TypeVar

import typer
from rich.console import Console
from rich.table import Table

from web.access.accounts import (
    add_account,
    change_password,
    change_role,
    has_accounts,
    is_reserved,
    list_accounts,
    remove_account,
)
from web.access.passwords import password_problem
from web.access.roles import Role
from web.catalog.names import name_problem, trimmed
from web.cli.database import migrated_database
from web.database.errors import DuplicateKeyError
from web.database.pool import Pool, open_pool
from web.settings import load_settings

user = typer.Typer(help="Accounts: who may sign in, and what they may do.", no_args_is_help=True)

Name = Annotated[str, typer.Argument(help="The name that somebody signs in with.")]
PasswordStdin = Annotated[
    bool, typer.Option("--password-stdin", help="Read the password from standard input.")
]

T = TypeVar("T")


@user.command()
def add(
    name: Name,
    role: Annotated[Role, typer.Option(help="What the account may do.")] = Role.VIEWER,
    *,
    password_stdin: PasswordStdin = False,
    no_password: Annotated[
        bool, typer.Option("--no-password", help="It signs in with the provider only.")
    ] = False,
) -> None:
    """Add an account."""
    name = trimmed(name)
    problem = name_problem(name)
    if problem is not None:
        _fail(f"The name cannot be used. {problem}")
    if is_reserved(name):
        _fail("The name cannot be used. The history has it for somebody else.")
    password = None if no_password else _read_password(from_stdin=password_stdin)
    try:
        _run(lambda pool: add_account(pool, name, role, password))
    except DuplicateKeyError:
        _fail(f"There is an account {name} already.")
    typer.echo(f"{name} may sign in as {role}.")


@user.command("list")
def list_() -> None:
    """List all accounts."""
    table = Table("Name", "Role", "Since", "Signed in")
    for account in _run(list_accounts):
        table.add_row(
            account.account_name,
            account.role,
            f"{account.created_at:%Y-%m-%d}",
            str(account.session_count),
        )
    Console(markup=False).print(table)


@user.command()
def password(name: Name, *, password_stdin: PasswordStdin = False) -> None:
    """Set another password and sign the account out everywhere."""
    new = _read_password(from_stdin=password_stdin)
    _must_exist(name, exists=_run(lambda pool: change_password(pool, name, new)))
    typer.echo(f"{name} has another password.")


@user.command()
def role(name: Name, role: Role) -> None:
    """Set another role."""
    _must_exist(name, exists=_run(lambda pool: change_role(pool, name, role)))
    typer.echo(f"{name} is {role} now.")


@user.command()
def remove(name: Name) -> None:
    """Remove an account and sign it out everywhere."""
    _must_exist(name, exists=_run(lambda pool: remove_account(pool, name)))
    typer.echo(f"{name} is gone.")
    if not _run(has_accounts):
        typer.echo("There are no accounts left: whoever is on this machine may do everything.")


def _run(work: Callable[[Pool], Awaitable[T]]) -> T:
    settings = load_settings()
    with migrated_database(settings) as url:

        async def opened() -> T:
            async with open_pool(
                url,
                size=1,
                acquire_timeout=settings.acquire_timeout,
                query_timeout=None,
                statement_cache_size=settings.statement_cache_size,
            ) as pool:
                return await work(pool)

        return asyncio.run(opened())


def _read_password(*, from_stdin: bool) -> str:
    if from_stdin:
        read = sys.stdin.readline().rstrip("\r\n")
    else:
        read = typer.prompt("Password", hide_input=True, confirmation_prompt=True)
    if (problem := password_problem(read)) is not None:
        _fail(problem)
    return read


def _must_exist(name: str, *, exists: bool) -> None:
    if not exists:
        _fail(f"There is no account {name}.")


def _fail(sentence: str) -> None:
    typer.echo(sentence, err=True)
    raise typer.Exit(1)
