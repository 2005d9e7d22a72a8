"""The settings: typed, and each from a flag, the environment, .env or its default, in that order.

`DATABASE_URL` is what every host calls it; all others begin with `HANGTAG_`.
"""

from pathlib import Path
from typing import Annotated, Final
from urllib.parse import urlsplit

from pydantic import AfterValidator, Field, ValidationError
from pydantic_settings import BaseSettings, SettingsConfigDict

from web.database.dsn import addresses
from web.networks import is_loopback, networks_from

ENV_PREFIX = "HANGTAG_"

# What is promised for the server, not for each of its processes: workers get shares that add up.
_SHARED: Final = ("pool_size",)
# What a statement of a delete or an undo has at least: what was confirmed is done, however much it
# is. A brand's 500,000 SKUs took 12 s to delete, 50,000 took 9 s to bring back, on two busy cores.
LONG_QUERY_SECONDS: Final = 120.0


class SettingsError(Exception):
    """A setting cannot be used; the text names it and says why."""


def _is_postgres_url(url: str) -> str:
    # Not pydantic's PostgresDsn: it refuses a URL whose host is a unix socket, `?host=/run/…`.
    if not url.startswith(("postgresql://", "postgres://")):
        raise ValueError("it does not begin with postgresql://")
    try:
        list(addresses(url))
    except (ValueError, IndexError):
        # Their own texts repeat what may be a piece of a password.
        raise ValueError("its host, port or sslmode cannot be used") from None
    return url


def _is_networks(text: str) -> str:
    networks_from(text)
    return text


def _is_issuer(url: str) -> str:
    parts = urlsplit(url)
    if parts.scheme != "https" and not (
        parts.scheme == "http" and is_loopback(parts.hostname or "")
    ):
        raise ValueError("it does not begin with https://")
    if not parts.hostname or parts.query or parts.fragment:
        raise ValueError("it is no issuer’s address")
    return url


Networks = Annotated[str, AfterValidator(_is_networks)]
Issuer = Annotated[str, AfterValidator(_is_issuer)]
PostgresUrl = Annotated[str, AfterValidator(_is_postgres_url)]
Seconds = Annotated[float, Field(gt=0, le=3600)]


class Settings(BaseSettings):
    """All that can be set. The descriptions are what docs/settings.md says."""

    model_config = SettingsConfigDict(
        env_prefix=ENV_PREFIX, env_file=".env", extra="ignore", frozen=True, env_ignore_empty=True
    )

    database_url: PostgresUrl | None = Field(
        default=None,
        validation_alias="DATABASE_URL",
        description="The PostgreSQL to use (15 or later). Without it the embedded one runs.",
    )
    migrate_url: PostgresUrl | None = Field(
        default=None,
        description="A direct way to the same database for migrations, past a pooler.",
    )
    data_dir: Path = Field(
        default=Path("var"), description="Where the embedded PostgreSQL keeps its data."
    )
    host: str = Field(default="127.0.0.1", min_length=1, description="The address to listen on.")
    port: int = Field(default=8080, ge=0, le=65535, description="The port; 0 takes a free one.")
    tls_cert: Path | None = Field(
        default=None, description="The certificate to serve HTTPS with, chain included, as PEM."
    )
    tls_key: Path | None = Field(default=None, description="Its private key, as PEM.")
    trusted_proxies: Networks | None = Field(
        default=None,
        description="The addresses or networks of proxies whose forwarding headers count.",
    )
    workers: int = Field(
        default=1, ge=1, le=64, description="Processes that answer together, on one port."
    )
    pool_size: int = Field(
        default=10, ge=1, le=1000, description="Connections for pages and writes, at most."
    )
    acquire_timeout: Seconds = Field(
        default=3.0, description="Seconds a page waits for a connection before it answers 503."
    )
    query_timeout: Seconds = Field(
        default=10.0,
        description="Seconds a page's query may run before it answers 503, "
        f"but for deletes and undos, which have {LONG_QUERY_SECONDS:g} at least.",
    )
    page_timeout: Seconds = Field(
        default=2.5, description="Seconds a page may take in all before it answers 503."
    )
    request_timeout: Seconds = Field(
        default=60.0,
        description="Seconds in which a request’s head has to arrive, and then its body.",
    )
    statement_cache_size: int = Field(
        default=100,
        ge=0,
        le=10000,
        description="Prepared statements kept a connection; 0 behind PgBouncer before 1.21.",
    )
    download_slots: int = Field(
        default=8, ge=1, le=1000, description="Downloads at the same time; more are told to wait."
    )
    download_width: int = Field(
        default=2,
        ge=1,
        le=1000,
        description="Block fetches of all downloads at the same time while pages are served.",
    )
    download_stall_timeout: Seconds = Field(
        default=8.0, description="Seconds without a byte leaving before a download is broken off."
    )
    download_total_timeout: Annotated[float, Field(gt=0, le=86400)] = Field(
        default=3600.0, description="Seconds that a download may take in all."
    )
    session_idle: Annotated[float, Field(gt=0, le=31_536_000)] = Field(
        default=28_800.0,
        description="Seconds that somebody stays signed in without opening a page.",
    )
    session_absolute: Annotated[float, Field(gt=0, le=31_536_000)] = Field(
        default=604_800.0, description="Seconds that somebody stays signed in at most."
    )
    oidc_issuer: Issuer | None = Field(
        default=None, description="The OpenID Connect provider that accounts may sign in with."
    )
    oidc_client_id: str | None = Field(
        default=None, min_length=1, description="What the provider knows Hangtag by."
    )
    oidc_client_secret: str | None = Field(
        default=None, min_length=1, description="The secret that goes with it, if there is one."
    )
    oidc_claim: str = Field(
        default="email",
        pattern=r"^[!-~]{1,100}$",
        description="The claim whose value is the account’s name; an email has to be verified.",
    )
    idempotency_ttl: Annotated[float, Field(gt=0, le=31_536_000)] = Field(
        default=86_400.0,
        description="Seconds that an idempotency key is known, with what came of it.",
    )
    drain_delay: float = Field(
        default=0.0,
        ge=0,
        le=300,
        description="Seconds between not being ready and no longer listening, at the end.",
    )
    shutdown_timeout: Seconds = Field(
        default=10.0, description="Seconds that running requests and downloads get at the end."
    )
    metrics_port: int = Field(
        default=0,
        ge=0,
        le=65535,
        description="A port that answers `/metrics` and nothing else, without sign-in; 0 for none.",
    )
    metrics_host: str = Field(
        default="127.0.0.1", min_length=1, description="The address of that port."
    )
    development: bool = Field(
        default=False, description="Whether `/styleguide` shows every component of the pages."
    )

    @property
    def long_query_timeout(self) -> float:
        """Seconds that a statement of a delete or an undo may run: no less than any other."""
        return max(LONG_QUERY_SECONDS, self.query_timeout)


def load_settings(**flags: object) -> Settings:
    """Read the settings; `flags` that are None were not given.

    Raises:
        SettingsError: a value cannot be used.
    """
    given = {name: value for name, value in flags.items() if value is not None}
    if "database_url" in given:
        given["DATABASE_URL"] = given.pop("database_url")
    try:
        settings = Settings(**given)  # type: ignore[arg-type]  # pydantic checks them
    except ValidationError as error:
        raise SettingsError("\n".join(_sentences(error))) from None
    for one, other in (
        ("tls_cert", "tls_key"),
        ("tls_key", "tls_cert"),
        ("oidc_issuer", "oidc_client_id"),
        ("oidc_client_id", "oidc_issuer"),
    ):
        if getattr(settings, one) is not None and getattr(settings, other) is None:
            raise SettingsError(
                f"{variable_of(one)} cannot be set alone: it needs {variable_of(other)}, too."
            )
    for field in _SHARED:
        if (total := getattr(settings, field)) < settings.workers:
            raise SettingsError(
                f"{variable_of(field)} cannot be {total}: {settings.workers} workers share it,"
                " and each needs at least one."
            )
    return settings


def share(total: int, workers: int, index: int) -> int:
    """Return what worker `index` (from 0) of `workers` has of `total`: of 10 over 3, 4, 3 and 3."""
    return total // workers + (index < total % workers)


def worker_settings(settings: Settings, index: int) -> Settings:
    """Return the settings of one worker: those of a server that is its share of this one."""
    workers = settings.workers
    shares = {field: share(getattr(settings, field), workers, index) for field in _SHARED}
    # Narrower than one block fetch is a standstill, so here the shares may come to more.
    shares["download_width"] = max(1, share(settings.download_width, workers, index))
    return settings.model_copy(update={"workers": 1, **shares})


def variable_of(field: str) -> str:
    """Return the environment variable of a setting."""
    return "DATABASE_URL" if field == "database_url" else ENV_PREFIX + field.upper()


def _sentences(error: ValidationError) -> list[str]:
    sentences = []
    for problem in error.errors():
        location = str(problem["loc"][0])
        variable = location if location == "DATABASE_URL" else variable_of(location)
        # A URL may hold a password: it is not repeated.
        value = "what it is" if variable.endswith("_URL") else repr(problem["input"])
        sentences.append(
            f"{variable} cannot be {value}: {problem['msg'].removeprefix('Value error, ')}."
        )
    return sentences
