"""What events make of a fax."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import permutations
from random import Random
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from services.fax.model import Direction, Document, DocumentState, Fax, Observation, State, observe

START = datetime(2026, 11, 21, 12, tzinfo=UTC)
OUTBOUND = [State.QUEUED, State.MEDIA_PROCESSED, State.SENDING, State.DELIVERED]
INBOUND = [State.RECEIVING, State.PROCESSING, State.RECEIVED]


def seen(state: State, second: int = 0, **facts: Any) -> Observation:
    """Return what an event in `state` tells, `second` seconds after the start."""
    return Observation(
        fax_id="fax-1",
        occur_time=START + timedelta(seconds=second),
        state=state,
        **facts,
    )


def after(*observations: Observation) -> Fax:
    """Return the fax after the observations, in their order."""
    fax: Fax | None = None
    for observation in observations:
        fax = observe(fax, observation)
    assert fax is not None
    return fax


def test_every_order_of_a_delivery_ends_the_same() -> None:
    """All orders of four events, one of them twice, leave the same fax."""
    events = [seen(state, second, raw_status=state.value) for second, state in enumerate(OUTBOUND)]
    ends = {after(*order, order[0]) for order in permutations(events)}
    assert len(ends) == 1
    fax = ends.pop()
    assert (fax.state, fax.direction, fax.raw_status) == (
        State.DELIVERED,
        Direction.OUTBOUND,
        "delivered",
    )
    assert fax.create_time == START
    assert fax.update_time == START + timedelta(seconds=3)


def test_a_late_event_does_not_take_a_final_state_back() -> None:
    """A `sending` that arrives after `delivered` adds its facts and leaves the state."""
    fax = after(seen(State.DELIVERED, 5), seen(State.SENDING, 9, connection_id="77"))
    assert fax.state is State.DELIVERED
    assert fax.connection_id == "77"


def test_a_failure_of_an_earlier_try_does_not_undo_a_success() -> None:
    """Received outranks failed, in either order, and keeps the reason on record."""
    received, failed = (
        seen(State.RECEIVED, 2),
        seen(State.FAILED, 1, failure_reason="sender_call_dropped"),
    )
    assert after(received, failed) == after(failed, received)
    assert after(received, failed).state is State.RECEIVED


def test_only_a_received_fax_without_a_document_awaits_one() -> None:
    """A document is fetched once: after `received`, and not again when there is one."""
    assert not after(seen(State.PROCESSING)).awaits_document
    fax = after(seen(State.PROCESSING), seen(State.RECEIVED, 1))
    assert fax.awaits_document
    stored = Fax(**{**vars(fax), "document": Document(state=DocumentState.STORED)})
    assert not stored.awaits_document


def test_zero_pages_is_a_count() -> None:
    """A count of 0 is kept and is not the same as no count."""
    assert after(seen(State.RECEIVED, page_count=0)).page_count == 0
    assert after(seen(State.RECEIVED)).page_count is None


observations = st.builds(
    seen,
    st.sampled_from([*OUTBOUND, *INBOUND, State.FAILED, State.UNKNOWN]),
    st.integers(0, 5),
    raw_status=st.sampled_from(["", "a", "b"]),
    direction=st.sampled_from(Direction),
    from_number=st.sampled_from(["", "+12025550101", "+12025550102"]),
    page_count=st.sampled_from([None, 0, 3]),
    call_duration=st.sampled_from([None, timedelta(seconds=4)]),
    partial_content=st.booleans(),
    failure_reason=st.sampled_from(["", "user_busy", "rejected"]),
)


@given(st.lists(observations, min_size=1, max_size=6), st.randoms())
def test_order_and_repetition_never_matter(events: list[Observation], random: Random) -> None:
    """Any events, shuffled and repeated, even contradictory ones, end in the same fax."""
    shuffled = [*events, *events]
    random.shuffle(shuffled)
    assert after(*events) == after(*shuffled)


def test_a_document_is_awaited_from_the_first_word_of_it() -> None:
    """Whatever order the events come in, the first time the carrier had it counts."""
    early, late = seen(State.RECEIVED, 3), seen(State.RECEIVED, 9)
    for events in ((early, late), (late, early)):
        fax = after(seen(State.RECEIVING), *events)
        assert fax.announce_time == START + timedelta(seconds=3)
        assert fax.awaits_document
    assert not after(seen(State.RECEIVING)).awaits_document


def test_a_fax_that_broke_off_may_have_pages() -> None:
    """A failure on the way in that names a link has a document; one on the way out has none."""
    link = "https://media.example.com/part.pdf"
    inbound = seen(State.FAILED, 5, media_url=link, direction=Direction.INBOUND)
    assert after(seen(State.RECEIVING), inbound).awaits_document
    assert not after(seen(State.RECEIVING), seen(State.FAILED)).awaits_document
    outbound = seen(State.FAILED, 5, media_url=link, direction=Direction.OUTBOUND)
    assert not after(seen(State.SENDING), outbound).awaits_document


def test_what_is_blanked_stays_blank() -> None:
    """An event that comes after the numbers were blanked adds its facts, but no number."""
    known = after(seen(State.RECEIVING, from_number="+13125550101", to_number="+12025550130"))
    blank = replace(known, from_number="", to_number="", redact_time=START)
    fax = observe(blank, seen(State.RECEIVED, 9, from_number="+13125550101", page_count=3))
    assert (fax.from_number, fax.to_number, fax.page_count) == ("", "", 3)
