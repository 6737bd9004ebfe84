"""Verify and make the Ed25519 signatures Telnyx puts on its webhooks.

The signed message is the timestamp header as received, a vertical bar and the raw body; it is not
hashed first (Telnyx: webhook-fundamentals). TeXML form bodies are signed in the same way. The query
of a GET request is not covered by the signature, so such a request must never be trusted.

Pure: the clock is an argument and nothing is kept between calls.
"""

import base64
import binascii
import hashlib
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Self

from nacl.bindings import crypto_core_ed25519_is_valid_point, crypto_sign_open
from nacl.exceptions import BadSignatureError
from nacl.signing import SigningKey

SIGNATURE_HEADER = "telnyx-signature-ed25519"
TIMESTAMP_HEADER = "telnyx-timestamp"

TOLERANCE_SECONDS = 300
"""How far a timestamp may lie from our clock, either way (Telnyx: receiving webhooks)."""

_SIGNATURE_BYTES = 64
_KEY_BYTES = 32
_TIMESTAMP = re.compile(rb"[0-9]{9,11}")

HeaderValues = str | bytes | Sequence[str] | Sequence[bytes]
"""Every value a header occurred with; a bare string counts as one value."""


class RejectReason(StrEnum):
    """Why a webhook was not believed; a label for metrics, never told to the sender."""

    MISSING_HEADER = "MISSING_HEADER"
    REPEATED_HEADER = "REPEATED_HEADER"
    BAD_TIMESTAMP = "BAD_TIMESTAMP"
    STALE = "STALE"
    FUTURE = "FUTURE"
    BAD_ENCODING = "BAD_ENCODING"
    BAD_LENGTH = "BAD_LENGTH"
    BAD_SIGNATURE = "BAD_SIGNATURE"


class Rejected(Exception):  # noqa: N818 - a verdict, not a malfunction
    """The request is not proven to come from Telnyx."""

    def __init__(self, reason: RejectReason) -> None:
        super().__init__(reason.value)
        self.reason = reason


@dataclass(frozen=True, slots=True)
class PublicKey:
    """One Ed25519 public key of the account and the time it may be used.

    The bounds are Unix seconds, `not_before` included and `not_after` excluded; None is no bound.
    Raises ValueError unless `raw` is 32 bytes that encode a usable point of the curve.
    """

    key_id: str
    raw: bytes
    not_before: float | None = None
    not_after: float | None = None

    def __post_init__(self) -> None:
        if len(self.raw) != _KEY_BYTES:
            raise ValueError(f"an Ed25519 public key has {_KEY_BYTES} bytes, not {len(self.raw)}")
        # A point of small order would accept forged signatures for some messages.
        if not crypto_core_ed25519_is_valid_point(self.raw):
            raise ValueError("not a usable Ed25519 public key")

    def valid_at(self, now: float) -> bool:
        """Tell whether the key may be used at `now`, in Unix seconds."""
        started = self.not_before is None or self.not_before <= now
        return started and (self.not_after is None or now < self.not_after)


@dataclass(frozen=True, slots=True)
class KeyRing:
    """The keys to try, in order: the current one first, then the next one during a rotation."""

    keys: Sequence[PublicKey]

    def __post_init__(self) -> None:
        if not self.keys:
            raise ValueError("a key ring needs at least one public key")
        object.__setattr__(self, "keys", tuple(self.keys))

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read base64 keys separated by commas or spaces, as the portal shows them.

        A key may carry bounds as RFC 3339 times: `KEY;not_before=2026-01-01T00:00:00Z` and
        `;not_after=...`. The key id is a short fingerprint. Raises ValueError that names the
        position of the faulty key and never repeats it.
        """
        keys = []
        for position, entry in enumerate(re.split(r"[\s,]+", text.strip(" \t\r\n,")), start=1):
            try:
                keys.append(_parse_key(entry))
            except ValueError as error:
                raise ValueError(f"public key {position}: {error}") from None
        return cls(keys)

    def valid_at(self, now: float) -> Iterator[PublicKey]:
        """Yield the keys that may be used at `now`, in order."""
        return (key for key in self.keys if key.valid_at(now))


@dataclass(frozen=True, slots=True)
class Verified:
    """Which key proved the request, and the Unix time Telnyx signed it at."""

    key_id: str
    timestamp: int


def verify(
    ring: KeyRing, *, signature: HeaderValues, timestamp: HeaderValues, body: bytes, now: float
) -> Verified:
    """Prove that Telnyx signed exactly these bytes, at most 300 s from `now` (Unix seconds).

    Takes all values of the two headers, because a repeated header is refused. The cheap checks come
    first. Raises Rejected with the reason.
    """
    signature_text = _only(signature)
    timestamp_text = _only(timestamp)
    signed_at = _timestamp(timestamp_text, now)
    message = _decode_signature(signature_text) + timestamp_text + b"|" + body
    for key in ring.valid_at(now):
        try:
            crypto_sign_open(message, key.raw)
        except BadSignatureError:
            continue
        return Verified(key.key_id, signed_at)
    raise Rejected(RejectReason.BAD_SIGNATURE)


def sign(signing_key: SigningKey, timestamp: int, body: bytes) -> str:
    """Make the signature header Telnyx would send; for the simulator and for tests."""
    message = str(timestamp).encode() + b"|" + body
    return base64.b64encode(signing_key.sign(message).signature).decode()


def public_key_text(signing_key: SigningKey) -> str:
    """Write the public half as the portal shows it; for the simulator and for tests."""
    return base64.b64encode(bytes(signing_key.verify_key)).decode()


def _only(values: HeaderValues) -> bytes:
    every: Sequence[str | bytes] = [values] if isinstance(values, str | bytes) else list(values)
    if len(every) > 1:
        raise Rejected(RejectReason.REPEATED_HEADER)
    if not every or not every[0]:
        raise Rejected(RejectReason.MISSING_HEADER)
    value = every[0]
    # Characters outside ASCII become "?", which neither header may hold.
    return value if isinstance(value, bytes) else value.encode("ascii", "replace")


def _timestamp(text: bytes, now: float) -> int:
    if not _TIMESTAMP.fullmatch(text):
        raise Rejected(RejectReason.BAD_TIMESTAMP)
    signed_at = int(text)
    if now - signed_at > TOLERANCE_SECONDS:
        raise Rejected(RejectReason.STALE)
    if signed_at - now > TOLERANCE_SECONDS:
        raise Rejected(RejectReason.FUTURE)
    return signed_at


def _decode_signature(text: bytes) -> bytes:
    try:
        signature = _decode_base64(text)
    except ValueError:
        raise Rejected(RejectReason.BAD_ENCODING) from None
    if len(signature) != _SIGNATURE_BYTES:
        raise Rejected(RejectReason.BAD_LENGTH)
    return signature


def _decode_base64(text: bytes) -> bytes:
    """Decode the one canonical base64 form of some bytes, so that no header has two spellings."""
    try:
        decoded = base64.b64decode(text, validate=True)
    except binascii.Error:
        raise ValueError("not base64") from None
    if base64.b64encode(decoded) != text:
        raise ValueError("not canonical base64")
    return decoded


def _parse_key(entry: str) -> PublicKey:
    encoded, *options = entry.split(";")
    bounds: dict[str, float] = {}
    for option in options:
        name, _, value = option.partition("=")
        if name not in ("not_before", "not_after") or name in bounds:
            raise ValueError("expected one not_before=TIME and one not_after=TIME at most")
        bounds[name] = _parse_time(value)
    raw = _decode_base64(encoded.encode("ascii", "replace"))
    key_id = hashlib.sha256(raw).hexdigest()[:12]
    return PublicKey(key_id, raw, bounds.get("not_before"), bounds.get("not_after"))


def _parse_time(text: str) -> float:
    moment = datetime.fromisoformat(text)
    if moment.tzinfo is None:
        raise ValueError("a time needs its offset from UTC, such as a final Z")
    return moment.timestamp()
