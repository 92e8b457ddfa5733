"""What a call costs, by hand."""

from datetime import date
from decimal import Decimal

import pytest

from tasks.errors import ConfigurationError
from tasks.openai import Usage, load_prices

OPENAI = "https://api.openai.com/v1"
DAY = date(2026, 11, 25)


def cost(model, usage, *, day=DAY):
    price = load_prices(None, OPENAI).find(model, day)
    return None if price is None else price.cost_usd(usage)


def test_tokens_cost_by_their_kind():
    """A million: 600k new at 0.10, 300k cached at 0.01, 100k written at 0.125; 200k out at 0.50."""
    usage = Usage(1_000_000, 300_000, 200_000, cache_write_tokens=100_000)
    assert cost("gpt-6-luna", usage) == Decimal("0.06") + Decimal("0.003") + Decimal(
        "0.0125"
    ) + Decimal("0.1")


def test_vectors_cost_what_goes_in_and_sound_by_the_minute():
    """50k tokens at 0.02 a million; a minute and a half at 0.0045."""
    assert cost("text-embedding-3-small", Usage(50_000)) == Decimal("0.001")
    assert cost("gpt-transcribe", Usage(audio_seconds=90.0)) == Decimal("0.00675")


def test_what_is_not_counted_or_not_listed_costs_nobody_knows_what():
    """None, never 0."""
    assert cost("gpt-6-luna", Usage(1_000)) is None
    assert cost("gpt-transcribe", Usage(10)) is None
    assert cost("gpt-6-luna", Usage(1, 0, 1), day=date(2026, 9, 21)) is None
    assert cost("llama-of-our-own", Usage(1, 0, 1)) is None
    assert load_prices(None, "http://127.0.0.1:1/v1").find("gpt-6-luna", DAY) is None
    assert (
        load_prices(None, "https://api.openai.com.example.com/v1").find("gpt-6-luna", DAY) is None
    )


def test_a_list_of_one_s_own_is_in_force_from_its_days(tmp_path):
    """The newest price that is not in the future."""
    path = tmp_path / "prices.yml"
    path.write_text(
        "- {model: m, from: 2026-01-01, usd_per_million: {input: 2}}\n"
        "- {model: m, from: 2026-11-25, usd_per_million: {input: 1}}\n"
        "- {model: m, from: 2026-11-26, usd_per_million: {input: 0.5}}\n"
    )
    price = load_prices(path, "http://127.0.0.1:1/v1").find("m", DAY)
    assert price.cost_usd(Usage(1_000_000)) == 1


@pytest.mark.parametrize(
    "told",
    [
        "model: m",
        "- {model: m, from: soon, usd_per_million: {input: 1}}",
        "- {model: m, from: 2026-01-01}",
        "- {model: m, from: 2026-01-01, usd_per_million: {input: -1}}",
        "- {model: m, from: 2026-01-01, usd_per_million: {imput: 1}}",
        "- [",
    ],
)
def test_no_list_of_prices_is_told(tmp_path, told):
    """ConfigurationError naming the variable."""
    path = tmp_path / "prices.yml"
    path.write_text(told)
    with pytest.raises(ConfigurationError, match="VENSOR_PRICES_PATH"):
        load_prices(path, OPENAI)
