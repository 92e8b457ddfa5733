"""Sections and categories of the Help Center."""

from typing import Any

from sandbox.world.setting import Setting
from sandbox.zendesk.shapes import ids
from sandbox.zendesk.shapes.ids import iso

CATEGORY_AT = 700
SECTION_AT = 900
SECTIONS = (("Procedures", "How we work, for agents"), ("Help", "Answers for customers"))
YEAR = 365 * 86_400


def section_shapes(setting: Setting, base_url: str) -> list[dict[str, Any]]:
    """The sections: procedures for agents, help for customers."""
    category = setting.base + ids.ARTICLES_AT + CATEGORY_AT
    extra = {"category_id": category, "parent_section_id": None, "sorting": "manual"}
    return [
        _guide_shape(setting, base_url, "sections", SECTION_AT + at, title, words)
        | {"position": at}
        | extra
        for at, (title, words) in enumerate(SECTIONS)
    ]


def category_shapes(setting: Setting, base_url: str) -> list[dict[str, Any]]:
    """The one category."""
    told = _guide_shape(setting, base_url, "categories", CATEGORY_AT, "Support", "")
    return [told | {"position": 0}]


def _guide_shape(
    setting: Setting, base_url: str, kind: str, offset: int, name: str, description: str
) -> dict[str, Any]:
    number = setting.base + ids.ARTICLES_AT + offset
    made = iso(setting.since_at - YEAR)
    return {
        "id": number,
        "url": f"{base_url}/api/v2/help_center/en-us/{kind}/{number}.json",
        "html_url": f"{base_url}/hc/en-us/{kind}/{number}",
        "name": name,
        "description": description,
        "locale": "en-us",
        "source_locale": "en-us",
        "outdated": False,
        "created_at": made,
        "updated_at": made,
    }
