"""One organization's state: fresh, gated, past no clock, its trail whole, nobody kept waiting."""

from datetime import UTC, datetime, timedelta

from tasks.audit_checking import check_audit
from tasks.diagnosis.finding import Finding
from tasks.proofs import verified_proofs
from tasks.quality import kept_runs
from tasks.reminding import told_in_short
from tasks.reporting.words import counted
from tasks.resources import opened
from tasks.rights import find_due
from tasks.settings import Settings
from warehouse import health, retention, watermarks
from warehouse.ledger import STALE_AFTER
from warehouse.quarantine import count_by_reason
from warehouse.repairs import stuck
from warehouse.standing import standing

# A day, and two hours for a run that takes its time.
HOUR = timedelta(hours=1)


def check_freshness(slug: str, now: datetime) -> list[Finding]:
    """When a day's run last came to its end, and rows last came."""
    with opened(slug) as resources, resources.session() as connection:
        last = health.last_runs(connection, "organization")
        marks = watermarks.all_marks(connection, "zendesk")
    subject = f"{slug}: freshness"
    if last is None:
        return [Finding(subject, None, "no run yet", f"`vensor run --org {slug}` runs its day")]
    newest = max((one.moved_at for one in marks), default=None)
    rows = "no rows yet" if newest is None else f"rows last came {_ago(now - newest)} ago"
    ended = (
        "no run has completed"
        if last.completed_at is None
        else f"the last run completed {_ago(now - last.completed_at)} ago"
    )
    fresh = last.completed_at is not None and now - last.completed_at <= STALE_AFTER
    told = f"{ended}; {rows}"
    if last.state == "failed":
        told += f"; the newest failed in {last.stage or 'its beginning'} ({last.error or 'killed'})"
    advice = "" if fresh else f"run `vensor run --org {slug}`; see its summary in Prefect"
    return [Finding(subject, fresh, told, advice)]


def _ago(age: timedelta) -> str:
    return f"{max(age, timedelta(0)) / HOUR:,.1f} h"


def check_gates(settings: Settings, slug: str) -> list[Finding]:
    """How the latest gate of each kind was found on this machine."""
    subject = f"{slug}: gates"
    latest = {run.result.suite: run for run in reversed(kept_runs(settings.home, slug))}
    closed = [run for run in latest.values() if run.result.failed]
    if closed:
        told = "; ".join(f"{run.result.suite} is closed: {run.page}" for run in closed)
        return [Finding(subject, False, told, "mend what the page names, then run again")]
    if not latest:
        return [Finding(subject, None, "none run here yet; `vensor run` runs them")]
    return [Finding(subject, True, f"{len(latest)} open; `vensor gates --org {slug}`")]


def check_quarantine(slug: str) -> list[Finding]:
    """Records that could not be read, and tickets that are tried no more."""
    with opened(slug) as resources, resources.session() as connection:
        held, left = count_by_reason(connection), stuck(connection)
    told = [f"{count:,} of {stream} ({reason})" for stream, reason, count in held]
    told += [f"{left:,} tickets could not be read one by one"] if left else []
    if not told:
        return [Finding(f"{slug}: quarantine", True, "nothing is held")]
    advice = f"`vensor quarantine list --org {slug}`"
    return [Finding(f"{slug}: quarantine", None, "; ".join(told), advice)]


def check_retention(slug: str, now: datetime) -> list[Finding]:
    """The last proof, and what was past its clock a day ago and is still there."""
    with opened(slug) as resources:
        proofs = verified_proofs(resources, limit=1)
        then = now - STALE_AFTER
        at = retention.clock(resources.organization, then)
        with resources.session() as connection:
            counts = standing(connection, at, then)
    late = {name: one.past - one.held for name, one in counts.items() if one.past > one.held}
    subject, advice = f"{slug}: retention", f"run `vensor retention --org {slug}`"
    if late:
        told = ", ".join(f"{count:,} {name}" for name, count in sorted(late.items()))
        return [Finding(subject, False, f"past the clock for over a day: {told}", advice)]
    if not proofs:
        return [Finding(subject, None, "nothing is past its clock; no proof yet", advice)]
    ((proof, genuine),) = proofs
    if not genuine:
        return [Finding(subject, False, "the last proof is not as it was signed", "find out why")]
    age = now - proof.made_at
    told = f"nothing is past its clock; proven {_ago(age)} ago"
    return [Finding(subject, age <= STALE_AFTER, told, "" if age <= STALE_AFTER else advice)]


def check_trail(slug: str, now: datetime) -> list[Finding]:
    """Whether the audit trail is as it was sealed."""
    with opened(slug) as resources:
        found = check_audit(resources, now=now)
    subject = f"{slug}: audit trail"
    if found.fault is not None:
        advice = f"it was altered: `vensor audit verify --org {slug}`, docs/audit.md"
        return [Finding(subject, False, found.fault, advice)]
    told = f"{counted(found.seals, 'seal')} intact, {counted(found.unsealed, 'row')} unsealed"
    return [Finding(subject, True, told)]


def check_requests(slug: str) -> list[Finding]:
    """What people asked for by right: broken where it is late, whoever's fault that is."""
    subject = f"{slug}: requests"
    with opened(slug) as resources:
        due = find_due(resources, datetime.now(UTC))
    if not due.pending:
        return [Finding(subject, True, "nobody waits for anything")]
    told = f"{told_in_short(due)}; `vensor privacy requests --org {slug}`"
    advice = "serve what is overdue today" if due.overdue else ""
    return [Finding(subject, not due.overdue, told, advice)]
