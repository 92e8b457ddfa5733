"""What is sealed: the personal part of each record, as one JSON value."""

from msgspec import Raw, Struct


class TicketContent(Struct, omit_defaults=True):
    """What is sealed of a ticket."""

    subject: str | None
    description: str | None
    recipient: str | None
    external_id: str | None
    tags: list[str] | None
    custom_fields: Raw
    satisfaction_rating: Raw
    via: Raw


class UserContent(Struct, omit_defaults=True):
    """What is sealed of a user."""

    name: str | None
    email: str | None
    phone: str | None
    alias: str | None
    details: str | None
    notes: str | None
    signature: str | None
    external_id: str | None
    time_zone: str | None
    locale: str | None
    tags: list[str] | None
    user_fields: Raw


class IdentityContent(Struct, omit_defaults=True):
    """What is sealed of one of a user's addresses."""

    value: str | None


class SurveyContent(Struct, omit_defaults=True):
    """What is sealed of an answered survey: its open answers."""

    words: list[str]


class OrganizationContent(Struct, omit_defaults=True):
    """What is sealed of a customer's company."""

    name: str | None
    domain_names: list[str] | None
    details: str | None
    notes: str | None
    external_id: str | None
    tags: list[str] | None
    organization_fields: Raw


class CommentContent(Struct, omit_defaults=True):
    """What is sealed of a comment. `plain_body` is what models read."""

    plain_body: str | None
    html_body: str | None
    attachments: Raw
    via: Raw
    voice: Raw


class RatingContent(Struct, omit_defaults=True):
    """What is sealed of a satisfaction rating."""

    comment: str | None
    reason: str | None


class CallContent(Struct, omit_defaults=True):
    """What is sealed of a call."""

    phone_number: str | None
    line: str | None
