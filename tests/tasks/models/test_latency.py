"""How long calls took: measured where they are made, kept as a histogram in the ledger."""

import pytest
from sqlalchemy import text

from tasks.choices import note_local
from tasks.metering import Meter
from tasks.openai import Call, Usage

CALL = Call("embed", "text-embedding-3-small", (1,), 1, 100)


def ledger(desk):
    with desk.session() as connection:
        return connection.execute(
            text("""
                select
                    calls, latency_n, latency_sum_ms, latency_histogram,
                    bi.percentile(latency_histogram, 0.5) as median
                from ai.usage
            """)
        ).one()


def test_calls_are_counted_by_how_long_they_took(desk):
    """Half a millisecond, two and two again: the median lies in the bucket of two."""
    meter = Meter(desk)
    for latency_ms in (0.5, 2.0, 2.0):
        meter.after(CALL, Usage(input_tokens=1, latency_ms=latency_ms))
    told = ledger(desk)
    assert (told.calls, told.latency_n, told.latency_sum_ms) == (3, 3, 4.5)
    assert told.latency_histogram == [1, *[0] * 8, 2]
    assert told.median == pytest.approx(2.0, rel=0.1)


def test_what_is_not_timed_counts_as_a_call_only(desk):
    """The lines of a batch, and models of this machine: not known is not zero."""
    Meter(desk).after(CALL, Usage(input_tokens=1))
    told = ledger(desk)
    assert (told.calls, told.latency_n, told.latency_sum_ms) == (1, 0, 0.0)
    assert told.latency_histogram == []
    assert told.median is None


def test_models_of_this_machine_are_not_timed_call_by_call(desk):
    """Their line of the ledger is a stage of a run."""
    note_local(desk, "embed", "a-model-of-ours", items=3)
    assert (ledger(desk).calls, ledger(desk).latency_n) == (1, 0)
