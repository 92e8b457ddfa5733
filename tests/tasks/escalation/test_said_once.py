"""Said once: whatever Slack does, and wherever a process is killed."""

import os
import signal
import subprocess
import sys
from datetime import timedelta

import pytest

from tasks.alert import alert
from tasks.errors import TransientError
from tests.tasks.escalation.conftest import Desk, key_of

pytestmark = [
    pytest.mark.filterwarnings("ignore::DeprecationWarning"),  # of Great Expectations
    pytest.mark.filterwarnings("ignore::FutureWarning"),
]
HOUR = timedelta(hours=1)
# Runs the step, and kills itself with SIGKILL right before or after the n-th of what it commits
# or asks of Slack: between each two steps there is one such place.
RUN = """
import os, signal, sys
from datetime import datetime
from slack_sdk import WebClient
from sqlalchemy import event
from sqlalchemy.engine import Engine
from tasks.alert import alert

slug, at, place = sys.argv[1], datetime.fromisoformat(sys.argv[2]), int(sys.argv[3])
passed = 0

def here():
    global passed
    if passed == place:
        os.kill(os.getpid(), signal.SIGKILL)
    passed += 1

event.listen(Engine, "commit", lambda connection: here())
called = WebClient.api_call

def api_call(self, *args, **told):
    answer = called(self, *args, **told)
    here()
    return answer

WebClient.api_call = api_call
alert.fn(slug, at)
print(passed)
"""


def run(desk: Desk, after: timedelta) -> None:
    alert.fn(desk.resources.organization.slug, desk.as_of + after)


def with_a_thread(desk: Desk) -> None:
    """A ticket that was told of, of which there is more to tell: an answer, and a change."""
    desk.ticket(1)
    desk.may_leave(1)
    run(desk, timedelta())
    desk.turned(1)


def stands(desk: Desk) -> list[tuple[bool, str]]:
    """(whether it is an answer, how it begins) of what stands in Slack."""
    told = desk.said()
    assert len({key_of(one) for one in told}) == len(told), "a key stands twice"
    return [("thread_ts" in one, one["text"]) for one in told]


WHOLE = [(False, "#1: Critical: The customer may leave"), (True, "#1: The customer turned unhappy")]


@pytest.mark.parametrize("kind", ["429", "500", "timeout_after_commit"])
@pytest.mark.parametrize("path", ["chat.postMessage", "chat.update"])
def test_an_answer_and_a_change_are_made_once(alerted: Desk, path: str, kind: str) -> None:
    """A lost answer is looked for in its thread; a change is made again, which changes nothing."""
    with_a_thread(alerted)
    alerted.fault(path, kind)
    for _ in range(3):
        try:
            run(alerted, HOUR)
        except TransientError:
            continue
        break
    assert stands(alerted) == WHOLE
    assert "turned unhappy" in str(alerted.said()[0]["blocks"])
    assert alerted.rows("select distinct state, edits = edits_said from app.outbox") == [
        ("posted", True)
    ]


def test_a_message_whose_answer_was_lost_is_found_again(alerted: Desk) -> None:
    alerted.ticket(1)
    alerted.may_leave(1)
    alerted.fault("chat.postMessage", "timeout_after_commit")
    with pytest.raises(TransientError):
        run(alerted, timedelta())
    run(alerted, HOUR)
    assert stands(alerted) == WHOLE[:1]


def test_killed_between_any_two_steps_each_thing_is_said_once(alerted: Desk) -> None:
    """SIGKILL at every commit and every call to Slack in turn, for a message, an answer, a change;
    the same run again then ends what was begun."""
    slug = alerted.resources.organization.slug
    at = (alerted.as_of + HOUR).isoformat()
    alerted.ticket(1)
    alerted.may_leave(1)
    kills = 0
    for told_more in (False, True):
        if told_more:
            alerted.turned(1)
        for place in range(100):
            done = subprocess.run(
                [sys.executable, "-c", RUN, slug, at, str(place)],
                env={**os.environ, "PREFECT_LOGGING_LEVEL": "CRITICAL"},
                capture_output=True,
                text=True,
                timeout=120,
                check=False,
            )
            if done.returncode == 0:
                break
            assert done.returncode == -signal.SIGKILL, done.stderr
            kills += 1
    assert kills > 8
    assert stands(alerted) == WHOLE
    assert "turned unhappy" in str(alerted.said()[0]["blocks"])
    assert alerted.rows("select count(*) from ai.alerts") == [(2,)]
