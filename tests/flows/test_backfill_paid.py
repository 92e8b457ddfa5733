"""A backfill that models are paid for: estimated, agreed to, and accounted for."""

import os
import pty
import re
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from uuid import uuid4

import pytest
from sqlalchemy import Engine

from cli import peers
from tests.flows.conftest import Terminal, connect
from tests.flows.test_authorized import by_hand
from tests.flows.test_backfill import NO_MODELS, rows

PRICES = """
- {model: text-embedding-3-small, from: 2024-01-25, usd_per_million: {input: 20}}
- {model: gpt-transcribe, from: 2026-01-01, usd_per_audio_minute: 0.6}
- {model: gpt-6-luna, from: 2026-01-01, usd_per_million: {input: 100, output: 600}}
"""
ESTIMATE = r"scoring takes [\d,]+ tickets: [\d,]+ tokens in, .* about \$(\d+\.\d\d)"
TODAY = datetime.now(UTC).date()
DAYS = {"from_day": str(TODAY - timedelta(days=2)), "to_day": str(TODAY - timedelta(days=1))}
ASKED = ("--from", DAYS["from_day"], "--to", DAYS["to_day"], "--score")


@pytest.fixture
def paid(terminal: Terminal, sandbox: peers.Sandbox, tmp_path: Path) -> Terminal:
    """A terminal whose models are the sandbox's, at a price."""
    (tmp_path / "prices.yml").write_text(PRICES)
    told = {"OPENAI_API_KEY": sandbox.openai["api_key"]}
    told |= {"OPENAI_BASE_URL": sandbox.openai["base_url"]}
    told |= {"VENSOR_PRICES_PATH": str(tmp_path / "prices.yml")}
    return Terminal(terminal.environment | told)


@pytest.fixture
def slug(paid: Terminal, sandbox: peers.Sandbox) -> str:
    """An organization that was read and measured, of which models have read nothing yet."""
    made = connect(paid, sandbox, f"paid-{uuid4().hex[:8]}")
    done = paid.run("run", "--org", made, *NO_MODELS)
    assert done.returncode == 0, done.stderr
    use = ("--transcribe", "openai", "--embed", "openai", "--analyse", "openai")
    assert paid.run("ai", "use", "--org", made, *use).returncode == 0
    return made


def test_scoring_is_estimated_agreed_to_and_told_beside_what_it_took(
    paid: Terminal, engine: Engine, slug: str
) -> None:
    """Nothing is begun for who is not there to agree, who says no, or who allows too little."""
    command = ("backfill", "--org", slug, *ASKED)
    silent = paid.run(*command)
    assert silent.returncode == 1
    assert "say --yes to agree" in silent.stderr
    assert _answered(paid, command, "n")[0] == 1
    assert rows(engine, slug, "select from app.backfills") == []
    too_little = {"org": slug, **DAYS, "score": True, "up_to_usd": 0.01}
    refused = by_hand(paid, "backfill", too_little)
    assert refused.returncode != 0
    assert "allowed are $0.01 (up_to_usd)" in refused.stderr
    assert rows(engine, slug, "select from app.runs where flow = 'backfill'") == []
    assert rows(engine, slug, "select from ai.usage") == []

    status, shown = _answered(paid, command, "y")

    assert status == 0, shown
    estimated = Decimal(re.search(ESTIMATE, shown)[1])
    took = rows(engine, slug, "select sum(cost_usd) from ai.usage where provider = 'openai'")[0][0]
    assert f"scoring took ${took:.2f}; estimated were ${estimated:.2f}" in shown
    assert estimated / 10 < took < estimated  # the sandbox has few calls, and answers in short
    assert rows(engine, slug, "select count(*) from ai.assessments")[0][0] > 0


def _answered(terminal: Terminal, command: tuple[str, ...], answer: str) -> tuple[int, str]:
    """The exit status and all that was shown, where somebody at a screen gives this answer."""
    ours, theirs = pty.openpty()
    os.write(ours, f"{answer}\n".encode())
    done = subprocess.run(
        [sys.executable, "-c", "from cli.main import main; main()", *command],
        env=terminal.environment,
        stdin=theirs,
        capture_output=True,
        text=True,
        timeout=900,
        check=False,
    )
    os.close(theirs)
    os.close(ours)
    return done.returncode, done.stdout + done.stderr
