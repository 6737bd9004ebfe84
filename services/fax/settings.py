"""The settings of the fax service."""

import re
from dataclasses import dataclass

from carrier.media_policy import DEFAULT_HOSTS
from chassis.settings import address, boolean, choice, number, setting
from services.fax.documents.model import PaperSize
from services.fax.sending.plan import RetryTable
from services.fax.sending.retry_settings import retry_table

_E164 = re.compile(r"\+[1-9][0-9]{6,14}")


def _phone_number(text: str) -> str:
    if not _E164.fullmatch(text):
        raise ValueError("must be a number such as +12025550130")
    return text


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
    text_engine: str = setting(
        "SWITCHHOOK_FAX_TEXT_ENGINE",
        default="",
        help="path of tesseract, which reads text off pictures; empty looks for it, off does not",
    )
    connection_id: str = setting(
        "SWITCHHOOK_FAX_CONNECTION_ID",
        default="",
        help="the carrier's id of the fax application to send with; none sends nothing",
    )
    from_number: str = setting(
        "SWITCHHOOK_FAX_FROM_NUMBER",
        default="",
        parse=_phone_number,
        help="our number that faxes go out from, unless an order names another",
    )
    page_size: PaperSize = setting(
        "SWITCHHOOK_FAX_PAGE_SIZE",
        default=PaperSize.LETTER,
        parse=lambda text: PaperSize(choice("letter", "a4")(text)),
        help="the paper that faxes are laid out for: letter or a4",
    )
    retries: RetryTable = setting(
        "SWITCHHOOK_FAX_RETRIES",
        default=RetryTable(),
        parse=retry_table,
        help="entries of the retry table to change, such as: busy=3m 6m 12m; max_dials=6",
    )
    state_key: str = setting(
        "SWITCHHOOK_FAX_STATE_KEY",
        default="",
        secret=True,
        help="signs what webhooks repeat about our faxes; made from the API key when empty",
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
