"""The settings of the fax service."""

from dataclasses import dataclass

from carrier.media_policy import DEFAULT_HOSTS
from chassis.settings import address, boolean, choice, number, setting


@dataclass(frozen=True, kw_only=True)
class Settings:
    """Read from the environment by chassis.settings.load."""

    grpc_address: str = setting(
        "SWITCHHOOK_FAX_GRPC_ADDRESS",
        default="127.0.0.1:50053",
        parse=address,
        help="where gRPC listens, host:port",
    )
    admin_address: str = setting(
        "SWITCHHOOK_FAX_ADMIN_ADDRESS",
        default="127.0.0.1:9153",
        parse=address,
        help="where health and metrics listen, host:port",
    )
    database_url: str = setting(
        "SWITCHHOOK_FAX_DATABASE_URL",
        default="sqlite+aiosqlite:///.data/fax.db",
        secret=True,
        help="sqlite+aiosqlite:///path or postgresql+asyncpg://...",
    )
    documents_url: str = setting(
        "SWITCHHOOK_FAX_DOCUMENTS_URL",
        default=".data/fax-documents",
        help="where documents are kept: a folder, or s3://bucket/prefix",
    )
    nats_url: str = setting("SWITCHHOOK_NATS_URL", default="nats://127.0.0.1:4222", help="the bus")
    telnyx_url: str = setting(
        "SWITCHHOOK_TELNYX_URL",
        default="https://api.telnyx.com/v2",
        help="the carrier's REST API; http on 127.0.0.1 is taken for a simulator",
    )
    api_key: str = setting("TELNYX_API_KEY", secret=True, help="the key for the carrier's REST API")
    media_hosts: tuple[str, ...] = setting(
        "SWITCHHOOK_FAX_MEDIA_HOSTS",
        default=DEFAULT_HOSTS,
        parse=lambda text: tuple(text.replace(",", " ").split()),
        help="hosts that documents may be fetched from, by comma; *.x is any host below x",
    )
    retention_interval: float = setting(
        "SWITCHHOOK_FAX_RETENTION_INTERVAL",
        default=300.0,
        parse=number(1, 86400),
        help="seconds between two looks at what has grown older than its policy allows",
    )
    audit_records: bool = setting(
        "SWITCHHOOK_FAX_AUDIT_RECORDS",
        default=False,
        parse=boolean,
        help="on records reads of numbers and times as well as reads of content",
    )
    instance: str = setting(
        "SWITCHHOOK_FAX_INSTANCE",
        default="fax-1",
        help="name of this replica, stable over restarts and different for each",
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
