"""CrmService from outside."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import grpc
import pytest
from switchhook.crm.v1 import crm_service_pb2 as pb
from switchhook.crm.v1.crm_service_pb2_grpc import CrmServiceStub

from chassis.settings import SettingsError
from services.crm.app import running
from services.crm.settings import Settings

LOCAL = "127.0.0.1:0"


@asynccontextmanager
async def crm() -> AsyncIterator[CrmServiceStub]:
    """Run the service with its development directory."""
    async with (
        running(Settings(grpc_address=LOCAL, admin_address=LOCAL)) as addresses,
        grpc.aio.insecure_channel(f"127.0.0.1:{addresses.grpc}") as channel,
    ):
        yield CrmServiceStub(channel)


async def test_a_contact_is_found() -> None:
    """The VIP of the development directory is told with everything known of her."""
    async with crm() as stub:
        found = await stub.FindContacts(pb.FindContactsRequest(phone_number="+13125550101"))
    assert len(found.matches) == 1
    contact = found.matches[0].contact
    assert (contact.display_name, contact.is_vip, contact.tier) == ("Ada Lovelace", True, "gold")
    assert (contact.ref.system, contact.phones[0].phone_number) == ("builtin", "+13125550101")


async def test_nobody_is_a_normal_answer() -> None:
    """A number nobody has is answered with an empty list, not with NOT_FOUND."""
    async with crm() as stub:
        found = await stub.FindContacts(pb.FindContactsRequest(phone_number="+13125550199"))
    assert (list(found.matches), found.truncated) == ([], False)


@pytest.mark.parametrize("number", ["", "12345", "3125550101", "+1 312 555 0101", "anonymous"])
async def test_what_is_not_e164_is_refused(number: str) -> None:
    """Short codes and words are never searched for; the answer names the field."""
    async with crm() as stub:
        with pytest.raises(grpc.aio.AioRpcError) as caught:
            await stub.FindContacts(pb.FindContactsRequest(phone_number=number, max_results=51))
    assert caught.value.code() is grpc.StatusCode.INVALID_ARGUMENT
    assert "phone_number" in (caught.value.details() or "")
    assert "max_results" in (caught.value.details() or "")


async def test_a_bad_directory_stops_the_start(tmp_path: Path) -> None:
    """The service does not run with a directory it cannot read."""
    settings = Settings(
        grpc_address=LOCAL, admin_address=LOCAL, directory=str(tmp_path / "missing.json")
    )
    with pytest.raises(SettingsError, match="SWITCHHOOK_CRM_DIRECTORY"):
        async with running(settings):
            pass
