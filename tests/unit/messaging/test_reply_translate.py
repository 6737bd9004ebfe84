"""Automatic replies and conversations as the contract shows them."""

import pytest
from switchhook.messaging.v1 import auto_reply_pb2, conversation_pb2

from services.messaging.replies import translate as reply_translate
from services.messaging.replies.conversations import ConversationState
from services.messaging.replies.guards import Guard
from services.messaging.replies.rules import Decision
from tests.unit.messaging.test_auto_reply_guards import NOON, RULE


def test_guards_are_the_contracts_in_the_same_order() -> None:
    """The order of the enumeration is the order in which they are asked, on both sides."""
    values = auto_reply_pb2.AutoReplyGuard.DESCRIPTOR.values
    named = [value.name.removeprefix("AUTO_REPLY_GUARD_") for value in values]
    assert named == ["UNSPECIFIED", *(guard.name for guard in Guard)]


def test_states_are_the_contracts() -> None:
    """Every state has its value."""
    prefix = "CONVERSATION_STATE_"
    named = {value.name for value in conversation_pb2.ConversationState.DESCRIPTOR.values}
    assert named == {f"{prefix}UNSPECIFIED", *(f"{prefix}{s.name}" for s in ConversationState)}


def test_every_guard_can_be_told() -> None:
    """A decision shows all that object, and no text then."""
    shown = reply_translate.decision(Decision(RULE, tuple(Guard)), NOON)
    assert shown.guard == auto_reply_pb2.AutoReplyGuard.AUTO_REPLY_GUARD_STALE
    assert len(shown.objections) == len(Guard)
    assert not shown.reply_text
    assert reply_translate.decision(Decision(RULE), NOON).reply_text == RULE.text


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("{", "JSON"),
        ('{"rules": [{"ruleId": "r", "surprise": 1}]}', "surprise"),
        ('{"rules": [{"rule_id": "r", "text": "Hi."}]}', "condition"),
        ('{"rules": [{"text": "Hi.", "first_contact": {}}]}', "rule_id"),
        ('{"rules": [{"rule_id": "r", "text": "", "first_contact": {}}]}', "text"),
        (
            '{"rules": [{"rule_id": "r", "text": "Hi.", "equals": {"phrases": ["STOP"]}}]}',
            "consent",
        ),
        (
            '{"rules": [{"rule_id": "r", "text": "Hi.", "out_of_hours": {"time_zone": "UTC", '
            '"closures": [{"start_date": "2025-02-30", "end_date": "2025-03-01"}]}}]}',
            "day that does not exist",
        ),
    ],
)
def test_a_rules_file_that_cannot_be_says_what_is_wrong(text: str, told: str) -> None:
    """The service does not start with it."""
    with pytest.raises(ValueError, match=told):
        reply_translate.rules_of_file(text)


def test_a_rule_survives_the_contract() -> None:
    """What is shown can be put again."""
    shown = reply_translate.rule(RULE)
    assert reply_translate.rule_of(shown) == RULE
