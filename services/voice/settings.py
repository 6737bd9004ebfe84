"""The settings of voice."""

import re
from dataclasses import dataclass
from datetime import timedelta

from carrier.media_policy import DEFAULT_HOSTS
from chassis.settings import address, boolean, setting
from services.voice.calls.model import E164


def numbers(text: str) -> frozenset[str]:
    """Read E.164 numbers, by comma or space."""
    found = re.split(r"[,\s]+", text.strip(", "))
    if not all(E164.fullmatch(number) for number in found):
        raise ValueError("must be numbers in E.164, by comma, such as +12025550110")
    return frozenset(found)


def queue_name(text: str) -> str:
    """Check a queue's name: the carrier's limit, and characters that need no quoting anywhere."""
    if not re.fullmatch(r"[A-Za-z0-9_.-]{1,255}", text):
        raise ValueError("must be 1 to 255 letters, digits, dots, dashes or underscores")
    return text


def url(text: str) -> str:
    """Check that something can be an address on the web."""
    if text and not re.fullmatch(r"https?://[!-~]+", text):
        raise ValueError("must be an http or https URL without spaces")
    return text


def seconds(text: str) -> timedelta:
    """Read a length in seconds, fractions allowed."""
    length = timedelta(seconds=float(text))
    if not timedelta(0) < length <= timedelta(days=30):
        raise ValueError("must be seconds, more than 0 and at most 30 days")
    return length


def named_greeting(text: str) -> str:
    """Check that a greeting by name has a place for the name."""
    if "{name}" not in text:
        raise ValueError("must hold {name}")
    return text


@dataclass(frozen=True, kw_only=True)
class Settings:
    """Read from the environment by chassis.settings.load."""

    numbers: frozenset[str] = setting(
        "SWITCHHOOK_VOICE_NUMBERS",
        parse=numbers,
        help="the numbers voice answers, E.164, by comma; calls to others are recorded only",
    )
    grpc_address: str = setting(
        "SWITCHHOOK_VOICE_GRPC_ADDRESS",
        default="127.0.0.1:50051",
        parse=address,
        help="where gRPC listens, host:port",
    )
    admin_address: str = setting(
        "SWITCHHOOK_VOICE_ADMIN_ADDRESS",
        default="127.0.0.1:9151",
        parse=address,
        help="where health and metrics listen, host:port",
    )
    database_url: str = setting(
        "SWITCHHOOK_VOICE_DATABASE_URL",
        default="sqlite+aiosqlite:///.data/voice.db",
        secret=True,
        help="sqlite+aiosqlite:///path or postgresql+asyncpg://...",
    )
    nats_url: str = setting("SWITCHHOOK_NATS_URL", default="nats://127.0.0.1:4222", help="the bus")
    telnyx_url: str = setting(
        "SWITCHHOOK_TELNYX_URL",
        default="https://api.telnyx.com/v2",
        help="the carrier's REST API",
    )
    api_key: str = setting("TELNYX_API_KEY", secret=True, help="the key for the carrier's REST API")
    crm_address: str = setting(
        "SWITCHHOOK_CRM_ADDRESS",
        default="127.0.0.1:50054",
        parse=address,
        help="CrmService, which knows who is calling",
    )
    greeting: str = setting(
        "SWITCHHOOK_VOICE_GREETING",
        default="Thank you for calling. Please hold the line, somebody will be with you shortly.",
        help="what every caller hears first, plain text; cut to 3000 characters",
    )
    named_greeting: str = setting(
        "SWITCHHOOK_VOICE_NAMED_GREETING",
        default="",
        parse=named_greeting,
        help="what a caller hears whose number is proven and known, with {name}; empty: never",
    )
    speech: str = setting(
        "SWITCHHOOK_VOICE_SPEECH",
        default="AWS.Polly.Joanna",
        help="the carrier's name of the voice that speaks",
    )
    queue: str = setting(
        "SWITCHHOOK_VOICE_QUEUE", default="support", parse=queue_name, help="where callers wait"
    )
    hold_music_url: str = setting(
        "SWITCHHOOK_VOICE_HOLD_MUSIC_URL",
        default="",
        parse=url,
        help="what callers hear while they wait, where their queue has no music of its own; "
        "empty: words only",
    )
    texml_url: str = setting(
        "SWITCHHOOK_VOICE_TEXML_URL",
        default="http://127.0.0.1:8080/texml",
        parse=url,
        help="where the carrier reaches the gateway's /texml, for the URLs in documents",
    )
    state_secrets: tuple[str, ...] = setting(
        "SWITCHHOOK_VOICE_STATE_SECRETS",
        default=(),
        parse=lambda text: tuple(text.replace(",", " ").split()),
        secret=True,
        help="what client_state is signed with, by comma: the first signs, all are believed; "
        "empty: a key made of the API key",
    )
    recordings_url: str = setting(
        "SWITCHHOOK_VOICE_RECORDINGS_URL",
        default=".data/voice-recordings",
        help="where recordings are kept: a folder, or s3://bucket/prefix",
    )
    recording_hosts: tuple[str, ...] = setting(
        "SWITCHHOOK_VOICE_RECORDING_HOSTS",
        default=DEFAULT_HOSTS,
        parse=lambda text: tuple(text.replace(",", " ").split()),
        help="hosts that recordings may be fetched from, by comma; *.x is any host below x",
    )
    lost_after: timedelta = setting(
        "SWITCHHOOK_VOICE_LOST_AFTER",
        default=timedelta(hours=4),
        parse=seconds,
        help="how long a call may go on before the carrier is asked whether it does, seconds",
    )
    lost_check_every: timedelta = setting(
        "SWITCHHOOK_VOICE_LOST_CHECK_EVERY",
        default=timedelta(minutes=30),
        parse=seconds,
        help="how often it is asked from then on, seconds",
    )
    decision_retention: timedelta = setting(
        "SWITCHHOOK_VOICE_DECISION_RETENTION",
        default=timedelta(days=90),
        parse=seconds,
        help="how long decisions are kept to be explained, seconds",
    )
    connection_id: str = setting(
        "SWITCHHOOK_VOICE_CONNECTION_ID",
        default="",
        help="the carrier's application that DialCall dials through unless told otherwise",
    )
    instance: str = setting(
        "SWITCHHOOK_VOICE_INSTANCE",
        default="voice-1",
        help="name of this replica, stable over restarts and different for each",
    )
    reflection: bool = setting(
        "SWITCHHOOK_REFLECTION", default=False, parse=boolean, help="on lists the API to anyone"
    )
