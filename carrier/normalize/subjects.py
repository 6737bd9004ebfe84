"""Name the subject an event is published on."""

import re

from switchhook.event.v1.event_pb2 import Event
from switchhook.event.v1.other_event_pb2 import UnreadableReason

PREFIX = "events.v1.telnyx"
MAX_TYPE = 128
"""Characters of the type in a subject; the carrier sets no limit, the stream does."""

_FORBIDDEN = re.compile(r"[^A-Za-z0-9_.-]")


def subject(event: Event) -> str:
    """Return `events.v1.telnyx.<domain>.<type>` with the type made fit for a subject.

    The domain is the arm of `detail`, `other` when none is set; the type of a body without one is
    why it cannot be read. Raises ValueError for an event of one of our services: they name their
    own subjects.
    """
    domain = event.WhichOneof("detail") or "other"
    if domain == "service":
        raise ValueError("the subject of a service's event is its own")
    type_ = event.type
    if domain == "unreadable" and not type_:
        reason = UnreadableReason.Name(event.unreadable.reason)
        type_ = reason.removeprefix("UNREADABLE_REASON_").lower()
    return f"{PREFIX}.{domain}.{_tokens(type_)}"


def _tokens(type_: str) -> str:
    fit = _FORBIDDEN.sub("_", type_[:MAX_TYPE])
    # A stream refuses a subject with an empty token.
    return ".".join(token or "_" for token in fit.split("."))[:MAX_TYPE].rstrip(".") or "_"
