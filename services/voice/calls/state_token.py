"""What commands attach and events bring back: which leg, for what, after which command.

A `client_state` travels through a public address, so it is believed only as far as it is signed.
A token is bound to its leg; only the token of a dial is not, because the leg comes later. Pure.
"""

import base64
import binascii
import hashlib
import hmac
from dataclasses import dataclass
from enum import StrEnum

import orjson

from chassis.errors import FieldViolation, Invalid
from services.voice.calls.facts import CommandKind, Role

_MARK = b"sh1."
_SIGNATURE_BYTES = 16
_LONGEST = 4096
"""Characters of a `client_state` that are looked at; ours are far shorter."""
_DERIVED_FOR = b"switchhook voice client_state 1"


class Verdict(StrEnum):
    """What a `client_state` turned out to be."""

    ABSENT = "ABSENT"
    GENUINE = "GENUINE"
    FOREIGN = "FOREIGN"
    """Not made by voice: another application's, or text."""
    FORGED = "FORGED"
    """In the form of ours, and not signed by us."""
    MISPLACED = "MISPLACED"
    """Signed by us for another leg."""


@dataclass(frozen=True, slots=True)
class StateToken:
    """What a signed `client_state` says. ``leg_id`` is empty in the token of a dial."""

    role: Role
    subject: str
    key: str
    kind: CommandKind
    leg_id: str = ""


class StateTokens:
    """Signs tokens with the first secret and believes those signed with any of them."""

    def __init__(self, secrets: tuple[str, ...]) -> None:
        if not secrets or not all(secrets):
            violation = FieldViolation("secrets", "one is needed, and none may be empty")
            raise Invalid([violation])
        self._keys = [_derived(secret) for secret in secrets]

    def sign(self, token: StateToken) -> bytes:
        """Return a token as the bytes of a `client_state`, always the same ones."""
        facts = [token.role.name, token.subject, token.key, token.kind.value, token.leg_id]
        body = orjson.dumps(facts)
        return _MARK + _signature(self._keys[0], body) + b"." + body

    def verify(self, client_state: str, leg_id: str = "") -> StateToken | None:
        """Return what the `client_state` of a leg's event says; None for what is not believed."""
        return self.judge(client_state, leg_id)[0]

    def judge(self, client_state: str, leg_id: str = "") -> tuple[StateToken | None, Verdict]:
        """Return the token in a `client_state`, base64, if it is to be believed, and why not.

        An event without a leg's id is believed for the leg the token names.
        """
        if not client_state:
            return None, Verdict.ABSENT
        state = _decoded(client_state)
        signature, dot, body = state.removeprefix(_MARK).partition(b".")
        if not state.startswith(_MARK) or not dot:
            return None, Verdict.FOREIGN
        if not any(hmac.compare_digest(signature, _signature(key, body)) for key in self._keys):
            return None, Verdict.FORGED
        token = _token(body)
        if token.leg_id and leg_id and token.leg_id != leg_id:
            return None, Verdict.MISPLACED
        return token, Verdict.GENUINE


def _token(body: bytes) -> StateToken:
    role, subject, key, kind, leg_id = orjson.loads(body)
    return StateToken(Role[role], subject, key, CommandKind(kind), leg_id)


def _decoded(client_state: str) -> bytes:
    try:
        return base64.b64decode(client_state[:_LONGEST], validate=True)
    except (binascii.Error, ValueError):
        return b""


def _signature(key: bytes, body: bytes) -> bytes:
    digest = hmac.digest(key, body, "sha256")[:_SIGNATURE_BYTES]
    return base64.urlsafe_b64encode(digest).rstrip(b"=")


def _derived(secret: str) -> bytes:
    """Return a key for this purpose alone, so that the secret may be used for others too."""
    return hmac.digest(secret.encode(), _DERIVED_FOR, hashlib.sha256)
