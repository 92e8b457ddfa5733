"""The people and companies of an account."""

import unicodedata
from dataclasses import dataclass
from functools import cached_property, lru_cache

import msgspec
import numpy as np

from sandbox.world import names
from sandbox.world.hashing import Ints
from sandbox.world.scenarios import AGENTS_PER_GROUP, GROUPS
from sandbox.world.setting import AGENTS, Setting

YEAR = 365 * 86_400
NOBODY, NOBODY_AT = AGENTS + 1, 999
NOBODYS_NAME = "Permanently Deleted User"
LETTERS = str.maketrans(
    {"ø": "o", "đ": "d", "Đ": "D", "ł": "l", "Ł": "L", "ß": "ss", "ı": "i", "’": ""}
)


class Person(msgspec.Struct, frozen=True, gc=False):
    """An end user, an agent, the administrator or the bot."""

    id: int
    name: str
    email: str
    phone: str | None
    role: str
    organization: int | None
    created_at: int
    updated_at: int
    active: bool = True
    scrubbed: bool = False

    @property
    def first(self) -> str:
        """The given name."""
        return self.name.split(" ")[0]


@dataclass(frozen=True)
class Organization:
    """A customer company."""

    id: int
    name: str
    domain: str
    created_at: int
    updated_at: int


class People:
    """Everybody an account knows, each a pure function of their number."""

    def __init__(self, setting: Setting) -> None:
        self.setting = setting
        self.scrubbed: set[int] = set()
        self.customer = lru_cache(maxsize=50_000)(self._customer)
        self.organization = lru_cache(maxsize=2_000)(self._organization)

    @cached_property
    def staff(self) -> tuple[Person, ...]:
        """The administrator, the agents by group, and the bot."""
        admin = self._staff_member(-1, "admin", "Dana Whitfield")
        source = self.setting.dice.source("staff", 0)
        firsts = source.sample(names.AGENT_FIRST, AGENTS)
        lasts = source.sample(names.AGENT_LAST, AGENTS)
        agents = [
            self._staff_member(at, "agent", f"{first} {last}")
            for at, (first, last) in enumerate(zip(firsts, lasts, strict=True))
        ]
        bot = self._staff_member(AGENTS, "agent", "Answer Bot")
        return (admin, *agents, bot)

    def agent(self, number: int) -> Person:
        """An agent by number; -1 the administrator, ``AGENTS`` the bot, ``NOBODY`` nobody."""
        return self.nobody if number == NOBODY else self.staff[number + 1]

    @cached_property
    def nobody(self) -> Person:
        """Who stands in a scrubbed ticket for everybody who was in it."""
        joined = self.setting.since_at - YEAR
        return Person(
            self.setting.base + NOBODY_AT, NOBODYS_NAME, "", None, "end-user", None, joined,
            joined, active=False, scrubbed=True,
        )  # fmt: skip

    def group_of(self, agent: int) -> int:
        """The number of an agent's group."""
        return (
            min(agent, AGENTS - 1) // AGENTS_PER_GROUP if agent < AGENTS else GROUPS.index("Orders")
        )

    def find(self, user_id: int) -> Person | None:
        """The person with this id."""
        offset = user_id - self.setting.base
        if 1 <= offset <= AGENTS + 2:
            return self.staff[offset - 1]
        if offset == NOBODY_AT:
            return self.nobody
        customer = user_id - self.setting.customer_id(0)
        return self.customer(customer) if 0 <= customer < self.setting.end_users else None

    def remove(self, customer: int, at: int, *, scrubbed: bool) -> None:
        """Deletes an end user, for good where ``scrubbed``; what tickets quote of them stays."""
        self.removed[customer] = self.touched[customer] = at
        self.by_change = np.argsort(self.touched, kind="stable")
        if scrubbed:
            self.scrubbed.add(customer)
        self.customer.cache_clear()

    def canaries(self) -> list[dict[str, str]]:
        """Name, e-mail and phone of the three canary customers."""
        people = [self.customer(number) for number in range(3)]
        return [{"name": one.name, "email": one.email, "phone": str(one.phone)} for one in people]

    def _staff_member(self, number: int, role: str, name: str) -> Person:
        setting = self.setting
        email = f"{plain(name)}@{setting.account}.example.com"
        joined = setting.since_at - YEAR
        return Person(
            setting.agent_id(number), name, email, None, role, None, joined, joined + 86_400
        )

    @cached_property
    def joined(self) -> Ints:
        """When each end user was created; the second half shortly before they can have a ticket."""
        setting = self.setting
        customers = np.arange(setting.end_users, dtype=np.int64)
        share = (customers + 1) / setting.end_users
        early = setting.since_at - (setting.dice.roll("joined", customers) * 2 * YEAR).astype(
            np.int64
        )
        numbers = np.maximum(1, ((2 * share - 1) * setting.tickets).astype(np.int64) - 2)
        return np.where(share <= 0.5, early, setting.created_at(numbers)) - 60

    @cached_property
    def touched(self) -> Ints:
        """When each end user was last changed: by an edit for some, by deletion for a few."""
        setting = self.setting
        customers = np.arange(setting.end_users, dtype=np.int64)
        room = np.maximum(setting.until_at - self.joined - 60, 0)
        edited = self.joined + (room * setting.dice.roll("edited at", customers)).astype(np.int64)
        chosen = (setting.dice.roll("edited", customers) < 0.15) & (edited <= setting.seen_at)
        told = np.where(chosen, edited, self.joined)
        return np.maximum(told, self.removed)

    @cached_property
    def by_change(self) -> Ints:
        """The numbers of the end users in the order of their last change."""
        return np.argsort(self.touched, kind="stable")

    @cached_property
    def removed(self) -> Ints:
        """When each end user was deleted; 0 for nearly all."""
        setting = self.setting
        customers = np.arange(setting.end_users, dtype=np.int64)
        share = 0.5 + 0.5 * setting.dice.roll("user deleted", customers)
        at = setting.since_at + (share * (setting.until_at - setting.since_at)).astype(np.int64)
        at = np.maximum(at - 120, self.joined + 60)
        return np.where((customers % 97 == 41) & (at <= setting.seen_at), at, 0)

    def _customer(self, customer: int) -> Person:
        setting = self.setting
        u, which, *drawn = setting.dice.handful("customer", customer)
        first, last = self._name(customer, drawn)
        company = u < 0.6 and customer > 2
        return Person(
            id=setting.customer_id(customer),
            name=f"{first} {last}",
            email=self._email(customer, first, last),
            phone=self._phone(customer),
            role="end-user",
            organization=int(which * setting.organizations) if company else None,
            created_at=int(self.joined[customer]),
            updated_at=int(self.touched[customer]),
            active=not self.removed[customer],
            scrubbed=customer in self.scrubbed,
        )

    def _name(self, customer: int, drawn: list[float]) -> tuple[str, str]:
        if customer < 3:
            turn = self.setting.dice.salt % 3 * 3 + customer
            first, last = names.CANARIES[turn]
            return first, f"{last}-{names.LAST[self.setting.dice.salt // 9 % 20]}"
        first = names.FIRST[int(drawn[0] * len(names.FIRST))]
        return first, names.LAST[int(drawn[1] * len(names.LAST))]

    def _email(self, customer: int, first: str, last: str) -> str:
        host = names.MAIL_HOSTS[customer % len(names.MAIL_HOSTS)]
        return f"{plain(f'{first} {last}')}{customer}@{host}"

    def _phone(self, customer: int) -> str:
        dial = names.DIALS[customer % len(names.DIALS)]
        if customer < 3:  # a canary's number is nobody else's, in no account
            return f"{dial} {self.setting.dice.salt // 7 % 10**6:06d}"
        return f"{dial} {customer * 7919 % 10_000:04d}{customer // 10_000 or ''}"

    def _organization(self, number: int) -> Organization:
        setting = self.setting
        source = setting.dice.source("organization", number)
        name = f"{source.choice(names.COMPANY)} {source.choice(names.COMPANY_END)} {number + 1}"
        created = setting.since_at - int(source.random() * 2 * YEAR)
        updated = created
        if source.random() < 0.3:
            edited = created + int(source.random() * (setting.until_at - created - 120))
            updated = edited if edited <= setting.seen_at else created
        domain = plain(name).replace(".", "-") + ".example.net"
        return Organization(setting.base + 5 * 10**9 + number, name, domain, created, updated)


@lru_cache(maxsize=10_000)
def plain(name: str) -> str:
    """The name in ASCII, lower case, its words joined by dots."""
    bare = unicodedata.normalize("NFKD", name.translate(LETTERS))
    kept = "".join(
        letter for letter in bare if letter.isascii() and (letter.isalnum() or letter in " -")
    )
    return ".".join(kept.lower().split())
