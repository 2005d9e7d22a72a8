"""Tries to sign in, counted over all workers: guessing takes time, and so does asking a provider.

The address is counted first. One that has used up its own tries uses up nobody else's, and leaves
no row behind for each name that it makes up.
"""

from typing import Final

from web.access.accounts import fold_account_name
from web.access.allowances import Allowance, forget_old, use_each
from web.database.pool import Pool
from web.networks import household

_TRIES_A_MINUTE: Final = 10
# On the way to the provider and on the way back: as many people as with a password.
_VISITS_A_MINUTE: Final = 2 * _TRIES_A_MINUTE
_MINUTE: Final = 60


async def count_try(pool: Pool, name: str | None, address: str | None) -> None:
    """Count a try for the address and for the account, however its name is spelled.

    Args:
        pool: where it is counted.
        name: the account's name, no longer than a name can be; None when it can be nobody's.
        address: where the try comes from.

    Raises:
        AllowanceUsedUpError: there were too many of either within a minute.
    """
    await forget_old(pool)
    folded = "" if name is None else await fold_account_name(pool, name)
    await use_each(
        pool,
        Allowance(f"sign-in from {household(address)}", _TRIES_A_MINUTE, _MINUTE),
        Allowance(f"sign-in of {folded}", _TRIES_A_MINUTE, _MINUTE),
    )


async def count_provider_visit(pool: Pool, address: str | None) -> None:
    """Count somebody for whom the provider is about to be asked.

    Raises:
        AllowanceUsedUpError: there were too many from the address within a minute.
    """
    await forget_old(pool)
    await use_each(
        pool, Allowance(f"provider from {household(address)}", _VISITS_A_MINUTE, _MINUTE)
    )
