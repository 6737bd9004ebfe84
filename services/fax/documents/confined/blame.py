"""What readers raise, in the words of the service."""

import errno
from collections.abc import Iterator
from contextlib import contextmanager

import pikepdf
import pypdfium2
from PIL import Image, UnidentifiedImageError

from services.fax.documents.model import Problem, Rejected

_BROKEN = (
    pikepdf.PdfError,
    pypdfium2.PdfiumError,
    UnidentifiedImageError,
    AttributeError,
    LookupError,
    OSError,
    RuntimeError,
    TypeError,
    ValueError,
)
"""What is raised on a file that breaks the rules of its format."""


@contextmanager
def blamed(index: int | None = None) -> Iterator[None]:
    """Turn whatever a reader raises into Rejected, of this document if one is named."""
    try:
        yield
    except Rejected as why:
        raise Rejected(why.problem, why.detail, why.source if index is None else index) from None
    except pikepdf.PasswordError:
        raise Rejected(Problem.ENCRYPTED, "it wants a password", index or 0) from None
    except (Image.DecompressionBombWarning, Image.DecompressionBombError):
        detail = "a picture claims too many pixels"
        raise Rejected(Problem.TOO_MANY_PIXELS, detail, index or 0) from None
    except _BROKEN as error:
        # A file of our own that could not be opened any more is no fault of the document.
        if isinstance(error, OSError) and error.errno == errno.EMFILE:
            raise
        raise Rejected(Problem.DAMAGED, "its format is broken", index or 0) from None
