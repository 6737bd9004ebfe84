"""The settings of the simulator, from the environment."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass

from nacl.signing import SigningKey

from carrier.signature import public_key_text


@dataclass(frozen=True)
class Settings:
    """Where to listen, whom to call back, and how to behave."""

    address: str = "127.0.0.1:8090"
    """Host and port to listen on; port 0 takes a free one."""
    webhook_url: str = "http://127.0.0.1:8080/webhooks/telnyx"
    """The primary webhook URL of every application and profile."""
    failover_url: str = ""
    """The URL tried when the primary has failed; empty for none."""
    texml_url: str = "http://127.0.0.1:8080/texml/main"
    """The voice_url of the TeXML application."""
    texml_status_url: str = ""
    """Its status_callback; empty for none."""
    seed: int = 1
    """Decides the signing key and the dice of faults. Ids are new in every run all the same:
    a suite with a memory would take a repeated event id for a duplicate."""
    autoresponder: bool = True
    """Whether Telnyx answers STOP, START and HELP itself."""
    api_key: str = ""
    """The only bearer token that is accepted; empty accepts any."""
    time_scale: float = 1.0
    """Factor on every simulated duration: speech, ringing, fax pages, the pause between retries."""
    command_scale: float = 0.0
    """The same for durations the suite asks for: how long to let it ring, wait for digits, record,
    keep in a queue. 0 means as time_scale; 1 takes the suite at its word while people hurry."""
    webhook_timeout: float = 2.0
    """Seconds a webhook may take (Telnyx: 2 s for API v2); not scaled."""
    webhook_attempts: int = 3
    """Attempts at each URL (Telnyx: receiving webhooks for messaging)."""

    @classmethod
    def from_environment(cls, environ: Mapping[str, str]) -> Settings:
        """Read SWITCHHOOK_SIMULATOR_*; ValueError names every faulty variable at once."""
        values: dict[str, object] = {}
        faults = []
        for name, default in vars(cls()).items():
            variable = f"SWITCHHOOK_SIMULATOR_{name.upper()}"
            text = environ.get(variable, "").strip()
            if not text:
                continue
            try:
                values[name] = _parse(text, default)
            except ValueError as error:
                faults.append(f"{variable}: {error}")
        if faults:
            raise ValueError("; ".join(faults))
        return cls(**values)  # type: ignore[arg-type]

    def scale(self, *, asked: bool) -> float:
        """Return the factor on durations, those the suite has asked for or the others."""
        return self.command_scale if asked and self.command_scale else self.time_scale

    def signing_key(self) -> SigningKey:
        """Return the key webhooks are signed with, the same for the same seed."""
        return SigningKey(hashlib.sha256(f"switchhook simulator {self.seed}".encode()).digest())

    def public_key(self) -> str:
        """Return its public half as TELNYX_PUBLIC_KEY wants it. Never trust it in production."""
        return public_key_text(self.signing_key())


def _parse(text: str, default: object) -> object:
    if isinstance(default, bool):
        words = {"on": True, "true": True, "1": True, "off": False, "false": False, "0": False}
        if text.lower() not in words:
            raise ValueError("expected on or off")
        return words[text.lower()]
    if isinstance(default, int):
        return int(text)
    if isinstance(default, float):
        return float(text)
    return text
