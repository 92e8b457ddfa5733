"""The small things of a desk, listed whole: groups, brands, fields, policies, articles."""

from collections.abc import Callable
from typing import Any

from sandbox.world.articles import ARTICLES
from sandbox.world.setting import Setting
from sandbox.zendesk import errors
from sandbox.zendesk.desk import Ask
from sandbox.zendesk.paging import list_page
from sandbox.zendesk.records import counted
from sandbox.zendesk.shapes import desk, guide
from sandbox.zendesk.shapes.surveys import survey_shape

Answer = dict[str, Any]
Shapes = Callable[[Setting, str], list[Answer]]


def _listed(key: str, make: Shapes) -> Callable[[Ask], Answer]:
    def endpoint(ask: Ask) -> Answer:
        return list_page(ask, key, make(ask.account.setting, ask.base_url), lambda one: one)

    return endpoint


def _articles(ask: Ask) -> list[Answer]:
    setting, retired = ask.account.setting, ask.desk.retired
    return [
        desk.article_shape(setting, at, ask.base_url)
        for at in range(len(ARTICLES))
        if at not in retired
    ]


def articles(ask: Ask) -> Answer:
    """``help_center/articles``"""
    return list_page(ask, "articles", _articles(ask), lambda one: one)


def article(ask: Ask, number: str) -> Answer:
    """``help_center/articles/{id}``"""
    for one in _articles(ask):
        if one["id"] == int(number):
            return {"article": one}
    raise errors.record_not_found()


def groups_count(ask: Ask) -> Answer:
    """``groups/count``"""
    return counted(ask, len(desk.group_shapes(ask.account.setting, ask.base_url)))


def ticket_fields_count(ask: Ask) -> Answer:
    """``ticket_fields/count``"""
    return counted(ask, len(desk.field_shapes(ask.account.setting, ask.base_url)))


def policies(ask: Ask) -> Answer:
    """``slas/policies``: unlike the others, it says how many there are."""
    shapes = desk.policy_shapes(ask.account.setting, ask.base_url)
    return {"count": len(shapes)} | list_page(ask, "sla_policies", shapes, lambda one: one)


groups = _listed("groups", desk.group_shapes)
brands = _listed("brands", desk.brand_shapes)
ticket_fields = _listed("ticket_fields", desk.field_shapes)
custom_statuses = _listed("custom_statuses", desk.status_shapes)
sections = _listed("sections", guide.section_shapes)
categories = _listed("categories", guide.category_shapes)


def schedules(ask: Ask) -> Answer:
    """``business_hours/schedules``: unpaged."""
    return {"schedules": desk.schedule_shapes(ask.account.setting)}


def holidays(ask: Ask, schedule: str) -> Answer:
    """``business_hours/schedules/{id}/holidays``"""
    setting = ask.account.setting
    if int(schedule) != desk.schedule_shapes(setting)[0]["id"]:
        raise errors.record_not_found()
    return {"holidays": desk.holiday_shapes(setting)}


def surveys(ask: Ask) -> Answer:
    """``guide/survey_responses``: not in accounts with the legacy satisfaction rating."""
    if not ask.desk.surveyed:
        raise errors.invalid_endpoint()
    index = ask.account.index
    first = index.position("given", ask.number("filter[created_at_start]", 0))
    bound = index.position("given", ask.number("filter[created_at_end]", ask.now) + 1)

    def shape(at: int) -> Answer:
        number = index.places("given", at, at + 1)[0].number
        return survey_shape(ask.account.tickets([number])[number])

    return list_page(ask, "survey_responses", range(first, bound), shape)


def account(ask: Ask) -> Answer:
    """``account``: the account's name, subdomain and zone."""
    setting = ask.account.setting
    names = {"name": setting.account.capitalize(), "subdomain": setting.account}
    zone = {"time_zone": setting.zone.zendesk, "iana_time_zone": setting.zone.iana}
    return {"account": {"url": ask.base_url, "owner_id": setting.agent_id(-1)} | names | zone}


def account_settings(ask: Ask) -> Answer:
    """``account/settings``: what is switched on."""
    rated, surveyed = not ask.desk.surveyed, ask.desk.surveyed
    features = {"satisfaction_ratings": rated, "customer_satisfaction": rated}
    features |= {"csat_survey": surveyed, "voice": True, "business_hours": True}
    brand = desk.brand_shapes(ask.account.setting, ask.base_url)[0]["id"]
    return {
        "settings": {
            "active_features": features,
            "brands": {"default_brand_id": brand, "require_brand_on_new_tickets": False},
            "tickets": {"has_custom_statuses": True},
            "localization": {"locale_ids": [1]},
        }
    }
