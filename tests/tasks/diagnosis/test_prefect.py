"""What is wrong with a Prefect server is found: against one that is scripted, over a socket."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from importlib.metadata import version
from typing import Any

import pytest

from tasks.diagnosis import Finding, tried
from tasks.diagnosis.prefect import Api, api_of_settings, check_prefect, declared
from tests.serving import running

SCHEDULED = [{"active": True}]


def _beat(age: timedelta) -> dict[str, object]:
    return {"last_heartbeat_time": (datetime.now(UTC) - age).isoformat()}


def _whole() -> dict[str, Any]:
    """The answers of a server that has all there should be."""
    deployments = [
        {
            "name": name,
            "paused": False,
            "schedules": SCHEDULED if has else [],
            "work_pool_name": "vensor",
        }
        for name, has in declared().items()
    ]
    return {
        "/admin/version": version("prefect"),
        "/deployments/filter": deployments,
        "/automations/filter": [{"name": "dead workers", "tags": ["vensor"], "enabled": True}],
        "/work_pools/vensor/workers/filter": [_beat(timedelta(seconds=5))],
    }


@contextmanager
def _serving(answers: dict[str, Any], *, status: int = 200, csrf: str = "") -> Iterator[Api]:
    class Handler(BaseHTTPRequestHandler):
        def _answer(self) -> None:
            self.rfile.read(int(self.headers.get("Content-Length", "0")))
            path, _, asked = self.path.removeprefix("/api").partition("?client=")
            told, code = answers.get(path, []), status
            if path == "/csrf-token":
                told, code = {"token": f"{csrf} {asked}"}, status if csrf else 422
            elif csrf and self.command == "POST":
                sent = [self.headers.get(f"Prefect-Csrf-{one}", "") for one in ("Token", "Client")]
                code = status if sent[0] == f"{csrf} {sent[1]}" else 403
            body = json.dumps(told).encode()
            self.send_response(code)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        do_GET = do_POST = _answer

        def log_message(self, *_args: object) -> None:
            """Says nothing."""

    with running(ThreadingHTTPServer(("127.0.0.1", 0), Handler)) as address:
        yield Api(f"http://{address}/api", "vensor:Wilhelmina")


def _found(answers: dict[str, Any], *, status: int = 200, csrf: str = "") -> dict[str, Finding]:
    with _serving(answers, status=status, csrf=csrf) as api:
        return {one.subject: one for one in tried("Prefect", lambda: check_prefect(api))()}


def test_a_server_with_all_of_it_has_nothing_to_do() -> None:
    found = _found(_whole())
    assert [one for one in found.values() if not one.ok] == []
    assert found.keys() == {"Prefect", "deployments", "schedules", "workers", "automations"}


def test_a_server_that_is_guarded_against_forged_requests_is_asked_with_its_token() -> None:
    """The one that `vensor up` starts is."""
    found = _found(_whole(), csrf="secret")
    assert [one for one in found.values() if not one.ok] == []


def test_what_is_missing_is_named() -> None:
    """Deployments, schedules that are paused, workers that are silent, automations that are off."""
    told = _whole()
    told["deployments/x"] = told["/deployments/filter"].pop(0)
    assert "daily" in _found(told)["deployments"].meaning
    told = _whole()
    next(one for one in told["/deployments/filter"] if one["name"] == "retention")["paused"] = True
    assert "retention" in _found(told)["schedules"].meaning
    told = _whole()
    told["/work_pools/vensor/workers/filter"] = [_beat(timedelta(minutes=5))]
    assert _found(told)["workers"].ok is False
    told = _whole()
    told["/automations/filter"][0]["enabled"] = False
    assert "off: dead workers" in _found(told)["automations"].meaning
    told["/automations/filter"] = []
    assert "vensor up" in _found(told)["automations"].advice
    told = _whole() | {"/admin/version": "2.20.1"}
    assert "bring both to one version" in _found(told)["Prefect"].advice


def test_a_server_that_refuses_is_none_or_is_away() -> None:
    """One line each; the password is in none."""
    refused = _found({}, status=401)["Prefect"]
    assert "PREFECT_API_AUTH_STRING" in refused.meaning
    other = _found({}, status=404)["Prefect"]
    assert "PREFECT_API_URL" in other.meaning
    with _serving({}) as gone:
        pass
    (away,) = tried("Prefect", lambda: check_prefect(gone))()
    assert "did not answer" in away.meaning
    assert "Wilhelmina" not in repr([refused, other, away, gone])


def test_nothing_deployed_is_nothing_to_do() -> None:
    """Whoever runs days by hand needs none; no server at all neither."""
    told = _whole() | {"/deployments/filter": []}
    assert _found(told)["deployments"].ok is None
    assert check_prefect(None)[0].ok is None


def test_the_server_of_the_settings(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("PREFECT_API_URL", raising=False)
    assert api_of_settings() is None
    monkeypatch.setenv("PREFECT_API_URL", "https://prefect.example/api/")
    monkeypatch.setenv("PREFECT_API_KEY", "pnu_secret")
    api = api_of_settings()
    assert api is not None
    assert api.url == "https://prefect.example/api"
    assert "pnu_secret" not in repr(api)
