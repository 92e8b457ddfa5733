"""Which provider and model an organization uses for what, and how it is opened.

Without a choice of its own: `openai` where OPENAI_API_KEY is set, else `local`.
"""

import hashlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING

from tasks.embedding import Embedder, LocalEmbedder
from tasks.resources import Resources
from tasks.scoring import RULES_VERSION, SOP_VERSION, Judge, LocalJudge
from tasks.settings import Settings
from tasks.speech import LocalTranscriber, Transcriber
from warehouse.models import Capability, Choice, Provider, Used, find_choice, record_usage

# OpenAI's library takes more than a second to import: where it is not used, nobody waits for it.
if TYPE_CHECKING:
    from tasks.openai import OpenAIService

CHANNELS: dict[str, int | None] = {"first": 0, "second": 1, "none": None}


@dataclass(frozen=True)
class Chosen:
    """What is used for a capability; `model` is empty where it is the one that is packaged."""

    capability: Capability
    provider: Provider
    model: str
    dimension: int
    language: str | None
    agent_channel: str


def chosen(resources: Resources, capability: Capability) -> Chosen:
    """The organization's choice, completed by the settings."""
    settings = resources.settings
    with resources.session() as connection:
        choice = find_choice(connection, capability) or _usual(settings)
    return Chosen(
        capability,
        choice.provider,
        (choice.model or _model(settings, capability)) if choice.provider == "openai" else "",
        choice.dimension or settings.embed_dimension,
        choice.language,
        choice.agent_channel or settings.agent_channel,
    )


def _usual(settings: Settings) -> Choice:
    return Choice("local" if settings.openai_api_key is None else "openai")


def _model(settings: Settings, capability: Capability) -> str:
    return {
        "transcribe": settings.transcribe_model,
        "embed": settings.embed_model,
        "analyse": settings.analyse_model,
    }[capability]


@contextmanager
def opened_service(resources: Resources) -> "Iterator[OpenAIService]":
    """The OpenAI-compatible server with the organization's ledgers and budget around each call.

    Before a call leaves, its cost is held against the budget and whoever opted out against its
    tickets, and what leaves is written down.

    Raises: ConfigurationError where OPENAI_API_KEY is not set.
    """
    from tasks.metering import Meter
    from tasks.openai import Call, openai_service
    from tasks.sharing import record_call

    meter = Meter(resources)

    def before(call: Call) -> None:
        meter.before(call)
        record_call(resources, call)

    with openai_service(resources.settings, before=before, after=meter.after) as service:
        yield service


@contextmanager
def opened_embedder(resources: Resources) -> Iterator[Embedder]:
    """What the organization embeds with. One that is remote gets redacted text only."""
    choice = chosen(resources, "embed")
    if choice.provider == "local":
        yield LocalEmbedder()
        return
    from tasks.embedding.openai import OpenAIEmbedder

    with opened_service(resources) as service:
        yield redacting(
            resources, OpenAIEmbedder(service, model=choice.model, dimension=choice.dimension)
        )


@contextmanager
def opened_transcriber(resources: Resources) -> Iterator[Transcriber]:
    """What the organization transcribes with."""
    choice = chosen(resources, "transcribe")
    agent = CHANNELS[choice.agent_channel]
    if choice.provider == "local":
        path = resources.settings.speech_model_path
        yield LocalTranscriber(model_path=path, language=choice.language, agent_channel=agent)
        return
    from tasks.speech.openai import OpenAITranscriber

    with opened_service(resources) as service:
        yield OpenAITranscriber(
            service, model=choice.model, language=choice.language, agent_channel=agent
        )


@contextmanager
def opened_judge(resources: Resources, embedder: Embedder) -> Iterator[Judge]:
    """Who judges by procedures for the organization; one that is remote gets redacted text only.

    `embedder` is of this machine.
    """
    choice = chosen(resources, "analyse")
    if choice.provider == "local":
        yield LocalJudge(embedder)
        return
    from tasks.scoring.openai import OpenAIJudge
    from tasks.sharing import RedactingJudge

    with opened_service(resources) as service:
        key = cache_key(resources, RULES_VERSION)
        judge = OpenAIJudge(service, model=choice.model, cache_key=key)
        yield RedactingJudge(resources, judge)


def cache_key(resources: Resources, *versions: str) -> str:
    """The same for requests that begin the same: it tells the server neither whose nor what."""
    told = " ".join((str(resources.organization.org_id), *versions))
    return hashlib.sha256(told.encode()).hexdigest()[:32]


def judge_version(resources: Resources) -> str:
    """The version of who judges for the organization now."""
    choice = chosen(resources, "analyse")
    if choice.provider == "local":
        return SOP_VERSION
    return f"{choice.model}+{RULES_VERSION}"


def note_local(
    resources: Resources,
    capability: Capability,
    model: str,
    *,
    items: int,
    audio_seconds: float = 0.0,
) -> None:
    """Adds to the ledger what a model of this machine did, which costs nobody anything."""
    if not items:
        return
    used = Used(
        capability=capability,
        provider="local",
        model=model,
        calls=1,
        items=items,
        audio_seconds=audio_seconds,
        cost_usd=Decimal(0),
    )
    with resources.session() as connection:
        record_usage(connection, resources.organization.org_id, used)


def redacting(resources: Resources, embedder: Embedder) -> Embedder:
    """`embedder` where it is on this machine; else one that lets no text out unredacted."""
    if not embedder.remote:
        return embedder
    from tasks.sharing import RedactingEmbedder

    return RedactingEmbedder(resources, embedder)
