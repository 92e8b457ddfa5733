"""Refusals in OpenAI's form."""

from typing import Any


class OpenAIRefusal(Exception):
    """An answer that is not 200."""

    def __init__(
        self, status: int, message: str, *, kind: str = "invalid_request_error",
        param: str | None = None, code: str | None = None,
    ) -> None:  # fmt: skip
        super().__init__(status)
        self.status = status
        self.body: dict[str, Any] = {
            "error": {"message": message, "type": kind, "param": param, "code": code}
        }


def invalid(message: str, param: str | None = None, code: str | None = None) -> OpenAIRefusal:
    """400 for a request with a bad parameter."""
    return OpenAIRefusal(400, message, param=param, code=code)


def wrong_key() -> OpenAIRefusal:
    """401 for a missing or unknown key."""
    return OpenAIRefusal(401, "Incorrect API key provided.", code="invalid_api_key")


def no_model(name: str) -> OpenAIRefusal:
    """404 for a model that does not exist."""
    told = f"The model `{name}` does not exist or you do not have access to it."
    return OpenAIRefusal(404, told, param="model", code="model_not_found")


def too_many() -> OpenAIRefusal:
    """429 when the minute's requests are spent."""
    told = "Rate limit reached for requests per minute. Please try again later."
    return OpenAIRefusal(429, told, kind="requests", code="rate_limit_exceeded")
