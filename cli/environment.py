"""The settings of a development suite: every address on 127.0.0.1, everything in one folder."""

from __future__ import annotations

import json
import os
import random
import socket
from dataclasses import dataclass, fields
from pathlib import Path

from simulator import world
from simulator.settings import Settings as SimulatorSettings

API_KEY = "KEY-development-only"
_FREE_RANGE = (20_000, 30_000)
_RULES = json.dumps(
    {
        "rules": [
            {
                "rule_id": "opening-hours",
                "title": "Asks when we are open",
                "enabled": True,
                "text": "Example: we are open from nine to five, Monday to Friday.",
                "contains": {"phrases": ["opening hours", "when are you open"]},
            }
        ]
    }
)
"""One rule, as the settings of messaging read it, so that an automatic reply can be seen."""


_RETRIES = (
    "busy=1s 2s 4s 5s 5s; no_answer=2s 5s 10s; transmission=1s 1s; capacity=1s 2s 4s 8s 15s; "
    "download=1s 1s; unknown=2s; lookup=1s 2s 4s; quiet=15s; busy_within=1m"
)
"""The pauses between tries of a fax, in seconds where life takes minutes."""


@dataclass(frozen=True)
class Ports:
    """The TCP ports of one suite; the defaults are the documented ones."""

    webhooks: int = 8080
    simulator: int = 8090
    nats: int = 4222
    nats_monitor: int = 8222
    gateway: int = 50050
    voice: int = 50051
    messaging: int = 50052
    fax: int = 50053
    crm: int = 50054
    gateway_admin: int = 9150
    voice_admin: int = 9151
    messaging_admin: int = 9152
    fax_admin: int = 9153
    crm_admin: int = 9154

    @classmethod
    def free(cls) -> Ports:
        """Return ports nobody listens on now, so that a second suite can run beside the first.

        They lie below the range the kernel gives out by itself, so that nobody who asks it for any
        port takes one between this look and its use.
        """
        while True:
            base = random.randrange(*_FREE_RANGE)  # noqa: S311 - nobody gains by guessing it
            ports = cls(*range(base, base + len(fields(cls))))
            if not ports.taken():
                return ports

    def ready_urls(self) -> dict[str, str]:
        """Return, by part, the page that answers 200 once the part can be given work."""
        local = "http://127.0.0.1"
        services = ("crm", "voice", "messaging", "fax", "gateway")
        urls = {name: f"{local}:{getattr(self, f'{name}_admin')}/readyz" for name in services}
        return {"simulator": f"{local}:{self.simulator}/healthz", **urls}

    def taken(self) -> list[int]:
        """Return the ports that somebody else holds."""
        return [
            port for port in (getattr(self, each.name) for each in fields(self)) if _taken(port)
        ]


def _taken(port: int) -> bool:
    try:
        socket.create_server(("127.0.0.1", port)).close()
    except OSError:
        return True
    return False


def development(folder: Path, ports: Ports) -> dict[str, str]:
    """Return the environment every part of a development suite starts with.

    The gateway takes the simulator for the carrier: it trusts the simulator's key.
    """
    local = "127.0.0.1"
    simulator = f"http://{local}:{ports.simulator}"
    environ = {
        "TELNYX_API_KEY": API_KEY,
        "TELNYX_PUBLIC_KEY": SimulatorSettings().public_key(),
        "SWITCHHOOK_TELNYX_URL": f"{simulator}/v2",
        "SWITCHHOOK_NATS_URL": f"nats://{local}:{ports.nats}",
        "SWITCHHOOK_NATS_MONITOR_URL": f"http://{local}:{ports.nats_monitor}",
        "SWITCHHOOK_DATA": str(folder),
        "SWITCHHOOK_REFLECTION": "on",
        "SWITCHHOOK_GATEWAY_HTTP_ADDRESS": f"{local}:{ports.webhooks}",
        "SWITCHHOOK_VOICE_ADDRESS": f"{local}:{ports.voice}",
        "SWITCHHOOK_CRM_ADDRESS": f"{local}:{ports.crm}",
        "SWITCHHOOK_VOICE_NUMBERS": f"{world.VOICE_NUMBER},{world.TEXML_NUMBER}",
        "SWITCHHOOK_VOICE_CONNECTION_ID": world.VOICE_CONNECTION_ID,
        "SWITCHHOOK_VOICE_HOLD_MUSIC_URL": "https://media.example.com/hold.mp3",
        "SWITCHHOOK_VOICE_RECORDINGS_URL": str(folder / "voice-recordings"),
        "SWITCHHOOK_VOICE_TEXML_URL": f"http://{local}:{ports.webhooks}/texml",
        "SWITCHHOOK_MESSAGING_BRAND": "Example",
        "SWITCHHOOK_MESSAGING_HELP_URL": "example.com/help",
        "SWITCHHOOK_MESSAGING_HELP_PHONE": "+12025550199",
        "SWITCHHOOK_MESSAGING_NUMBERS": world.MESSAGING_NUMBER,
        "SWITCHHOOK_MESSAGING_RULES": _RULES,
        "SWITCHHOOK_FAX_DOCUMENTS_URL": str(folder / "fax-documents"),
        "SWITCHHOOK_FAX_CONNECTION_ID": world.FAX_CONNECTION_ID,
        "SWITCHHOOK_FAX_FROM_NUMBER": world.FAX_NUMBER,
        "SWITCHHOOK_FAX_RETRIES": _RETRIES,
        "SWITCHHOOK_MESSAGING_MEDIA_URL": str(folder / "messaging-media"),
        "SWITCHHOOK_SIMULATOR_API_KEY": API_KEY,
        "SWITCHHOOK_SIMULATOR_ADDRESS": f"{local}:{ports.simulator}",
        "SWITCHHOOK_SIMULATOR_WEBHOOK_URL": f"http://{local}:{ports.webhooks}/webhooks/telnyx",
        "SWITCHHOOK_SIMULATOR_TEXML_URL": f"http://{local}:{ports.webhooks}/texml/main",
        "SWITCHHOOK_SIMULATOR_TEXML_STATUS_URL": f"http://{local}:{ports.webhooks}/texml/main",
    }
    for service in ("gateway", "voice", "messaging", "fax", "crm"):
        prefix = f"SWITCHHOOK_{service.upper()}"
        environ[f"{prefix}_GRPC_ADDRESS"] = f"{local}:{getattr(ports, service)}"
        environ[f"{prefix}_ADMIN_ADDRESS"] = f"{local}:{getattr(ports, f'{service}_admin')}"
        environ[f"{prefix}_DATABASE_URL"] = f"sqlite+aiosqlite:///{folder / f'{service}.db'}"
    # What the caller has set in its own environment wins.
    given = {name: text for name, text in os.environ.items() if name.startswith("SWITCHHOOK_")}
    if "SWITCHHOOK_MESSAGING_RULES_FILE" in given:
        del environ["SWITCHHOOK_MESSAGING_RULES"]
    return {**environ, **given}
