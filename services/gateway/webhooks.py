"""What `POST /webhooks/telnyx` answers.

200 with nothing in it once the event is kept; 401 for what does not verify; 503 when the event
could not be kept, so that the carrier tries again or elsewhere.
"""

import re
import time

from switchhook.event.v1.event_pb2 import Event

from carrier import normalize
from carrier.signature import SIGNATURE_HEADER, TIMESTAMP_HEADER, Rejected, RejectReason
from chassis.errors import Fault
from chassis.logs import get_logger
from services.gateway.acceptance import Acceptance, Signed, Where
from services.gateway.edge import Incoming, Reply, Route

log = get_logger(__name__)

_V1_SIGNATURE_HEADER = "X-Telnyx-Signature"
_MOST_V1_BYTES = 16 * 1024
"""A body without a signature is only looked into while that costs next to nothing."""

ACCEPTED = Reply(200, "accepted")
# The same words whatever failed: a sender who is not Telnyx learns nothing from them.
REJECTED = Reply(401, "rejected", b"The signature does not verify.\n")
# Shown in the portal's delivery log, where whoever configured the application will look.
API_V1 = Reply(
    401,
    "api_v1",
    b"This is a webhook of Telnyx API v1, which carries no Ed25519 signature. Set "
    b'webhook_api_version to "2" on the Call Control application, connection or messaging '
    b"profile that sends it.\n",
)


class Webhooks:
    """Answer JSON webhooks."""

    def __init__(self, acceptance: Acceptance) -> None:
        """Hand every request to `acceptance`."""
        self._acceptance = acceptance

    @property
    def route(self) -> Route:
        """Where JSON webhooks come in."""
        return Route(
            "webhooks",
            re.compile(r"/webhooks/telnyx"),
            # An absent type is let through: the signature decides, and a refusal is for ever.
            re.compile(r"|[a-z]+/([a-z0-9.-]+\+)?json\s*(;.*)?"),
            self.handle,
        )

    async def handle(self, incoming: Incoming) -> Reply:
        """Return the answer to one webhook."""
        started = time.perf_counter()
        try:
            kept = await self._acceptance.webhook(signed(incoming))
        except Rejected as rejected:
            return rejection(incoming, rejected)
        except Fault as fault:
            return unkept(fault, "webhooks")
        tell("webhook.accepted", kept.event, kept.where, started)
        return ACCEPTED


def tell(message: str, event: Event, where: Where, started: float) -> None:
    """Leave the one line about an event that was taken."""
    milliseconds = round((time.perf_counter() - started) * 1000, 2)
    log.info(
        message,
        event_id=event.event_id,
        type=event.type,
        outcome=where,
        duration_ms=milliseconds,
    )


def signed(incoming: Incoming) -> Signed:
    """Return the request with its signature headers, each with every value it occurred with."""
    headers = incoming.headers
    return Signed(
        headers.get_list(SIGNATURE_HEADER), headers.get_list(TIMESTAMP_HEADER), incoming.body
    )


def unkept(fault: Fault, route: str) -> Reply:
    """Return the answer for an event that could be kept nowhere; the carrier tries again."""
    log.error("webhook.unkept", route=route, reason=fault.reason, text=fault.message)
    seconds = str(max(1, round(fault.retry_after or 1)))
    return Reply(
        503,
        "unkept",
        b"The event could not be kept; try again.\n",
        headers={"Retry-After": seconds},
    )


def rejection(incoming: Incoming, rejected: Rejected) -> Reply:
    """Return the answer to a request that does not verify, and leave one line about it."""
    v1 = rejected.reason is RejectReason.MISSING_HEADER and (
        _V1_SIGNATURE_HEADER in incoming.headers
        or (len(incoming.body) <= _MOST_V1_BYTES and normalize.is_v1(incoming.body))
    )
    log.warning("webhook.rejected", reason=rejected.reason, api_v1=v1, bytes=len(incoming.body))
    return API_V1 if v1 else REJECTED
