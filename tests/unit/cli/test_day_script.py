"""The script of a busy day: the same seed makes the same people."""

from collections import Counter

import pytest

from cli.day.command import contacts
from cli.day.script import Day, Temper, Wish, day


def _day(**more: int) -> Day:
    return day(**{"seed": 7, "calls": 200, "agents": 12, "restarts": 2} | more)


def test_a_seed_decides_everything() -> None:
    """The same numbers make the same day, another seed makes another."""
    assert _day() == _day()
    assert _day() != _day(seed=8)


@pytest.mark.parametrize(("calls", "agents"), [(200, 12), (40, 8), (10, 2), (1000, 50)])
def test_there_are_as_many_as_asked(calls: int, agents: int) -> None:
    """Calls, agents and kills are as many as asked for, all within the day, in order."""
    made = _day(calls=calls, agents=agents, restarts=3)
    assert (len(made.callers), len(made.workers), len(made.kills)) == (calls, agents, 3)
    times = [caller.at for caller in made.callers]
    assert times == sorted(times)
    assert list(made.kills) == sorted(made.kills)
    assert all(0 < kill < made.length for kill in made.kills)


def test_every_temper_is_there() -> None:
    """Forty calls suffice for one of each kind of caller, and most are ordinary."""
    for calls in (40, 200):
        tempers = Counter(caller.temper for caller in _day(calls=calls).callers)
        assert set(tempers) == set(Temper)
        assert tempers.most_common(1)[0][0] is Temper.ORDINARY


def test_nobody_shares_a_number_but_who_calls_again() -> None:
    """Callers have numbers of their own, reserved for fiction; who calls again keeps theirs."""
    made = _day()
    numbers = Counter(caller.number for caller in made.callers)
    again = [caller for caller in made.callers if caller.temper is Temper.RETURNING]
    assert all(number[5:10] == "55501" for number in numbers)
    assert {number for number, times in numbers.items() if times > 1} <= {c.number for c in again}
    agents = {worker.number for worker in made.workers}
    assert len(agents) == 12
    assert not agents & set(numbers)


def test_who_calls_again_has_given_up_before() -> None:
    """Whoever calls again does so after their patience has ended the first call."""
    made = _day()
    first = {c.number: c for c in made.callers if c.temper is Temper.IMPATIENT}
    pairs = [
        (first[caller.number], caller)
        for caller in made.callers
        if caller.temper is Temper.RETURNING and caller.number in first
    ]
    assert pairs
    assert all(caller.at > before.at + before.patience for before, caller in pairs)


def test_messages_are_left_where_nobody_works() -> None:
    """Who wants to leave a message presses the key of the closed queue."""
    wishes = {c.wish for c in _day().callers if c.temper is Temper.MESSAGE}
    assert wishes == {Wish.MESSAGE}


def test_every_queue_has_agents_of_every_habit() -> None:
    """Some agents miss, decline or are busy, some hang up first, some take a break."""
    workers = _day().workers
    habits = {habit for worker in workers for habit in worker.rings}
    assert habits == {"pick_up", "no_answer", "reject", "busy"}
    assert any(worker.hangs_up for worker in workers)
    assert any(worker.breaks for worker in workers)
    for small in (_day(agents=2).workers, workers):
        assert {queue for worker in small for queue in worker.queues} == {
            "helpdesk",
            "sales",
            "backup",
        }


def test_the_directory_knows_the_important() -> None:
    """The CRM of the day knows exactly its VIPs."""
    made = _day()
    known = [number for each in contacts(made) for number in each["phone_numbers"]]  # type: ignore[attr-defined]
    assert known == [c.number for c in made.callers if c.temper is Temper.VIP]


@pytest.mark.parametrize("numbers", [{"calls": 0}, {"agents": 1}, {"restarts": -1}])
def test_impossible_days_are_refused(numbers: dict[str, int]) -> None:
    """A day without calls, with one agent or with fewer than no restarts raises ValueError."""
    with pytest.raises(ValueError, match="a day has"):
        _day(**numbers)
