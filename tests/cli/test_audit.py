"""`vensor audit`: the trail listed, checked and exported, by those who may."""

import json
from pathlib import Path

from sqlalchemy import Engine

from tasks.auditing import seal_audit
from tasks.resources import opened
from tests.cli.conftest import SignIn, Vensor, refused, trail
from warehouse.sessions import Organization


def test_the_trail_is_listed_by_actor_and_action(
    vensor: Vensor, acting: SignIn, organization: Organization
) -> None:
    """The latest first; an action that ends in a dot stands for all such."""
    user_id, org = acting("owner"), ("--org", organization.slug)
    assert vensor("ai", "budget", *org, "--usd-per-day", "5").exit_code == 0
    assert vensor("quality", "reset", *org).exit_code == 0
    listed = vensor("audit", "list", *org)
    assert [line.split()[3] for line in listed.stdout.splitlines()[1:]] == [
        *("change.settings", "change.settings", "org.add")
    ]
    mine = vensor("audit", "list", *org, "--actor", f"user:{user_id}", "--json")
    assert [one["purpose"] for one in json.loads(mine.stdout)] == [
        *("scorecard as packaged", "budget for models")
    ]
    added = vensor("audit", "list", *org, "--action", "org.", "--json", "--limit", "1")
    assert [one["action"] for one in json.loads(added.stdout)] == ["org.add"]
    assert "nothing is in the audit trail" in vensor("audit", "list", *org, "--action", "x").stdout


def test_a_trail_is_checked_and_its_head_compared(
    vensor: Vensor, acting: SignIn, organization: Organization
) -> None:
    """Zero and a line while it holds; one and what is wrong, in JSON too, when it does not."""
    acting("privacy_officer")
    org = ("--org", organization.slug)
    with opened(organization.slug) as resources:
        seal_audit(resources)
    [checked] = json.loads(vensor("audit", "verify", *org, "--json").stdout)
    assert (checked["seals"], checked["events"], checked["fault"]) == (1, 1, None)
    held = vensor("audit", "verify", *org)
    assert f"{organization.slug}: 1 seal intact over 1 row; head {checked['head']}" in held.stdout
    assert vensor("audit", "verify", *org, "--head", checked["head"]).exit_code == 0
    later = f"2:{'0' * 64}"
    refused(vensor("audit", "verify", *org, "--head", later), "seal 2 is missing, and what follows")
    other = vensor("audit", "verify", *org, "--head", f"1:{'0' * 64}", "--json")
    refused(other, "seal 1 is another than the head that was noted")
    assert "seal 1 is another" in json.loads(other.stdout)[0]["fault"]


def test_an_export_is_audited_before_it_is_given(
    vensor: Vensor,
    acting: SignIn,
    organization: Organization,
    engine: Engine,
    tmp_path: Path,
) -> None:
    """To a file or to stdout, the same lines; and who may not gets none."""
    acting("viewer")
    org, path = ("--org", organization.slug), tmp_path / "trail.jsonl"
    refused(vensor("audit", "export", *org), "needs the role")
    user_id = acting("admin")
    assert vensor("audit", "export", *org, "--out", str(path)).exit_code == 0
    lines = path.read_text().splitlines()
    assert [json.loads(line)["action"] for line in lines] == ["org.add", "refused", "audit.export"]
    assert vensor("audit", "export", *org).stdout.splitlines()[:3] == lines
    actor, action, _, details = trail(engine, organization)[-1]
    assert (actor, action) == (f"user:{user_id}", "audit.export")
    assert details == {"from": "the first", "to": "the last"}
    refused(vensor("audit", "export", *org, "--out", str(tmp_path)), "cannot be written")
    days = ("--from", "2026-11-02", "--to", "2026-11-01")
    refused(vensor("audit", "export", *org, *days), "is after")
