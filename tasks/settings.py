"""Settings, from the environment, checked once. Without any, everything is embedded.

VENSOR_HOME              where the embedded warehouse, keys and logs lie
VENSOR_WAREHOUSE_URL     a PostgreSQL for `vensor init` to prepare, in place of the embedded
VENSOR_LOADER_URL        … and its logins vensor_loader
VENSOR_TRANSFORMER_URL   … and vensor_transformer
VENSOR_KEK               the key-encryption key: base64 of 32 random bytes, file:///…,
                         aws-kms://arn:…, gcp-kms://projects/…, hcvault://host:port/transit/keys/…
VENSOR_KEK_PREVIOUS      the former one, while `vensor keys rotate --kek` moves keys from it
VENSOR_SUPABASE_URL      whose users are the members of organizations, such as https://x.supabase.co
VENSOR_JWT_SECRET        the secret of a Supabase project that signs with HS256
VENSOR_SUPABASE_ANON_KEY its publishable key, for `vensor login --email`
VENSOR_TOKEN             a user's access token, in place of `vensor login`
VENSOR_ACTOR             who acts, for the audit trail, where nobody signs in
VENSOR_RECORDING_HOSTS   where recordings may be fetched from, beside the account itself
VENSOR_RECORDINGS_URL    file:///… or s3://bucket/prefix to keep recordings in, sealed, in place of
                         the warehouse
VENSOR_RECORDINGS_OPTIONS  … and how it is reached: JSON such as {"endpoint_url": "https://…",
                         "key": "…", "secret": "…"}
VENSOR_OPERATOR_WEBHOOK_URL  where Prefect tells of runs that fail and data that is stale: a webhook
                         of Slack's, or of anyone who takes {"text": "…"}
SENTRY_DSN               where errors and traces are reported, without a value
SENTRY_ENVIRONMENT       … as of which environment (production)
SENTRY_TRACES_SAMPLE_RATE  … and of how many of the runs a trace is sent, 0 to 1 (1)
OPENAI_API_KEY           models of OpenAI, or of whoever speaks its API, in place of local ones
OPENAI_BASE_URL          … and where, if not at OpenAI: https, or http on loopback
VENSOR_OPENAI_CONCURRENCY  … how many calls at once (8)
VENSOR_OPENAI_FLAGS      … what it can do, where it is not to be found out: responses=no,…
VENSOR_TRANSCRIBE_MODEL, VENSOR_EMBED_MODEL, VENSOR_ANALYSE_MODEL
                         … and the models, for organizations without a choice of their own
VENSOR_EMBED_DIMENSION   … and the length of its vectors (384)
VENSOR_PRICES_PATH       … and a list of prices in place of the packaged one of OpenAI's
VENSOR_SPEECH_MODEL_PATH  a CTranslate2 folder of Whisper weights in place of the packaged ones
VENSOR_AGENT_CHANNEL     the agent's channel of a stereo call: second (as Twilio has it), first, or
                         none where channels are no people
"""

import getpass
import json
from collections.abc import Mapping
from ipaddress import ip_address
from pathlib import Path
from typing import Literal
from urllib.parse import urlsplit

from pydantic import Field, SecretStr, ValidationError, ValidationInfo, field_validator
from pydantic_settings import BaseSettings, SettingsConfigDict
from sqlalchemy import URL, make_url
from sqlalchemy.exc import ArgumentError

from tasks.errors import ConfigurationError
from warehouse.bootstrap import embedded_logins
from warehouse.sessions import Logins

PROJECT = Path(__file__).resolve().parents[1]
# Each with all that lies below it. Nothing goes there but a GET without credentials.
RECORDING_HOSTS = (
    "zendesk.com",  # an account that is host-mapped redirects to its subdomain
    "zdusercontent.com",  # Zendesk's own store of attachments and voicemails
    "twilio.com",  # Zendesk Talk's carrier: api.twilio.com answers with the recording
    "twiliocdn.com",  # … or sends on to its delivery network, media.twiliocdn.com
    # … or to its bucket under a signed address, whose region is the customer's. Anyone may rent a
    # name below this one: whoever has only Talk's own carrier may strike it off.
    "amazonaws.com",
)
STORES = ("file", "s3")
SECRET_BYTES = 32  # RFC 7518, section 3.2: no shorter than what HS256 makes of it
OPENAI_URL = "https://api.openai.com/v1"


def _actor(told: Mapping[str, object]) -> str:
    kind = "local" if told.get("supabase_url") is None else "service"
    return f"{kind}:{getpass.getuser()}"


class Settings(BaseSettings):
    """What the environment says. Secrets show as stars."""

    model_config = SettingsConfigDict(env_prefix="VENSOR_", extra="ignore", populate_by_name=True)

    home: Path = PROJECT / ".vensor"
    warehouse_url: SecretStr | None = None
    loader_url: SecretStr | None = None
    transformer_url: SecretStr | None = None
    kek: SecretStr | None = None
    kek_previous: SecretStr | None = None
    supabase_url: str | None = None
    jwt_secret: SecretStr | None = None
    supabase_anon_key: SecretStr | None = None
    token: SecretStr | None = None
    # after what says whether anybody signs in; only what was told is checked
    actor: str = Field(default_factory=_actor, validate_default=False)
    recording_hosts: str = ",".join(RECORDING_HOSTS)
    recordings_url: str | None = None
    recordings_options: SecretStr | None = None
    operator_webhook_url: SecretStr | None = None
    sentry_dsn: SecretStr | None = Field(default=None, validation_alias="SENTRY_DSN")
    sentry_environment: str = Field(
        default="production",
        pattern=r"^[A-Za-z0-9._-]{1,64}$",
        validation_alias="SENTRY_ENVIRONMENT",
    )
    sentry_traces_sample_rate: float = Field(
        default=1.0, ge=0.0, le=1.0, validation_alias="SENTRY_TRACES_SAMPLE_RATE"
    )

    @field_validator("operator_webhook_url")
    @classmethod
    def _is_a_receiver(cls, url: SecretStr | None) -> SecretStr | None:
        parts = urlsplit(url.get_secret_value() if url else "")
        if url is not None and not (parts.hostname and _is_private(parts.scheme, parts.hostname)):
            raise ValueError("not of the form https://host/…; http on loopback only")
        return url

    @field_validator("sentry_dsn")
    @classmethod
    def _is_a_dsn(cls, dsn: SecretStr | None) -> SecretStr | None:
        parts = urlsplit(dsn.get_secret_value() if dsn else "")
        if dsn is not None and not (
            parts.username and parts.path.strip("/") and _is_private(parts.scheme, parts.hostname)
        ):
            raise ValueError("not of the form https://key@host/project; http on loopback only")
        return dsn or None

    @field_validator("supabase_url")
    @classmethod
    def _is_a_project(cls, url: str | None) -> str | None:
        parts = urlsplit(url or "")
        host = parts.hostname or ""
        if url is not None and (
            not _is_private(parts.scheme, host)
            or not host
            or parts.path.strip("/")
            or parts.username
            or parts.query
        ):
            raise ValueError("not of the form https://x.supabase.co; http on loopback only")
        return None if url is None else url.rstrip("/")

    @field_validator("jwt_secret")
    @classmethod
    def _is_long(cls, secret: SecretStr | None) -> SecretStr | None:
        if secret is not None and len(secret.get_secret_value().encode()) < SECRET_BYTES:
            raise ValueError(f"shorter than {SECRET_BYTES} bytes")
        return secret

    @field_validator("jwt_secret", "token")
    @classmethod
    def _has_an_issuer(cls, told: SecretStr | None, info: ValidationInfo) -> SecretStr | None:
        """Whoever sets one of these expects users to sign in: without the URL nobody would."""
        if told is not None and info.data.get("supabase_url") is None:
            raise ValueError("it needs VENSOR_SUPABASE_URL, which tokens name as their issuer")
        return told

    @field_validator("actor")
    @classmethod
    def _claims_nothing(cls, actor: str, info: ValidationInfo) -> str:
        if info.data.get("supabase_url") is not None or actor.startswith("user:"):
            raise ValueError("who signs in is who acts: unset it")
        return actor

    openai_api_key: SecretStr | None = Field(default=None, validation_alias="OPENAI_API_KEY")
    openai_base_url: str = Field(default=OPENAI_URL, validation_alias="OPENAI_BASE_URL")
    openai_concurrency: int = Field(default=8, ge=1, le=64)
    openai_flags: str = ""
    transcribe_model: str = "gpt-transcribe"
    embed_model: str = "text-embedding-3-small"
    embed_dimension: int = Field(default=384, ge=1, le=4_000)
    analyse_model: str = "gpt-6-luna"
    prices_path: Path | None = None
    speech_model_path: Path | None = None
    agent_channel: Literal["first", "second", "none"] = "second"

    @field_validator("openai_api_key", mode="before")
    @classmethod
    def _is_told(cls, key: str | None) -> str | None:
        """An empty variable is none."""
        return key or None

    @field_validator("openai_base_url", mode="before")
    @classmethod
    def _is_somewhere(cls, url: str) -> str:
        return url or OPENAI_URL

    @field_validator("openai_base_url")
    @classmethod
    def _is_an_api(cls, url: str) -> str:
        parts = urlsplit(url)
        if (
            not parts.hostname
            or not _is_private(parts.scheme, parts.hostname)
            or parts.username
            or parts.query
        ):
            raise ValueError("not of the form https://host/v1; http on loopback only")
        return url

    @field_validator("recordings_url")
    @classmethod
    def _is_a_store(cls, url: str | None) -> str | None:
        parts = urlsplit(url or "")
        if url is not None and (
            parts.scheme not in STORES or parts.username or not parts.netloc + parts.path.strip("/")
        ):
            raise ValueError("neither file:///… nor s3://bucket/prefix")
        return url

    @field_validator("recordings_options")
    @classmethod
    def _is_an_object(cls, told: SecretStr | None) -> SecretStr | None:
        if told is not None:
            _checked_options(told)
        return told

    def media_hosts(self) -> tuple[str, ...]:
        """The hosts, each with all below it, that recordings may come from."""
        names = self.recording_hosts.lower().split(",")
        return tuple(name.strip().strip(".") for name in names if name.strip(" ."))

    def store_options(self) -> dict[str, object]:
        """What the store of recordings is opened with. Holds secrets."""
        return {} if self.recordings_options is None else _checked_options(self.recordings_options)

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
        wrong = ", ".join(
            _told(part["loc"][0], part.get("ctx", {}))
            for part in error.errors()
            if part["type"] != "default_factory_not_called"  # for want of another that is wrong
        )
        raise ConfigurationError(f"not usable: {wrong}; see `vensor doctor --help`") from None
    return settings.model_copy(update={"home": settings.home.expanduser().absolute()})


def _told(field: int | str, context: Mapping[str, object]) -> str:
    """The variable, and what is wrong with it where that is a check of ours, which quotes none."""
    reason = context.get("error")
    why = f" ({reason})" if type(reason) is ValueError else ""
    name = f"VENSOR_{field}" if field in Settings.model_fields else str(field)
    return f"{name.upper()}{why}"


def _checked_options(told: SecretStr) -> dict[str, object]:
    """Raises: ValueError unless it is a JSON object whose endpoint is https or on loopback."""
    try:
        options = json.loads(told.get_secret_value())
    except (ValueError, RecursionError):
        raise ValueError("not JSON") from None
    if not isinstance(options, dict):
        raise ValueError("not a JSON object")
    endpoint = urlsplit(str(options.get("endpoint_url") or "https://aws"))
    if endpoint.scheme != "https" and not is_loopback(endpoint.hostname or ""):
        raise ValueError("the endpoint is not https")
    return options


def _url(name: str, value: SecretStr | None) -> URL:
    if value is None:
        raise ConfigurationError(f"{name} is not set; a warehouse of your own needs it")
    try:
        url = make_url(value.get_secret_value()).set(drivername="postgresql+psycopg")
    except (ArgumentError, ValueError):
        raise ConfigurationError(
            f"{name} is not of the form postgresql://user:password@host:port/database"
        ) from None
    if not _is_local(url) and url.query.get("sslmode") != "verify-full":
        raise ConfigurationError(
            f"{name}: a warehouse that is not on this machine needs ?sslmode=verify-full"
        )
    if url.query.get("ssl_min_protocol_version", "TLSv1.2") not in {"TLSv1.2", "TLSv1.3"}:
        raise ConfigurationError(f"{name}: ssl_min_protocol_version must be TLSv1.2 or TLSv1.3")
    return url


def _is_local(url: URL) -> bool:
    """Whether every place that the URL leads to is on this machine: its host and its query's."""
    told = [url.host, *(place for key in ("host", "hostaddr") for place in _all(url, key))]
    places = [place for one in told if one for place in one.split(",")]
    return bool(places) and all(one.startswith("/") or is_loopback(one) for one in places)


def _all(url: URL, key: str) -> tuple[str, ...]:
    found = url.query.get(key, ())
    return (found,) if isinstance(found, str) else found


def _is_private(scheme: str, host: str | None) -> bool:
    return scheme == "https" or (scheme == "http" and is_loopback(host or ""))


def is_loopback(host: str) -> bool:
    """Whether a host name or address is this machine's own."""
    if host == "localhost":
        return True
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False
