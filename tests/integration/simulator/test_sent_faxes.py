"""Faxes we send, over HTTP: as a form, cancelled, and with the outcomes a test wants."""

import argparse
import asyncio

import pytest
from aiohttp import FormData
from telnyx import UnprocessableEntityError

from cli import simulate
from simulator import documents, world
from tests.integration.simulator.conftest import API_KEY, Carrier, Sink
from tests.support.eventually import eventually

PARTIES = {
    "connection_id": world.FAX_CONNECTION_ID,
    "from": world.FAX_NUMBER,
    "to": world.ADA.number,
}


async def test_a_document_is_sent_as_a_form(carrier: Carrier, sink: Sink) -> None:
    """Fields and file arrive; the list shows the fax by its parties, with its client_state."""
    form = FormData(PARTIES | {"client_state": "YWJj", "t38_enabled": "false"})
    form.add_field("contents", documents.pdf(2, "Hi"), filename="a.pdf")
    headers = {"Authorization": f"Bearer {API_KEY}"}
    url = f"{carrier.addresses.api}/faxes"
    async with carrier.session.post(url, data=form, headers=headers) as reply:
        assert reply.status == 202
        fax = (await reply.json())["data"]
    delivered = await sink.event("fax.delivered")
    assert delivered.data["payload"]["page_count"] == 2
    (accepted,) = await carrier.effects("fax.accepted")
    assert (accepted["pages"], accepted["t38"], len(accepted["sha256"])) == (2, False, 64)
    listed = await carrier.sdk.faxes.list(
        filter={"to": {"eq": world.ADA.number}, "direction": {"eq": "outbound"}}
    )
    assert [(each.id, each.client_state) for each in listed.data] == [(fax["id"], "YWJj")]


async def test_a_machine_is_busy_first(carrier: Carrier, sink: Sink) -> None:
    """The control API scripts the machine of a number."""
    await carrier.sim(f"fax_machines/{world.ADA.number}", {"outcomes": ["user_busy"]})
    for _ in range(2):
        await carrier.sdk.faxes.create(
            connection_id=world.FAX_CONNECTION_ID,
            from_=world.FAX_NUMBER,
            to=world.ADA.number,
            media_url="https://files.example.com/a.pdf",
        )
    (failed,) = await eventually(lambda: sink.events("fax.failed"))
    assert failed.data["payload"]["failure_reason"] == "user_busy"
    await sink.event("fax.delivered")


async def test_the_command_line_scripts_a_machine(carrier: Carrier, sink: Sink) -> None:
    """`switchhook simulate machine` says what the next faxes meet."""
    parser = argparse.ArgumentParser()
    simulate.add_parser(parser.add_subparsers())
    words = ["simulate", "machine", "--of", "ada", "receiver_no_answer", "delivered"]
    chosen = parser.parse_args([*words, "--watch", "0", "--url", carrier.addresses.http])
    assert await asyncio.to_thread(chosen.func, chosen) == 0
    await carrier.sdk.faxes.create(
        connection_id=world.FAX_CONNECTION_ID,
        from_=world.FAX_NUMBER,
        to=world.ADA.number,
        media_url="https://files.example.com/a.pdf",
    )
    failed = await sink.event("fax.failed")
    assert failed.data["payload"]["failure_reason"] == "receiver_no_answer"


async def test_a_fax_is_cancelled(carrier: Carrier, sink: Sink) -> None:
    """The carrier's own client can stop a fax, and is told when it is too late."""
    fax = await carrier.sdk.faxes.create(
        connection_id=world.FAX_CONNECTION_ID,
        from_=world.FAX_NUMBER,
        to=world.ADA.number,
        media_url="https://files.example.com/a.pdf",
    )
    await carrier.sdk.faxes.actions.cancel(fax.data.id)
    failed = await sink.event("fax.failed")
    assert failed.data["payload"]["failure_reason"] == "canceled"
    with pytest.raises(UnprocessableEntityError):
        await carrier.sdk.faxes.actions.cancel(fax.data.id)
