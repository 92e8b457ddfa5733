"""What a run does and for how long: one trace a run, a span for each stage and step of it.

Spans hold names, durations and counts. They are kept while a run lasts, whether or not they are
sent: an error that is reported says with them of which organization and stage it is.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from datetime import UTC, datetime
from uuid import uuid4

from tasks.failures import classify


@dataclass
class Span:
    """A part of a run. `counts` may be filled until it ends; `failure` is the kind of one."""

    op: str
    name: str
    parent_id: str | None
    span_id: str = field(default_factory=lambda: uuid4().hex[:16])
    began_at: datetime = field(default_factory=lambda: datetime.now(UTC))
    ended_at: datetime | None = None
    failure: str | None = None
    counts: dict[str, int] = field(default_factory=dict)


@dataclass
class Trace:
    """A run of a flow, of one organization or of all; the first span is the run itself."""

    flow: str
    slug: str | None
    trace_id: str = field(default_factory=lambda: uuid4().hex)
    spans: list[Span] = field(default_factory=list)


_trace: ContextVar[Trace | None] = ContextVar("trace", default=None)
_within: ContextVar[tuple[Span, ...]] = ContextVar("within", default=())


@contextmanager
def traced(flow: str, slug: str | None) -> Iterator[Trace]:
    """Within, spans are parts of this run."""
    trace = Trace(flow, slug)
    whole, outer = _trace.set(trace), _within.set(())
    try:
        with spanned("flow", flow):
            yield trace
    finally:
        _within.reset(outer)
        _trace.reset(whole)


@contextmanager
def spanned(op: str, name: str) -> Iterator[Span]:
    """A span of the run that is under way; outside of one it is a part of nothing."""
    above = _within.get()
    span = Span(op, name, above[-1].span_id if above else None)
    trace = _trace.get()
    if trace is not None:
        trace.spans.append(span)
    token = _within.set((*above, span))
    try:
        yield span
    except BaseException as error:
        span.failure = str(classify(error).kind)
        raise
    finally:
        span.ended_at = datetime.now(UTC)
        _within.reset(token)


def current_trace() -> Trace | None:
    """The run that is under way here."""
    return _trace.get()


def current_span() -> Span | None:
    """The innermost part of it."""
    return _within.get()[-1] if _within.get() else None


def current_stage() -> str | None:
    """The stage that is under way here."""
    return next((one.name for one in reversed(_within.get()) if one.op == "stage"), None)
