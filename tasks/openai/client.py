"""OpenAI's own client over a connection as every one of ours is: TLS, timeouts, no redirects."""

import logging
from collections.abc import Callable
from importlib.metadata import version
from urllib.parse import urlsplit

import httpx2
import openai

from tasks.errors import ConfigurationError
from tasks.http import CONNECT_SECONDS, checked_base_url, seconds, tls_context
from tasks.settings import Settings, is_loopback

READ_SECONDS = 300.0
OnAnswer = Callable[[httpx2.Response], object]


def open_client(settings: Settings, *, on_answer: OnAnswer) -> openai.OpenAI:
    """The client for OPENAI_BASE_URL, which retries nothing by itself.

    `on_answer` gets each answer before its body is read. Raises: ConfigurationError.
    """
    if settings.openai_api_key is None:
        raise ConfigurationError(
            "OPENAI_API_KEY is not set: set it, or use `local` models (`vensor ai use`)"
        )
    base_url = checked_base_url(settings.openai_base_url)
    # On its debug level the library logs more than sizes, even where OPENAI_LOG asks for it.
    logging.getLogger("openai").setLevel(logging.WARNING)
    return openai.OpenAI(
        api_key=settings.openai_api_key.get_secret_value(),
        base_url=base_url,
        max_retries=0,
        # said here: of an http_client's the library believes only what is not httpx's default
        timeout=httpx2.Timeout(seconds(READ_SECONDS), connect=seconds(CONNECT_SECONDS)),
        http_client=_http_client(base_url, settings.openai_concurrency, on_answer),
        default_headers={"User-Agent": f"vensor/{version('vensor')}"},
    )


def _http_client(base_url: str, concurrency: int, on_answer: OnAnswer) -> httpx2.Client:
    return httpx2.Client(
        follow_redirects=False,
        verify=tls_context(),
        trust_env=not is_loopback(urlsplit(base_url).hostname or ""),
        event_hooks={"response": [on_answer]},
        limits=httpx2.Limits(max_connections=concurrency, max_keepalive_connections=concurrency),
    )
