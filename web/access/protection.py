"""What has to be there before the desk is opened to more than this machine.

Accounts, and a way by which passwords and cookies do not cross the network in the clear:
TLS here, or a trusted proxy that has it.
"""

import ssl
from typing import Final

from web.access.accounts import has_accounts
from web.database.pool import open_pool
from web.networks import is_loopback
from web.settings import Settings, SettingsError, variable_of

_ADD_ADMIN: Final = "python run.py user add NAME --role admin"


def check_way_in(settings: Settings) -> None:
    """See that the desk is not opened to a network in the clear.

    Raises:
        SettingsError: it would be, or the certificate cannot be used.
    """
    tls_context(settings)
    if is_loopback(settings.host) or settings.tls_cert or settings.trusted_proxies:
        return
    raise SettingsError(
        f"{variable_of('host')} cannot be {settings.host!r} yet, which others can reach. "
        f"Give --tls-cert and --tls-key, or set {variable_of('trusted_proxies')} to the address "
        f"of the proxy that has them, and add an account: {_ADD_ADMIN}"
    )


async def check_accounts(settings: Settings, url: str) -> None:
    """See that there is an account, unless only this machine reaches the desk.

    Raises:
        SettingsError: there is none.
        DatabaseUnavailableError: PostgreSQL cannot be reached.
    """
    if is_loopback(settings.host) and not settings.trusted_proxies:
        return
    async with open_pool(
        url,
        size=1,
        acquire_timeout=settings.acquire_timeout,
        query_timeout=settings.query_timeout,
        statement_cache_size=settings.statement_cache_size,
    ) as pool:
        if await has_accounts(pool):
            return
    raise SettingsError(
        f"Others could reach the desk, and it has no accounts yet: nobody could sign in. "
        f"Add one first: {_ADD_ADMIN}"
    )


def tls_context(settings: Settings) -> ssl.SSLContext | None:
    """Return what serves HTTPS, or None if the desk serves HTTP.

    Raises:
        SettingsError: the certificate or its key cannot be used.
    """
    if settings.tls_cert is None or settings.tls_key is None:
        return None
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.set_alpn_protocols(["http/1.1"])
    for name in ("tls_cert", "tls_key"):
        path = getattr(settings, name)
        try:
            path.read_bytes()
        except OSError as error:
            raise SettingsError(
                f"{variable_of(name)} cannot be '{path}': {error.strerror}."
            ) from None
    try:
        # No password: there may be nobody to ask for it.
        context.load_cert_chain(settings.tls_cert, settings.tls_key, password="")  # nosec B106
    except (ssl.SSLError, ValueError) as error:
        reason = getattr(error, "reason", None) or str(error)
        raise SettingsError(
            f"{variable_of('tls_cert')} cannot be '{settings.tls_cert}' with the key "
            f"'{settings.tls_key}': {reason}."
        ) from None
    return context
