"""Journeys as rows: what lists and reports ask for in columns of its own, the rest as one text."""

from collections.abc import Mapping
from dataclasses import asdict, fields
from datetime import datetime
from typing import Any

import orjson

from services.voice.journeys.model import Journey, Phase, Sound, Wait
from services.voice.queues.model import NotEntered

Row = Mapping[Any, Any]

_COLUMNS = ("leg_id", "plan_id", "revision", "phase", "step_id", "visit", "queue_id", "end")


def values(journey: Journey) -> dict[str, Any]:
    """Return the columns of a journey, all but the times of the row itself."""
    memory = {
        name.name: getattr(journey, name.name)
        for name in fields(Journey)
        if name.name not in (*_COLUMNS, "wait")
    }
    memory["wait"] = asdict(journey.wait)
    return {
        **{name: getattr(journey, name) for name in _COLUMNS},
        "phase": journey.phase.value,
        "entry_id": journey.wait.entry_id,
        "memory": orjson.dumps(memory).decode(),
    }


def journey(row: Row) -> Journey:
    """Return the journey a row holds."""
    memory = orjson.loads(row["memory"])
    wait = memory.pop("wait")
    since, sound = _time(wait.pop("since")), Sound(wait.pop("sound"))
    awaited_since, entered = _time(memory.pop("awaited_since")), memory.pop("entered")
    passed, waited_since = tuple(memory.pop("passed")), _time(memory.pop("waited_since"))
    return Journey(
        **{name: row[name] for name in _COLUMNS if name != "phase"},
        phase=Phase(row["phase"]),
        awaited_since=awaited_since,
        passed=passed,
        waited_since=waited_since,
        entered=NotEntered(entered) if entered else None,
        wait=Wait(**wait, since=since, sound=sound),
        **memory,
    )


def _time(text: str | None) -> datetime | None:
    return None if text is None else datetime.fromisoformat(text)
