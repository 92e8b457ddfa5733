"""OpenAI, or whoever speaks its API at OPENAI_BASE_URL: one place that asks it for anything."""

from tasks.openai.failures import NoAnswerError, NotOfferedError
from tasks.openai.flags import Flag, Flags
from tasks.openai.prices import Prices, load_prices
from tasks.openai.service import Call, OpenAIService, openai_service
from tasks.openai.usage import Usage

__all__ = [
    "Call",
    "Flag",
    "Flags",
    "NoAnswerError",
    "NotOfferedError",
    "OpenAIService",
    "Prices",
    "Usage",
    "load_prices",
    "openai_service",
]
