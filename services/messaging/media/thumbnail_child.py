"""Make one thumbnail: a picture on standard input, a JPEG or PNG on standard output.

Runs as a process of its own and imports nothing of ours, because what it reads may be made to break
what reads it. Before the first byte is read it gives up what it could do harm with: memory and time
are limited, no file or socket can be opened, no file can grow, and there is no network where the
system allows to leave it. The exit status says what went wrong.
"""

import copy  # noqa: F401 - Pillow imports it when files can no longer be opened
import ctypes
import io
import os
import resource
import sys
import warnings
from contextlib import suppress
from typing import BinaryIO

# The same holds for these.
from PIL import Image, MpoImagePlugin, TiffImagePlugin, WebPImagePlugin  # noqa: F401

LONGER_SIDE = 256
"""Pixels of the longer side; smaller pictures are not enlarged."""

MEMORY_BYTES = 512 * 1024 * 1024
CPU_SECONDS = 10

UNREADABLE, TOO_MANY_PIXELS, OUT_OF_MEMORY = 3, 4, 5
"""Exit statuses."""

_CLONE_NEWUSER, _CLONE_NEWNET = 0x10000000, 0x40000000
_PR_SET_NO_NEW_PRIVS = 38
_ALPHA = ("RGBA", "LA", "PA", "RGBa", "La")
_ORIENTATION = 0x0112
_TURNS = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}
"""What each EXIF orientation asks for; 1 is upright."""


def main(decoder: str, source: BinaryIO, target: BinaryIO) -> int:
    """Make the thumbnail of what `source` holds, read by this decoder alone."""
    warnings.simplefilter("error", Image.DecompressionBombWarning)
    Image.preinit()
    give_up_power()
    try:
        target.write(thumbnail(source.read(), decoder))
        target.flush()
    except MemoryError:
        return OUT_OF_MEMORY
    except (Image.DecompressionBombWarning, Image.DecompressionBombError):
        return TOO_MANY_PIXELS
    except Exception:
        # Decoders raise whatever they like on a broken file.
        return UNREADABLE
    return 0


def thumbnail(content: bytes, decoder: str) -> bytes:
    """Return the picture's first frame, upright and small, with nothing but its pixels."""
    with Image.open(io.BytesIO(content), formats=[decoder]) as picture:
        # JPEG can be decoded at a fraction of its size; others ignore this.
        picture.draft("RGB", (2 * LONGER_SIDE, 2 * LONGER_SIDE))
        small = picture.convert("RGBA" if _has_alpha(picture) else "RGB")
        turn = _turn(picture)
    small.thumbnail((LONGER_SIDE, LONGER_SIDE))
    upright = small if turn is None else small.transpose(turn)
    # A new picture has no metadata to take along: no place, no camera, no profile.
    clean = Image.new(upright.mode, upright.size)
    clean.paste(upright)
    written = io.BytesIO()
    if clean.mode == "RGBA":
        clean.save(written, "PNG", optimize=True)
    else:
        clean.save(written, "JPEG", quality=80)
    return written.getvalue()


def give_up_power() -> None:
    """Limit this process for good; what was opened before stays open."""
    if sys.platform == "linux":
        libc = ctypes.CDLL(None)
        libc.prctl(_PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0)
        # Where this is not permitted, the limit on descriptors below still keeps sockets shut.
        libc.unshare(_CLONE_NEWNET if os.geteuid() == 0 else _CLONE_NEWNET | _CLONE_NEWUSER)
    for what, limit in (
        (resource.RLIMIT_AS, MEMORY_BYTES),
        (resource.RLIMIT_CPU, CPU_SECONDS),
        (resource.RLIMIT_FSIZE, 0),
        (resource.RLIMIT_CORE, 0),
        (resource.RLIMIT_NPROC, 0),
        (resource.RLIMIT_NOFILE, 3),
    ):
        resource.setrlimit(what, (limit, limit))


def _has_alpha(picture: Image.Image) -> bool:
    return picture.mode in _ALPHA or "transparency" in picture.info


def _turn(picture: Image.Image) -> Image.Transpose | None:
    # Pixels may be fine where the metadata is not.
    with suppress(Exception):
        return _TURNS.get(int(picture.getexif()[_ORIENTATION]))
    return None


if __name__ == "__main__":
    sys.exit(main(sys.argv[1], sys.stdin.buffer, sys.stdout.buffer))
