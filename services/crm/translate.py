"""Contacts as protos."""

from switchhook.crm.v1 import contact_pb2, crm_service_pb2

from services.crm.model import Contact, Found, OpenCase


def found(given: Found) -> crm_service_pb2.FindContactsResponse:
    """Return the answer to FindContacts."""
    matches = [
        crm_service_pb2.ContactMatch(contact=_contact(contact)) for contact in given.contacts
    ]
    return crm_service_pb2.FindContactsResponse(matches=matches, truncated=given.truncated)


def _contact(contact: Contact) -> contact_pb2.Contact:
    return contact_pb2.Contact(
        ref=contact_pb2.ContactRef(
            system=contact.system,
            object_type=contact.object_type,
            contact_id=contact.contact_id,
        ),
        display_name=contact.display_name,
        company=contact.company,
        phones=[
            contact_pb2.Phone(
                phone_number=phone.phone_number, raw=phone.raw, extension=phone.extension
            )
            for phone in contact.phones
        ],
        owner_agent_id=contact.owner_agent_id,
        is_vip=contact.is_vip,
        tier=contact.tier,
        language=contact.language,
        open_case=_case(contact.open_case) if contact.open_case else None,
    )


def _case(case: OpenCase) -> contact_pb2.OpenCase:
    return contact_pb2.OpenCase(case_id=case.case_id, is_escalated=case.is_escalated)
