"""Settings, from the environment, checked once. Without any, everything is embedded.

VENSOR_HOME              where the embedded warehouse, keys and logs lie
VENSOR_WAREHOUSE_URL     a PostgreSQL for `vensor init` to prepare, in place of the embedded
VENSOR_LOADER_URL        … and its logins vensor_loader
VENSOR_TRANSFORMER_URL   … and vensor_transformer
VENSOR_KEK               the key-encryption key, base64 of 32 random bytes
VENSOR_ACTOR             who acts, for the audit trail
"""

import getpass
from ipaddress import ip_address
from pathlib import Path

from pydantic import Field, SecretStr, ValidationError
from pydantic_settings import BaseSettings, SettingsConfigDict
from sqlalchemy import URL, make_url
from sqlalchemy.exc import ArgumentError

from tasks.errors import ConfigurationError
from warehouse.bootstrap import embedded_logins
from warehouse.sessions import Logins

PROJECT = Path(__file__).resolve().parents[1]


def _actor() -> str:
    return f"local:{getpass.getuser()}"


class Settings(BaseSettings):
    """What the environment says. Secrets show as stars."""

    model_config = SettingsConfigDict(env_prefix="VENSOR_", extra="ignore")

    home: Path = PROJECT / ".vensor"
    warehouse_url: SecretStr | None = None
    loader_url: SecretStr | None = None
    transformer_url: SecretStr | None = None
    kek: SecretStr | None = None
    actor: str = Field(default_factory=_actor)

    @property
    def embedded(self) -> bool:
        """Whether the warehouse is the embedded one."""
        return self.loader_url is None and self.warehouse_url is None

    def logins(self) -> Logins:
        """The warehouse's logins.

        Raises: ConfigurationError naming the setting that is missing.
        """
        if self.embedded:
            return embedded_logins(self.home)
        return self.remote_logins()

    def remote_logins(self) -> Logins:
        """The logins of the configured warehouse, each over TLS unless on loopback."""
        loader = _url("VENSOR_LOADER_URL", self.loader_url)
        migrator = self.warehouse_url or self.loader_url
        return Logins(
            migrator=_url("VENSOR_WAREHOUSE_URL", migrator),
            loader=loader,
            transformer=_url("VENSOR_TRANSFORMER_URL", self.transformer_url),
        )


def load_settings() -> Settings:
    """The settings. Raises: ConfigurationError naming the variable that is wrong, not its value."""
    try:
        settings = Settings()
    except ValidationError as error:
        names = ", ".join(f"VENSOR_{str(part['loc'][0]).upper()}" for part in error.errors())
        raise ConfigurationError(f"not usable: {names}; see `vensor doctor --help`") from None
    return settings.model_copy(update={"home": settings.home.expanduser().absolute()})


def _url(name: str, value: SecretStr | None) -> URL:
    if value is None:
        raise ConfigurationError(f"{name} is not set; a warehouse of your own needs it")
    try:
        url = make_url(value.get_secret_value()).set(drivername="postgresql+psycopg")
    except ArgumentError:
        raise ConfigurationError(
            f"{name} is not of the form postgresql://user:password@host:port/database"
        ) from None
    if not is_loopback(url.host or "") and url.query.get("sslmode") != "verify-full":
        raise ConfigurationError(
            f"{name}: a warehouse that is not on this machine needs ?sslmode=verify-full"
        )
    return url


def is_loopback(host: str) -> bool:
    """Whether a host name or address is this machine's own."""
    if host == "localhost":
        return True
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False
