"""Idempotency keys, faults, retries, settings and scenarios: the small rules, without I/O."""

from datetime import UTC, datetime, timedelta

import pytest

from simulator import faults, scenarios, world
from simulator.errors import ApiError
from simulator.faults import Fault, Faults
from simulator.idempotency import Claim, IdempotencyKeys, Stored
from simulator.playing import Containing, Expectation, Step, unmet_expectations
from simulator.retries import Verdict, backoff, error_code, verdict
from simulator.settings import Settings

NOW = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)


def _begin(
    keys: IdempotencyKeys,
    key: str = "k1",
    body: bytes = b"{}",
    query: str = "",
    now: datetime = NOW,
) -> Claim | Stored | None:
    return keys.begin([key], "POST", "/v2/messages", query, body, now)


def test_a_success_is_replayed_for_a_day() -> None:
    """The same request under the same key gets the same bytes for 24 hours and then runs again."""
    keys = IdempotencyKeys()
    claim = _begin(keys)
    assert isinstance(claim, Claim)
    keys.finish(claim, Stored(200, b"answer"))
    assert _begin(keys, now=NOW + timedelta(hours=23)) == Stored(200, b"answer")
    assert isinstance(_begin(keys, now=NOW + timedelta(hours=25)), Claim)


@pytest.mark.parametrize(("body", "query"), [(b"{ }", ""), (b"{}", "a=1")])
def test_another_request_under_the_key_is_refused(body: bytes, query: str) -> None:
    """One other byte in the body, or another query, is 422 with 10027."""
    keys = IdempotencyKeys()
    _begin(keys)
    with pytest.raises(ApiError) as refused:
        _begin(keys, body=body, query=query)
    assert (refused.value.status, refused.value.code) == (422, "10027")


def test_a_key_in_progress_is_a_conflict() -> None:
    """A second request while the first runs gets 409."""
    keys = IdempotencyKeys()
    _begin(keys)
    with pytest.raises(ApiError) as refused:
        _begin(keys)
    assert refused.value.status == 409


def test_a_failure_frees_the_key() -> None:
    """After a failure the key may be used for any request."""
    keys = IdempotencyKeys()
    claim = _begin(keys)
    assert isinstance(claim, Claim)
    keys.forget(claim)
    assert isinstance(_begin(keys, body=b"other"), Claim)


@pytest.mark.parametrize("headers", [[""], ["a b"], ["x" * 256], ["k1", "k1"], ["ключ"]])
def test_a_malformed_key_is_refused(headers: list[str]) -> None:
    """Empty, overlong, strange or repeated keys are 400 with 10015."""
    with pytest.raises(ApiError) as refused:
        IdempotencyKeys().begin(headers, "POST", "/v2/messages", "", b"", NOW)
    assert (refused.value.status, refused.value.code) == (400, "10015")


def test_no_key_claims_nothing() -> None:
    """A request without a key is not remembered."""
    assert IdempotencyKeys().begin([], "POST", "/v2/messages", "", b"", NOW) is None


@pytest.mark.parametrize(
    ("event_type", "status", "expected"),
    [
        ("message.received", 200, Verdict.DELIVERED),
        ("message.received", 204, Verdict.RETRY),
        ("message.received", 302, Verdict.RETRY),
        ("message.received", 401, Verdict.RETRY),
        ("message.received", None, Verdict.RETRY),
        ("call.initiated", 401, Verdict.NEXT_URL),
        ("call.initiated", 408, Verdict.RETRY),
        ("call.initiated", 429, Verdict.RETRY),
        ("call.initiated", 503, Verdict.RETRY),
        ("conference.created", 404, Verdict.NEXT_URL),
        ("fax.received", 404, Verdict.RETRY),
    ],
)
def test_what_follows_an_attempt(event_type: str, status: int | None, expected: Verdict) -> None:
    """Only 200 is success; voice events are not retried after most 4xx."""
    assert verdict(event_type, status) is expected


@pytest.mark.parametrize(
    ("status", "code"),
    [
        (200, None),
        (202, 75299),
        (301, 75300),
        (400, 75400),
        (404, 75404),
        (401, 75499),
        (500, 75500),
        (503, 75599),
    ],
)
def test_the_code_in_the_delivery_log(status: int, code: int | None) -> None:
    """Each kind of answer has its code in the delivery log."""
    assert error_code(status) == code


def test_the_pause_doubles() -> None:
    """Attempts at a URL are further and further apart."""
    assert [backoff(attempt) for attempt in (1, 2, 3)] == [1, 2, 4]


def test_a_fault_strikes_as_often_as_asked() -> None:
    """A fault with a count strikes that often, and only what it matches."""
    waiting = Faults(seed=1)
    waiting.add(Fault("error", match="POST /v2/mess*", count=2))
    struck = [
        len(waiting.take(faults.BEFORE, target))
        for target in (
            "POST /v2/calls",
            "POST /v2/messages",
            "POST /v2/messages",
            "POST /v2/messages",
        )
    ]
    assert struck == [0, 1, 1, 0]
    assert waiting.listed() == []


def test_the_dice_are_seeded() -> None:
    """The same seed strikes the same requests, for ever while the count is 0."""

    def throws(seed: int) -> list[int]:
        waiting = Faults(seed)
        waiting.add(Fault("error", count=0, probability=0.5))
        return [len(waiting.take(faults.BEFORE, "x")) for _ in range(50)]

    assert throws(7) == throws(7)
    assert throws(7) != throws(8)
    assert 0 < sum(throws(7)) < 50


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"kind": "sloth"},
        {"kind": "slow", "seconds": "1"},
        {"kind": "slow", "colour": "red"},
        {"kind": "slow", "count": True},
    ],
)
def test_a_faulty_fault_is_refused(body: dict[str, object]) -> None:
    """A fault of an unknown kind, with a strange field or a wrong type is refused."""
    with pytest.raises(ValueError):
        faults.parse(body)


def test_settings_name_every_faulty_variable() -> None:
    """All faults of the environment are told at once; empty variables count as unset."""
    environ = {
        "SWITCHHOOK_SIMULATOR_SEED": "many",
        "SWITCHHOOK_SIMULATOR_AUTORESPONDER": "perhaps",
        "SWITCHHOOK_SIMULATOR_ADDRESS": "",
    }
    with pytest.raises(ValueError, match=r"AUTORESPONDER.*SEED|SEED.*AUTORESPONDER"):
        Settings.from_environment(environ)


def test_settings_come_from_the_environment() -> None:
    """Each variable sets its field and the rest keep their defaults."""
    settings = Settings.from_environment(
        {"SWITCHHOOK_SIMULATOR_AUTORESPONDER": "off", "SWITCHHOOK_SIMULATOR_TIME_SCALE": "0.1"}
    )
    assert settings.autoresponder is False
    assert settings.time_scale == 0.1
    assert settings.webhook_url == Settings().webhook_url


def test_the_key_follows_the_seed() -> None:
    """The same seed gives the same key pair in every run."""
    assert Settings(seed=3).public_key() == Settings(seed=3).public_key()
    assert Settings(seed=3).public_key() != Settings(seed=4).public_key()


def test_expectations_are_counted() -> None:
    """An expectation is met by exactly so many effects with its facts."""
    step = Step(
        "a call",
        "/_sim/call",
        {},
        (
            Expectation("call.answer", {"call_control_id": "$call_control_id"}),
            Expectation("call.speak", {"payload": Containing("WELCOME")}),
            Expectation("call.hangup", times=0),
            Expectation("call.initiated", {"status": 200}, attempts=True),
        ),
    )
    reply = {"call_control_id": "mine"}
    answer = {"kind": "call.answer", "facts": {"call_control_id": "mine"}}
    other = {"kind": "call.answer", "facts": {"call_control_id": "another"}}
    speak = {"kind": "call.speak", "facts": {"payload": "You are welcome."}}
    hangup = {"kind": "call.hangup", "facts": {}}
    attempt = {"event_type": "call.initiated", "status": 200}
    assert unmet_expectations(step, reply, [answer, other, speak], [attempt]) == []
    assert unmet_expectations(step, reply, [other, speak], [attempt]) == [step.expect[0]]
    assert unmet_expectations(step, reply, [answer, answer, speak], [attempt]) == [step.expect[0]]
    assert unmet_expectations(step, reply, [answer, speak, hangup], []) == [
        step.expect[2],
        step.expect[3],
    ]


def test_the_world_is_fictional() -> None:
    """Every number of the development world lies in the range reserved for fiction."""
    ours = [world.MESSAGING_NUMBER, world.VOICE_NUMBER, world.TEXML_NUMBER, world.FAX_NUMBER]
    for number in ours + [person.number for person in world.PEOPLE]:
        assert number[5:8] == "555"
        assert number[8:10] == "01"


def test_scenarios_only_use_people_we_know() -> None:
    """Each step of a scenario has something to expect."""
    for scenario in scenarios.SCENARIOS.values():
        assert all(step.expect for step in scenario)
