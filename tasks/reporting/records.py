"""What a report consists of, before anyone has drawn it. All texts are plain, never markup."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import Enum
from typing import Any

from tasks.reporting.period import Period
from warehouse import report_rows as rows

Spec = Mapping[str, Any]


class Tone(Enum):
    """What a difference means for a desk, said in a word beside its sign."""

    BETTER = "better"
    WORSE = "worse"
    NEITHER = "neither better nor worse"


class Sort(Enum):
    """How a finding was found."""

    CHANGE = "Unlike former weeks"
    PEERS = "Unlike its peers"
    BREAK = "Change of model"
    MISSING = "Missing"


@dataclass(frozen=True)
class Material:
    """The rows that a report is made of."""

    flow: Sequence[rows.Flow] = ()
    backlog: Sequence[rows.Backlog] = ()
    durations: Sequence[rows.Duration] = ()
    sla: Sequence[rows.Sla] = ()
    csat: Sequence[rows.Csat] = ()
    sentiment: Sequence[rows.Sentiment] = ()
    sop: Sequence[rows.Sop] = ()
    quality: Sequence[rows.Quality] = ()
    calls: Sequence[rows.Calls] = ()
    escalations: Sequence[rows.Escalation] = ()
    coverage: Sequence[rows.Coverage] = ()
    freshness: Sequence[rows.Freshness] = ()
    parity: Sequence[rows.Parity] = ()


@dataclass(frozen=True)
class Figure:
    """One number of the week, beside the week before and the usual."""

    name: str
    value: str
    before: str
    usual: str
    change: str
    rose: bool | None
    tone: Tone
    trend: Sequence[float | None] = ()
    note: str = ""


@dataclass(frozen=True)
class Table:
    """Rows of texts; the first column names what the others are of."""

    caption: str
    columns: Sequence[str]
    rows: Sequence[Sequence[str]]


@dataclass(frozen=True)
class Chart:
    """A picture as a Vega-Lite specification, what it shows in words, and its numbers."""

    key: str
    title: str
    alt: str
    spec: Spec
    table: Table
    hint: str = ""


@dataclass(frozen=True)
class Section:
    """A subject; `lead` says in words what there is, `notes` what is missing or how it is made."""

    key: str
    title: str
    lead: str
    figures: Sequence[Figure] = ()
    charts: Sequence[Chart] = ()
    tables: Sequence[Table] = ()
    notes: Sequence[str] = ()


@dataclass(frozen=True)
class Finding:
    """Something that stands out. `distance` is how far, in the rule's own unit."""

    sort: Sort
    title: str
    words: str
    section: str
    tone: Tone = Tone.NEITHER
    distance: float = 0.0
    clear: bool = True
    also: Sequence[str] = ()

    @property
    def line(self) -> str:
        """All of it in one line."""
        sure = "" if self.clear else " (perhaps chance)"
        return f"{self.title}{sure}. {self.words}"


@dataclass(frozen=True)
class Report:
    """One organization's week."""

    organization: str
    timezone: str
    period: Period
    made_at: str
    headline: Sequence[Figure]
    findings: Sequence[Finding]
    sections: Sequence[Section]
    notes: Sequence[str] = field(default=())
