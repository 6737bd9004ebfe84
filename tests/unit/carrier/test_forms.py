"""Form bodies of TeXML requests: everything verified is read, nothing is a crash."""

from urllib.parse import urlencode

import pytest
from hypothesis import given
from hypothesis import strategies as st

from carrier.forms import MAX_BYTES, MAX_FIELDS, FormError, parse_form


def test_reads_a_request_of_the_carrier() -> None:
    """Percent-escapes and pluses are decoded, the order is kept."""
    form = parse_form(b"CallSid=v3%3Aabc&From=%2B12025550101&CallerId=Jane+Doe&Empty=&Bare")
    assert form.fields == {
        "CallSid": "v3:abc",
        "From": "+12025550101",
        "CallerId": "Jane Doe",
        "Empty": "",
        "Bare": "",
    }
    assert not form.repeated
    assert not form.repaired


@given(st.dictionaries(st.text(min_size=1, max_size=20), st.text()))
def test_reads_what_urllib_writes(fields: dict[str, str]) -> None:
    """Any fields survive the encoding."""
    assert parse_form(urlencode(fields).encode()).fields == fields


@given(st.binary(max_size=300))
def test_no_body_is_a_crash(body: bytes) -> None:
    """Whatever was signed is read."""
    form = parse_form(body)
    assert all(isinstance(value, str) for value in form.fields.values())


def test_the_first_of_a_repeated_field_counts() -> None:
    """A repeated name is reported and cannot override what came before it."""
    form = parse_form(b"CallSid=a&CallSid=b&To=x&%43allSid=c")
    assert form.fields == {"CallSid": "a", "To": "x"}
    assert form.repeated == {"CallSid"}


@pytest.mark.parametrize("body", [b"a=%ff", b"a=\xff", b"%ff=a", b"a=%ed%a0%80"])
def test_bytes_outside_utf_8_are_replaced(body: bytes) -> None:
    """The rest of the form stays usable, and the repair is on record."""
    form = parse_form(b"CallSid=x&" + body)
    assert form.repaired
    assert form.fields["CallSid"] == "x"
    assert "\ufffd" in "".join(form.fields) + "".join(form.fields.values())


@pytest.mark.parametrize("body", [b"", b"&&&", b"=x", b"=", b"&=&"])
def test_nothing_is_an_empty_form(body: bytes) -> None:
    """Separators and nameless values are no fields."""
    assert parse_form(body).fields == {}


def test_broken_escapes_stay_as_they_are() -> None:
    """A percent sign that starts no escape is itself."""
    assert parse_form(b"a=100%&b=%zz").fields == {"a": "100%", "b": "%zz"}


@pytest.mark.parametrize(
    "body",
    [
        b"a=" + b"x" * MAX_BYTES,
        b"&".join(b"f%d=x" % i for i in range(MAX_FIELDS + 1)),
        b"&" * MAX_FIELDS,
        b"n" * 257 + b"=x",
    ],
    ids=["bytes", "fields", "separators", "name"],
)
def test_limits_hold(body: bytes) -> None:
    """Too many bytes, fields or a name too long are refused by name."""
    with pytest.raises(FormError, match=r"a form has|the name of a field"):
        parse_form(body)


def test_limits_are_inclusive() -> None:
    """Exactly the limits are fine."""
    body = b"&".join(b"f%d=x" % i for i in range(MAX_FIELDS))
    assert len(parse_form(body).fields) == MAX_FIELDS


def test_a_form_prints_without_its_fields() -> None:
    """Numbers and names stay out of an accidental print."""
    assert "555" not in repr(parse_form(b"From=%2B12025550101"))
