"""The bones of tickets, computed for many numbers at once, without any text."""

from dataclasses import dataclass

import numpy as np

from sandbox.recordings import clip_number, load_clips
from sandbox.world import paths
from sandbox.world.hashing import Floats, Ints
from sandbox.world.scenarios import (
    ACCOUNT,
    AGENTS_PER_GROUP,
    CHANNEL_SHARES,
    DELIVERY,
    GROUPS,
    OUTAGE,
    OUTAGE_PRIORITY_SHARES,
    PRIORITY_PACE,
    PRIORITY_SHARES,
    REFUND,
    SCENARIOS,
    SPIKE_SHARE,
)
from sandbox.world.setting import AGENTS, Setting

FAR = np.int64(2**40)
CHAT, API, VOICE = 2, 3, 4
MINUTES = {
    "A": 40, "R": 60, "r": 60, "Q": 300, "N": 30, "X": 50, "P": 90, "H": 80,
    "S": 90, "s": 60, "O": 900, "G": 500, "M": 60, "K": 5760,
}  # fmt: skip
CHAT_FACTOR = {"A": 0.02, "r": 0.05, "Q": 0.015, "S": 0.05, "N": 0.1}
VOICE_FACTOR = {"N": 0.1, "s": 0.1, "S": 0.3}
STORIES = {name: at for at, name in enumerate(scenario.name for scenario in SCENARIOS)}
SPOKEN = tuple(sorted({STORIES[clip.story] for clip in load_clips()}))
PATH_OF = {word: at for at, word in enumerate(paths.ALL)}


@dataclass(frozen=True)
class Skeletons:
    """Columns of n tickets; instants in Unix seconds.

    ``times`` is (n, MAX_STEPS): the instant of each step, FAR where the path has
    ended or the step lies after the world's end. ``merged_into`` and ``deleted_at``
    are 0 when they do not apply, ``canary`` is -1 for everybody else.
    """

    number: Ints
    scenario: Ints
    channel: Ints
    path: Ints
    times: Ints
    steps: Ints
    priority: Ints
    requester: Ints
    first_agent: Ints
    agent: Ints
    careless: Ints
    canary: Ints
    bot: Ints
    deleted_at: Ints
    updated_at: Ints
    generated_at: Ints


def build(setting: Setting, numbers: Ints) -> Skeletons:
    """The bones of the tickets with these numbers (from 1), in their order."""
    roll = setting.dice.roll
    created = setting.created_at(numbers)
    canary = _canaries(setting, numbers)
    scenario = _scenarios(setting, numbers, created, canary)
    channel = _channels(setting, numbers, scenario, canary)
    bot = ((channel == CHAT) & (scenario != ACCOUNT) & (roll("bot", numbers) < 0.1)).astype(
        np.int64
    )
    agent, first_agent = _agents(setting, numbers, scenario, bot)
    skips = (agent == setting.careless_agent) & (roll("careless", numbers) < 0.85)
    careless = ((scenario == ACCOUNT) & skips).astype(np.int64)
    path = _paths(setting, numbers, scenario, channel, careless, canary, bot)
    priority = _priorities(setting, numbers, scenario)
    times = _times(setting, numbers, created, path, scenario, channel, priority)
    steps = (times < FAR).sum(axis=1)
    last = np.take_along_axis(times, steps[:, None] - 1, axis=1)[:, 0]
    deleted_at = _deletions(setting, numbers, last, canary)
    updated_at = np.maximum(last, deleted_at)
    return Skeletons(
        number=numbers, scenario=scenario, channel=channel, path=path, times=times, steps=steps,
        priority=priority, requester=_requesters(setting, numbers, canary, path),
        first_agent=first_agent, agent=agent, careless=careless, canary=canary, bot=bot,
        deleted_at=deleted_at, updated_at=updated_at,
        generated_at=_generations(setting, numbers, updated_at),
    )  # fmt: skip


def _canaries(setting: Setting, numbers: Ints) -> Ints:
    stride = setting.canary_stride
    turn = numbers // stride % 3
    return np.where(numbers % stride == 7, turn, -1)


def _scenarios(setting: Setting, numbers: Ints, created: Ints, canary: Ints) -> Ints:
    roll = setting.dice.roll
    drawn = _draw([scenario.share for scenario in SCENARIOS], roll("scenario", numbers))
    during = (created >= setting.outage_at) & (created < setting.outage_until)
    drawn = np.where(during & (roll("outage", numbers) < 0.85), OUTAGE, drawn)
    late = (created >= setting.spike_at) & (roll("spike", numbers) < SPIKE_SHARE)
    drawn = np.where(late, REFUND, drawn)
    return np.where((canary >= 0) & _calls(setting, numbers), DELIVERY, drawn)


def _calls(setting: Setting, numbers: Ints) -> Ints:
    """Every second round, the canary customers call instead of writing."""
    return np.asarray(numbers // setting.canary_stride // 3 % 2 == 1, dtype=np.int64)


def _channels(setting: Setting, numbers: Ints, scenario: Ints, canary: Ints) -> Ints:
    drawn = _draw(CHANNEL_SHARES, setting.dice.roll("channel", numbers))
    unspoken = (drawn == VOICE) & ~np.isin(scenario, SPOKEN)
    drawn = np.where(unspoken, 0, drawn)
    drawn = np.where((drawn == API) & (scenario == ACCOUNT), 1, drawn)
    called = np.where(_calls(setting, numbers) == 1, VOICE, 0)
    return np.where(canary >= 0, called, drawn)


def _agents(setting: Setting, numbers: Ints, scenario: Ints, bot: Ints) -> tuple[Ints, Ints]:
    roll = setting.dice.roll
    group = np.array([one.group for one in SCENARIOS])[scenario]
    agent = group * AGENTS_PER_GROUP + (roll("agent", numbers) * AGENTS_PER_GROUP).astype(np.int64)
    other = (group + 1 + (roll("other", numbers) * (len(GROUPS) - 1)).astype(np.int64)) % len(
        GROUPS
    )
    first = other * AGENTS_PER_GROUP + (roll("first", numbers) * AGENTS_PER_GROUP).astype(np.int64)
    return np.where(bot == 1, AGENTS, agent), first


def _paths(
    setting: Setting, numbers: Ints, scenario: Ints, channel: Ints, careless: Ints, canary: Ints,
    bot: Ints,
) -> Ints:  # fmt: skip
    u = setting.dice.roll("path", numbers)
    account = scenario == ACCOUNT
    chat = channel == CHAT
    told = _draw_path(paths.NORMAL, u)
    for chosen, weighted in (
        (scenario == OUTAGE, paths.OUTAGE),
        (account, paths.CHECKED),
        (chat, paths.CHAT),
        (chat & account, paths.CHAT_CHECKED),
        (bot == 1, paths.BOT),
        (account & (careless == 1), paths.UNCHECKED),
        (channel == API, paths.INTEGRATION),
        (channel == VOICE, paths.VOICE),
        (canary >= 0, paths.CANARY),
        ((canary >= 0) & (channel == VOICE), paths.CANARY_CALL),
    ):
        told = np.where(chosen, _draw_path(weighted, u), told)
    return told


def _draw_path(weighted: tuple[tuple[str, float], ...], u: Floats) -> Ints:
    codes = np.array([PATH_OF[word] for word, _ in weighted])
    return codes[_draw([weight for _, weight in weighted], u)]


def _draw(shares: list[float] | tuple[float, ...], u: Floats) -> Ints:
    bounds = np.cumsum(shares)
    return np.searchsorted(bounds / bounds[-1], u, side="right").astype(np.int64)


def _priorities(setting: Setting, numbers: Ints, scenario: Ints) -> Ints:
    u = setting.dice.roll("priority", numbers)
    return np.where(scenario == OUTAGE, _draw(OUTAGE_PRIORITY_SHARES, u), _draw(PRIORITY_SHARES, u))


def _times(
    setting: Setting, numbers: Ints, created: Ints, path: Ints, scenario: Ints, channel: Ints,
    priority: Ints,
) -> Ints:  # fmt: skip
    """Agents work in business time, customers at any hour."""
    letters = _LETTERS[path]
    late = (scenario == REFUND) & (created >= setting.spike_at)
    pace = np.array(PRIORITY_PACE)[priority] * np.where(late, 2.0, 1.0)
    pace = np.where(scenario == OUTAGE, pace * 0.5, pace)
    times = np.full((len(numbers), paths.MAX_STEPS), FAR)
    now = times[:, 0] = created
    for step in range(1, paths.MAX_STEPS):
        letter = letters[:, step]
        if not letter.any():
            break
        u = setting.dice.roll(f"step{step}", numbers)
        seconds = 45 + _SECONDS[letter, channel] * -np.log1p(-u)
        seconds = np.where(_PACED[letter], seconds * pace, seconds)
        seconds = np.where(letter == _CLOSE, 4 * 86_400 + u * 3_600, seconds)
        calendar = setting.calendar
        paced = calendar.instant(calendar.business(now) + seconds)
        then = np.where(_PACED[letter], np.maximum(paced, now + 20), now + seconds)
        now = np.where(now < FAR, then.astype(np.int64), FAR)
        now = np.where((letter == 0) | (now > setting.seen_at), FAR, now)
        times[:, step] = now
    return times


def _deletions(setting: Setting, numbers: Ints, last: Ints, canary: Ints) -> Ints:
    u = setting.dice.roll("deleted", numbers)
    at = last + 3600 + (setting.dice.roll("deleted at", numbers) * 2 * 86_400).astype(np.int64)
    gone = (u < 0.015) & (canary < 0) & (at <= setting.seen_at)
    return np.where(gone, at, 0)


def _generations(setting: Setting, numbers: Ints, updated_at: Ints) -> Ints:
    """System updates bump the generated timestamp alone."""
    u = setting.dice.roll("bump", numbers)
    at = updated_at + 600 + (setting.dice.roll("bump at", numbers) * 3 * 86_400).astype(np.int64)
    return np.where((u < 0.08) & (at <= setting.seen_at), at, updated_at)


def _requesters(setting: Setting, numbers: Ints, canary: Ints, path: Ints) -> Ints:
    """Half of the customers are known from the start, the others come as time passes."""
    source = np.where(np.isin(path, _MERGED), np.maximum(numbers - 1, 1), numbers)
    u = setting.dice.roll("requester", source)
    known = setting.end_users * (0.5 + 0.5 * (source - 1) / setting.tickets)
    drawn = 3 + (u**1.3 * (known - 3)).astype(np.int64)
    return np.where(canary >= 0, canary, drawn)


def merged_into(number: int) -> int:
    """The ticket that a merged ticket was merged into."""
    return max(number - 1, 1)


def is_spoken(scenario: int) -> bool:
    """Whether there are recordings of this kind of contact."""
    return scenario in SPOKEN


def clip_of(scenario: int, careless: bool) -> int:
    """The recording that tells the scenario."""
    return clip_number(SCENARIOS[scenario].name, identity_check=not careless)


def _letter_table() -> Ints:
    table = np.zeros((len(paths.ALL), paths.MAX_STEPS), dtype=np.int64)
    for at, word in enumerate(paths.ALL):
        table[at, : len(word)] = [ord(letter) for letter in word]
    return table


def _second_table() -> Floats:
    table = np.zeros((128, 5))
    for letter, minutes in MINUTES.items():
        table[ord(letter)] = minutes * 60.0
        table[ord(letter), CHAT] *= CHAT_FACTOR.get(letter, 1.0)
        table[ord(letter), VOICE] *= VOICE_FACTOR.get(letter, 1.0)
    return table


_LETTERS = _letter_table()
_SECONDS = _second_table()
_PACED = np.array([chr(code) in paths.BUSINESS_PACED for code in range(128)])
_CLOSE = ord("K")
_MERGED = np.array([at for at, word in enumerate(paths.ALL) if "M" in word])
