"""What Slack refuses in blocks, and metadata.

Source: docs.slack.dev, Block Kit reference: limits of each block.
"""

from typing import Any

MOST_BLOCKS = 50
SECTION_TEXT = 3_000
HEADER_TEXT = 150
FIELD_TEXT = 2_000
MOST_FIELDS = 10
MOST_ELEMENTS = {"actions": 25, "context": 10}
BUTTON_TEXT = 75
BLOCK_ID = 255
KINDS = frozenset(
    {"section", "header", "divider", "context", "actions", "image", "rich_text", "input", "video",
     "file", "markdown"}
)  # fmt: skip


def block_problem(blocks: object) -> str | None:
    """What is wrong with the blocks, as Slack's ``response_metadata`` says; None when nothing."""
    if not isinstance(blocks, list):
        return "must be an array [json-pointer:/blocks]"
    if len(blocks) > MOST_BLOCKS:
        return f"no more than {MOST_BLOCKS} items allowed [json-pointer:/blocks]"
    for at, block in enumerate(blocks):
        problem = _problem_of(block)
        if problem:
            return f"{problem[0]} [json-pointer:/blocks/{at}{problem[1]}]"
    return None


def _problem_of(block: object) -> tuple[str, str] | None:
    kind = block.get("type") if isinstance(block, dict) else None
    if not isinstance(block, dict) or kind not in KINDS:
        return f"unsupported type: {kind}", "/type"
    if len(str(block.get("block_id", ""))) > BLOCK_ID:
        return f"must be less than {BLOCK_ID + 1} characters", "/block_id"
    if kind == "section":
        return _section(block)
    if kind == "header":
        return _text(block.get("text"), HEADER_TEXT, "/text", plain=True)
    if kind in MOST_ELEMENTS:
        return _elements(block, MOST_ELEMENTS[kind])
    if kind == "image" and not (block.get("image_url") and block.get("alt_text")):
        return "missing required field: image_url, alt_text", ""
    return None


def _section(block: dict[str, Any]) -> tuple[str, str] | None:
    fields = block.get("fields")
    if block.get("text") is None and not fields:
        return "missing required field: text or fields", ""
    if block.get("text") is not None:
        problem = _text(block["text"], SECTION_TEXT, "/text")
        if problem:
            return problem
    if fields is None:
        return None
    if not isinstance(fields, list) or len(fields) > MOST_FIELDS:
        return f"no more than {MOST_FIELDS} items allowed", "/fields"
    told = (_text(one, FIELD_TEXT, f"/fields/{at}") for at, one in enumerate(fields))
    return next((one for one in told if one), None)


def _elements(block: dict[str, Any], most: int) -> tuple[str, str] | None:
    elements = block.get("elements")
    if not isinstance(elements, list) or not 1 <= len(elements) <= most:
        return f"must have 1 to {most} items", "/elements"
    for at, one in enumerate(elements):
        if isinstance(one, dict) and one.get("type") == "button":
            problem = _text(one.get("text"), BUTTON_TEXT, f"/elements/{at}/text", plain=True)
            if problem:
                return problem
    return None


def _text(told: object, most: int, place: str, *, plain: bool = False) -> tuple[str, str] | None:
    kind = told.get("type") if isinstance(told, dict) else None
    if not isinstance(told, dict) or kind not in (
        ("plain_text",) if plain else ("plain_text", "mrkdwn")
    ):
        return "missing or invalid text object", place
    words = told.get("text")
    if not isinstance(words, str) or not words:
        return "must be more than 0 characters", f"{place}/text"
    if len(words) > most:
        return f"must be less than {most + 1} characters", f"{place}/text"
    return None


def metadata_problem(metadata: object) -> str | None:
    """Slack's error word for the metadata; None when it is right."""
    if not isinstance(metadata, dict) or not isinstance(metadata.get("event_type"), str):
        return "invalid_metadata_format"
    if not isinstance(metadata.get("event_payload"), dict):
        return "invalid_metadata_schema"
    return None
