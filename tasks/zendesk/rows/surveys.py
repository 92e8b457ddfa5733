"""Answered satisfaction surveys: the mark as given, and where it lies on its survey's scale."""

from collections.abc import Sequence
from datetime import datetime

import msgspec

from tasks.encryption import Sealer
from tasks.zendesk.contents import SurveyContent
from tasks.zendesk.satisfaction import SurveyAnswer, SurveyResponse
from warehouse.loading import Rows
from warehouse.tables import zendesk

SCALE = "rating_scale"
RESPONSE = (
    "id",
    "ticket_id",
    "responder_id",
    "survey_id",
    "survey_version",
    "scale",
    "rating",
    "lowest",
    "highest",
    "score",
    "category",
    "created_at",
    "changed_at",
)
CONTENT = ("response_id", "ticket_id", "sealed", "changed_at")


def survey_rows(records: Sequence[SurveyResponse], sealer: Sealer, cutoff: datetime) -> list[Rows]:
    """Rows of `survey_responses` and `survey_contents`, of those that are about a ticket."""
    skeletons: list[tuple[object, ...]] = []
    contents: list[tuple[object, ...]] = []
    for one in records:
        ticket_id, instants = ticket_of(one), _instants(one)
        if ticket_id is None or not instants:
            continue
        changed_at = max(instants)
        skeletons.append(_response(one, ticket_id, min(instants), changed_at))
        words = [str(answer.value) for answer in one.answers if answer.value]
        if words and changed_at >= cutoff:
            sealed = _sealed(one, words, sealer, changed_at)
            contents.append((one.id, ticket_id, sealed, changed_at))
    return [
        Rows(zendesk.survey_responses, RESPONSE, skeletons),
        Rows(zendesk.survey_contents, CONTENT, contents),
    ]


def ticket_of(one: SurveyResponse) -> int | None:
    ids = [subject.id for subject in one.subjects or () if subject.type == "ticket"]
    return next((int(found) for found in ids if found and found.isdigit()), None)


def _instants(one: SurveyResponse) -> list[datetime]:
    found = [at for answer in one.answers for at in (answer.created_at, answer.updated_at)]
    return [at for at in found if at is not None]


def _response(
    one: SurveyResponse, ticket_id: int, created_at: datetime, changed_at: datetime
) -> tuple[object, ...]:
    answer = next((a for a in one.answers if a.type == SCALE and a.rating is not None), None)
    lowest, highest = _bounds(answer)
    return (
        one.id,
        ticket_id,
        one.responder_id,
        one.survey.id if one.survey else None,
        one.survey.version if one.survey else None,
        answer.question.type if answer and answer.question else None,
        answer.rating if answer else None,
        lowest,
        highest,
        _score(answer, lowest, highest),
        answer.rating_category if answer else None,
        created_at,
        changed_at,
    )


def _bounds(answer: SurveyAnswer | None) -> tuple[int | None, int | None]:
    """The lowest and highest mark that the survey offered."""
    options = answer.question.options if answer and answer.question else None
    marks = [option.rating for option in options or () if option.rating is not None]
    return (min(marks), max(marks)) if marks else (None, None)


def _score(answer: SurveyAnswer | None, lowest: int | None, highest: int | None) -> float | None:
    """0 to 1; None where the scale is not told or has one mark only."""
    if answer is None or answer.rating is None or lowest is None or highest is None:
        return None
    return (answer.rating - lowest) / (highest - lowest) if highest > lowest else None


def _sealed(one: SurveyResponse, words: list[str], sealer: Sealer, changed_at: datetime) -> bytes:
    return sealer.seal(
        msgspec.json.encode(SurveyContent(words)),
        column="zendesk.survey_contents.sealed",
        row_id=one.id,
        changed_at=changed_at,
    )
