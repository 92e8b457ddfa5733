"""A desk of a few tickets, as Zendesk's pages tell of it.

Maria asked in ticket 1, wrote in ticket 2 and called in ticket 3; those are Otto's. Ines is the
agent.
"""

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

import msgspec

from tasks.pages import PageLoader
from tasks.resources import Resources
from tasks.zendesk import Page
from tasks.zendesk.parse import parse_page
from tasks.zendesk.streams import KINDS
from tests.tasks.rights.finding import Someone

MARIA, INES, OTTO = 700_123_007, 700_123_008, 700_123_009
EMAIL, PHONE, NAME = "maria.quandt@example.com", "+49 170 5550199", "Quandt-Ölschläger"
WORDS, AGENTS_WORDS, OTTOS_WORDS = "my parcel is lost", "hello, we look for it", "where is mine"
MARKS = (NAME, EMAIL, PHONE, str(MARIA), "parcel is lost")
MARIAS = Someone(MARIA, EMAIL, [1], MARKS)
Record = dict[str, Any]


class Desk:
    """The pages, as of an instant: everything happened an hour before."""

    def __init__(self, resources: Resources, as_of: datetime) -> None:
        self.resources = resources
        self.as_of = as_of
        self.at = (as_of - timedelta(hours=1)).isoformat()

    def loader(self) -> PageLoader:
        return PageLoader(self.resources, self.as_of)

    def load(self, stream: str, *pages: Page) -> None:
        def each() -> Iterator[Page]:
            yield from pages

        self.loader().load_all(stream, each(), watermark=stream)

    def load_all(self) -> None:
        for stream, page in self.pages():
            self.load(stream, page)

    def pages(self) -> list[tuple[str, Page]]:
        """One of each stream, in the order of a run."""
        return [
            ("users", page_of(users=self.users(), identities=self.identities())),
            ("tickets", page_of(tickets=self.tickets(), users=self.users())),
            ("calls", page_of(calls=[self.call(300, 3, MARIA)])),
            ("call_legs", page_of(legs=[self.leg(301, 300, MARIA)])),
            ("ticket_events", page_of(ticket_events=self.events())),
            ("satisfaction_ratings", page_of(satisfaction_ratings=[self.rating(60, 1, MARIA)])),
        ]

    def users(self) -> list[Record]:
        return [
            self.user(MARIA, NAME, email=EMAIL, phone=PHONE),
            self.user(INES, "Ines", email="ines@desk.example", role="agent"),
            self.user(OTTO, "Otto", email="otto@example.org"),
        ]

    def user(self, user_id: int, name: str, **more: Any) -> Record:
        told = {"id": user_id, "name": name, "role": "end-user", "active": True}
        return told | {"created_at": self.at, "updated_at": self.at} | more

    def identities(self) -> list[Record]:
        both = ((71, "email", EMAIL), (72, "phone_number", PHONE))
        return [
            {"id": one, "user_id": MARIA, "type": kind, "value": value, "updated_at": self.at}
            for one, kind, value in both
        ]

    def tickets(self) -> list[Record]:
        return [
            self.ticket(1, MARIA, f"Lost: {WORDS}"),
            self.ticket(2, OTTO, "A question"),
            self.ticket(3, OTTO, "A call"),
        ]

    def ticket(self, number: int, requester: int, subject: str, **more: Any) -> Record:
        told = {"id": number, "status": "open", "requester_id": requester, "subject": subject}
        people = {"submitter_id": requester, "assignee_id": INES}
        return told | people | {"created_at": self.at, "updated_at": self.at} | more

    def events(self) -> list[Record]:
        voice = {"call_id": 300, "from": PHONE, "recording_duration": "5"}
        voice |= {"recording_url": "https://desk.example/rec", "recording_type": "call"}
        return [
            self.event(1_000, 1, MARIA, self.said(1_001, MARIA, WORDS), self.asked(1_002, MARIA)),
            self.event(1_100, 1, INES, self.said(1_101, INES, f"{AGENTS_WORDS}, {NAME}")),
            self.event(
                2_000, 2, OTTO, self.said(2_001, OTTO, OTTOS_WORDS), self.asked(2_002, OTTO)
            ),
            self.event(2_100, 2, MARIA, self.said(2_101, MARIA, f"me too: {WORDS}")),
            self.event(
                3_000, 3, INES, self.said(3_001, INES, f"Call from {PHONE}", voice=voice),
                self.said(3_002, OTTO, "it was loud"),
            ),
        ]  # fmt: skip

    def event(self, event_id: int, ticket: int, updater: int, *children: Record) -> Record:
        told = {"id": event_id, "ticket_id": ticket, "updater_id": updater}
        return told | {"created_at": self.at, "via": "Mail", "child_events": list(children)}

    def said(self, comment: int, author: int, words: str, voice: Record | None = None) -> Record:
        kind = "Comment" if voice is None else "VoiceComment"
        told = {"id": comment, "event_type": kind, "author_id": author, "public": True}
        return told | {"plain_body": words, "data": voice}

    def asked(self, event: int, requester: int) -> Record:
        return {"id": event, "event_type": "Create", "requester_id": str(requester)}

    def call(self, call: int, ticket: int | None, customer: int) -> Record:
        told = {"id": call, "ticket_id": ticket, "customer_id": customer, "agent_id": INES}
        return told | {"created_at": self.at, "updated_at": self.at, "phone_number": "+49 1"}

    def leg(self, leg: int, call: int, user: int) -> Record:
        told = {"id": leg, "call_id": call, "user_id": user, "type": "customer"}
        return told | {"created_at": self.at, "updated_at": self.at}

    def rating(self, rating: int, ticket: int, requester: int) -> Record:
        told = {"id": rating, "ticket_id": ticket, "requester_id": requester, "score": "bad"}
        told |= {"assignee_id": INES, "comment": f"still {WORDS}"}
        return told | {"created_at": self.at, "updated_at": self.at}


def page_of(**records: list[Record]) -> Page:
    """A page with these lists, as it is parsed."""
    return parse_page(msgspec.json.encode(records), {kind: KINDS[kind] for kind in records})
