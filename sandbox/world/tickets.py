"""Tickets, whole: the bones of :mod:`skeleton` with people and words on them."""

from collections.abc import Iterator, Sequence

import msgspec
import numpy as np

from sandbox.recordings import Clip, load_clips
from sandbox.world import paths, skeleton
from sandbox.world.lazy import lazy
from sandbox.world.people import NOBODY, People, Person
from sandbox.world.scenarios import CHANNELS, GROUPS, PRIORITIES, SCENARIOS
from sandbox.world.setting import AGENTS, Setting
from sandbox.world.talk import Cast, Talk, converse

GOOD, BAD = "good", "bad"


class Ticket(msgspec.Struct, frozen=True, dict=True):
    """One ticket; instants in Unix seconds, ``times`` one for each step that has happened."""

    people: People
    number: int
    scenario: int
    channel: str
    word: str
    times: tuple[int, ...]
    priority: str | None
    requester: int
    first_agent: int
    agent: int
    careless: bool
    canary: int
    bot: bool
    deleted_at: int
    updated_at: int
    generated_at: int
    redactions: tuple[tuple[int, int], ...] = ()
    scrubbed: bool = False

    @property
    def setting(self) -> Setting:
        """The account's frame."""
        return self.people.setting

    @property
    def created_at(self) -> int:
        """When the ticket came."""
        return self.times[0]

    @property
    def story(self) -> str:
        """The name of the scenario."""
        return SCENARIOS[self.scenario].name

    @property
    def letters(self) -> str:
        """The steps that have happened."""
        return self.word[: len(self.times)]

    @lazy
    def statuses(self) -> tuple[str, ...]:
        """The status after each step that has happened."""
        return paths.status_words(self.word)[: len(self.times)]

    @lazy
    def business(self) -> tuple[float, ...]:
        """Business seconds from the calendar's start to each step."""
        business_at = self.setting.calendar.business_at
        return tuple([business_at(at) for at in self.times])

    @property
    def status(self) -> str:
        """The status now."""
        return "deleted" if self.deleted_at else self.statuses[-1]

    @lazy
    def customer(self) -> Person:
        """Who asks; nobody in a scrubbed ticket."""
        return self.people.nobody if self.scrubbed else self.people.customer(self.requester)

    def agent_at(self, step: int) -> int:
        """The number of the agent who has the ticket at a step; nobody in a scrubbed ticket."""
        return NOBODY if self.scrubbed else self._handler_at(step)

    def _handler_at(self, step: int) -> int:
        """Who really has the ticket: before a transfer the first agent."""
        moved = self.word.find("X")
        return self.first_agent if 0 <= step < moved else self.agent

    def assignee_at(self, step: int) -> int | None:
        """The number of the assignee after a step."""
        if self.bot:
            return NOBODY if self.scrubbed else AGENTS
        taken = paths.taken_step(self.word)
        return None if taken < 0 or step < taken else self.agent_at(step)

    def group_at(self, step: int) -> int:
        """The number of the group after a step."""
        return self.people.group_of(self._handler_at(step))

    def priority_at(self, step: int) -> str | None:
        """The priority after a step: an escalation makes it the next higher."""
        raised = self.word.find("P")
        if raised < 0 or step < raised or self.priority is None:
            return self.priority
        return {"low": "normal", "normal": "high"}.get(self.priority, "urgent")

    @property
    def last(self) -> int:
        """The last step that has happened."""
        return len(self.times) - 1

    @lazy
    def talk(self) -> Talk:
        """Subject and comments; ``turns`` may reach beyond the steps that have happened."""
        dice = self.setting.dice
        cast = Cast(
            number=self.number, word=self.word, scenario=self.story, customer=self.customer,
            agent=self.people.agent(self.agent), company=self.setting.account.capitalize(),
            group=GROUPS[self.people.group_of(self.agent)], created_at=self.created_at,
            is_canary=self.canary >= 0, careless=self.careless,
            merged_into=skeleton.merged_into(self.number),
        )  # fmt: skip
        told = converse(cast, dice.source("talk", self.number))
        if self.scrubbed:
            return told.scrubbed()
        steps = frozenset(step for step, _ in self.redactions)
        return told.redacted(steps) if steps else told

    @lazy
    def clip(self) -> Clip | None:
        """The recording of the call that opened the ticket."""
        if self.channel != "voice":
            return None
        return load_clips()[skeleton.clip_of(self.scenario, self.careless)]

    @lazy
    def score(self) -> str | None:
        """The customer's rating: good, bad, offered when open, None before it is solved."""
        if "G" in self.letters:
            limit = SCENARIOS[self.scenario].bad_rating + (0.25 if "O" in self.letters else 0.0)
            return BAD if self.setting.dice.one("rating", self.number) < limit else GOOD
        return "offered" if "S" in self.letters else None

    @property
    def rated_step(self) -> int:
        """The step of the rating, or of the offer of one."""
        at = self.letters.find("G")
        return at if at >= 0 else self.letters.find("S")

    @property
    def rating_comment(self) -> str:
        """The words of the rating."""
        return self.talk.bad if self.score == BAD else self.talk.good if self.score == GOOD else ""


def iter_tickets(people: People, numbers: Sequence[int]) -> Iterator[Ticket]:
    """The tickets with these numbers, in their order."""
    bones = skeleton.build(people.setting, np.asarray(numbers, dtype=np.int64))
    columns = zip(
        bones.number.tolist(), bones.scenario.tolist(), bones.channel.tolist(), bones.path.tolist(),
        bones.times.tolist(), bones.steps.tolist(), bones.priority.tolist(),
        bones.requester.tolist(), bones.first_agent.tolist(), bones.agent.tolist(),
        bones.careless.tolist(), bones.canary.tolist(), bones.bot.tolist(),
        bones.deleted_at.tolist(), bones.updated_at.tolist(), bones.generated_at.tolist(),
        strict=True,
    )  # fmt: skip
    for (
        number, scenario, channel, path, times, steps, priority, requester, first_agent, agent,
        careless, canary, bot, deleted_at, updated_at, generated_at,
    ) in columns:  # fmt: skip
        yield Ticket(
            people, number, scenario, CHANNELS[channel], paths.ALL[path], tuple(times[:steps]),
            PRIORITIES[priority], requester, first_agent, agent, bool(careless), canary, bool(bot),
            deleted_at, updated_at, generated_at,
        )  # fmt: skip
