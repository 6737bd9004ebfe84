from chassis.errors import Contended, Fault, FieldViolation, Invalid, Overloaded, Unavailable


def test_an_invalid_fault_names_each_field_once() -> None:
    """The message of an Invalid lists the fields, in order and without repeats."""
    violations = [FieldViolation("b", "bad"), FieldViolation("a", "bad"), FieldViolation("b", "!")]
    fault = Invalid([*violations, FieldViolation("", "too late")])
    assert fault.message == "invalid: b, a, request"
    assert fault.fields[1] == FieldViolation("a", "bad")


def test_a_fault_keeps_what_it_was_told() -> None:
    """Reason, message, delay and metadata are readable, and the text shows reason and message."""
    fault = Contended("ROW_LOCKED", "try again", retry_after=0.5, metadata={"row": "7"})
    assert (fault.reason, fault.message, fault.retry_after) == ("ROW_LOCKED", "try again", 0.5)
    assert fault.metadata == {"row": "7"}
    assert str(fault) == "ROW_LOCKED: try again"


def test_faults_do_not_share_metadata() -> None:
    """Each fault owns a copy of its metadata."""
    given = {"row": "7"}
    fault = Unavailable("AWAY", "away", metadata=given)
    given["row"] = "8"
    assert fault.metadata == {"row": "7"}
    assert Unavailable("AWAY", "away").metadata == {}


def test_overloaded_is_a_kind_of_unavailable() -> None:
    """Whoever handles Unavailable handles Overloaded."""
    assert issubclass(Overloaded, Unavailable)
    assert issubclass(Overloaded, Fault)
