"""A child that says whatever its document says."""

from typing import BinaryIO


def perform(argument: str, source: BinaryIO, target: BinaryIO) -> int:
    """Write the document out as if it were the answer."""
    target.write(source.read())
    return 0
