from chassis.errors import FieldViolation
from chassis.validation import violations
from tests.support import shoes


def test_a_message_that_keeps_the_rules() -> None:
    """Nothing is said about a good message."""
    assert violations(shoes.messages().GetShoeRequest(name="boot", size=42)) == []


def test_every_bad_field_is_named_with_its_path() -> None:
    """All broken rules come together, with indexes, and in the words of the rule."""
    messages = shoes.messages()
    buyers = [messages.Buyer(phone_number="+12025550101"), messages.Buyer(phone_number="canary")]
    found = violations(messages.GetShoeRequest(size=99, buyers=buyers))
    assert [violation.field for violation in found] == ["name", "size", "buyers[1].phone_number"]
    assert all(violation.description for violation in found)
    assert "canary" not in str(found)


def test_the_keys_of_maps_are_not_shown() -> None:
    """A map's key may be personal, so the path leaves it out."""
    request = shoes.messages().GetShoeRequest(name="boot", notes={"+12025550101": "too long"})
    assert [violation.field for violation in violations(request)] == ["notes[*]"]


def test_a_message_without_rules_is_good() -> None:
    """Messages of a contract without rules are never refused."""
    assert violations(shoes.messages().Shoe()) == []
    assert violations(shoes.messages().ListShoesRequest(page_size=-1)) == []
    assert FieldViolation("a", "b") == FieldViolation("a", "b")
