"""ConsentService from outside: recording, asking, checking, judging and proving."""

import asyncio
import uuid
from collections.abc import AsyncIterator
from pathlib import Path

import grpc
import pytest
from aiohttp import web
from google.rpc import error_details_pb2
from grpc_status import rpc_status
from switchhook.messaging.v1 import (
    consent_check_pb2,
    consent_pb2,
    consent_record_pb2,
    evidence_pb2,
    hold_pb2,
    message_pb2,
)

from cli.__main__ import main
from tests.integration.messaging.suite import (
    OTHER,
    OURS,
    PEER,
    SECOND,
    State,
    Status,
    Suite,
    fake_telnyx,
    inbound,
    messaging,
    whole_suite,
)
from tests.support.eventually import eventually

Action, Purpose = consent_pb2.ConsentAction, message_pb2.MessagePurpose
ORDERS = "+12025550105"


@pytest.fixture
async def suite(nats_url: str, database_url: str) -> AsyncIterator[Suite]:
    """The service with two programs."""
    programs = f"{OURS}=news:marketing,{ORDERS}=orders:transactional"
    async with whole_suite(
        nats_url,
        database_url,
        MESSAGING_NUMBERS=SECOND,
        MESSAGING_PROGRAMS=programs,
        MESSAGING_QUIET_HOURS="off",
    ) as running:
        yield running


def recording(**changes: object) -> consent_record_pb2.RecordConsentRequest:
    """Return a request that takes consent over from a form."""
    values: dict[str, object] = {
        "request_id": str(uuid.uuid4()),
        "peer_number": PEER,
        "action": Action.CONSENT_ACTION_GRANTED,
        "scope": consent_pb2.ConsentScope.CONSENT_SCOPE_PROGRAM,
        "method": consent_pb2.ConsentMethod.CONSENT_METHOD_WEB_FORM,
        "basis": consent_pb2.ConsentBasis.CONSENT_BASIS_EXPRESS_WRITTEN,
        "program_id": "news",
        "evidence": evidence_pb2.Evidence(
            disclosure_text="I agree to texts.", page_url="https://example.com/form"
        ),
    }
    return consent_record_pb2.RecordConsentRequest(**{**values, **changes})  # type: ignore[arg-type]


async def check(
    suite: Suite, purpose: "message_pb2.MessagePurpose.ValueType", our_number: str = OURS
) -> consent_check_pb2.CheckConsentResponse:
    """Ask whether a message to PEER may be sent."""
    return await suite.consents.CheckConsent(
        consent_check_pb2.CheckConsentRequest(
            peer_number=PEER, our_number=our_number, purpose=purpose
        )
    )


def reason(error: grpc.aio.AioRpcError) -> str:
    """Return the reason of a refusal."""
    status = rpc_status.from_call(error)  # type: ignore[arg-type]
    assert status is not None
    info = error_details_pb2.ErrorInfo()
    assert any(detail.Unpack(info) for detail in status.details)
    return str(info.reason)


async def test_consent_from_a_form_is_recorded_once_with_its_evidence(suite: Suite) -> None:
    """The same request gives the same entry, and the check names it."""
    request = recording()
    first = await suite.consents.RecordConsent(request)
    assert await suite.consents.RecordConsent(request) == first
    assert first.entry.evidence.page_url == "https://example.com/form"
    assert (first.entry.sequence, len(first.entry.hash)) == (1, 64)
    found = await check(suite, Purpose.MESSAGE_PURPOSE_MARKETING)
    assert found.allowed
    assert [each.entry_id for each in found.deciding_entries] == [first.entry.entry_id]
    assert found.program.program_id == "news"
    listed = await suite.consents.ListLedgerEntries(consent_check_pb2.ListLedgerEntriesRequest())
    assert list(listed.entries) == [first.entry]


@pytest.mark.parametrize(
    "changes",
    [
        {"method": consent_pb2.ConsentMethod.CONSENT_METHOD_CRM},
        {"method": consent_pb2.ConsentMethod.CONSENT_METHOD_KEYWORD},
        {"action": Action.CONSENT_ACTION_CONFIRMED},
        {"program_id": ""},
        {"program_id": "unheard-of"},
        {"scope": consent_pb2.ConsentScope.CONSENT_SCOPE_NUMBER},
        {"peer_number": "12345"},
    ],
)
async def test_what_cannot_be_recorded_is_refused(suite: Suite, changes: dict[str, object]) -> None:
    """The CRM grants nothing, nobody writes our own entries, and scopes say what they mean."""
    with pytest.raises(grpc.aio.AioRpcError) as refusal:
        await suite.consents.RecordConsent(recording(**changes))
    assert refusal.value.code() == grpc.StatusCode.INVALID_ARGUMENT


async def test_a_stop_to_marketing_leaves_orders_alone(suite: Suite) -> None:
    """After a STOP to the news number its texts stop, and those about orders go on."""
    await suite.deliver(inbound("STOP"))
    await suite.stands(State.CONSENT_STATE_REVOKED)
    assert not (await check(suite, Purpose.MESSAGE_PURPOSE_MARKETING)).allowed
    found = await check(suite, Purpose.MESSAGE_PURPOSE_TRANSACTIONAL, ORDERS)
    assert found.allowed
    transactional = Purpose.MESSAGE_PURPOSE_TRANSACTIONAL
    sent = await suite.send(from_number=ORDERS, purpose=transactional, text="Your order")
    await suite.reaches(Status.MESSAGE_STATUS_SENDING, message_id=sent.message_id)


async def test_a_question_is_asked_and_answered(suite: Suite) -> None:
    """The prompt leaves once, and a YES to it is confirmed consent with the prompt as evidence."""
    request = consent_record_pb2.RequestOptInRequest(
        request_id=str(uuid.uuid4()), from_number=OURS, to_number=PEER, program_name="news"
    )
    asked = await suite.consents.RequestOptIn(request)
    assert await suite.consents.RequestOptIn(request) == asked
    await suite.reaches(Status.MESSAGE_STATUS_SENDING, message_id=asked.message.message_id)
    await suite.deliver(inbound("YES"))
    consent = await suite.stands(State.CONSENT_STATE_GRANTED)
    (entry,) = consent.recent_entries
    assert entry.action == Action.CONSENT_ACTION_CONFIRMED
    assert entry.evidence.disclosure_text == asked.message.text
    assert suite.telnyx.texts().count(asked.message.text) == 1


async def test_nobody_is_asked_who_has_opted_out(suite: Suite) -> None:
    """RequestOptIn after a STOP is refused with the entry that decides."""
    await suite.deliver(inbound("STOP"))
    await suite.stands(State.CONSENT_STATE_REVOKED)
    with pytest.raises(grpc.aio.AioRpcError) as refusal:
        await suite.consents.RequestOptIn(
            consent_record_pb2.RequestOptInRequest(
                request_id=str(uuid.uuid4()), from_number=OURS, to_number=PEER, program_name="news"
            )
        )
    assert reason(refusal.value) == "RECIPIENT_OPTED_OUT"


async def test_the_queue_of_holds_is_empty_at_first(suite: Suite) -> None:
    """Nothing waits, and judging what is not there fails with its reason."""
    assert not (await suite.consents.ListHolds(hold_pb2.ListHoldsRequest())).holds
    with pytest.raises(grpc.aio.AioRpcError) as refusal:
        await suite.consents.ResolveHold(
            hold_pb2.ResolveHoldRequest(
                request_id=str(uuid.uuid4()),
                hold_id="h-1",
                decision=hold_pb2.HoldDecision.HOLD_DECISION_STOP,
                reviewer="Ada",
            )
        )
    assert reason(refusal.value) == "HOLD_NOT_FOUND"


async def test_pages_of_the_ledger_hang_together(suite: Suite) -> None:
    """Turning pages shows every entry once, last recorded first."""
    for number in range(5):
        await suite.consents.RecordConsent(recording(peer_number=f"+1312555010{number}"))
    seen, token = [], ""
    while True:
        page = await suite.consents.ListLedgerEntries(
            consent_check_pb2.ListLedgerEntriesRequest(page_size=2, page_token=token)
        )
        seen += [each.sequence for each in page.entries]
        token = page.next_page_token
        if not token:
            break
    assert seen == [5, 4, 3, 2, 1]


async def test_the_command_line_explains_exports_and_verifies(
    suite: Suite, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """An export is verified without the service, and a changed one is not."""
    await suite.consents.RecordConsent(recording())
    await suite.deliver(inbound("STOP"))
    await suite.stands(State.CONSENT_STATE_REVOKED)

    async def consent(*words: str, called: bool = True) -> int:
        address = ["--address", f"127.0.0.1:{suite.ports.grpc}"] if called else []
        return await asyncio.to_thread(main, ["consent", *words, *address])

    asked = ("--from", OURS, "--to", PEER)
    assert await consent("check", *asked, "--purpose", "marketing") == 1
    assert "must not be sent" in capsys.readouterr().out
    assert await consent("verify") == 0
    assert "intact: 2 entries" in capsys.readouterr().out
    path = tmp_path / "ledger.jsonl"
    assert await consent("export", "--format", "jsonl", "-o", str(path)) == 0
    assert await consent("verify", str(path), called=False) == 0
    assert "intact: 2 entries" in capsys.readouterr().out
    path.write_text(path.read_text().replace('"STOP"', '"Hello"'))
    assert await consent("verify", str(path), called=False) == 1
    assert "BROKEN at entry 2" in capsys.readouterr().out


async def test_an_opt_out_that_only_the_carrier_knows_is_found_at_the_start(
    nats_url: str, database_url: str
) -> None:
    """The service reads the carrier's list when it starts and revokes what it lacks."""
    rows = [
        {"from": OURS, "to": OTHER, "keyword": "STOP", "created_at": "2025-06-01T12:00:00Z"},
        {"from": OURS, "to": PEER, "keyword": "STOP", "created_at": "2025-06-01T12:00:00Z"},
    ]

    async def listed(request: web.Request) -> web.Response:
        assert request.headers["Authorization"] == "Bearer KEY-test"
        return web.json_response({"data": rows if request.query["page[number]"] == "1" else []})

    async with fake_telnyx(listed) as telnyx, messaging(nats_url, database_url, telnyx) as suite:
        consent = await suite.stands(State.CONSENT_STATE_REVOKED)
        (entry,) = consent.recent_entries
        assert entry.method == consent_pb2.ConsentMethod.CONSENT_METHOD_PROVIDER_BLOCK
        assert entry.evidence.source == "reconciliation"

        async def both() -> bool:
            return len(await suite.told()) == 2

        await eventually(both)
