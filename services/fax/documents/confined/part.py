"""One document as a child is given it."""

from dataclasses import dataclass

PDF, TIFF, PNG, JPEG, TEXT = (
    "application/pdf",
    "image/tiff",
    "image/png",
    "image/jpeg",
    "text/plain",
)


@dataclass(frozen=True, slots=True)
class Part:
    """Which of the documents it is, its media type and its bytes."""

    index: int
    kind: str
    content: bytes
