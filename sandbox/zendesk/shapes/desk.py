"""The desk's own things: groups, brands, fields, statuses, schedules, policies, articles."""

from datetime import timedelta
from typing import Any

from sandbox.world import sla
from sandbox.world.articles import ARTICLES, Article
from sandbox.world.calendar import CLOSES, OPENS
from sandbox.world.scenarios import GROUPS
from sandbox.world.setting import Setting
from sandbox.world.tickets import Ticket
from sandbox.zendesk.shapes import ids
from sandbox.zendesk.shapes.ids import iso

YEAR = 365 * 86_400
FIELDS = (
    ("subject", "Subject"), ("description", "Description"), ("status", "Status"),
    ("tickettype", "Type"), ("priority", "Priority"), ("group", "Group"), ("assignee", "Assignee"),
)  # fmt: skip
STATUSES = (
    (1, "new", "New", True), (2, "open", "Open", True), (3, "pending", "Pending", True),
    (4, "hold", "On-hold", True), (5, "solved", "Solved", True),
    (6, "hold", "Waiting for supplier", False),
)  # fmt: skip
METRIC_NAMES = {"reply_time": "first_reply_time", "requester_wait_time": "requester_wait_time"}


def _dated(setting: Setting, base_url: str, kind: str, number: int) -> dict[str, Any]:
    made = iso(setting.since_at - YEAR)
    url = f"{base_url}/api/v2/{kind}/{number}.json"
    return {"id": number, "url": url, "created_at": made, "updated_at": made}


def group_shapes(setting: Setting, base_url: str) -> list[dict[str, Any]]:
    """The groups of agents."""
    return [
        _dated(setting, base_url, "groups", ids.group_id(setting, at))
        | {"name": name, "description": "", "default": at == 0, "deleted": False, "is_public": True}
        for at, name in enumerate(GROUPS)
    ]


def brand_shapes(setting: Setting, base_url: str) -> list[dict[str, Any]]:
    """The two brands."""
    name = setting.account.capitalize()
    titles = ((name, setting.account), (f"{name} Outlet", f"{setting.account}-outlet"))
    return [
        _dated(setting, base_url, "brands", setting.base + ids.BRANDS_AT + at)
        | {
            "name": title, "brand_url": base_url, "subdomain": sub, "host_mapping": None,
            "has_help_center": at == 0, "help_center_state": "enabled" if at == 0 else "disabled",
            "active": True, "default": at == 0, "is_deleted": False, "logo": None,
            "ticket_form_ids": [setting.base + ids.FORMS_AT],
            "signature_template": "{{agent.signature}}",
        }
        for at, (title, sub) in enumerate(titles)
    ]  # fmt: skip


def field_shapes(setting: Setting, base_url: str) -> list[dict[str, Any]]:
    """System fields and the two custom ones."""
    fields = [*FIELDS, ("text", "Order number"), ("text", "Product")]
    told = []
    for at, (kind, title) in enumerate(fields):
        custom = at >= len(FIELDS)
        number = setting.base + ids.FIELDS_AT + (20 + at - len(FIELDS) if custom else at)
        told.append(
            _dated(setting, base_url, "ticket_fields", number)
            | {
                "type": kind, "title": title, "raw_title": title, "description": title,
                "raw_description": title, "position": at, "active": True, "required": False,
                "collapsed_for_agents": False, "regexp_for_validation": None,
                "title_in_portal": title, "raw_title_in_portal": title, "visible_in_portal": True,
                "editable_in_portal": True, "required_in_portal": False, "tag": None,
                "removable": custom, "key": None, "agent_description": None,
            }
        )  # fmt: skip
    return told


def status_shapes(setting: Setting, base_url: str) -> list[dict[str, Any]]:
    """The custom ticket statuses, the five defaults among them."""
    return [
        _dated(setting, base_url, "custom_statuses", setting.base + ids.STATUSES_AT + at)
        | {
            "status_category": category, "agent_label": label, "raw_agent_label": label,
            "end_user_label": label, "raw_end_user_label": label, "description": label,
            "raw_description": label, "end_user_description": label,
            "raw_end_user_description": label, "active": True, "default": default,
        }
        for at, category, label, default in STATUSES
    ]  # fmt: skip


def schedule_shapes(setting: Setting) -> list[dict[str, Any]]:
    """The one schedule: minutes count from Sunday midnight, local time."""
    opens, closes = OPENS.hour * 60, CLOSES.hour * 60
    days = [day * 1440 for day in range(1, 6)]
    intervals = [{"start_time": day + opens, "end_time": day + closes} for day in days]
    made = iso(setting.since_at - YEAR)
    return [
        {
            "id": setting.base + ids.SCHEDULES_AT, "name": "Business hours",
            "time_zone": setting.zone.zendesk, "intervals": intervals,
            "created_at": made, "updated_at": made,
        }
    ]  # fmt: skip


def holiday_shapes(setting: Setting) -> list[dict[str, Any]]:
    """The schedule's holidays."""
    return [
        {
            "id": setting.base + ids.HOLIDAYS_AT + at, "name": "Company holiday",
            "start_date": day.isoformat(), "end_date": day.isoformat(),
        }
        for at, day in enumerate(setting.calendar.holidays)
    ]  # fmt: skip


def policy_shapes(setting: Setting, base_url: str) -> list[dict[str, Any]]:
    """The two SLA policies; the first that matches a ticket wins."""
    via = {"field": "via_id", "operator": "includes", "value": list(sla.POLICY_CHANNELS)}
    filters = {0: [], 1: [via]}
    return [
        _dated(setting, base_url, "slas/policies", setting.base + ids.POLICIES_AT + policy)
        | {
            "title": title, "description": None, "position": 2 - policy,
            "filter": {"all": filters[policy], "any": []}, "policy_metrics": _targets(policy),
            "metric_settings": None,
        }
        for policy, title in enumerate(sla.POLICIES)
    ]  # fmt: skip


def _targets(policy: int) -> list[dict[str, Any]]:
    return [
        {
            "priority": level, "metric": METRIC_NAMES[metric], "target": table[policy][at],
            "target_in_seconds": table[policy][at] * 60, "business_hours": sla.BUSINESS[at],
        }
        for metric, table in sla.TARGETS.items()
        for at, level in enumerate(sla.LEVELS)
    ]  # fmt: skip


ARTICLE_ALWAYS: dict[str, Any] = {
    "comments_disabled": False,
    "draft": False,
    "vote_sum": 0,
    "vote_count": 0,
    "source_locale": "en-us",
    "locale": "en-us",
    "outdated": False,
    "outdated_locales": [],
    "user_segment_id": None,
    "content_tag_ids": [],
}


def article_changed_at(setting: Setting, article: Article) -> int:
    """When the article was last edited."""
    return setting.until_at - int(timedelta(days=article.age).total_seconds())


def article_shape(setting: Setting, number: int, base_url: str) -> dict[str, Any]:
    """A Help Center article."""
    article = ARTICLES[number]
    article_id = setting.base + ids.ARTICLES_AT + number
    changed = iso(article_changed_at(setting, article))
    slug = "-".join(article.title.replace("?", "").split())
    return ARTICLE_ALWAYS | {
        "id": article_id,
        "url": f"{base_url}/api/v2/help_center/en-us/articles/{article_id}.json",
        "html_url": f"{base_url}/hc/en-us/articles/{article_id}-{slug}",
        "author_id": setting.agent_id(-1),
        "promoted": number == 1,
        "position": number,
        "section_id": setting.base + ids.ARTICLES_AT + 900 + (0 if "sop" in article.labels else 1),
        "created_at": iso(setting.since_at - YEAR),
        "updated_at": changed,
        "edited_at": changed,
        "name": article.title,
        "title": article.title,
        "permission_group_id": setting.base + ids.ARTICLES_AT + 800,
        "label_names": list(article.labels),
        "body": article.body,
    }


def rating_shape(ticket: Ticket, base_url: str) -> dict[str, Any]:
    """A satisfaction rating, given or only offered."""
    setting = ticket.setting
    rating = setting.base + ids.RATINGS_AT + ticket.number
    assignee = ticket.assignee_at(ticket.last)
    at = iso(ticket.times[ticket.rated_step])
    bad = ticket.score == "bad"
    return {
        "id": rating,
        "url": f"{base_url}/api/v2/satisfaction_ratings/{rating}.json",
        "assignee_id": None if assignee is None else ticket.people.agent(assignee).id,
        "group_id": ids.group_id(setting, ticket.group_at(ticket.last)),
        "requester_id": ticket.customer.id,
        "ticket_id": ticket.number,
        "score": ticket.score,
        "created_at": at,
        "updated_at": at,
        "comment": ticket.rating_comment or None,
        "reason": "The issue took too long to resolve" if bad else None,
        "reason_id": setting.base + ids.RATINGS_AT - 5 if bad else None,
        "reason_code": 5 if bad else None,
    }
