"""Which policy decides how long a fax is kept."""

from dataclasses import replace

import pytest

from services.fax.keeping.policies import Part, Policy, Subject, due_time, governing, outweighing
from services.fax.model import Direction
from tests.support.keeping import ADA, DAY, GRACE, NOW, OTHER, OURS, policy

INBOUND, OUTBOUND = Direction.INBOUND, Direction.OUTBOUND
ALL = policy("all", document_age=10 * DAY, record_age=20 * DAY)
IN = policy("in", direction=INBOUND, document_age=5 * DAY)
FOR_OURS = policy("ours", number=OURS, document_age=2 * DAY)
IN_TO_OURS = policy("in-ours", direction=INBOUND, number=OURS, document_age=DAY)
FROM_ADA = policy("ada", number=ADA, document_age=90 * DAY)
EVER = policy("ever", number=GRACE, document_age=None, record_age=None)

FAX = Subject(direction=INBOUND, from_number=ADA, to_number=OURS, create_time=NOW)


@pytest.mark.parametrize(
    ("policies", "expected"),
    [
        ([], None),
        ([ALL], "all"),
        ([ALL, IN], "in"),
        ([ALL, IN, FOR_OURS], "ours"),
        ([ALL, IN, FOR_OURS, IN_TO_OURS], "in-ours"),
        ([FOR_OURS, FROM_ADA], "ada"),
        ([replace(IN, direction=OUTBOUND)], None),
        ([policy("other", number=OTHER)], None),
    ],
)
def test_the_most_precise_policy_governs(policies: list[Policy], expected: str | None) -> None:
    """A number outweighs a direction, both outweigh one, and of two numbers the longer age does."""
    for order in (policies, policies[::-1]):
        found = governing(order, FAX, Part.DOCUMENT)
        assert (found.policy_id if found else None) == expected


def test_for_ever_is_the_longest_age() -> None:
    """A number that keeps for ever outweighs one that lets go."""
    fax = replace(FAX, from_number=GRACE)
    found = governing([FOR_OURS, EVER], fax, Part.DOCUMENT)
    assert found is EVER
    assert due_time(found, fax, Part.DOCUMENT) is None


def test_document_and_record_are_decided_apart() -> None:
    """A policy may let the document go and keep the record."""
    assert due_time(ALL, FAX, Part.DOCUMENT) == NOW + 10 * DAY
    assert due_time(ALL, FAX, Part.RECORD) == NOW + 20 * DAY
    assert due_time(IN, FAX, Part.RECORD) is None
    assert due_time(None, FAX, Part.DOCUMENT) is None


def test_exactly_one_of_two_policies_outweighs_the_other() -> None:
    """No two policies that speak of the same fax both think that they decide."""
    every = [ALL, IN, FOR_OURS, IN_TO_OURS, FROM_ADA, EVER]
    for part in Part:
        for one in every:
            for other in every:
                if one is not other:
                    wins = one in outweighing(every, other, part)
                    assert wins is not (other in outweighing(every, one, part))


def test_ages_count_from_the_fax() -> None:
    """A policy put later works on faxes that came before."""
    old = replace(FAX, create_time=NOW - 100 * DAY)
    assert due_time(ALL, old, Part.DOCUMENT) == NOW - 90 * DAY
