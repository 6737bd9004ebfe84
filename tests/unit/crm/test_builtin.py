"""The directory in a file."""

import json
from pathlib import Path

import pytest

from services.crm.adapters.builtin import DEVELOPMENT, BuiltinDirectory, read
from services.crm.model import Contact, OpenCase, Phone, phone

ADA = {"contact_id": "1", "display_name": "Ada", "phone_numbers": ["+13125550101"]}


def written(tmp_path: Path, entries: object) -> Path:
    """Write a directory file."""
    path = tmp_path / "directory.json"
    path.write_text(json.dumps(entries))
    return path


async def test_development_contacts_are_found() -> None:
    """Without a file Ada is a VIP, Grace is not, and nobody else is known."""
    directory = BuiltinDirectory(DEVELOPMENT)
    ada = await directory.find("+13125550101", 10)
    grace = await directory.find("+13125550102", 10)
    assert [(each.display_name, each.is_vip) for each in (*ada.contacts, *grace.contacts)] == [
        ("Ada Lovelace", True),
        ("Grace Hopper", False),
    ]
    assert (await directory.find("+13125550199", 10)).contacts == ()


@pytest.mark.parametrize(
    ("raw", "region", "expected"),
    [
        ("(312) 555-0101", "US", Phone("+13125550101", "(312) 555-0101")),
        ("312.555.0101 x12", "US", Phone("+13125550101", "312.555.0101 x12", "12")),
        ("+1 312 555 0101", "", Phone("+13125550101", "+1 312 555 0101")),
        ("0011 1 312 555 0101", "AU", Phone("+13125550101", "0011 1 312 555 0101")),
        ("3125550101", "", Phone("", "3125550101")),
        ("n/a", "US", Phone("", "n/a")),
        ("12", "US", Phone("", "12")),
    ],
)
def test_numbers_are_read_as_people_write_them(raw: str, region: str, expected: Phone) -> None:
    """A national form needs its region, an extension is kept apart, nonsense is no number."""
    assert phone(raw, region) == expected


async def test_everybody_who_shares_a_number_is_found(tmp_path: Path) -> None:
    """Contacts of one number come in the order of the file, and a cut list says so."""
    family = [ADA, {**ADA, "contact_id": "2"}, {**ADA, "contact_id": "3"}]
    directory = BuiltinDirectory(read(written(tmp_path, family)))
    found = await directory.find("+13125550101", 2)
    assert ([each.contact_id for each in found.contacts], found.truncated) == (["1", "2"], True)
    assert not (await directory.find("+13125550101", 3)).truncated


async def test_a_contact_with_one_number_in_two_forms_is_found_once(tmp_path: Path) -> None:
    """The same number twice does not make a second match."""
    twice = {**ADA, "phone_numbers": ["+13125550101", "(312) 555-0101"], "region": "US"}
    directory = BuiltinDirectory(read(written(tmp_path, [twice])))
    assert len((await directory.find("+13125550101", 10)).contacts) == 1


async def test_the_same_digits_in_another_country_do_not_match(tmp_path: Path) -> None:
    """Numbers are compared whole, not by their last digits."""
    abroad = {**ADA, "phone_numbers": ["+443125550101"]}
    directory = BuiltinDirectory(read(written(tmp_path, [abroad])))
    assert (await directory.find("+13125550101", 10)).contacts == ()


def test_every_field_is_read(tmp_path: Path) -> None:
    """What the file says of a contact is what is told of it."""
    entry = {
        **ADA,
        "company": "Engines",
        "owner_agent_id": "agent-1",
        "is_vip": True,
        "tier": "gold",
        "language": "en-US",
        "open_case": {"case_id": "1815", "is_escalated": True},
    }
    assert read(written(tmp_path, [entry])) == [
        Contact(
            system="builtin",
            object_type="contact",
            contact_id="1",
            display_name="Ada",
            company="Engines",
            phones=(Phone("+13125550101", "+13125550101"),),
            owner_agent_id="agent-1",
            is_vip=True,
            tier="gold",
            language="en-US",
            open_case=OpenCase("1815", is_escalated=True),
        )
    ]


def test_all_faults_of_a_file_are_reported_together(tmp_path: Path) -> None:
    """Every bad entry is named by its place, and nothing personal is repeated."""
    entries = [
        "Ada",
        {**ADA, "phone_numbers": ["555-0101"]},
        {**ADA, "is_vip": "yes", "nickname": "A"},
        {"display_name": 7, "phone_numbers": []},
        {**ADA, "display_name": "x" * 256},
        {**ADA, "open_case": {"is_escalated": True}},
        {**ADA, "open_case": {"case_id": 7, "is_escalated": 1, "mood": "bad"}},
    ]
    with pytest.raises(ValueError) as caught:
        read(written(tmp_path, entries))
    assert str(caught.value).split("; ") == [
        "contact 0 must be an object",
        "contact 1: phone_numbers[0] is not a phone number",
        "contact 2: nickname is not known",
        "contact 2: is_vip must be true or false",
        "contact 3: display_name must be text",
        "contact 3: contact_id is missing",
        "contact 3: phone_numbers must be a list of at least one number",
        "contact 4: display_name has more than 255 characters",
        "contact 5: open_case must be an object with a case_id",
        "contact 6: open_case.mood is not known",
        "contact 6: open_case.case_id must be text",
        "contact 6: open_case.is_escalated must be true or false",
    ]
    assert "555" not in str(caught.value)


def test_ids_are_used_once(tmp_path: Path) -> None:
    """Two contacts with one id are refused: nothing could tell them apart."""
    with pytest.raises(ValueError, match="contact 1: contact_id is used before"):
        read(written(tmp_path, [ADA, ADA]))


@pytest.mark.parametrize("content", ["{}", "nonsense", "", '"text"', "NaN"])
def test_a_file_that_is_no_list_is_refused(tmp_path: Path, content: str) -> None:
    """Whatever is not a list of contacts stops the start."""
    path = tmp_path / "directory.json"
    path.write_text(content)
    with pytest.raises(ValueError):
        read(path)
    with pytest.raises(ValueError, match="cannot be read"):
        read(tmp_path / "missing.json")
