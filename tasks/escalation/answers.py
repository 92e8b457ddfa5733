"""What people answer to an alert, by a button in Slack or at the terminal."""

from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import Connection

from tasks.alerting import change_messages
from tasks.buttons import has_buttons
from tasks.errors import ConfigurationError
from tasks.escalation.alert import ACTIONS
from tasks.resources import Resources
from warehouse import alerts, audit, labels
from warehouse.alerts import Alert
from warehouse.labels import Label

MUTED_FOR = timedelta(days=1)
FELT = "neutral"  # where "turned unhappy" was a wrong call
DONE = "met"  # where "was not done" was


def answer(
    resources: Resources,
    action: str,
    alert_id: UUID,
    actor: str,
    as_of: datetime,
    *,
    until: datetime | None = None,
) -> None:
    """Does what `actor` answered, and has the messages of the alert's ticket say so.

    `ack` takes everything on that is open in the alert's ticket, `mute` keeps the ticket quiet
    `until` then (a day), `wrong` says that this one alert was none: it is not told again, and its
    score gets a label, for evaluation. Answering twice is answering once. Slack shows it with the
    next run at the latest.

    Raises: ConfigurationError for an action or an alert that there is not.
    """
    if action not in ACTIONS:
        raise ConfigurationError(f"no answer {action!r}; there are: {', '.join(ACTIONS)}")
    with resources.session() as connection:
        alerts.lock(connection)
        found = alerts.find(connection, alert_id)
        if found is None:
            raise ConfigurationError(f"no alert {alert_id}: it may have ended with its ticket")
        if action == "mute":
            alerts.mute_ticket(connection, found.ticket_id, until or as_of + MUTED_FOR)
        elif action == "ack":
            _acknowledge(connection, found, actor, as_of)
        else:
            _call_wrong(resources, connection, found, actor, as_of)
        audit.record(
            connection,
            resources.organization.org_id,
            actor=actor,
            action=f"alert.{action}",
            purpose="answer an alert",
            details={"alert_id": str(alert_id), "ticket_id": found.ticket_id, "rule": found.rule},
        )
        change_messages(resources, connection, as_of, buttons=has_buttons(resources))


def label_of(found: Alert) -> Label | None:
    """What a wrong call says of the score behind it; None where no score was.

    A rule without a score of a model that labels speak of is judged by its answers alone.
    """
    if found.rule == "negative_turn":
        return Label(ticket_id=found.ticket_id, target="ticket", value=FELT)
    if found.rule == "sop_critical_failure" and found.document_id and found.step_no:
        return Label(
            ticket_id=found.ticket_id,
            target="step",
            value=DONE,
            document_id=found.document_id,
            step_no=found.step_no,
            sop_version=found.sop_version,
        )
    return None


def _acknowledge(connection: Connection, found: Alert, actor: str, as_of: datetime) -> None:
    mine = [found] if not found.ticket_id else alerts.of_tickets(connection, [found.ticket_id])
    ids = [one.alert_id for one in mine if one.state == "open"]
    alerts.answer(connection, ids, "acknowledged", by=actor, at=as_of)


def _call_wrong(
    resources: Resources, connection: Connection, found: Alert, actor: str, as_of: datetime
) -> None:
    alerts.answer(connection, [found.alert_id], "wrong", by=actor, at=as_of)
    label = label_of(found)
    if label is not None:
        org_id = resources.organization.org_id
        labels.put_label(connection, org_id, label, labelled_by=actor, at=as_of)
