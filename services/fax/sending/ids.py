"""The names of jobs, attempts and effects, and the token that the carrier repeats; pure.

The token is our `client_state`: it says which attempt a webhook or an entry of the carrier's list
speaks of. It is signed, so that nobody else can make one up.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import uuid
from dataclasses import dataclass

_JOBS = uuid.UUID("3f0b8f2c-6f0e-5d0b-9a53-6b1f6f0f5a10")
_VERSION = "f1"
_MAC_BYTES = 18


@dataclass(frozen=True, slots=True)
class AttemptKey:
    """One attempt of one job."""

    job_id: str
    number: int

    def __str__(self) -> str:
        return f"{self.job_id}/{self.number}"

    @classmethod
    def read(cls, text: str) -> AttemptKey:
        """Return the key written as text."""
        job_id, _, number = text.rpartition("/")
        return cls(job_id, int(number))


def job_id_of(request_id: str) -> str:
    """Return the id of the job that a request makes, the same each time it is repeated."""
    return str(uuid.uuid5(_JOBS, request_id))


def owner_of(job_id: str) -> str:
    """Return the name under which a job needs what is in the store."""
    return f"job:{job_id}"


def handover_id(key: AttemptKey) -> str:
    """Return the id of the effect that hands an attempt to the carrier."""
    return f"fax-attempt-{key}"


class Tokens:
    """Makes and reads tokens under one secret."""

    def __init__(self, secret: bytes) -> None:
        self._secret = secret

    def write(self, key: AttemptKey) -> bytes:
        """Return the token of an attempt."""
        text = f"{_VERSION}.{key}"
        return f"{text}.{self._mac(text)}".encode()

    def read(self, token: bytes) -> AttemptKey | None:
        """Return the attempt of a token, or None for a text that is none of ours."""
        try:
            text, _, mac = token.decode("ascii").rpartition(".")
            version, _, key = text.partition(".")
            genuine = hmac.compare_digest(mac, self._mac(text))
            return AttemptKey.read(key) if genuine and version == _VERSION else None
        except ValueError:
            return None

    def _mac(self, text: str) -> str:
        digest = hmac.new(self._secret, text.encode(), hashlib.sha256).digest()
        return base64.urlsafe_b64encode(digest[:_MAC_BYTES]).decode()


def secret_of(configured: str, api_key: str) -> bytes:
    """Return the secret of the tokens: the configured one, or one made from the API key."""
    source = configured or f"fax client_state {api_key}"
    return hashlib.sha256(source.encode()).digest()
