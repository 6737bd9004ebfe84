"""What becomes of a fax we send, as its machine is told."""

from datetime import UTC, datetime

import pytest

from simulator import documents, fax_outcomes, world
from simulator.errors import ApiError
from simulator.fax_outcomes import Outcome
from simulator.faxes import CONTENTS_MAX_BYTES, Fax, FaxMachine
from simulator.machine import Action, After, Emit, Note
from simulator.phones import Phones

NOW = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
BODY = {"connection_id": "1", "from": world.FAX_NUMBER, "to": world.ADA.number}


@pytest.fixture
def machine() -> FaxMachine:
    """The fax machines out there."""
    numbers = iter(range(100))
    return FaxMachine(lambda: f"fax-{next(numbers)}", lambda *_: "", Phones())


def sent(machine: FaxMachine, contents: bytes = b"%PDF") -> tuple[Fax, list[Emit]]:
    """Send a fax and let everything happen."""
    fax, actions = machine.send(BODY, NOW, contents)
    return fax, played(machine, actions)


def played(machine: FaxMachine, actions: list[Action]) -> list[Emit]:
    """Let every timer strike until nothing more is to come."""
    events = [action for action in actions if isinstance(action, Emit)]
    for after in [action for action in actions if isinstance(action, After)]:
        events += played(machine, machine.expire(after.timer, NOW))
    return events


def test_outcomes_come_in_their_order(machine: FaxMachine) -> None:
    """Busy first, broken off after a page then, and from then on what the phone is told."""
    machine.outcomes[world.ADA.number] = fax_outcomes.parse(
        ["user_busy", {"failure": "receiver_call_dropped", "pages": 1}]
    )
    busy, broken, last = (sent(machine)[1] for _ in range(3))
    assert [event.event_type for event in busy] == [
        "fax.queued",
        "fax.media.processed",
        "fax.failed",
    ]
    assert busy[-1].payload["failure_reason"] == "user_busy"
    assert broken[-2].event_type == "fax.sending.started"
    assert broken[-1].payload["failure_reason"] == "receiver_call_dropped"
    assert broken[-1].payload["page_count"] == 1
    assert last[-1].event_type == "fax.delivered"


@pytest.mark.parametrize("value", [None, "user_busy", [3], [{"pages": 1}], ["x"] * 101])
def test_what_is_no_list_of_outcomes_is_refused(value: object) -> None:
    """The one who wrote it learns of it."""
    with pytest.raises((ValueError, ApiError)):
        fax_outcomes.parse(value)


def test_an_outcome_is_a_word_or_says_more() -> None:
    """Both forms mean the same."""
    assert fax_outcomes.parse(["delivered", "user_busy", {"failure": "user_busy"}]) == [
        Outcome(),
        Outcome("user_busy"),
        Outcome("user_busy"),
    ]


def test_a_document_comes_within_the_request(machine: FaxMachine) -> None:
    """Its pages are counted and its bytes noted by their hash; 20 MB is the limit."""
    contents = documents.pdf(3, "A letter")
    fax, events = sent(machine, contents)
    assert [event.payload["page_count"] for event in events if "page_count" in event.payload] == [
        3,
        3,
    ]
    assert len(fax.sha256) == 64
    assert sent(machine, b"no pdf")[0].page_count == 1
    with pytest.raises(ApiError):
        machine.send(BODY, NOW, bytes(CONTENTS_MAX_BYTES + 1))
    with pytest.raises(ApiError):
        machine.send(BODY | {"media_name": "letter"}, NOW, contents)
    with pytest.raises(ApiError):
        machine.send(BODY, NOW)


def test_a_fax_is_cancelled_once_and_only_on_its_way_out(machine: FaxMachine) -> None:
    """It fails at once, nothing follows, and what is over or comes in cannot be cancelled."""
    fax, actions = machine.send(BODY, NOW, b"%PDF")
    note, failed = machine.cancel(fax.fax_id, NOW)
    assert isinstance(note, Note)
    assert isinstance(failed, Emit)
    assert (failed.event_type, failed.payload["failure_reason"]) == ("fax.failed", "canceled")
    assert [event.event_type for event in played(machine, actions)] == ["fax.queued"]
    codes = []
    inbound, _ = machine.arrive(
        world.ADA.number, world.FAX_NUMBER, NOW, media_id="media-1", pages=1
    )
    for fax_id in (fax.fax_id, inbound.fax_id, "none"):
        with pytest.raises(ApiError) as refused:
            machine.cancel(fax_id, NOW)
        codes.append(refused.value.code)
    assert codes == ["90080", "90081", "10005"]
