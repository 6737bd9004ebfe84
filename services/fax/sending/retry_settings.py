"""The retry table as one setting: `busy=3m 6m 12m; quiet=15m; max_dials=12`; pure."""

from __future__ import annotations

import dataclasses
import re
from datetime import timedelta
from typing import Any

from services.fax.sending.plan import RetryTable

_UNITS = {"ms": "milliseconds", "s": "seconds", "m": "minutes", "h": "hours"}
_LENGTH = re.compile(r"(\d+(?:\.\d+)?)(ms|s|m|h)")


def retry_table(text: str) -> RetryTable:
    """Return the table with the entries of the text in place of its own.

    Raises ValueError naming what cannot be read.
    """
    table = RetryTable()
    changes: dict[str, Any] = {}
    for entry in filter(None, (part.strip() for part in text.split(";"))):
        name, _, value = (part.strip() for part in entry.partition("="))
        if name not in {field.name for field in dataclasses.fields(table)}:
            raise ValueError(f"has no entry {name!r}")
        changes[name] = _value(name, value, getattr(table, name))
    changed = dataclasses.replace(table, **changes)
    if not changed.lookup:
        raise ValueError("needs at least one length of time for lookup")
    return changed


def _value(name: str, text: str, usual: object) -> object:
    if isinstance(usual, int):
        if not text.isdecimal():
            raise ValueError(f"needs a whole number for {name}")
        return int(text)
    lengths = tuple(_length(name, word) for word in text.split())
    if isinstance(usual, timedelta):
        if len(lengths) != 1:
            raise ValueError(f"needs one length of time for {name}")
        return lengths[0]
    return lengths


def _length(name: str, word: str) -> timedelta:
    parts = _LENGTH.fullmatch(word)
    if parts is None:
        raise ValueError(f"needs lengths such as 90s or 15m for {name}")
    return timedelta(**{_UNITS[parts[2]]: float(parts[1])})
