"""What it will take to score the tickets of some days: counted in Zendesk, priced by the list.

An estimate: of a ticket's length, what the organization's tickets here have, sealed as they are.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from itertools import chain

from tasks.analysts import opened_analyst
from tasks.backfilling import MODELS, Plan
from tasks.choices import chosen, opened_embedder
from tasks.errors import ConfigurationError, RefusedError
from tasks.extraction import Extraction, extracting
from tasks.metering import BYTES_A_TOKEN
from tasks.openai import Usage, load_prices
from tasks.resources import Resources, opened
from tasks.stages import BackfillStage
from tasks.zendesk.reconciling import iter_found_tickets
from warehouse import backfills
from warehouse.assessments import pending_assessments
from warehouse.models import CAPABILITIES, Capability, Spent, spent_since, today
from warehouse.pending import pending_tickets
from warehouse.retention import day_in

# Which stages call for which model.
STAGES: Mapping[Capability, frozenset[BackfillStage]] = {
    "transcribe": frozenset({BackfillStage.TRANSCRIBE}),
    "embed": frozenset({BackfillStage.EMBED}),
    "analyse": frozenset({BackfillStage.SCORE, BackfillStage.ASSESS}),
}
# A ticket is read for its procedures and for its assessment, each time with what to look for.
READINGS, INSTRUCTIONS_TOKENS, ANSWER_TOKENS = 2, 2_000, 450
# Where nothing is here yet to go by. Of calls: one ticket in five has one, of five minutes.
USUAL_BYTES = 3_000
SPEECH_SECONDS = 60.0


@dataclass(frozen=True)
class Estimate:
    """What scoring some days takes at about. `usd` is None where a price is not known."""

    tickets: int
    input_tokens: int
    output_tokens: int
    audio_minutes: int
    usd: Decimal | None

    def __str__(self) -> str:
        cost = "a cost that is not known" if self.usd is None else f"about ${self.usd:.2f}"
        return (
            f"{self.tickets:,} tickets: {self.input_tokens:,} tokens in, {self.output_tokens:,}"
            f" out, {self.audio_minutes:,} minutes of speech, {cost}"
        )


@dataclass(frozen=True)
class Agreed:
    """An estimate that is no more than was allowed, and what models had cost until then.

    That is from a day of their ledger on.
    """

    estimate: Estimate
    since: date
    before: Spent

    def beside(self, now: Spent) -> str:
        """What scoring took, beside the estimate, in a line."""
        unknown = now.unpriced_calls - self.before.unpriced_calls
        more = f" and {unknown:,} calls whose price is not known" if unknown else ""
        usd = 0 if self.estimate.usd is None else self.estimate.usd
        return f"scoring took ${now.usd - self.before.usd:.2f}{more}; estimated were ${usd:.2f}"


def estimated(plan: Plan, as_of: datetime) -> Estimate:
    """What scoring the plan's days inside the clock takes; nothing where no model is to be paid."""
    with extracting(plan.asked.slug, as_of, "estimate") as extraction:
        tickets = _counted(extraction, plan) if set(plan.asked.stages) & set(MODELS) else 0
        return _priced(extraction.resources, plan, tickets)


def check_budget(estimate: Estimate, up_to_usd: float, slug: str) -> None:
    """Raises: ConfigurationError where it is to cost more than somebody has agreed to."""
    if estimate.usd is None or estimate.usd > Decimal(str(up_to_usd)):
        raise ConfigurationError(
            f"{slug}: scoring takes {estimate}; allowed are ${up_to_usd:g} (up_to_usd)"
        )


def agreed(estimate: Estimate, slug: str) -> Agreed:
    """The estimate, beside what models have cost so far."""
    with opened(slug) as resources, resources.session() as connection:
        since = today(connection)
        return Agreed(estimate, since, spent_since(connection, since))


def taken(told: Agreed, slug: str) -> str:
    """What scoring has taken since, beside the estimate."""
    with opened(slug) as resources, resources.session() as connection:
        return told.beside(spent_since(connection, told.since))


def _counted(extraction: Extraction, plan: Plan) -> int:
    """The tickets that changed on the days to be scored, or whose words are here unread."""
    inside = [one for one in plan.left if not one.past_clock]
    if not inside:
        return 0
    start, _ = day_in(extraction.resources.organization, inside[0].day)
    _, end = day_in(extraction.resources.organization, inside[-1].day)
    try:
        found = set(chain.from_iterable(iter_found_tickets(extraction.client, start, end)))
    except RefusedError:
        raise ConfigurationError(
            f"{plan.asked.slug}: Zendesk's search, which counts the tickets, is refused;"
            " backfill without scoring"
        ) from None
    return len(found | _unread(extraction.resources))


def _unread(resources: Resources) -> set[int]:
    """Tickets of whatever day that the present models have not read: they read all that is here."""
    with (
        opened_analyst(resources) as analyst,
        opened_embedder(resources) as embedder,
        resources.session() as connection,
    ):
        pending = pending_assessments(connection, analyst.model_version)
        pending += pending_tickets(connection, "embed", embedder.model_version)
    return {one.ticket_id for one in pending}


def _priced(resources: Resources, plan: Plan, tickets: int) -> Estimate:
    prices = load_prices(resources.settings.prices_path, resources.settings.openai_base_url)
    with resources.session() as connection:
        words = backfills.bytes_a_ticket(connection) or USUAL_BYTES
        day = today(connection)
    usd: Decimal | None = Decimal(0)
    taken = dict.fromkeys(CAPABILITIES, Usage(0, None, 0, 0.0))
    for capability, stages in STAGES.items():
        choice = chosen(resources, capability)
        if choice.provider == "local" or not tickets or not stages & set(plan.asked.stages):
            continue
        taken[capability] = one = _usage(capability, tickets, words // BYTES_A_TOKEN)
        price = prices.find(choice.model, day)
        cost = None if price is None else price.cost_usd(one)
        usd = None if usd is None or cost is None else usd + cost
    return Estimate(
        tickets,
        sum(one.input_tokens or 0 for one in taken.values()),
        sum(one.output_tokens or 0 for one in taken.values()),
        round(sum(one.audio_seconds or 0 for one in taken.values()) / 60),
        usd,
    )


def _usage(capability: Capability, tickets: int, words: int) -> Usage:
    """What this many tickets take of a model, each of this many tokens."""
    if capability == "transcribe":
        return Usage(audio_seconds=SPEECH_SECONDS * tickets)
    if capability == "embed":
        return Usage(input_tokens=words * tickets, output_tokens=0)
    return Usage(
        input_tokens=(words + INSTRUCTIONS_TOKENS) * READINGS * tickets,
        output_tokens=ANSWER_TOKENS * READINGS * tickets,
    )
