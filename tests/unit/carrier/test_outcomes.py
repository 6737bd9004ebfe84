"""What an answer of Telnyx means: accepted, refused, never sent or in doubt."""

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from carrier.error_codes import KINDS, RefusalKind, kind_of
from carrier.outcomes import (
    Accepted,
    InDoubt,
    NotSent,
    RateLimit,
    Refused,
    Reply,
    Unanswered,
    WhyInDoubt,
    WhyNotSent,
    classify,
    rate_limit,
    retry_after,
)

NOW = 1_700_000_000.0


def errors(*codes: object) -> bytes:
    """Write an error body with one entry per code."""
    return orjson.dumps({"errors": [{"code": code, "title": f"title {code}"} for code in codes]})


def refused(status: int, body: bytes, *, keyed: bool = False) -> Refused:
    """Classify an answer that must be a refusal."""
    outcome = classify(Reply(status, body=body), keyed=keyed, now=NOW)
    assert isinstance(outcome, Refused)
    return outcome


CLASSES = {
    RefusalKind.RETRY: "40006 40008 10007 10008 10037",
    RefusalKind.SLOW_DOWN: "40002 40005 40011 40014 40016 40017 40018 40318 10011 90103 "
    "90041 90042 90043",
    RefusalKind.HOLD: "40020 40320",
    RefusalKind.PERMANENT: "40001 40003 40010 40012 40310 40314 40319 40322",
    RefusalKind.OPTED_OUT: "40300",
    RefusalKind.CONFIGURATION: "40013 40015 40019 40301 40305 40306 40307 40308 40309 40311 40312 "
    "40313 40315 40321 40323 40325 40329 40330 40331 40333 10009 10010 20001 20002 20008 20012 "
    "20013 20100",
    RefusalKind.BAD_REQUEST: "40302 40304 40316 40317 40328 10002 10003 10004 10015 10016 10027 "
    "10033 90017 90037 90081",
    RefusalKind.NOT_FOUND: "10005 40303 90015",
    RefusalKind.WRONG_STATE: "90034 90035 90036 90038 90080 90102",
    RefusalKind.GONE: "90018",
}


def test_every_documented_code_has_its_class() -> None:
    """The table holds each code the carrier's references name, in the class they give it."""
    for kind, codes in CLASSES.items():
        assert {code: KINDS.get(code) for code in codes.split()} == dict.fromkeys(
            codes.split(), kind
        )


def test_a_code_stands_in_one_class_only() -> None:
    """No row of the table shadows another."""
    from carrier.error_codes import _TABLE

    assert sum(len(codes) for _, codes in _TABLE) == len(KINDS)
    assert all(code.isdigit() and text for _, codes in _TABLE for code, text in codes.items())


@pytest.mark.parametrize(
    ("status", "kind"),
    [
        (400, RefusalKind.BAD_REQUEST),
        (401, RefusalKind.CONFIGURATION),
        (402, RefusalKind.CONFIGURATION),
        (403, RefusalKind.CONFIGURATION),
        (404, RefusalKind.NOT_FOUND),
        (410, RefusalKind.GONE),
        (418, RefusalKind.BAD_REQUEST),
        (422, RefusalKind.BAD_REQUEST),
        (429, RefusalKind.SLOW_DOWN),
        (302, RefusalKind.CONFIGURATION),
    ],
)
def test_an_unknown_code_is_classed_by_status(status: int, kind: RefusalKind) -> None:
    """A code nobody has documented still leads to a decision."""
    assert kind_of("99999", status) is kind
    assert refused(status, b"").kind is kind


def test_an_acceptance_shows_its_data() -> None:
    """The data object is at hand, and a replayed answer says so."""
    reply = Reply(200, {"idempotentreplayed": "true"}, b'{"data":{"id":"m-1"}}')
    outcome = classify(reply, keyed=True, now=NOW)
    assert outcome == Accepted(200, {"data": {"id": "m-1"}}, replayed=True)
    assert isinstance(outcome, Accepted)
    assert outcome.data == {"id": "m-1"}


@pytest.mark.parametrize("body", [b"", b"x", b"null", b"[]", b'{"data":[1]}', b'{"data":null}'])
def test_an_acceptance_without_data_has_an_empty_one(body: bytes) -> None:
    """Callers need not check the shape of an answer before they read it."""
    outcome = classify(Reply(202, body=body), keyed=False, now=NOW)
    assert isinstance(outcome, Accepted)
    assert outcome.data == {}
    assert not outcome.replayed


def test_a_stop_is_opted_out() -> None:
    """40300 is its own kind, because the consent ledger must learn of it."""
    outcome = refused(400, errors("40300"), keyed=True)
    assert (outcome.code, outcome.title) == ("40300", "title 40300")
    assert outcome.kind is RefusalKind.OPTED_OUT


def test_a_call_that_ended_is_a_normal_outcome() -> None:
    """A command that lost the race with the hangup is GONE, not an alert."""
    assert refused(422, errors("90018")).kind is RefusalKind.GONE


def test_the_spend_limit_is_not_to_be_retried() -> None:
    """40333 comes as a 429, but waiting does not help."""
    assert refused(429, errors("40333")).kind is RefusalKind.CONFIGURATION


def test_a_reused_key_is_a_bug() -> None:
    """422 with 10027 on a keyed request means that the bytes changed under the key."""
    assert refused(422, errors("10027"), keyed=True).kind is RefusalKind.KEY_REUSED
    assert refused(422, errors("10027"), keyed=False).kind is RefusalKind.BAD_REQUEST


@pytest.mark.parametrize(
    ("status", "keyed", "why"),
    [
        (500, True, WhyInDoubt.SERVER_ERROR),
        (502, False, WhyInDoubt.SERVER_ERROR),
        (503, False, WhyInDoubt.SERVER_ERROR),
        (599, False, WhyInDoubt.SERVER_ERROR),
        (408, True, WhyInDoubt.REQUEST_TIMEOUT),
        (409, True, WhyInDoubt.IN_PROGRESS),
        (409, False, WhyInDoubt.CONFLICT),
    ],
)
def test_what_may_have_happened_is_in_doubt(status: int, keyed: bool, why: WhyInDoubt) -> None:
    """5xx, 408 and 409 do not say that the effect did not happen, whatever their body claims."""
    reply = Reply(status, {"retry-after": "7"}, errors("10005"))
    assert classify(reply, keyed=keyed, now=NOW) == InDoubt(why, 7)


def test_no_answer_keeps_its_own_verdict() -> None:
    """What the client found out about the connection is the outcome."""
    for verdict in (NotSent(WhyNotSent.NO_TLS), InDoubt(WhyInDoubt.NO_ANSWER)):
        assert classify(Unanswered(verdict), keyed=True, now=NOW) == verdict


@pytest.mark.parametrize(
    "body",
    [
        b'{"errors":[{"code":90018,"title":"t"}]}',
        b'{"errors":{"code":"90018","title":"t"}}',
        b'{"code":"90018","title":"t"}',
        b'{"data":{},"errors":[{"code":"90018","title":"t"}],"telnyx_error":{"error_code":"D60"}}',
        b'{"errors":[{"code":"99999","title":"x"},{"code":"90018","title":"t"}]}',
        b'{"errors":[null,7,{"code":"90018","title":"t"}]}',
    ],
)
def test_tolerates_every_shape_of_an_error(body: bytes) -> None:
    """Lists, single objects, bare objects and integer codes all occur."""
    outcome = refused(422, body)
    assert (outcome.code, outcome.title, outcome.kind) == ("90018", "t", RefusalKind.GONE)


json_values = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53), 2**53) | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from(["errors", "code", "title", "detail", "data"]), inner)
    ),
    max_leaves=8,
)


@given(st.integers(200, 599), json_values | st.binary(max_size=20), st.booleans())
def test_no_answer_is_a_crash(status: int, value: object, keyed: bool) -> None:
    """Whatever the body holds, there is an outcome."""
    body = value if isinstance(value, bytes) else orjson.dumps(value)
    outcome = classify(Reply(status, body=body), keyed=keyed, now=NOW)
    assert isinstance(outcome, Accepted | Refused | InDoubt)


def test_an_outcome_prints_without_content() -> None:
    """Bodies and details may hold numbers and text, so a printed outcome shows neither."""
    body = b'{"errors":[{"code":"40310","title":"Invalid","detail":"+12025550101"}]}'
    assert "555" not in repr(refused(400, body))
    assert "555" not in repr(Accepted(200, {"data": {"to": "+12025550101"}}))
    assert "555" not in repr(Reply(200, body=body))


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({}, None),
        ({"retry-after": "12"}, 12),
        ({"retry-after": " 1.5 "}, 1.5),
        ({"retry-after": "Tue, 14 Nov 2023 22:13:50 GMT"}, 30),
        ({"retry-after": "Tue, 14 Nov 2023 22:13:00 GMT"}, 0),
        ({"retry-after": "soon"}, None),
        ({"retry-after": "-5"}, None),
        ({"retry-after": "nan"}, None),
        ({"retry-after": "1e9"}, None),
        ({"retry-after": "9" * 400}, None),
        ({"x-ratelimit-remaining": "0", "x-ratelimit-reset": "9"}, 9),
        ({"x-ratelimit-remaining": "0", "x-ratelimit-reset": "1700000009"}, 9),
        ({"x-ratelimit-remaining": "3", "x-ratelimit-reset": "9"}, None),
        ({"x-ratelimit-remaining": "0"}, None),
        ({"retry-after": "2", "x-ratelimit-remaining": "0", "x-ratelimit-reset": "9"}, 2),
    ],
)
def test_reads_how_long_to_wait(headers: dict[str, str], seconds: float | None) -> None:
    """Retry-After in both forms, else the reset of an exhausted window; nonsense says nothing."""
    assert retry_after(headers, NOW) == seconds


def test_reads_the_rate_limit_headers() -> None:
    """The three headers are numbers or nothing."""
    headers = {
        "x-ratelimit-limit": "100",
        "x-ratelimit-remaining": "x",
        "x-ratelimit-reset": "1600000000",
    }
    assert rate_limit(headers, NOW) == RateLimit(100, None, 0)
