"""The filters of list requests: field.test = value, such as created_at.gte."""

from __future__ import annotations

import operator
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any

from simulator.errors import ApiError

_TESTS: Mapping[str, Callable[[Any, Any], bool]] = {
    "eq": operator.eq,
    "gt": operator.gt,
    "gte": operator.ge,
    "lt": operator.lt,
    "lte": operator.le,
    "contains": lambda have, want: want in str(have),
}


def fits(row: Mapping[str, Any], wanted: Mapping[str, str]) -> bool:
    """Tell whether a row passes every filter; 10015 for a filter that cannot be applied."""
    for name, want in wanted.items():
        field, _, test = name.partition(".")
        try:
            if not _TESTS[test](_comparable(row.get(field)), _comparable(want)):
                return False
        except (KeyError, TypeError):
            raise ApiError("10015", "No such filter.", parameter=f"filter[{field}]") from None
    return True


def _comparable(value: Any) -> Any:
    """Compare times as times, whatever their notation, and the rest as it is."""
    try:
        moment = datetime.fromisoformat(value)
    except (TypeError, ValueError):
        return value
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)
