"""When a fax is tried again: the table, line by line, and every order of what is seen."""

import itertools
from collections.abc import Iterable
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.fax.sending.failures import FailureClass, classify
from services.fax.sending.model import (
    Attempt,
    AttemptState,
    Document,
    InDoubt,
    Job,
    Quality,
    Sighting,
    see,
)
from services.fax.sending.plan import JobState, Outlook, Planner, RetryTable
from services.fax.sending.retry_settings import retry_table

START = datetime(2026, 11, 21, 12, tzinfo=UTC)
DIAL = timedelta(seconds=30)
"""How long every attempt of these tests takes."""


def job(**facts: object) -> Job:
    """Return a job without attempts."""
    plain = Job(
        job_id="job-1",
        to_number="+13125550101",
        from_number="+12025550130",
        document=Document(sha256="ab" * 32, size=1000, page_count=2),
        create_time=START,
        update_time=START,
    )
    return replace(plain, **facts)  # type: ignore[arg-type]


def attempt(number: int, start: datetime, **facts: object) -> Attempt:
    """Return an attempt that has just begun."""
    plain = Attempt(number=number, start_time=start, state_time=start)
    return replace(plain, **facts)  # type: ignore[arg-type]


def failed(number: int, reason: str, start: datetime) -> Attempt:
    """Return an attempt that failed after a while."""
    return see(
        attempt(number, start),
        Sighting(
            state=AttemptState.FAILED,
            time=start + DIAL,
            reason=reason,
            failure_class=classify(reason),
        ),
    )


def played(reasons: Iterable[str], **facts: object) -> list[Outlook]:
    """Fail attempt after attempt with these reasons; return the outlook after each failure."""
    outlooks: list[Outlook] = []
    one, planner, due = job(**facts), Planner(), START
    for number, reason in enumerate(reasons, start=1):
        one = replace(one, attempts=(*one.attempts, failed(number, reason, due)))
        outlooks.append(planner.outlook(one))
        if outlooks[-1].next_time is None:
            break
        due = outlooks[-1].next_time
    return outlooks


def pauses(outlooks: list[Outlook]) -> list[float]:
    """Return the minutes between the end of each attempt and the next one."""
    start, found = START, []
    for each in outlooks:
        if each.next_time is not None:
            found.append((each.next_time - start - DIAL).total_seconds() / 60)
            start = each.next_time
    return found


@pytest.mark.parametrize(
    ("reason", "minutes"),
    [
        ("receiver_no_answer", [5, 15, 30]),
        ("carrier_lost", [5, 15, 30]),
        ("fax_initial_communication_timeout", [5, 15, 30]),
        ("receiver_recovery_on_timer_expire", [5, 15, 30]),
        ("receiver_no_response", [5, 15, 30]),
        ("receiver_call_dropped", [2, 2]),
        ("receiver_communication_error", [2, 2]),
        ("sender_communication_error", [2, 2]),
        ("fax_signaling_error", [2, 2]),
        ("invalid_ecm_response_from_receiver", [2, 2]),
        ("service_unavailable", [1, 2, 4, 8, 15]),
        ("connection_channel_limit_exceeded", [1, 2, 4, 8, 15]),
        ("outbound_profile_channel_limit_exceeded", [1, 2, 4, 8, 15]),
        ("outbound_profile_daily_spend_limit_exceeded", []),
        ("destination_not_in_countries_whitelist", []),
        ("destination_not_in_service_plan", []),
        ("no_outbound_profile", []),
        ("account_disabled", []),
        ("unverified_origination_number", []),
        ("receiver_unallocated_number", []),
        ("destination_invalid", []),
        ("receiver_invalid_number_format", []),
        ("destination_unreachable", []),
        ("receiver_incompatible_destination", []),
        ("receiver_decline", []),
        ("file_format_invalid", []),
        ("file_size_limit_exceeded", []),
        ("page_count_limit_exceeded", []),
        ("media_processing_exception", []),
        ("file_download_failed", [1, 1]),
        ("a_word_of_tomorrow", [5]),
        ("", [5]),
    ],
)
def test_a_reason_has_its_pauses_and_then_an_end(reason: str, minutes: list[float]) -> None:
    """A job that always fails for one reason is tried as the table says, and then has failed."""
    outlooks = played(itertools.repeat(reason))
    assert pauses(outlooks) == minutes
    assert [each.tries_left for each in outlooks] == [*range(len(minutes), 0, -1), 0]
    assert outlooks[-1].state is JobState.FAILED
    assert (outlooks[-1].reason, outlooks[-1].failure_class) == (reason, classify(reason))


def test_a_busy_line_is_tried_for_two_hours() -> None:
    """The pauses grow to a quarter of an hour and stay there; the last dial is within two hours."""
    outlooks = played(itertools.repeat("user_busy"))
    assert pauses(outlooks) == [3, 6, 12, 15, 15, 15, 15, 15, 15]
    last = [each.next_time for each in outlooks if each.next_time]
    assert last[-1] <= START + timedelta(hours=2)
    assert [each.tries_left for each in outlooks] == list(range(9, -1, -1))


def test_no_job_is_dialled_more_than_twelve_times() -> None:
    """The limit holds whatever the reasons are, and however short the pauses."""
    table = RetryTable(busy=(timedelta(seconds=1),))
    planner, one, due = Planner(table), job(), START
    for number in range(1, 13):
        one = replace(one, attempts=(*one.attempts, failed(number, "user_busy", due)))
        outlook = planner.outlook(one)
        assert (outlook.state is JobState.FAILED) == (number == 12)
        due = outlook.next_time or due


def test_the_third_try_of_a_broken_transmission_is_plain() -> None:
    """T.38 is turned round and the quality normal, and they stay so for what follows."""
    outlooks = played(["receiver_call_dropped", "user_busy", "fax_signaling_error", "user_busy"])
    assert [(each.next_t38, each.next_quality) for each in outlooks] == [
        (True, Quality.HIGH),
        (True, Quality.HIGH),
        (False, Quality.NORMAL),
        (False, Quality.NORMAL),
    ]


def test_each_kind_of_failure_counts_for_itself() -> None:
    """A busy line does not use up the tries of a broken transmission."""
    reasons = ["user_busy", "receiver_call_dropped", "user_busy", "receiver_call_dropped"]
    outlooks = played([*reasons, "receiver_call_dropped"])
    assert pauses(outlooks) == [3, 2, 6, 2]
    assert outlooks[-1].state is JobState.FAILED


def test_a_document_not_fetched_has_tries_of_its_own() -> None:
    """Two of them, and none for another fault of the document."""
    outlooks = played(["file_download_failed", "file_format_invalid"])
    assert [each.state for each in outlooks] == [JobState.WAITING, JobState.FAILED]


def test_a_new_job_is_due_at_once() -> None:
    """Nothing is waited for before the first attempt."""
    outlook = Planner().outlook(job())
    assert (outlook.state, outlook.next_time) == (JobState.WAITING, START)
    assert outlook.next_number == 1


@pytest.mark.parametrize(
    ("state", "expected"),
    [
        (AttemptState.HANDING_OVER, JobState.SENDING),
        (AttemptState.ACCEPTED, JobState.SENDING),
        (AttemptState.TRANSMITTING, JobState.SENDING),
        (AttemptState.IN_DOUBT, JobState.IN_DOUBT),
        (AttemptState.NOT_FOUND, JobState.HELD),
        (AttemptState.DELIVERED, JobState.DELIVERED),
    ],
)
def test_the_job_stands_where_its_attempt_does(state: AttemptState, expected: JobState) -> None:
    """Nothing else is due while an attempt may still arrive."""
    outlook = Planner().outlook(job(attempts=(attempt(1, START, state=state),)))
    assert (outlook.state, outlook.next_time) == (expected, None)


def test_only_who_allowed_it_gets_a_fax_sent_again_in_doubt() -> None:
    """An attempt that cannot be found is made again at once, or held for a person."""
    lost = attempt(1, START, state=AttemptState.NOT_FOUND, state_time=START + DIAL)
    held = Planner().outlook(job(attempts=(lost,)))
    again = Planner().outlook(job(attempts=(lost,), in_doubt=InDoubt.RESEND))
    assert (held.state, held.next_time) == (JobState.HELD, None)
    assert (again.state, again.next_time) == (JobState.WAITING, START + DIAL)


def test_a_cancelled_job_is_over_when_nothing_is_on_its_way() -> None:
    """Cancelling stops the plan at once, and waits for an attempt that is being made."""
    waiting = job(attempts=(failed(1, "user_busy", START),), cancel_time=START + 2 * DIAL)
    assert Planner().outlook(waiting).state is JobState.CANCELLED
    assert Planner().outlook(waiting).finish_time == START + 2 * DIAL
    sending = job(attempts=(attempt(1, START),), cancel_time=START)
    assert Planner().outlook(sending).state is JobState.SENDING
    doubtful = attempt(1, START, state=AttemptState.IN_DOUBT)
    assert Planner().outlook(job(attempts=(doubtful,), cancel_time=START)).state is (
        JobState.IN_DOUBT
    )
    held = attempt(1, START, state=AttemptState.NOT_FOUND)
    assert Planner().outlook(job(attempts=(held,), cancel_time=START)).state is JobState.CANCELLED


def test_what_arrived_has_arrived() -> None:
    """A delivery counts whatever else happened to the job, before or after."""
    first = see(
        failed(1, "user_busy", START),
        Sighting(state=AttemptState.DELIVERED, time=START + DIAL, page_count=2),
    )
    late = job(attempts=(first, attempt(2, START)), cancel_time=START)
    outlook = Planner().outlook(late)
    assert (outlook.state, outlook.reason) == (JobState.DELIVERED, "")
    assert outlook.finish_time == START + DIAL


_SIGHTINGS = st.builds(
    Sighting,
    state=st.sampled_from(AttemptState),
    time=st.integers(0, 5).map(lambda seconds: START + timedelta(seconds=seconds)),
    fax_id=st.sampled_from(["", "fax-1"]),
    reason=st.sampled_from(["", "user_busy", "carrier_lost"]),
    failure_class=st.sampled_from([None, FailureClass.BUSY, FailureClass.NO_ANSWER]),
    page_count=st.sampled_from([None, 0, 2]),
    call_duration=st.sampled_from([None, DIAL]),
)


@given(st.lists(_SIGHTINGS, max_size=6), st.data())
def test_any_order_of_sightings_ends_the_same(seen: list[Sighting], data: st.DataObject) -> None:
    """Late, twice and mixed up: the attempt and the outlook of its job are the same."""
    mixed = data.draw(st.permutations([*seen, *seen[:2]]))

    def after(order: list[Sighting]) -> Job:
        known = attempt(1, START)
        for each in order:
            known = see(known, each)
        return job(attempts=(known,))

    assert after(seen) == after(mixed)
    assert Planner().outlook(after(seen)) == Planner().outlook(after(mixed))


def test_the_table_is_one_setting() -> None:
    """What is named is changed, everything else stays; what cannot be read is named."""
    table = retry_table("busy=300ms 1.5s; quiet=1h; max_dials=4; ")
    assert table == RetryTable(
        busy=(timedelta(milliseconds=300), timedelta(seconds=1.5)),
        quiet=timedelta(hours=1),
        max_dials=4,
    )
    assert retry_table("") == RetryTable()
    assert retry_table(str(table)) == table
    assert retry_table("capacity=").capacity == ()
    for text in ("busi=3m", "busy=3", "lookup=", "quiet=1m 2m", "max_dials=many", "busy=-3m"):
        with pytest.raises(ValueError):
            retry_table(text)
