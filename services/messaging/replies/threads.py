"""Which conversation a message belongs to: the same people always have the same one."""

from collections.abc import Iterable, Sequence

from services.messaging.ids import derived_id


def others(our_number: str, peer_number: str, recipients: Iterable[str]) -> tuple[str, ...]:
    """Return everyone of a message but our number, sorted; the first is the peer of a group."""
    return tuple(sorted({peer_number, *recipients} - {our_number, ""}))


def thread_id(our_number: str, people: Sequence[str]) -> str:
    """Return the id of a conversation; empty when one of its sides is not known."""
    if not our_number or not any(people):
        return ""
    # Ids must never change: messages are kept with them.
    kind = "group" if len(people) > 1 else "pair"
    return derived_id(f"conversation {kind}", " ".join((our_number, *people)))
