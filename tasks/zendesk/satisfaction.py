"""What customers said of how they were served: ratings, and the surveys that follow them.

Source: Zendesk's API reference (satisfaction ratings, CSAT survey responses). See `records`.
"""

from typing import Any

from tasks.zendesk.records import Instant, Record


class Rating(Record, kw_only=True):
    id: int
    ticket_id: int
    assignee_id: int | None = None
    group_id: int | None = None
    requester_id: int | None = None
    score: str | None = None
    comment: str | None = None
    reason: str | None = None
    created_at: Instant
    updated_at: Instant


class RatingOption(Record, kw_only=True):
    rating: int | None = None


class SurveyQuestion(Record, kw_only=True):
    type: str | None = None
    options: list[RatingOption] | None = None


class SurveyAnswer(Record, kw_only=True):
    type: str | None = None
    rating: int | None = None
    rating_category: str | None = None
    value: Any = None
    question: SurveyQuestion | None = None
    created_at: Instant | None = None
    updated_at: Instant | None = None


class SurveySubject(Record, kw_only=True):
    id: str | None = None
    type: str | None = None


class Survey(Record, kw_only=True):
    id: str | None = None
    version: int | None = None


class SurveyResponse(Record, kw_only=True):
    """What someone answered to a satisfaction survey."""

    id: str
    responder_id: int | None = None
    answers: list[SurveyAnswer]
    subjects: list[SurveySubject] | None = None
    survey: Survey | None = None
