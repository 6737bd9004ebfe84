"""Child processes that never outlive their parent, not even when it is killed with -9."""

from __future__ import annotations

import ctypes
import os
import signal
import sys
from collections.abc import Callable

_PR_SET_PDEATHSIG = 1
_LIBC = ctypes.CDLL(None, use_errno=True) if sys.platform == "linux" else None


def die_with_parent() -> Callable[[], None] | None:
    """Return a `preexec_fn` that has the kernel kill the child with its parent (Linux).

    The signal follows the thread that starts the child: call Popen from the main thread. Other
    systems have no such signal; there a parent killed with -9 leaves its children behind.
    """
    if _LIBC is None:
        return None
    libc, parent = _LIBC, os.getpid()

    def before_exec() -> None:
        libc.prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
        if os.getppid() != parent:  # it died before the kernel was told
            os._exit(1)

    return before_exec
