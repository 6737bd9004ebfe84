"""Complete an image of only our own files with the imports of another: IMAGE IMPORTS OUT."""

from __future__ import annotations

import sys
from pathlib import Path

from google.protobuf.descriptor_pb2 import FileDescriptorSet

OURS = "switchhook/"


def complete(image: bytes, imports: bytes) -> bytes:
    """Return our files of `image` together with everybody else's files of `imports`."""
    whole = FileDescriptorSet.FromString(image)
    others = FileDescriptorSet.FromString(imports).file
    whole.file.extend(file for file in others if not file.name.startswith(OURS))
    return whole.SerializeToString()


if __name__ == "__main__":
    image, imports, out = map(Path, sys.argv[1:])
    out.write_bytes(complete(image.read_bytes(), imports.read_bytes()))
