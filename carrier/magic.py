"""Tell what a file is from its first bytes: neither its name nor its declared type is trusted."""

import codecs
import re
from enum import StrEnum

SNIFF_BYTES = 512
"""How many first bytes are wanted; fewer are enough only when the file is shorter."""


class MediaKind(StrEnum):
    """The kinds of media the suite keeps, as media types."""

    PDF = "application/pdf"
    TIFF = "image/tiff"
    JPEG = "image/jpeg"
    PNG = "image/png"
    GIF = "image/gif"
    WEBP = "image/webp"
    MP4 = "video/mp4"
    THREE_GPP = "video/3gpp"
    AMR = "audio/amr"
    MP3 = "audio/mpeg"
    WAV = "audio/wav"
    VCARD = "text/vcard"
    SMIL = "application/smil"
    TEXT = "text/plain"
    """Nothing but readable UTF-8, and neither markup nor a script. No signature says so."""
    OTHER = "application/octet-stream"
    """None of the others."""


_SIGNATURES: tuple[tuple[MediaKind, re.Pattern[bytes]], ...] = (
    (MediaKind.PDF, re.compile(rb"%PDF-[12]\.")),
    (
        MediaKind.TIFF,
        re.compile(rb"II\*\x00|MM\x00\*|II\+\x00\x08\x00\x00\x00|MM\x00\+\x00\x08\x00\x00"),
    ),
    (MediaKind.JPEG, re.compile(rb"\xff\xd8\xff")),
    (MediaKind.PNG, re.compile(rb"\x89PNG\r\n\x1a\n")),
    (MediaKind.GIF, re.compile(rb"GIF8[79]a")),
    (MediaKind.WEBP, re.compile(rb"RIFF.{4}WEBPVP8[ LX]", re.DOTALL)),
    (MediaKind.WAV, re.compile(rb"RIFF.{4}WAVE", re.DOTALL)),
    (MediaKind.THREE_GPP, re.compile(rb".{4}ftyp3g[2egprs]", re.DOTALL)),
    (
        MediaKind.MP4,
        re.compile(rb".{4}ftyp(isom|iso[2-9]|mp4[12]|avc1|M4[AV] |MSNV|dash)", re.DOTALL),
    ),
    (MediaKind.AMR, re.compile(rb"#!AMR(-WB)?\n")),
    (MediaKind.MP3, re.compile(rb"ID3[\x02-\x04]|\xff[\xe2\xe3\xf2\xf3\xfa\xfb]")),
    (MediaKind.VCARD, re.compile(rb"(\xef\xbb\xbf)?BEGIN:VCARD\r?\n", re.IGNORECASE)),
    (
        MediaKind.SMIL,
        re.compile(
            rb"(\xef\xbb\xbf)?\s*(<\?xml[^>]{0,100}\?>\s*)?(<!DOCTYPE\s+smil[^>]{0,200}>\s*)?"
            rb"<smil[\s>]",
            re.IGNORECASE,
        ),
    ),
)

SIGNED_KINDS = frozenset(MediaKind) - {MediaKind.TEXT, MediaKind.OTHER}
"""The kinds that a signature tells."""

# What a viewer that looks for itself might take for a page or a program.
_NOT_PROSE = re.compile(rb"(\xef\xbb\xbf)?\s*(<|#!)")
_CONTROLS = re.compile(r"[\x00-\x08\x0b\x0e-\x1f\x7f-\x9f]")


def sniff(head: bytes) -> MediaKind | None:
    """Name the kind of a file by its first bytes; None when it is none of those we keep."""
    for kind, signature in _SIGNATURES:
        if signature.match(head):
            return kind
    return None


def kind_of(head: bytes) -> MediaKind:
    """Name the kind of any file by its first bytes, down to plain text and OTHER."""
    return sniff(head) or (MediaKind.TEXT if _is_text(head) else MediaKind.OTHER)


def _is_text(head: bytes) -> bool:
    if not head or _NOT_PROSE.match(head):
        return False
    try:
        # The last character may be cut off.
        text = codecs.getincrementaldecoder("utf-8")().decode(head)
    except UnicodeDecodeError:
        return False
    return _CONTROLS.search(text) is None
