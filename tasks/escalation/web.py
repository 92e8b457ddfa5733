"""slack_sdk's client, as every one of ours is: TLS, time limits, no word in a log."""

import logging

from slack_sdk import WebClient
from slack_sdk.http_retry.builtin_handlers import RateLimitErrorRetryHandler

from tasks.http import attempts, checked_base_url, seconds, tls_context

TIMEOUT_SECONDS = 15
ATTEMPTS = 4  # where Slack asks to come back later


def web_client(base_url: str, token: str | None = None) -> WebClient:
    """A client for Slack's API at `base_url`. Raises: ConfigurationError."""
    return WebClient(
        token=token,
        base_url=f"{checked_base_url(base_url)}/",
        ssl=tls_context(),
        timeout=int(seconds(TIMEOUT_SECONDS)),
        retry_handlers=[RateLimitErrorRetryHandler(max_retry_count=attempts(ATTEMPTS) - 1)],
        logger=silent(),
    )


def silent() -> logging.Logger:
    """For slack_sdk, whose own words quote what it was sent: errors are told by ours."""
    logger = logging.getLogger("vensor.slack")
    logger.setLevel(logging.CRITICAL)
    return logger
