"""Faults of those whom vensor asks: the warehouse's connections, Zendesk, Slack, OpenAI."""

import random
import time
from collections.abc import Callable, Iterable
from datetime import timedelta
from typing import Any

from tests.chaos.faults import Fault
from tests.chaos.proxy import Cuts, Where, cutting
from tests.chaos.stage import Day, Stage

Told = dict[str, Any]
SEED = 7
CUTS = 5
ZENDESK, SLACK, OPENAI = "/zendesk/", "/slack/api/", "/openai/v1/"
TICKETS = "/incremental/tickets/cursor"
EVENTS = "/incremental/ticket_events"
MODELS = ("embeddings", "responses", "audio/transcriptions")
# What is made of verdicts and assessments; the first six are compared ticket by ticket as well.
ASSESSED = frozenset(
    {
        "ai.sop_checks",
        "ai.assessments",
        "ai.assessment_reasons",
        "ai.quality_scores",
        "ai.escalations",
        "ai.summaries",
        "ai.summaries.sealed",
        "ai.alerts",
        "app.outbox",
        "Slack, support-acme",
        "Slack, support-globex",
        "metrics.fct_sop_check",
        "metrics.fct_sop_daily",
        "metrics.fct_agent_daily.quality_n",
        "metrics.fct_agent_daily.quality_sum",
        "metrics.fct_quality",
        "metrics.fct_quality_daily",
        "metrics.fct_escalation_daily",
        "metrics.fct_ai_coverage_daily",
    }
)
# What tells of the instant of a build, or of the run that found an alert: what was done ten minutes
# before is not done again where nothing has come since.
EARLIER = frozenset(
    {
        "ai.alerts.found_at",
        "ai.alerts.changed_at",
        "app.metric_builds.as_of",
        "metrics.fct_backlog_daily.oldest_age_minutes",
        "metrics.fct_data_freshness",
    }
)
AWAIT_SECONDS = 300.0
BEFORE_THE_LAST = 30
LATE = timedelta(minutes=10)


def cut(where: Where, among: int) -> Callable[[Stage], int]:
    """Cuts at five places drawn among the first so many of the day's COPYs or COMMITs."""

    def strike(stage: Stage) -> int:
        at = set(random.Random(SEED).sample(range(1, among), CUTS))
        cuts = Cuts(where, at)
        with cutting(cuts, stage.database_port) as port:
            stage.run(stage.through(port))
        return cuts.made

    return strike


def asked_wrong(*faults: Told) -> Callable[[Stage], int]:
    """The sandbox answers so; how many requests were answered so, or 0 if not all were."""

    def strike(stage: Stage) -> int:
        with stage.control() as client:
            client.post("/faults", json=faults).raise_for_status()
            stage.run()
            left = client.get("/faults").json()["faults"]
            client.delete("/faults").raise_for_status()
            return 0 if left else _hits(stage.requests())

    return strike


def _hits(requests: Iterable[Told]) -> int:
    return sum(one["fault"] is not None for one in requests)


def killed_while_renewing(stage: Stage) -> int:
    """The token ends, Zendesk has made the next pair, and the run dies before it has it."""
    renewal = {"path": "/oauth/tokens", "kind": "timeout_after_commit", "seconds": 30}
    ended = {"path": EVENTS, "kind": "expire_token", "account": "acme"}
    with stage.control() as client:
        client.post("/faults", json=[ended, {**renewal, "account": "acme"}]).raise_for_status()
        day = stage.begin()
        _await(day, lambda: not client.get("/faults").json()["faults"])
        time.sleep(0.5)
        return int(day.kill(family=True))


def _await(day: Day, happened: Callable[[], bool]) -> None:
    """Until it happened, or the day has ended without."""
    deadline = time.monotonic() + AWAIT_SECONDS
    while not happened() and day.process.poll() is None and time.monotonic() < deadline:
        time.sleep(0.05)


def slow_clock(stage: Stage) -> int:
    """This machine's clock is ten minutes late on the first day, and right on the next."""
    right = stage.as_of
    stage.as_of = right - LATE
    try:
        stage.run()
    finally:
        stage.as_of = right
    return int(stage.run().process.returncode == 0)


def zendesk(kind: str, path: str = ZENDESK, **more: Any) -> Told:
    """A fault of Zendesk's."""
    return {"path": path, "kind": kind, **more}


def models_answer(kind: str, times: int, *names: str, **more: Any) -> Callable[[Stage], int]:
    """So many answers of each of these endpoints are so.

    Of `responses` a late one as well: the first are verdicts on procedures, the last assessments.
    """

    def strike(stage: Stage) -> int:
        faults = [{"path": OPENAI + name, "kind": kind, "times": times, **more} for name in names]
        if "responses" in names:
            late = stage.answers - times - BEFORE_THE_LAST
            faults.append({"path": f"{OPENAI}responses", "kind": kind, "skip": late, **more})
        return asked_wrong(*faults)(stage)

    return strike


FAULTS = (
    Fault("cut", "the connection to Postgres cut in COPY", cut("in COPY", 60)),
    Fault(
        "cut", "the connection to Postgres cut before COMMIT is heard", cut("before COMMIT", 200)
    ),
    Fault(
        "cut",
        "the connection to Postgres cut after COMMIT, its answer lost",
        cut("after COMMIT", 200),
    ),
    Fault(
        "zendesk",
        "Zendesk answers 429",
        asked_wrong(
            zendesk("429", times=3, skip=4, retry_after=2),
            zendesk("429", EVENTS, times=2, retry_after=2),
        ),
    ),
    Fault("zendesk", "Zendesk answers 500", asked_wrong(zendesk("500", times=8, skip=6))),
    Fault("zendesk", "Zendesk answers 504", asked_wrong(zendesk("504", times=8, skip=6))),
    Fault(
        "zendesk",
        "Zendesk answers with a truncated page",
        asked_wrong(
            zendesk("truncate", TICKETS, times=2),
            zendesk("truncate", EVENTS, times=2, cut="connection"),
        ),
    ),
    Fault(
        "zendesk",
        "Zendesk answers with a page that is no JSON",
        asked_wrong(zendesk("garbage", "/api/v2/", times=3, skip=6)),
    ),
    Fault(
        "zendesk",
        "Zendesk answers with a cursor that repeats",
        asked_wrong(
            zendesk("repeat_cursor", EVENTS, account="acme"),
            zendesk("repeat_cursor", EVENTS, account="globex"),
        ),
    ),
    Fault(
        "zendesk",
        "Zendesk answers with each record of a page twice",
        asked_wrong(
            zendesk("duplicate_page", TICKETS, times=2), zendesk("duplicate_page", EVENTS, times=2)
        ),
    ),
    Fault(
        "zendesk",
        "the clock is ten minutes late",
        slow_clock,
        excused="but for what tells of the earlier instant: it was another one",
        tables=EARLIER,
    ),
    Fault(
        "token",
        "the token ends in the middle",
        asked_wrong(
            zendesk("expire_token", TICKETS, account="acme"),
            zendesk("expire_token", EVENTS, account="globex"),
        ),
    ),
    Fault(
        "token",
        "the token is revoked in the middle, with its refresh token",
        asked_wrong(
            zendesk("revoke_token", TICKETS, account="acme"),
            zendesk("revoke_token", EVENTS, account="globex"),
        ),
    ),
    Fault("token", "SIGKILL while the token is renewed", killed_while_renewing),
    Fault(
        "slack",
        "Slack answers 429",
        asked_wrong({"path": f"{SLACK}chat.postMessage", "kind": "429", "times": 3}),
    ),
    Fault(
        "slack",
        "Slack times out after it has posted",
        asked_wrong(
            {
                "path": f"{SLACK}chat.postMessage",
                "kind": "timeout_after_commit",
                "times": 2,
                "seconds": 3,
            }
        ),
    ),
    Fault("openai", "OpenAI answers 429", models_answer("429", 3, *MODELS), models="openai"),
    Fault(
        "openai",
        "OpenAI hangs, then answers 504",
        models_answer("hang", 2, *MODELS, seconds=3),
        models="openai",
    ),
    Fault(
        "openai",
        "OpenAI answers with a refusal",
        models_answer("refusal", 2, "responses"),
        models="openai",
        excused="but for the three tickets refused: rules judge those, or nobody",
        tickets=3,
        tables=ASSESSED,
    ),
    Fault(
        "openai",
        "OpenAI answers with no JSON",
        models_answer("no_json", 2, "responses"),
        models="openai",
    ),
    Fault(
        "openai",
        "OpenAI answers with less than was asked",
        models_answer("fewer_answers", 2, "embeddings", "responses"),
        models="openai",
    ),
)
