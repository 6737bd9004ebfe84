"""What Telnyx's error codes mean for whoever sent the request, in one table.

The codes and their meanings are Telnyx's (messaging error code reference; API error codes). Its own
retry table names 40001-40003, 40005, 40006, 40008, 40010, 40011, 40014-40020, 40300, 40314, 40315,
40318, 40320, 40322, 40329 and 40333; the others are classed here by their descriptions. The codes
75000-75599 appear only in the log of webhook deliveries, never in an answer. An answer to a keyed
request with 422 and 10027 is told apart in `outcomes`.
"""

from enum import StrEnum
from types import MappingProxyType


class RefusalKind(StrEnum):
    """What is to be done about a refusal."""

    RETRY = "RETRY"
    """A passing fault at the carrier: try again with growing pauses, a bounded number of times."""
    SLOW_DOWN = "SLOW_DOWN"
    """Too fast, too much or too spammy just now: wait before the next try."""
    HOLD = "HOLD"
    """Blocked for hours: stop, tell an operator, and do not retry by machine."""
    PERMANENT = "PERMANENT"
    """Never for this pair of numbers or this content."""
    OPTED_OUT = "OPTED_OUT"
    """The recipient sent STOP; Telnyx blocks the pair until START."""
    CONFIGURATION = "CONFIGURATION"
    """The account, its key, a sender or a profile must be changed by an operator."""
    BAD_REQUEST = "BAD_REQUEST"
    """The request itself is wrong and can never succeed as it stands."""
    NOT_FOUND = "NOT_FOUND"
    """The thing named in the request does not exist."""
    WRONG_STATE = "WRONG_STATE"
    """The call or the fax is in a state in which this cannot be done."""
    GONE = "GONE"
    """The call has ended: the normal outcome of a command racing with a hangup, not an alert."""
    KEY_REUSED = "KEY_REUSED"
    """The idempotency key was sent before with other bytes: a bug of ours, alert."""


_TABLE: tuple[tuple[RefusalKind, dict[str, str]], ...] = (
    (
        RefusalKind.RETRY,
        {
            "10007": "unexpected error",
            "10008": "request timed out",
            "10036": "being processed, try later",
            "10037": "service unavailable",
            "40004": "rejected by the recipient's server for an unknown reason",
            "40006": "recipient's server unavailable",
            "40008": "not accepted by the recipient's carrier",
        },
    ),
    (
        RefusalKind.SLOW_DOWN,
        {
            "10011": "too many requests",
            "40002": "flagged as spam, for a while",
            "40005": "expired on the way",
            "40011": "too many requests at the upstream carrier",
            "40014": "expired in the queue",
            "40016": "T-Mobile sending limit",
            "40017": "AT&T took it for spam",
            "40018": "AT&T sending limit",
            "40318": "queue full",
            "90041": "channel limit of the account",
            "90042": "channel limit of the voice profile",
            "90043": "channel limit of the connection",
            "90103": "too many dials per second",
        },
    ),
    (
        RefusalKind.HOLD,
        {
            "40020": "verification traffic blocked for 24 hours",
            "40320": "sender temporarily unusable",
        },
    ),
    (
        RefusalKind.PERMANENT,
        {
            "40001": "landline or not routable",
            "40003": "sender blocked as spam for good",
            "40007": "loop",
            "40010": "sender not registered for 10DLC",
            "40012": "destination invalid to its carrier",
            "40310": "recipient address invalid",
            "40314": "messaging disabled on the account",
            "40319": "message type impossible for the recipient",
            "40322": "content blocked",
        },
    ),
    (
        RefusalKind.OPTED_OUT,
        {
            "40300": "blocked because of a STOP",
        },
    ),
    (
        RefusalKind.CONFIGURATION,
        {
            "10009": "authentication failed",
            "10010": "not authorized",
            "10038": "feature not permitted at this account level",
            "10039": "feature limit of this account level",
            "20001": "API key invalid",
            "20002": "API key revoked",
            "20003": "API key forbidden",
            "20006": "access token expired",
            "20008": "API key invalid",
            "20012": "account inactive, perhaps out of funds",
            "20013": "account blocked",
            "20014": "account not verified",
            "20015": "feature not enabled",
            "20016": "account not verified to level 1",
            "20017": "account not verified to level 2",
            "20100": "out of funds",
            "40013": "sender number invalid to the carrier",
            "40015": "flagged by Telnyx's own spam filter",
            "40019": "wrong 10DLC tag data for AT&T",
            "40100": "number not enabled for messaging",
            "40301": "message type not supported for the recipient",
            "40305": "sender not on the profile",
            "40306": "no alphanumeric sender on the profile",
            "40307": "another alphanumeric sender on the profile",
            "40308": "sender cannot send MMS",
            "40309": "region not on the profile's whitelist",
            "40311": "profile secret invalid",
            "40312": "profile disabled",
            "40313": "profile secret missing",
            "40315": "sender failed its health check",
            "40321": "no usable number on the profile",
            "40323": "messaging could not be enabled",
            "40325": "alphanumeric sender invalid",
            "40329": "toll-free number not verified",
            "40330": "toll-free number not provisioned",
            "40331": "profile without whitelist",
            "40333": "spend limit of the profile: a 429 that waiting does not cure",
        },
    ),
    (
        RefusalKind.BAD_REQUEST,
        {
            "10002": "phone number invalid",
            "10003": "URL invalid or too long",
            "10004": "parameter missing",
            "10015": "not well-formed",
            "10016": "phone number not in E.164 form",
            "10023": "not JSON",
            "10025": "text too long or too short",
            "10026": "wrong type",
            "10027": "cannot be processed",
            "10032": "not one of the values",
            "10033": "value out of range",
            "40009": "message body invalid",
            "40302": "too many parts",
            "40304": "contents that exclude each other",
            "40316": "no content",
            "40317": "too many media or too large",
            "40328": "more parts than recommended",
            "90010": "text to speak empty or too long",
            "90017": "client_state is not base64",
            "90037": "size of an existing queue",
            "90081": "not for an incoming fax",
        },
    ),
    (
        RefusalKind.NOT_FOUND,
        {
            "10005": "not found",
            "10006": "ID invalid",
            "40303": "message not found",
            "90015": "call_control_id invalid",
        },
    ),
    (
        RefusalKind.WRONG_STATE,
        {
            "90034": "call not answered yet",
            "90035": "call not in a queue",
            "90036": "queue full",
            "90038": "call in the queue already",
            "90080": "fax past this command",
            "90102": "command not for an outgoing call",
        },
    ),
    (
        RefusalKind.GONE,
        {
            "90018": "call has ended",
        },
    ),
)

KINDS: MappingProxyType[str, RefusalKind] = MappingProxyType(
    {code: kind for kind, codes in _TABLE for code in codes}
)
"""The kind of every known code; Telnyx writes codes as strings, so do we."""

_BY_STATUS = {
    401: RefusalKind.CONFIGURATION,
    402: RefusalKind.CONFIGURATION,
    403: RefusalKind.CONFIGURATION,
    404: RefusalKind.NOT_FOUND,
    410: RefusalKind.GONE,
    429: RefusalKind.SLOW_DOWN,
}


def kind_of(code: str, status: int = 400) -> RefusalKind:
    """Class an error code of an answer or a webhook; an unknown code is classed by HTTP status.

    In a webhook the meaning of 40300 and its neighbors differs between Telnyx's pages, so read the
    title there as well (Telnyx: receiving webhooks for messaging).
    """
    known = KINDS.get(code)
    if known is not None:
        return known
    if 300 <= status < 400:
        # An API never redirects a command: the base URL is not the API's.
        return RefusalKind.CONFIGURATION
    return _BY_STATUS.get(status, RefusalKind.BAD_REQUEST)
