"""The judged texts, where they are present.

The table is not part of the project; without SWITCHHOOK_REFERENCE this test is skipped.
"""

import csv
import json
import os
from pathlib import Path

import pytest

from services.messaging.classifier import Context, Decision, KeywordClass, Sender, classify

SENDERS = {"from own number": Sender.OUR_NUMBER, "from short code": Sender.NO_REPLY}


def rows() -> list[dict[str, str]]:
    """Return the table, or skip."""
    path = Path(os.environ.get("SWITCHHOOK_REFERENCE", "/nowhere")) / "keywords.tsv"
    if not path.exists():
        pytest.skip("SWITCHHOOK_REFERENCE names no folder with keywords.tsv")
    with path.open(encoding="utf-8") as file:
        return list(csv.DictReader(file, delimiter="\t", quoting=csv.QUOTE_NONE))


def decided(row: dict[str, str]) -> Decision:
    """Classify a row in the context that it names."""
    about, text = row["context"], json.loads(row["input_json"])
    keywords = {}
    if about.startswith("custom "):
        _, klass, _, word = about.split(" ", 3)
        keywords = {word: KeywordClass(klass)}
    subject = about.removeprefix("mms subject = ") if about.startswith("mms subject") else None
    context = Context(
        keywords=keywords,
        pending_opt_in=about == "pending_double_opt_in",
        sender=SENDERS.get(about, Sender.PERSON),
    )
    return classify(text, subject=subject, context=context)


def test_every_judged_text_is_read_as_judged() -> None:
    """The class of every row agrees, and so does the scope where the row names one."""
    table = rows()
    wrong = [row["id"] for row in table if decided(row).klass.name != row["expected"]]
    assert len(table) > 300
    assert wrong == []
    scopes = [
        (row["id"], flag.removeprefix("scope="), decided(row).scope.value)
        for row in table
        for flag in row["flags"].split(";")
        if flag.startswith("scope=")
    ]
    assert [each for each in scopes if each[1] != each[2]] == []
