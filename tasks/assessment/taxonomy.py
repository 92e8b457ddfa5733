"""What tickets are about: the topics of one organization, by ids that do not change."""

import hashlib
import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

import msgspec

from tasks.assessment.records import OTHER
from tasks.errors import ConfigurationError

FILE = "topics.yml"
MOST_TOPICS = 100
MOST_CUES = 20
ID = re.compile(r"[a-z][a-z0-9_]{0,39}")


class Topic(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One topic: what people call it, and sentences by which it is recognised."""

    id: str
    title: str
    description: str
    cues: list[str] = []

    @property
    def texts(self) -> list[str]:
        """What a ticket is compared with."""
        return [self.description, *self.cues]


class Told(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The file."""

    topics: list[Topic]


@dataclass(frozen=True)
class Taxonomy:
    """The topics, and a version that changes with any letter of them."""

    topics: tuple[Topic, ...]
    version: str

    def title_of(self, topic_id: str) -> str:
        """What people call it; an id that is no longer there stands for itself."""
        return next((one.title for one in self.topics if one.id == topic_id), topic_id)


def taxonomy_of(topics: Sequence[Topic]) -> Taxonomy:
    """The taxonomy. Raises: ConfigurationError saying what to change."""
    _check(topics)
    version = hashlib.sha256(msgspec.json.encode(list(topics))).hexdigest()[:8]
    return Taxonomy(tuple(topics), version)


def parse_taxonomy(text: bytes) -> Taxonomy:
    """The taxonomy of a YAML file such as the packaged one. Raises: ConfigurationError."""
    try:
        return taxonomy_of(msgspec.yaml.decode(text, type=Told).topics)
    except msgspec.MsgspecError as error:
        raise ConfigurationError(f"the topics cannot be read: {error}") from None


@cache
def packaged_taxonomy() -> Taxonomy:
    """The topics of an organization that has none of its own."""
    return parse_taxonomy(files("tasks.assessment").joinpath(FILE).read_bytes())


def _check(topics: Sequence[Topic]) -> None:
    ids = [one.id for one in topics]
    if not 1 <= len(topics) <= MOST_TOPICS:
        raise ConfigurationError(f"a taxonomy has from 1 to {MOST_TOPICS} topics")
    if len(set(ids)) < len(ids):
        raise ConfigurationError("two topics have the same id; give each its own")
    for one in topics:
        if not ID.fullmatch(one.id) or one.id == OTHER:
            raise ConfigurationError(
                f"{one.id!r} is no id of a topic: a-z, 0-9 and _, at most 40, and not {OTHER!r}"
            )
        if not one.description.strip() or len(one.cues) > MOST_CUES:
            raise ConfigurationError(
                f"topic {one.id} needs a description, and at most {MOST_CUES} cues"
            )
