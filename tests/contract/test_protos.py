"""The rules every contract keeps, checked on the contracts as generated.

What buf can check (names, comments, layout) is buf's; what is private is in test_sensitivity.
"""

from collections.abc import Iterator
from pathlib import Path

import pytest
from buf.validate import validate_pb2
from google.protobuf.descriptor import FieldDescriptor, FileDescriptor, MethodDescriptor
from google.protobuf.descriptor_pb2 import MethodOptions
from switchhook.event.v1.event_pb2 import Event

from tests.support.contracts import fields_within, files, methods

SOURCES = Path(__file__).parents[2] / "protos"
READING = (
    *("Check", "Classify", "Estimate", "Explain", "Find", "Get", "List", "Simulate", "Verify"),
    "Watch",
)
NATURALLY_IDEMPOTENT = {
    "CancelFax": "a job that is stopped stays stopped",
    "ClearFaxNumber": "a number without a mark has none",
    "AnswerTexml": "the carrier repeats a request under its own CallSid",
    "DeleteTemplate": "what is removed stays removed",
    "HandleVoicemail": "a task is closed once, and the first to close it stays",
    "PutTemplate": "the whole template is put under its own id",
}
"""Changes that need no request_id, and why."""

METHODS = sorted(methods(), key=lambda method: method.full_name)
LISTS = [method for method in METHODS if method.name.startswith("List")]
CHANGES = [method for method in METHODS if not method.name.startswith(READING)]


def _name(subject: MethodDescriptor | FileDescriptor) -> str:
    return subject.name


def test_there_are_contracts_to_check() -> None:
    """The walk finds every domain, and what the other tests are about."""
    packages = {file.package for file in files()}
    assert packages >= {f"switchhook.{name}.v1" for name in ("crm", "event", "fax", "gateway")}
    assert packages >= {f"switchhook.{name}.v1" for name in ("messaging", "options", "voice")}
    assert len(LISTS) >= 4
    assert CHANGES


@pytest.mark.parametrize("file", files(), ids=_name)
def test_a_contract_imports_no_other_domain(file: FileDescriptor) -> None:
    """A domain can be handed over alone: it needs its own files, the options and the standard.

    The gateway hands events out, so it alone may import them.
    """
    allowed = {file.package, "switchhook.options.v1", "google.protobuf", "buf.validate"}
    if file.package == "switchhook.gateway.v1":
        allowed.add("switchhook.event.v1")
    assert {dependency.package for dependency in file.dependencies} <= allowed


@pytest.mark.parametrize("file", files(), ids=_name)
def test_a_contract_can_be_read_in_one_sitting(file: FileDescriptor) -> None:
    """No file has more than 300 lines."""
    assert len((SOURCES / file.name).read_text("utf-8").splitlines()) <= 300


@pytest.mark.parametrize("method", METHODS, ids=_name)
def test_a_method_says_whether_it_may_be_repeated(method: MethodDescriptor) -> None:
    """A reading method has no side effects, every other one may be repeated; clients rely on it."""
    level = method.GetOptions().idempotency_level
    reading = method.name.startswith(READING)
    assert level == (MethodOptions.NO_SIDE_EFFECTS if reading else MethodOptions.IDEMPOTENT)


@pytest.mark.parametrize("method", CHANGES, ids=_name)
def test_a_change_is_known_by_its_request_id(method: MethodDescriptor) -> None:
    """A change carries a request_id that must be a UUID, unless it is known by something else."""
    if method.name in NATURALLY_IDEMPOTENT:
        assert "request_id" not in method.input_type.fields_by_name
        return
    assert _rules(method.input_type.fields_by_name["request_id"]).string.uuid


@pytest.mark.parametrize("method", LISTS, ids=_name)
def test_a_list_comes_in_pages(method: MethodDescriptor) -> None:
    """Every list takes a page size of at most 250 and a token, and gives one list and a token."""
    asked, given = method.input_type.fields_by_name, method.output_type.fields_by_name
    size = _rules(asked["page_size"]).int32
    assert (size.gte, size.lte) == (0, 250)
    assert asked["page_size"].type == FieldDescriptor.TYPE_INT32
    assert asked["page_token"].type == FieldDescriptor.TYPE_STRING
    assert given["next_page_token"].type == FieldDescriptor.TYPE_STRING
    assert [field.is_repeated for field in given.values()].count(True) == 1


@pytest.mark.parametrize("method", METHODS, ids=_name)
def test_every_field_of_a_request_has_rules(method: MethodDescriptor) -> None:
    """No scalar of a request is taken unchecked, save a truth value, and texts are bounded."""
    asked = list(fields_within(method.input_type))
    assert [field.full_name for field in asked if _is_unchecked(field)] == []
    assert [field.full_name for field in asked if _is_endless(field)] == []


def test_a_field_without_rules_is_found() -> None:
    """The checks of this file can fail: a field of an event has neither rules nor a bound."""
    field = Event.DESCRIPTOR.fields_by_name["event_id"]
    assert _is_unchecked(field)
    assert _is_endless(field)


def _rules(field: FieldDescriptor) -> validate_pb2.FieldRules:
    return field.GetOptions().Extensions[validate_pb2.field]


def _is_unchecked(field: FieldDescriptor) -> bool:
    if field.type in (FieldDescriptor.TYPE_BOOL, FieldDescriptor.TYPE_MESSAGE):
        return field.is_repeated and not field.GetOptions().HasExtension(validate_pb2.field)
    return not field.GetOptions().HasExtension(validate_pb2.field)


def _is_endless(field: FieldDescriptor) -> bool:
    rules = _rules(field)
    if field.is_repeated:
        return not (rules.repeated.HasField("max_items") or rules.map.HasField("max_pairs"))
    text = field.type in (FieldDescriptor.TYPE_STRING, FieldDescriptor.TYPE_BYTES)
    return text and not any(_bounds(rules))


def _bounds(rules: validate_pb2.FieldRules) -> Iterator[bool]:
    yield from (rules.string.HasField(name) for name in ("len", "max_len", "max_bytes", "uuid"))
    yield from (rules.bytes.HasField(name) for name in ("len", "max_len"))
    # A pattern with both anchors and no open repetition admits no endless text.
    pattern = rules.string.pattern
    yield (
        pattern.startswith("^")
        and pattern.endswith("$")
        and not set("*+") & set(pattern.replace("\\+", "").replace("\\*", ""))
    )
