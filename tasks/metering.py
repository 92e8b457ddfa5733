"""What models cost: written down call by call, and stopped where a day's budget is spent."""

import logging
from dataclasses import replace
from decimal import Decimal
from threading import Lock

from tasks.errors import BudgetSpentError, ConfigurationError
from tasks.openai import Call, Prices, Usage, load_prices
from tasks.resources import Resources
from warehouse import models
from warehouse.models import Used

# At least as many tokens as a text of this many bytes has, in any language: what is about to be
# spent is rather taken for more.
BYTES_A_TOKEN = 3

logger = logging.getLogger(__name__)


class Meter:
    """The ledger and the budget of one organization, for any number of threads."""

    def __init__(self, resources: Resources, prices: Prices | None = None) -> None:
        settings = resources.settings
        self._resources = resources
        self._prices = prices or load_prices(settings.prices_path, settings.openai_base_url)
        self._lock = Lock()
        self._under_way: dict[int, Decimal] = {}
        self._warned: set[str] = set()

    def before(self, call: Call) -> None:
        """Raises: BudgetSpentError where this call and those under way exceed the day's budget,
        ConfigurationError where there is a budget and the call's price is not known.
        """
        with self._resources.session() as connection:
            budget = models.find_budget(connection)
            if budget is None:
                return
            spent = models.spent_today(connection).usd
            price = self._prices.find(call.model, models.today(connection))
        cost = None if price is None else _share(price.cost_usd(_expected(call)), call)
        if cost is None:
            raise ConfigurationError(
                f"{call.capability} with {call.model}: there is a budget, but no price to hold it"
                " by; VENSOR_PRICES_PATH names a list of prices"
            )
        with self._lock:
            if spent + sum(self._under_way.values()) + cost > budget:
                raise BudgetSpentError(
                    f"{self._resources.organization.slug}: today's budget of ${budget} for models"
                    " is spent; `vensor ai budget` sets another"
                )
            self._under_way[id(call)] = cost

    def after(self, call: Call, usage: Usage) -> None:
        """Adds what the call took to the ledger."""
        if usage.audio_seconds is None:
            usage = replace(usage, audio_seconds=call.audio_seconds)
        org_id = self._resources.organization.org_id
        with self._resources.session() as connection:
            price = self._prices.find(call.model, models.today(connection))
            cost = None if price is None else _share(price.cost_usd(usage), call)
            models.record_usage(connection, org_id, _used(call, usage, cost))
        if cost is None:
            self._warn(call)
        with self._lock:
            self._under_way.pop(id(call), None)

    def _warn(self, call: Call) -> None:
        """Once a model."""
        if call.model not in self._warned:
            self._warned.add(call.model)
            logger.warning(
                "the price of %s is not known: what it costs is stored as unknown;"
                " VENSOR_PRICES_PATH names a list of prices",
                call.model,
            )


def _used(call: Call, usage: Usage, cost_usd: Decimal | None) -> Used:
    return Used(
        capability=call.capability,
        provider="openai",
        model=call.model,
        calls=1,
        items=call.items,
        input_tokens=usage.input_tokens or 0,
        cached_tokens=usage.cached_tokens or 0,
        output_tokens=usage.output_tokens or 0,
        audio_seconds=usage.audio_seconds or 0.0,
        cost_usd=cost_usd,
        latency_ms=usage.latency_ms,
    )


def _share(cost: Decimal | None, call: Call) -> Decimal | None:
    return None if cost is None else cost * Decimal(str(call.price_share))


def _expected(call: Call) -> Usage:
    """What a call takes at most, as far as that can be told before: not the words of an answer."""
    tokens = call.payload_bytes // BYTES_A_TOKEN + 1
    return Usage(input_tokens=tokens, output_tokens=0, audio_seconds=call.audio_seconds)
