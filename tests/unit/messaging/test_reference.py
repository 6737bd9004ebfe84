"""The judged texts and the collected webhooks, where they are present.

The collection is not part of the project; without SWITCHHOOK_REFERENCE these tests are skipped.
"""

import csv
import json
import os
from datetime import UTC, datetime
from pathlib import Path

import pytest

from carrier.normalize import normalize
from chassis.errors import Invalid
from services.messaging import events
from services.messaging.keywords import KeywordClass, classify

NOON = datetime(2025, 6, 1, 12, tzinfo=UTC)
CHANGES = (KeywordClass.STOP, KeywordClass.START)


def reference(name: str) -> Path:
    """Return a file or folder of the collection, or skip."""
    path = Path(os.environ.get("SWITCHHOOK_REFERENCE", "/nowhere")) / name
    if not path.exists():
        pytest.skip(f"SWITCHHOOK_REFERENCE names no folder with {name}")
    return path


def test_no_judged_text_opts_anybody_out_or_in_by_mistake() -> None:
    """Of the judged texts only those that are STOP or START are taken for one."""
    with reference("keywords.tsv").open(encoding="utf-8") as file:
        rows = list(csv.DictReader(file, delimiter="\t", quoting=csv.QUOTE_NONE))
    # Who may mean a keyword is decided before the text is read.
    from_people = [row for row in rows if not row["context"].startswith("from ")]
    found = {row["id"]: classify(json.loads(row["input_json"])) for row in from_people}
    wrong = [
        row["id"]
        for row in from_people
        if found[row["id"]].keyword_class in CHANGES
        and found[row["id"]].keyword_class.name != row["expected"]
    ]
    assert len(from_people) > 250
    assert wrong == []
    assert sum(each.keyword_class is KeywordClass.STOP for each in found.values()) > 40


def test_every_collected_message_can_be_taken_in() -> None:
    """Each webhook about a message is read, or refused for want of an id."""
    names = sorted(reference("telnyx/samples").glob("message.*.json"))
    assert names
    for name in names:
        event = normalize(name.read_bytes(), receive_time=NOON)
        if event.message.WhichOneof("detail") == "received":
            message, _ = events.received(event)
            assert message.message_id
            continue
        try:
            assert events.reported(event).carrier_message_id == event.message.message_id
        except Invalid:
            assert not event.message.message_id
