"""Files the simulator serves, under pre-signed links that expire."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from urllib.parse import urlencode, urlsplit

FAXES, MMS, RECORDINGS = "faxes", "mms", "recordings"
LINK_SECONDS = {FAXES: 600, MMS: 30 * 24 * 3600, RECORDINGS: 600}
"""How long a link works, by folder (Telnyx: fax; MMS; storing call recordings)."""

_STAMP = "%Y%m%dT%H%M%SZ"


@dataclass(frozen=True)
class File:
    """A stored file; its folder says what it belongs to."""

    media_id: str
    name: str
    content_type: str
    content: bytes
    folder: str


class Media:
    """Every file there is, by id. `base_url` is where the simulator can be reached."""

    def __init__(self, new_id: Callable[[], str], secret: bytes) -> None:
        self._new_id = new_id
        self._secret = secret
        self._files: dict[str, File] = {}
        self.base_url = ""

    def store(self, name: str, content_type: str, content: bytes, *, folder: str) -> File:
        """Keep a file and return it with its new id."""
        file = File(self._new_id(), name, content_type, content, folder)
        self._files[file.media_id] = file
        return file

    def attachment(self, file: File, now: datetime) -> dict[str, object]:
        """Return a file as the media entry of a message (Telnyx: message.received)."""
        return {
            "url": self.signed_url(file.media_id, now),
            "content_type": file.content_type,
            "size": len(file.content),
            "sha256": hashlib.sha256(file.content).hexdigest(),
        }

    def signed_url(self, media_id: str, now: datetime) -> str:
        """Return a link in the style of S3 that stops working after LINK_SECONDS."""
        file = self._files[media_id]
        seconds = str(LINK_SECONDS[file.folder])
        date = now.astimezone(UTC).strftime(_STAMP)
        query = {
            "X-Amz-Algorithm": "AWS4-HMAC-SHA256",
            "X-Amz-Credential": f"SIMULATOR/{date[:8]}/us-east-1/s3/aws4_request",
            "X-Amz-Date": date,
            "X-Amz-Expires": seconds,
            "X-Amz-SignedHeaders": "host",
            "X-Amz-Signature": self._signature(media_id, date, seconds),
        }
        return f"{self.base_url}{self._path(file)}?{urlencode(query)}"

    def find(self, media_id: str) -> File | None:
        """Return a file, None when there is none."""
        return self._files.get(media_id)

    def allows(self, file: File, query: Mapping[str, str], now: datetime) -> bool:
        """Tell whether a request may have a file: its link is signed and young."""
        date, expires = query.get("X-Amz-Date", ""), query.get("X-Amz-Expires", "")
        expected = self._signature(file.media_id, date, expires)
        if not hmac.compare_digest(expected, query.get("X-Amz-Signature", "")):
            return False
        made = datetime.strptime(date, _STAMP).replace(tzinfo=UTC)
        return now <= made + timedelta(seconds=int(expires))

    @staticmethod
    def id_of(url: str) -> str:
        """Return the id of the file a link leads to."""
        return urlsplit(url).path.split("/")[2]

    def _path(self, file: File) -> str:
        return f"/{file.folder}/{file.media_id}/{file.name}"

    def _signature(self, media_id: str, date: str, expires: str) -> str:
        message = f"{media_id}\n{date}\n{expires}".encode()
        return hmac.new(self._secret, message, hashlib.sha256).hexdigest()
