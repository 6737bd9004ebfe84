"""The settings of the gateway."""

from dataclasses import dataclass
from pathlib import Path

from carrier.signature import KeyRing
from chassis.settings import address, boolean, choice, integer, setting


@dataclass(frozen=True, kw_only=True)
class Settings:
    """Read from the environment by chassis.settings.load."""

    public_keys: KeyRing = setting(
        "TELNYX_PUBLIC_KEY",
        parse=KeyRing.parse,
        help="the account's Ed25519 public key in base64, from the portal's Keys & Credentials; "
        "several by comma while a key is rotated",
    )
    http_address: str = setting(
        "SWITCHHOOK_GATEWAY_HTTP_ADDRESS",
        default="127.0.0.1:8080",
        parse=address,
        help="where webhooks come in, host:port",
    )
    grpc_address: str = setting(
        "SWITCHHOOK_GATEWAY_GRPC_ADDRESS",
        default="127.0.0.1:50050",
        parse=address,
        help="where gRPC listens, host:port",
    )
    admin_address: str = setting(
        "SWITCHHOOK_GATEWAY_ADMIN_ADDRESS",
        default="127.0.0.1:9150",
        parse=address,
        help="where health and metrics listen, host:port",
    )
    database_url: str = setting(
        "SWITCHHOOK_GATEWAY_DATABASE_URL",
        default="sqlite+aiosqlite:///.data/gateway.db",
        secret=True,
        help="the index: sqlite+aiosqlite:///path or postgresql+asyncpg://...",
    )
    nats_url: str = setting("SWITCHHOOK_NATS_URL", default="nats://127.0.0.1:4222", help="the bus")
    nats_monitor_url: str = setting(
        "SWITCHHOOK_NATS_MONITOR_URL",
        default="http://127.0.0.1:8222",
        help="nats-server's HTTP monitor, which says whether it syncs what it acknowledges; "
        "several by comma",
    )
    voice_address: str = setting(
        "SWITCHHOOK_VOICE_ADDRESS",
        default="127.0.0.1:50051",
        parse=address,
        help="voice's gRPC, which writes TeXML documents",
    )
    data: Path = setting(
        "SWITCHHOOK_DATA",
        default=Path(".data"),
        parse=Path,
        help="the folder of the spool, on a disk of this machine",
    )
    spool_mebibytes: int = setting(
        "SWITCHHOOK_GATEWAY_SPOOL_MEBIBYTES",
        default=512,
        parse=integer(1, 1024 * 1024),
        help="the most the spool holds while the bus is away",
    )
    telnyx_url: str = setting(
        "SWITCHHOOK_TELNYX_URL",
        default="https://api.telnyx.com/v2",
        help="the carrier's REST API, for reconciliation",
    )
    api_key: str = setting(
        "TELNYX_API_KEY",
        default="",
        secret=True,
        help="the key for the carrier's REST API; without it failed deliveries are not recovered",
    )
    reflection: bool = setting(
        "SWITCHHOOK_REFLECTION", default=False, parse=boolean, help="on lists the API to anyone"
    )
    durability: str = setting(
        "SWITCHHOOK_DURABILITY",
        default="strict",
        parse=choice("strict", "relaxed"),
        help="relaxed accepts a bus that may lose acknowledged data",
    )
