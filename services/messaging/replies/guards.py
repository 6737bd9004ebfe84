"""What keeps a received message from being answered automatically, in the order it is asked.

Each guard is a pure function of the message and of what is known of the pair of numbers. The first
that objects is the reason given. Two machines that answer one another are stopped by several of
them at once.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from services.messaging.keywords import OUR_OWN_SENDER
from services.messaging.model import Message, is_e164
from services.messaging.replies import texts

LATEST = timedelta(minutes=15)
"""A message older than this is not answered automatically any more."""
MUTE = timedelta(hours=24)
REPEATS = 3
REPEATS_WITHIN = timedelta(minutes=10)
QUICK = timedelta(seconds=2)
QUICK_TIMES = 2
PAIR_LIMITS = ((timedelta(minutes=5), 1), (timedelta(hours=1), 3), (timedelta(days=1), 6))
"""At most so many automatic replies to a pair within each of these times."""
MOST_HOPS = 6
"""So many messages in a row may be automatic before a person has to write one."""
RATE = 1.0
"""Replies a second that the service as a whole may give in the long run."""
BURST = 10
"""Replies it may give at once."""


class Guard(StrEnum):
    """What keeps a reply from being given, in the order it is asked."""

    STALE = "stale"
    OWN_SENDER = "own_sender"
    NO_PHONE_NUMBER = "no_phone_number"
    KEYWORD = "keyword"
    ANSWERED_BY_CARRIER = "answered_by_carrier"
    REVOKED = "revoked"
    AMBIGUOUS = "ambiguous"
    GROUP = "group"
    NOT_SPEECH = "not_speech"
    BOT_TEXT = "bot_text"
    CODE_TEXT = "code_text"
    MUTED = "muted"
    ECHO = "echo"
    PEER_IS_BOT = "peer_is_bot"
    REPEATED = "repeated"
    TOO_QUICK = "too_quick"
    PAIR_PAUSE = "pair_pause"
    PAIR_HOURLY = "pair_hourly"
    PAIR_DAILY = "pair_daily"
    SERVICE_RATE = "service_rate"
    KILL_SWITCH = "kill_switch"
    NO_HUMAN = "no_human"
    CLOSURE_ANSWERED = "closure_answered"
    UNDELIVERABLE = "undeliverable"


class MuteReason(StrEnum):
    """Why a pair is muted."""

    ECHO = "echo"
    PEER_IS_BOT = "peer_is_bot"


@dataclass(frozen=True, slots=True)
class Sent:
    """An earlier message of ours to the pair; `leave_time` is the latest we know it was here."""

    text: str
    is_automatic: bool
    create_time: datetime
    leave_time: datetime


@dataclass(frozen=True, slots=True)
class Heard:
    """An earlier message of the other side."""

    text: str
    create_time: datetime


@dataclass(frozen=True, slots=True)
class Mute:
    """A pair to which nothing is said automatically until a time."""

    reason: MuteReason
    end_time: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """What is known of a pair, apart from the message itself, when it is to be answered."""

    now: datetime
    is_first: bool = False
    is_ours: bool = False
    """Whether the sender is one of our numbers."""
    is_revoked: bool = False
    is_undeliverable: bool = False
    mutes: Sequence[Mute] = ()
    replies: Sequence[datetime] = ()
    """When replies by rule were given to the pair, within a day."""
    sent: Sequence[Sent] = ()
    """Our last messages to the pair, newest first; confirmations are automatic too."""
    heard: Sequence[Heard] = ()
    """Their messages within a day, newest first, with the one to be answered."""
    killed: bool = False
    tokens: float = BURST
    told: frozenset[str] = frozenset()
    """Rules that have told the pair, since this closure began, that we are closed."""


@dataclass(frozen=True, slots=True)
class Case:
    """A message, the rule that would answer it, and what is known of the pair."""

    received: Message
    facts: Facts
    rule_id: str = ""

    @property
    def words(self) -> str:
        """Return what the message says."""
        return words_of(self.received)


def objections(case: Case) -> tuple[Guard, ...]:
    """Return everything that objects, in order."""
    return tuple(guard for guard in Guard if _GUARDS[guard](case))


def mute_for(found: Sequence[Guard], now: datetime) -> Mute | None:
    """Return what the pair is muted with because of these objections, or None."""
    if any(guard in found for guard in _CANNOT_TELL):
        return None
    if Guard.ECHO in found:
        return Mute(MuteReason.ECHO, now + MUTE)
    if any(guard in found for guard in _MACHINES):
        return Mute(MuteReason.PEER_IS_BOT, now + MUTE)
    return None


def tokens_at(tokens: float, filled: datetime, now: datetime) -> float:
    """Return how many replies may be given at once now, by how many could be given earlier."""
    return min(float(BURST), tokens + max((now - filled).total_seconds(), 0.0) * RATE)


def words_of(received: Message) -> str:
    """Return what a message says: its text, or the subject of one without."""
    text = received.text or ""
    return text if text.strip() else received.subject


def _is_stale(case: Case) -> bool:
    return case.facts.now - case.received.create_time > LATEST


def _is_ours(case: Case) -> bool:
    received = case.received
    return (
        case.facts.is_ours
        or received.classification == OUR_OWN_SENDER
        or received.peer_number == received.our_number
    )


def _has_no_number(case: Case) -> bool:
    return not (is_e164(case.received.peer_number) and is_e164(case.received.our_number))


def _is_keyword(case: Case) -> bool:
    return _class_of(case.received) in ("stop", "start", "help")


def _is_answered(case: Case) -> bool:
    return case.received.answered_by_carrier


def _is_revoked(case: Case) -> bool:
    return case.facts.is_revoked


def _is_ambiguous(case: Case) -> bool:
    return _class_of(case.received) == "ambiguous"


def _is_group(case: Case) -> bool:
    return case.received.is_group


def _says_nothing(case: Case) -> bool:
    said_nothing = not case.words.strip() or texts.is_not_speech(case.words)
    return said_nothing or _rule_of(case.received) == "reaction"


def _is_bot_text(case: Case) -> bool:
    return _rule_of(case.received).startswith("bot.")


def _is_code(case: Case) -> bool:
    return texts.looks_like_code(case.words)


def _is_muted(case: Case) -> bool:
    return _has_mute(case, MuteReason.ECHO)


def _is_echo(case: Case) -> bool:
    sent = case.facts.sent
    return bool(sent) and texts.is_echo(case.words, sent[0].text)


def _is_known_bot(case: Case) -> bool:
    return _has_mute(case, MuteReason.PEER_IS_BOT)


def _is_repeated(case: Case) -> bool:
    said, since = texts.folded(case.words), case.received.create_time - REPEATS_WITHIN
    same = (
        heard
        for heard in case.facts.heard
        if heard.create_time >= since and texts.folded(heard.text) == said
    )
    return bool(said) and sum(1 for _ in same) >= REPEATS


def _is_too_quick(case: Case) -> bool:
    """Count the automatic messages of ours that were answered faster than anybody types."""
    automatic = (sent for sent in case.facts.sent if sent.is_automatic)
    heard = [each.create_time for each in case.facts.heard]
    quick = (any(timedelta() < at - sent.leave_time < QUICK for at in heard) for sent in automatic)
    return sum(quick) >= QUICK_TIMES


def _is_over(case: Case, limit: tuple[timedelta, int]) -> bool:
    within, most = limit
    since = case.facts.now - within
    return sum(given > since for given in case.facts.replies) >= most


def _is_over_rate(case: Case) -> bool:
    return case.facts.tokens < 1


def _is_killed(case: Case) -> bool:
    return case.facts.killed


def _is_unattended(case: Case) -> bool:
    last = case.facts.sent[:MOST_HOPS]
    return len(last) == MOST_HOPS and all(sent.is_automatic for sent in last)


def _is_told(case: Case) -> bool:
    return case.rule_id in case.facts.told


def _is_undeliverable(case: Case) -> bool:
    return case.facts.is_undeliverable


def _has_mute(case: Case, reason: MuteReason) -> bool:
    facts = case.facts
    return any(mute.reason is reason and mute.end_time > facts.now for mute in facts.mutes)


def _class_of(received: Message) -> str:
    return received.classification.keyword_class.value if received.classification else ""


def _rule_of(received: Message) -> str:
    return received.classification.rule_id if received.classification else ""


_GUARDS: dict[Guard, Callable[[Case], bool]] = {
    Guard.STALE: _is_stale,
    Guard.OWN_SENDER: _is_ours,
    Guard.NO_PHONE_NUMBER: _has_no_number,
    Guard.KEYWORD: _is_keyword,
    Guard.ANSWERED_BY_CARRIER: _is_answered,
    Guard.REVOKED: _is_revoked,
    Guard.AMBIGUOUS: _is_ambiguous,
    Guard.GROUP: _is_group,
    Guard.NOT_SPEECH: _says_nothing,
    Guard.BOT_TEXT: _is_bot_text,
    Guard.CODE_TEXT: _is_code,
    Guard.MUTED: _is_muted,
    Guard.ECHO: _is_echo,
    Guard.PEER_IS_BOT: _is_known_bot,
    Guard.REPEATED: _is_repeated,
    Guard.TOO_QUICK: _is_too_quick,
    Guard.PAIR_PAUSE: lambda case: _is_over(case, PAIR_LIMITS[0]),
    Guard.PAIR_HOURLY: lambda case: _is_over(case, PAIR_LIMITS[1]),
    Guard.PAIR_DAILY: lambda case: _is_over(case, PAIR_LIMITS[2]),
    Guard.SERVICE_RATE: _is_over_rate,
    Guard.KILL_SWITCH: _is_killed,
    Guard.NO_HUMAN: _is_unattended,
    Guard.CLOSURE_ANSWERED: _is_told,
    Guard.UNDELIVERABLE: _is_undeliverable,
}
_MACHINES = (Guard.REPEATED, Guard.TOO_QUICK, Guard.BOT_TEXT)
_CANNOT_TELL = (
    Guard.STALE,
    Guard.OWN_SENDER,
    Guard.NO_PHONE_NUMBER,
    Guard.GROUP,
    Guard.NOT_SPEECH,
)
"""Of these nothing is learnt about the pair: old, ours, not a pair, or nobody spoke."""
