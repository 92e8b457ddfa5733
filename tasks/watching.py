"""The edge of a flow: what happens in it is traced, what ends it is told of, and classified."""

from collections.abc import Iterator
from contextlib import contextmanager

from tasks.errors import TransientError, VensorError
from tasks.failures import advised
from tasks.sanitising import without_values
from tasks.sentry import report_error, send_trace
from tasks.tracing import traced


@contextmanager
def watched(flow: str, slug: str | None = None) -> Iterator[None]:
    """A run of `flow`, whose error leaves without values and with its kind and what to do.

    Steps report their own errors; here those are that they leave to be tried again, once that is
    over, and those of the flow itself.
    """
    trace = None
    try:
        with traced(flow, slug) as trace:
            try:
                yield
            except Exception as error:
                if isinstance(error, TransientError) or not isinstance(error, VensorError):
                    report_error(error, step=flow, slug=slug)
                raise advised(without_values(error)) from None
    finally:
        if trace is not None:
            send_trace(trace)
