"""Settings: where they come from, and what is said of those that cannot be used."""

import os
from pathlib import Path

import pytest

from web.settings import Settings, SettingsError, load_settings, variable_of


@pytest.fixture(autouse=True)
def _clean_environment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A folder without .env, an environment without settings."""
    monkeypatch.chdir(tmp_path)
    for name in list(os.environ):
        if name.upper().startswith("HANGTAG_") or name.upper() == "DATABASE_URL":
            monkeypatch.delenv(name)


def _write_env(text: str) -> None:
    Path(".env").write_text(text, encoding="utf-8")


def test_flag_is_over_environment_over_env_file_over_default(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    assert load_settings().port == 8080
    _write_env("HANGTAG_PORT=8081\n")
    assert load_settings().port == 8081
    monkeypatch.setenv("HANGTAG_PORT", "8082")
    assert load_settings().port == 8082
    assert load_settings(port=8083).port == 8083
    assert load_settings(port=None).port == 8082


@pytest.mark.parametrize("issuer", ["https://id.example", "https://id.example/", "https://a.b/c/"])
def test_issuer_is_kept_as_it_was_typed(monkeypatch: pytest.MonkeyPatch, issuer: str) -> None:
    monkeypatch.setenv("HANGTAG_OIDC_CLIENT_ID", "hangtag")
    monkeypatch.setenv("HANGTAG_OIDC_ISSUER", issuer)
    assert load_settings().oidc_issuer == issuer


def test_flag_of_nothing_is_a_value(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HANGTAG_PORT", "8082")
    assert load_settings(port=0).port == 0


def test_database_url_has_no_prefix(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HANGTAG_DATABASE_URL", "postgresql://wrong/wrong")
    assert load_settings().database_url is None
    _write_env("DATABASE_URL=postgresql://desk@db.example/products\n")
    assert load_settings().database_url == "postgresql://desk@db.example/products"
    monkeypatch.setenv("DATABASE_URL", "postgres://other@db.example/products")
    assert load_settings().database_url == "postgres://other@db.example/products"
    flag = "postgresql://flag@db.example/products"
    assert load_settings(database_url=flag).database_url == flag


@pytest.mark.parametrize(
    "url",
    [
        "postgresql://desk:p%40ss@/products?host=/run/postgresql&sslmode=disable",
        "postgresql:///products?host=/run/postgresql",
        "postgres://desk@one.example:5433,two.example/products?target_session_attrs=primary",
        "postgresql://desk@[::1]:5432/products",
        "postgresql://",
    ],
)
def test_url_is_kept_as_it_was_given(monkeypatch: pytest.MonkeyPatch, url: str) -> None:
    monkeypatch.setenv("DATABASE_URL", url)
    assert load_settings().database_url == url


def test_empty_variable_counts_as_not_given(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DATABASE_URL", "")
    monkeypatch.setenv("HANGTAG_PORT", "")
    assert load_settings().database_url is None
    assert load_settings().port == 8080


def test_unknown_lines_of_the_env_file_are_passed_over() -> None:
    _write_env("PATH=/nowhere\nHANGTAG_COLOR=blue\nOTHER=1\n")
    assert load_settings() == Settings()


@pytest.mark.parametrize(
    ("variable", "value"),
    [
        ("HANGTAG_PORT", "http"),
        ("HANGTAG_PORT", "-1"),
        ("HANGTAG_PORT", "65536"),
        ("HANGTAG_PORT", "80.5"),
        ("HANGTAG_POOL_SIZE", "0"),
        ("HANGTAG_POOL_SIZE", "many"),
        ("HANGTAG_ACQUIRE_TIMEOUT", "0"),
        ("HANGTAG_ACQUIRE_TIMEOUT", "nan"),
        ("HANGTAG_QUERY_TIMEOUT", "inf"),
        ("HANGTAG_STATEMENT_CACHE_SIZE", "-1"),
        ("HANGTAG_DOWNLOAD_SLOTS", "0"),
        ("HANGTAG_DOWNLOAD_STALL_TIMEOUT", "-1"),
        ("HANGTAG_DOWNLOAD_TOTAL_TIMEOUT", "100000"),
        ("HANGTAG_DRAIN_DELAY", "-1"),
        ("HANGTAG_DRAIN_DELAY", "nan"),
        ("HANGTAG_SHUTDOWN_TIMEOUT", "soon"),
    ],
)
def test_value_that_cannot_be_used_is_named_with_its_variable(
    monkeypatch: pytest.MonkeyPatch, variable: str, value: str
) -> None:
    monkeypatch.setenv(variable, value)

    with pytest.raises(SettingsError) as raised:
        load_settings()

    assert str(raised.value).startswith(f"{variable} cannot be '{value}': ")


def test_every_value_that_cannot_be_used_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HANGTAG_POOL_SIZE", "0")
    _write_env("HANGTAG_DRAIN_DELAY=never\n")

    with pytest.raises(SettingsError) as raised:
        load_settings(port=-1)

    lines = str(raised.value).splitlines()
    assert {line.split(" ")[0] for line in lines} == {
        "HANGTAG_PORT",
        "HANGTAG_POOL_SIZE",
        "HANGTAG_DRAIN_DELAY",
    }


@pytest.mark.parametrize("variable", ["DATABASE_URL", "HANGTAG_MIGRATE_URL"])
@pytest.mark.parametrize(
    "url",
    [
        "mysql://desk:s3cret@db.example/products",
        "desk:s3cret@db.example",
        "s3cret",
        "postgresql://desk:s3cret@db.example:port/products",
        "sqlite:///s3cret",
        "postgresql://desk:s3cret/piece@db.example/products",  # a slash that is not encoded
        "postgresql://desk:s3cret℀@db.example/products",
        "postgresql://desk:s3cret@[db.example/products",
    ],
)
def test_url_that_cannot_be_used_is_not_shown(
    monkeypatch: pytest.MonkeyPatch, variable: str, url: str
) -> None:
    monkeypatch.setenv(variable, url)

    with pytest.raises(SettingsError) as raised:
        load_settings()

    assert str(raised.value).startswith(f"{variable} cannot be what it is: ")
    assert "s3cret" not in str(raised.value)
    # Nor in what a traceback would show of where it came from.
    assert raised.value.__suppress_context__


def test_every_setting_says_what_it_is() -> None:
    for name, field in Settings.model_fields.items():
        assert field.description
        assert field.description.endswith((".", ";"))
        assert variable_of(name) == (
            "DATABASE_URL" if name == "database_url" else f"HANGTAG_{name.upper()}"
        )


def test_settings_cannot_be_changed() -> None:
    with pytest.raises(ValueError, match="frozen"):
        load_settings().port = 1


@pytest.mark.parametrize(
    "url",
    ["postgresql://u:secret@127.0.0.1:99999/x", "postgresql://u:secret@127.0.0.1/x?sslmode=bogus"],
)
def test_url_that_no_connection_can_come_of_is_named_and_not_repeated(
    monkeypatch: pytest.MonkeyPatch, url: str
) -> None:
    monkeypatch.setenv("DATABASE_URL", url)
    with pytest.raises(SettingsError, match="DATABASE_URL") as raised:
        load_settings()
    assert "secret" not in str(raised.value)
