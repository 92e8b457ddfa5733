"""The ledger of what models cost, and the budget that stops them."""

import logging
from decimal import Decimal

import pytest
from sqlalchemy import text

from tasks.errors import BudgetSpentError, ConfigurationError
from tasks.metering import Meter
from tasks.openai import Call, Usage
from warehouse.models import set_budget, spent_today, used_today

MODEL = "text-embedding-3-small"  # at 20 dollars a million tokens here


def call(model=MODEL, *, payload_bytes=300_000, **more):
    return Call("embed", model, (1,), 2, payload_bytes, **more)


def budget(desk, usd):
    with desk.session() as connection:
        set_budget(connection, desk.organization.org_id, None if usd is None else Decimal(usd))


def spent(desk):
    with desk.session() as connection:
        return spent_today(connection)


def test_calls_of_a_day_are_one_line(desk):
    """Calls, items, tokens and dollars, added up."""
    meter = Meter(desk)
    meter.after(call(), Usage(input_tokens=1_000))
    meter.after(call(), Usage(input_tokens=500))
    with desk.session() as connection:
        [used] = used_today(connection)
    assert (used.capability, used.provider, used.calls, used.items) == ("embed", "openai", 2, 4)
    assert used.cost_usd == Decimal("0.03") == spent(desk).usd
    with desk.session() as connection:
        tokens = connection.execute(text("select input_tokens from ai.usage")).scalar_one()
    assert tokens == 1_500


def test_an_unknown_price_is_null_and_warned_of_once(desk, caplog):
    """Never 0: a sum with it is not known either."""
    meter = Meter(desk)
    with caplog.at_level(logging.WARNING):
        for _ in range(2):
            meter.after(call("model-of-our-own"), Usage(input_tokens=1_000))
    assert [record.message for record in caplog.records if "price" in record.message] == [
        "the price of model-of-our-own is not known: what it costs is stored as unknown;"
        " VENSOR_PRICES_PATH names a list of prices"
    ]
    assert spent(desk).unpriced_calls == 2
    with desk.session() as connection:
        assert connection.execute(text("select cost_usd from ai.usage")).scalar_one() is None


def test_sound_that_the_server_does_not_count_is_counted_here(desk):
    """A minute at 0.60 dollars."""
    meter = Meter(desk)
    heard = Call("transcribe", "gpt-transcribe", (1,), 1, 1_000, audio_seconds=60.0)
    meter.after(heard, Usage())
    assert spent(desk).usd == Decimal("0.6")


def test_calls_under_way_count_before_they_are_answered(desk):
    """300,000 bytes are at most 100,001 tokens, two dollars: one fits into three, two do not."""
    budget(desk, "3")
    meter = Meter(desk)
    first = call()
    meter.before(first)
    with pytest.raises(BudgetSpentError, match="today's budget of \\$3"):
        meter.before(call())
    meter.after(first, Usage(input_tokens=10_000))
    meter.before(call())


def test_the_next_day_begins_anew(desk):
    """What was spent yesterday is not of today's budget."""
    budget(desk, "3")
    Meter(desk).after(call(), Usage(input_tokens=150_000))
    with pytest.raises(BudgetSpentError):
        Meter(desk).before(call())
    with desk.session() as connection:
        connection.execute(text("update ai.usage set used_on = used_on - 1"))
    Meter(desk).before(call())


def test_a_budget_needs_a_price(desk):
    """What cannot be told may not be spent."""
    Meter(desk).before(call("model-of-our-own"))
    budget(desk, "3")
    with pytest.raises(ConfigurationError, match="no price"):
        Meter(desk).before(call("model-of-our-own"))
    budget(desk, None)
    Meter(desk).before(call("model-of-our-own"))
