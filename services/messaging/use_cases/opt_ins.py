"""Asking for consent: double opt-in, a question that only a YES within a day answers."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from sqlalchemy.ext.asyncio import AsyncConnection

from services.messaging.consent.holds import OPT_IN_WINDOW, OptIn
from services.messaging.consent.ledger import number_key, program_key
from services.messaging.consent.programs import Program
from services.messaging.ids import derived_id
from services.messaging.model import Message, Purpose
from services.messaging.use_cases.composing import Draft
from services.messaging.use_cases.sending import Sending
from services.messaging.wording import Replies


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """What somebody is asked, in the words given or else in our own."""

    our_number: str
    peer_number: str
    program_name: str
    text: str = ""
    version: str = ""
    language: str = ""
    evidence: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class OptIns:
    """Puts questions for consent and finds the one a message answers."""

    sending: Sending
    replies: Replies

    async def open_question(self, connection: AsyncConnection, received: Message) -> OptIn | None:
        """Return the question a received message may answer, or None."""
        if received.is_group:
            return None
        consents = self.sending.consents
        key = scope_key(consents.programs.of(received.our_number), received.our_number)
        asked = await consents.waiting.asked(connection, received.peer_number, key)
        if asked is None or asked.our_number != received.our_number:
            return None
        return asked if asked.is_open_at(received.create_time) else None

    async def ask(
        self, connection: AsyncConnection, cause: str, question: Question
    ) -> tuple[Message, OptIn]:
        """Queue the question and keep it; it replaces one that was open.

        Raises Invalid, and NotYet (RECIPIENT_OPTED_OUT, RECIPIENT_HELD) when the person must not be
        asked: a question after an opt-out is one more message.
        """
        draft = await self.sending.composing.compose(connection, self._draft(question))
        await self.sending.check_consent(connection, draft)
        message = await self.sending.queue(connection, derived_id("opt-in prompt", cause), draft)
        programs = self.sending.consents.programs
        program = programs.of(message.our_number)
        asked = OptIn(
            peer_number=message.peer_number,
            our_number=message.our_number,
            program_id=program.program_id,
            text=message.text or "",
            version=question.version,
            language=question.language,
            evidence=question.evidence,
            message_id=message.message_id,
            prompt_time=message.create_time,
            expire_time=message.create_time + OPT_IN_WINDOW,
        )
        key = scope_key(program, message.our_number)
        await self.sending.consents.waiting.ask(connection, asked, key)
        return message, asked

    def _draft(self, question: Question) -> Draft:
        return Draft(
            our_number=question.our_number,
            peer_number=question.peer_number,
            text=question.text or self.replies.opt_in_prompt(question.program_name),
            purpose=Purpose.OPT_IN_PROMPT,
            expire_time=self.sending.clock.now() + OPT_IN_WINDOW,
        )


def scope_key(program: Program, our_number: str) -> str:
    """Return the scope for which consent is asked: the program, or the number without one."""
    return program_key(program.program_id) if program.program_id else number_key(our_number)
