"""What is asked to be sent, and what the settings say of sending; pure."""

from __future__ import annotations

from dataclasses import dataclass

from services.fax.documents.model import Cover, PaperSize
from services.fax.sending.ids import job_id_of
from services.fax.sending.model import InDoubt, Quality


@dataclass(frozen=True, kw_only=True)
class Source:
    """Where one document comes from: exactly one of the three."""

    upload: bool = False
    fax_id: str = ""
    job_id: str = ""


@dataclass(frozen=True, kw_only=True)
class Order:
    """What is to be sent, to whom and how."""

    to_number: str
    from_number: str
    sources: tuple[Source, ...] = ()
    cover: Cover | None = None
    page_size: PaperSize | None = None
    quality: Quality = Quality.HIGH
    monochrome: bool = False
    in_doubt: InDoubt = InDoubt.HOLD
    allow_duplicate: bool = False
    allow_marked_number: bool = False


@dataclass(frozen=True, kw_only=True)
class Asked:
    """An order as one request asked for it; the fingerprint covers the uploaded bytes as well."""

    request_id: str
    fingerprint: bytes
    order: Order

    @property
    def job_id(self) -> str:
        """The job that this request makes, however often it is repeated."""
        return job_id_of(self.request_id)


@dataclass(frozen=True, kw_only=True)
class Sender:
    """What the settings say of sending; empty is not set."""

    connection_id: str
    from_number: str
    page_size: PaperSize
    links: bool
    """Whether the store can make links for documents too large for a request."""
