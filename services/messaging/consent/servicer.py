"""ConsentService: translate in, call, translate out."""

import hashlib
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable
from datetime import datetime
from typing import Any

import grpc.aio
from google.protobuf.message import Message as Proto
from sqlalchemy.ext.asyncio import AsyncConnection
from switchhook.messaging.v1 import (
    classify_text_pb2,
    consent_check_pb2,
    consent_record_pb2,
    consent_service_pb2,
    consent_service_pb2_grpc,
    evidence_pb2,
    hold_pb2,
)

from chassis import pages
from chassis.database import Database
from chassis.errors import FieldViolation, Invalid
from services.messaging.consent import translate
from services.messaging.consent.chain import Flaw
from services.messaging.consent.ledger import LedgerEntry
from services.messaging.consent.store import ConsentStore
from services.messaging.keywords import classify
from services.messaging.translate import classification, message, purpose_of, timestamp
from services.messaging.use_cases.checking import check
from services.messaging.use_cases.holds import Holds
from services.messaging.use_cases.once import Asked, once
from services.messaging.use_cases.opt_ins import OptIns, Question
from services.messaging.use_cases.proving import Form, Proving

Context = grpc.aio.ServicerContext[Any, Any]

_FORMS = {
    evidence_pb2.EVIDENCE_FORMAT_CSV: Form.CSV,
    evidence_pb2.EVIDENCE_FORMAT_JSON_LINES: Form.JSON_LINES,
}


class ConsentServicer(consent_service_pb2_grpc.ConsentServiceServicer):
    """Reads and keeps the consent ledger, and lets people judge what waits for it."""

    def __init__(self, database: Database, opt_ins: OptIns, wake: Callable[[], None]) -> None:
        """Answer from the database; `wake` tells the dispatcher that there is work."""
        self._database = database
        self._opt_ins = opt_ins
        self._consents = opt_ins.sending.consents
        self._holds = Holds(self._consents)
        self._book = ConsentStore()
        self._proving = Proving(database, self._book)
        self._wake = wake

    async def GetConsent(
        self, request: consent_service_pb2.GetConsentRequest, context: Context
    ) -> consent_service_pb2.GetConsentResponse:
        """Return what the ledger says about writing to a number."""
        async with self._database.reading() as connection:
            decision, recent = await self._consents.read(
                connection, request.our_number, request.peer_number
            )
            sent_times = await self._sent_times(connection, recent)
        return consent_service_pb2.GetConsentResponse(
            consent=translate.consent(request, decision, recent, sent_times)
        )

    async def CheckConsent(
        self, request: consent_check_pb2.CheckConsentRequest, context: Context
    ) -> consent_check_pb2.CheckConsentResponse:
        """Say whether a message may be sent, and why."""
        purpose = purpose_of(request.purpose)
        target = self._consents.target(request.our_number, purpose, request.program_id)
        async with self._database.reading() as connection:
            found = await check(
                self._consents, connection, request.peer_number, target, auto=request.automatic
            )
            sent_times = await self._sent_times(connection, found.entries)
        return translate.check(found, sent_times)

    async def RecordConsent(
        self, request: consent_record_pb2.RecordConsentRequest, context: Context
    ) -> consent_record_pb2.RecordConsentResponse:
        """Record a fact that did not come by message."""

        async def act(connection: AsyncConnection) -> bytes:
            entry = translate.recorded(request, self._consents.clock.now())
            self._check_program(entry)
            made = await self._consents.add(connection, entry)
            return consent_record_pb2.RecordConsentResponse(
                entry=translate.entry(made or entry)
            ).SerializeToString(deterministic=True)

        answer = await self._once("RecordConsent", request.request_id, request, act)
        return consent_record_pb2.RecordConsentResponse.FromString(answer)

    async def RequestOptIn(
        self, request: consent_record_pb2.RequestOptInRequest, context: Context
    ) -> consent_record_pb2.RequestOptInResponse:
        """Ask a person for consent."""
        question = Question(
            our_number=request.from_number,
            peer_number=request.to_number,
            program_name=request.program_name,
            text=request.text,
            version=request.disclosure_version,
            language=request.language,
            evidence=translate.evidence(request.evidence),
        )

        async def act(connection: AsyncConnection) -> bytes:
            queued, asked = await self._opt_ins.ask(connection, request.request_id, question)
            return consent_record_pb2.RequestOptInResponse(
                message=message(queued), expire_time=timestamp(asked.expire_time)
            ).SerializeToString(deterministic=True)

        answer = await self._once("RequestOptIn", request.request_id, request, act)
        return consent_record_pb2.RequestOptInResponse.FromString(answer)

    async def ListHolds(
        self, request: hold_pb2.ListHoldsRequest, context: Context
    ) -> hold_pb2.ListHoldsResponse:
        """Return one page of holds, the oldest due first."""
        bound, size = pages.filters(request), pages.page_size(request.page_size)
        after = translate.hold_position(pages.decode(request.page_token, bound))
        async with self._database.reading() as connection:
            found = await self._holds.list(
                connection,
                translate.hold_state(request),
                limit=size + 1,
                after=after,
                peer_number=request.peer_number,
            )
        page, token = found[:size], ""
        if len(found) > size:
            token = pages.encode(translate.hold_position_of(page[-1][0]), bound)
        return hold_pb2.ListHoldsResponse(
            holds=[translate.hold(*each) for each in page], next_page_token=token
        )

    async def ResolveHold(
        self, request: hold_pb2.ResolveHoldRequest, context: Context
    ) -> hold_pb2.ResolveHoldResponse:
        """End a hold as a person has judged it."""

        async def act(connection: AsyncConnection) -> bytes:
            ended = await self._holds.resolve(
                connection,
                request.hold_id,
                translate.judgement(request),
                reviewer=request.reviewer,
                note=request.note,
            )
            ((hold, made),) = await self._holds.explained(connection, [ended])
            return hold_pb2.ResolveHoldResponse(hold=translate.hold(hold, made)).SerializeToString(
                deterministic=True
            )

        answer = await self._once("ResolveHold", request.request_id, request, act)
        return hold_pb2.ResolveHoldResponse.FromString(answer)

    async def ListLedgerEntries(
        self, request: consent_check_pb2.ListLedgerEntriesRequest, context: Context
    ) -> consent_check_pb2.ListLedgerEntriesResponse:
        """Return one page of the ledger, last recorded first."""
        bound, size = pages.filters(request), pages.page_size(request.page_size)
        before = translate.sequence(pages.decode(request.page_token, bound))
        async with self._database.reading() as connection:
            found = await self._consents.ledger.newest(
                connection, before=before, limit=size + 1, peer_number=request.peer_number
            )
            sent_times = await self._sent_times(connection, found)
        page = found[:size]
        token = pages.encode([page[-1].sequence], bound) if len(found) > size else ""
        return consent_check_pb2.ListLedgerEntriesResponse(
            entries=[translate.entry(each, sent_times) for each in page], next_page_token=token
        )

    async def GetEvidence(
        self, request: evidence_pb2.GetEvidenceRequest, context: Context
    ) -> AsyncIterator[evidence_pb2.GetEvidenceResponse]:
        """Hand the ledger out as a document."""
        form = _FORMS[request.format]
        async for data in self._proving.document(form, request.peer_number):
            yield evidence_pb2.GetEvidenceResponse(data=data)

    async def ClassifyText(
        self, request: classify_text_pb2.ClassifyTextRequest, context: Context
    ) -> classify_text_pb2.ClassifyTextResponse:
        """Say what a text would be read as."""
        read = classify(
            request.text,
            pending_opt_in=request.pending_opt_in,
            programs=self._consents.programs.ids,
        )
        return classify_text_pb2.ClassifyTextResponse(
            classification=classification(read), scope=read.scope, program=read.program
        )

    async def VerifyLedger(
        self, request: evidence_pb2.VerifyLedgerRequest, context: Context
    ) -> evidence_pb2.VerifyLedgerResponse:
        """Recompute the chain."""
        answer = evidence_pb2.VerifyLedgerResponse()
        try:
            head = await self._proving.verify()
        except Flaw as flaw:
            answer.verified_entries = max(flaw.sequence - 1, 0)
            answer.broken_sequence, answer.broken_entry_id = flaw.sequence, flaw.entry_id
            answer.flaw = flaw.what
        else:
            answer.intact, answer.verified_entries = True, head.sequence
            answer.head_hash = head.hash
        answer.verify_time.FromDatetime(self._consents.clock.now())
        return answer

    async def _once(
        self,
        method: str,
        request_id: str,
        request: Proto,
        act: Callable[[AsyncConnection], Awaitable[bytes]],
    ) -> bytes:
        fingerprint = hashlib.sha256(request.SerializeToString(deterministic=True)).digest()
        asked = Asked(method, request_id, fingerprint)
        answers = self._opt_ins.sending.answers
        async with self._database.transaction() as connection:
            answer = await once(answers, connection, asked, lambda: act(connection))
        self._wake()
        return answer

    async def _sent_times(
        self, connection: AsyncConnection, entries: Iterable[LedgerEntry]
    ) -> dict[str, datetime]:
        ids = [each.confirmation_message_id for each in entries if each.confirmation_message_id]
        return await self._book.sent_times(connection, ids)

    def _check_program(self, entry: LedgerEntry) -> None:
        if entry.program_id and self._consents.programs.named(entry.program_id) is None:
            raise Invalid([FieldViolation("program_id", "is no program of the settings")])
