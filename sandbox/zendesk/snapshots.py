"""The small things of a desk, listed whole: groups, brands, fields, policies, articles."""

from collections.abc import Callable
from typing import Any

from sandbox.world.articles import ARTICLES
from sandbox.world.setting import Setting
from sandbox.zendesk import errors
from sandbox.zendesk.desk import Ask
from sandbox.zendesk.paging import list_page
from sandbox.zendesk.shapes import desk, guide

Answer = dict[str, Any]
Shapes = Callable[[Setting, str], list[Answer]]


def _listed(key: str, make: Shapes) -> Callable[[Ask], Answer]:
    def endpoint(ask: Ask) -> Answer:
        return list_page(ask, key, make(ask.account.setting, ask.base_url), lambda one: one)

    return endpoint


def _found(key: str, make: Shapes) -> Callable[[Ask, str], Answer]:
    def endpoint(ask: Ask, number: str) -> Answer:
        for one in make(ask.account.setting, ask.base_url):
            if one["id"] == int(number):
                return {key: one}
        raise errors.record_not_found()

    return endpoint


def _all_articles(setting: Setting, base_url: str) -> list[Answer]:
    return [desk.article_shape(setting, at, base_url) for at in range(len(ARTICLES))]


groups = _listed("groups", desk.group_shapes)
brands = _listed("brands", desk.brand_shapes)
ticket_fields = _listed("ticket_fields", desk.field_shapes)
custom_statuses = _listed("custom_statuses", desk.status_shapes)
policies = _listed("sla_policies", desk.policy_shapes)
articles = _listed("articles", _all_articles)
article = _found("article", _all_articles)
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


def surveys(_ask: Ask) -> Answer:
    """``guide/survey_responses``: not in accounts with the legacy satisfaction rating."""
    raise errors.invalid_endpoint()


def account(ask: Ask) -> Answer:
    """``account``: the account's name, subdomain and zone."""
    setting = ask.account.setting
    names = {"name": setting.account.capitalize(), "subdomain": setting.account}
    zone = {"time_zone": setting.zone.zendesk, "iana_time_zone": setting.zone.iana}
    return {"account": {"url": ask.base_url, "owner_id": setting.agent_id(-1)} | names | zone}


def account_settings(ask: Ask) -> Answer:
    """``account/settings``: what is switched on."""
    features = {"satisfaction_ratings": True, "voice": True, "business_hours": True}
    brand = desk.brand_shapes(ask.account.setting, ask.base_url)[0]["id"]
    return {
        "settings": {
            "active_features": features | {"customer_satisfaction": True, "csat_survey": False},
            "brands": {"default_brand_id": brand, "require_brand_on_new_tickets": False},
            "tickets": {"has_custom_statuses": True},
            "localization": {"locale_ids": [1]},
        }
    }
